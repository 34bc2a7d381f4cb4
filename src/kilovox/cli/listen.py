"""kilovox listen: say words as they are spoken."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from kilovox.audio import Samples, read_audio
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.stream import RecogniserStream
from kilovox.microphone import microphone
from kilovox.native.fast import fast_stream

DEFAULT_MODEL = "digits"


@click.command("listen")
@click.argument("model", default=DEFAULT_MODEL)
@click.option("--file", type=click.Path(path_type=Path), help="Hear this sound file instead of the microphone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a word on standard output, and nothing else.")
def command(model: str, file: Path | None, as_json: bool) -> None:
    """Listen with MODEL, and say each word when a pause has followed it: the time in seconds, label and confidence.

    MODEL is a file or the name of a bundled model, and must be one that finds words (default: digits). The microphone needs
    pip install 'kilovox[listen]'; Ctrl-C ends it.
    """
    recogniser = open_recogniser(model)
    if not recogniser.finds_words:
        raise KilovoxError(
            f"{recogniser.name}: hears whole recordings; expected a model that finds words (frontend.words), such as digits"
        )
    front_end = recogniser.front_end
    rate, hop = front_end.sample_rate, front_end.hop
    stream = fast_stream(recogniser)
    pieces = microphone(rate, hop) if file is None else _pieces(read_audio(file, rate), hop)
    try:
        for seconds, label, confidence in heard(stream, pieces, rate):
            if as_json:
                click.echo(json.dumps({"seconds": seconds, "label": label, "confidence": confidence}))
            else:
                click.echo(f"{seconds:8.2f}\t{label}\t{confidence:.3f}")
    except KeyboardInterrupt:
        click.echo("", err=True)


def heard(stream: RecogniserStream, pieces: Iterable[Samples], rate: int) -> Iterator[tuple[float, str, float]]:
    """Of each word in `pieces` of sound: when it was decided on (seconds), label, confidence (a fraction)."""
    samples = 0
    for piece in pieces:
        stream.push(piece)
        samples += len(piece)
        if stream.words:
            yield _word(stream, samples / rate)
    stream.finish()
    if stream.words:
        yield _word(stream, samples / rate)


def _word(stream: RecogniserStream, seconds: float) -> tuple[float, str, float]:
    label, confidence, _ = stream.result()
    stream.next()
    return seconds, label, confidence / 255


def _pieces(samples: Samples, size: int) -> Iterator[Samples]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]
