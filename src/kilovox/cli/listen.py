"""kilovox listen: say words as they are spoken."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from kilovox.audio import Samples, stream_audio
from kilovox.cli.sound import DEFAULT_MODEL, means_sound, raw_format, shown, source
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.outcome import FULL_CONFIDENCE, NAMES
from kilovox.integer.stream import RecogniserStream
from kilovox.microphone import microphone
from kilovox.native.fast import fast_stream


@dataclass(frozen=True)
class Detection:
    """A word: seconds, when it was decided on; its label, None unless accepted; confidence, a fraction; `best`: the likeliest
    label, whatever the outcome."""

    seconds: float
    label: str | None
    confidence: float
    outcome: str
    best: str | None


@click.command("listen")
@click.argument("arguments", metavar="[MODEL]", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="Hear this sound file, or - for standard input, instead.")
@click.option("--rate", type=int, metavar="HZ", help="The file is raw samples of this rate: int16, little-endian.")
@click.option("--channels", type=int, metavar="N", help="Of raw samples, interleaved.  [default: 1]")
@click.option("--all", "everything", is_flag=True, help="Say too what was heard and is none of the labels.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a word on standard output, and nothing else.")
def command(
    arguments: tuple[str, ...], file: Path | None, rate: int | None, channels: int | None, everything: bool, as_json: bool
) -> None:
    """Listen with MODEL, and say each word when a pause has followed it: the time in seconds, label and confidence.

    MODEL is a file or the name of a bundled model, and must be one that finds words (default: digits). The microphone needs
    the extra listen (from a clone: pip install '.[listen]'); Ctrl-C ends it.
    """
    recogniser = open_recogniser(_model(arguments))
    if not recogniser.finds_words:
        raise KilovoxError(
            f"{recogniser.name}: hears whole recordings; expected a model that finds words (frontend.words), such as digits"
        )
    rate_heard, hop = recogniser.front_end.sample_rate, recogniser.front_end.hop
    raw = raw_format(rate, channels)
    if file is None and raw is not None:
        raise KilovoxError("--rate: says what the raw samples of a file are; expected --file with it")
    stream = fast_stream(recogniser)
    pieces = microphone(rate_heard, hop, _lost) if file is None else stream_audio(source(file), rate_heard, hop, raw)
    try:
        for word in heard(stream, pieces, rate_heard):
            if as_json and (everything or word.label is not None):
                click.echo(json.dumps(asdict(word)))
            elif everything or word.label is not None:
                said = word.label if word.label is not None else f"({word.best}?)"
                click.echo(f"{word.seconds:8.2f}\t{said}\t{word.confidence:.3f}")
    except KeyboardInterrupt:
        click.echo("", err=True)


def heard(stream: RecogniserStream, pieces: Iterable[Samples], rate: int) -> Iterator[Detection]:
    """Each word decided on in `pieces` of sound, none longer than a hop, at `rate` Hz."""
    samples = 0
    for piece in pieces:
        stream.push(piece)
        samples += len(piece)
        yield from _decided(stream, samples / rate)
    stream.finish()
    yield from _decided(stream, samples / rate)


def _decided(stream: RecogniserStream, seconds: float) -> Iterator[Detection]:
    """The loudest word decided on since the last look, if there is one."""
    if stream.words:
        result = stream.result()
        stream.next()
        label, confidence, _ = result
        yield Detection(seconds, label, confidence / FULL_CONFIDENCE, NAMES[result.outcome], result.best)


def _model(arguments: tuple[str, ...]) -> str:
    """The one argument. Raises KilovoxError for a sound in its place, or beside it."""
    for text in arguments:
        if means_sound(text):
            name = shown(text)
            raise KilovoxError(f"{name}: a sound where MODEL is expected; expected kilovox listen --file {name}")
    if len(arguments) > 1:
        raise KilovoxError(f"{arguments[1]!r}: one argument too many; expected [MODEL], and a sound as --file")
    return arguments[0] if arguments else DEFAULT_MODEL


def _lost() -> None:
    click.echo("kilovox: microphone: samples were lost, this machine did not keep up; a word may be missing", err=True)
