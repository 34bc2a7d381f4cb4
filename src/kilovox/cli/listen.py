"""kilovox listen: say words as they are spoken."""

import json
from pathlib import Path

import click

from kilovox.audio import stream_audio
from kilovox.cli.sound import DEFAULT_MODEL, means_sound, raw_format, shown, source
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.outcome import NAMES
from kilovox.microphone import microphone
from kilovox.native.fast import fast_detector


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
    detector = fast_detector(open_recogniser(_model(arguments)))
    raw = raw_format(rate, channels)
    if file is None and raw is not None:
        raise KilovoxError("--rate: says what the raw samples of a file are; expected --file with it")
    hop = detector.hop
    pieces = microphone(detector.rate, hop, _lost) if file is None else stream_audio(source(file), detector.rate, hop, raw)
    try:
        for word in detector(pieces):
            if not everything and word.label is None:
                continue
            if as_json:
                values = {"seconds": word.seconds, "label": word.label, "confidence": word.confidence}
                click.echo(json.dumps(values | {"outcome": NAMES[word.outcome], "best": word.best}))
            else:
                said = word.label if word.label is not None else f"({word.best}?)"
                click.echo(f"{word.seconds:8.2f}\t{said}\t{word.confidence:.3f}")
    except KeyboardInterrupt:
        click.echo("", err=True)


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
