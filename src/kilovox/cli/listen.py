"""kilovox listen: say words as they are spoken."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from kilovox.audio import stream_audio
from kilovox.cli.live import View, said, watched
from kilovox.cli.microphones import show_devices
from kilovox.cli.sound import DEFAULT_LISTENER, means_sound, raw_format, shown, source
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import NAMES
from kilovox.microphone import Which, devices, microphone
from kilovox.native.fast import fast_detector


@click.command("listen")
@click.argument("arguments", metavar="[MODEL]", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="Hear this sound file, or - for standard input, instead.")
@click.option("--rate", type=int, metavar="HZ", help="The file is raw samples of this rate: int16, little-endian.")
@click.option("--channels", type=int, metavar="N", help="Of raw samples, interleaved.  [default: 1]")
@click.option("--device", metavar="NAME", help="The microphone: its number, or a part of its name.")
@click.option("--channel", type=click.IntRange(min=1), metavar="N", help="Of the microphone, this one alone, from 1 on.")
@click.option("--devices", "listed", is_flag=True, help="List the microphones and end.")
@click.option("--all", "everything", is_flag=True, help="Say too what was heard and is none of the labels.")
@click.option("--plain", is_flag=True, help="A line a word, as where the output is no terminal, and no live view.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a word on standard output, and nothing else.")
def command(
    arguments: tuple[str, ...], file: Path | None, rate: int | None, channels: int | None, device: str | None,
    channel: int | None, listed: bool, everything: bool, plain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Listen with MODEL, and say each word as it ends: the time in seconds, label and confidence.

    MODEL is a file or the name of a bundled model (default: listening). One that finds words, such as digits, says them when a
    pause has followed; one of whole recordings cannot listen. The microphone needs the extra listen (from a clone: pip install
    '.[listen]'); Ctrl-C ends it. A terminal shows its level, a spectrogram and the last words while it is heard.
    """
    if listed:
        show_devices(devices(), as_json, ", or --file")
        return
    recogniser = open_recogniser(_model(arguments))
    detector, raw, which = fast_detector(recogniser), raw_format(rate, channels), Which(device, channel)
    if file is None and raw is not None:
        raise KilovoxError("--rate: says what the raw samples of a file are; expected --file with it")
    if file is not None and which != Which():
        option = "--channel" if device is None else "--device"
        raise KilovoxError(f"{option}: says which microphone is heard; expected no --file with it")
    console = Console()
    terminal = sys.stdout.isatty() and not console.is_dumb_terminal
    live = file is None and terminal and not (plain or as_json)
    try:
        if live:
            view = View(detector.rate, f"{recogniser.model.metadata.name}, Ctrl-C ends it")
            watched(detector, microphone(detector.rate, detector.hop, view.lose, which), view, everything, console)
            return
        if file is None:
            pieces = microphone(detector.rate, detector.hop, _lost, which)
        else:
            pieces = stream_audio(source(file), detector.rate, detector.hop, raw)
        for word in detector(pieces):
            if everything or word.label is not None:
                click.echo(_line(word, as_json))
    except KeyboardInterrupt:
        click.echo("", err=True)


def _line(word: Detection, as_json: bool) -> str:
    if not as_json:
        return f"{word.seconds:8.2f}\t{said(word)}\t{word.confidence:.3f}"
    values = {"seconds": word.seconds, "label": word.label, "confidence": word.confidence}
    return json.dumps(values | {"outcome": NAMES[word.outcome], "best": word.best})


def _model(arguments: tuple[str, ...]) -> str:
    """The one argument. Raises KilovoxError for a sound in its place, or beside it."""
    for text in arguments:
        if means_sound(text):
            name = shown(text)
            raise KilovoxError(f"{name}: a sound where MODEL is expected; expected kilovox listen --file {name}")
    if len(arguments) > 1:
        raise KilovoxError(f"{arguments[1]!r}: one argument too many; expected [MODEL], and a sound as --file")
    return arguments[0] if arguments else DEFAULT_LISTENER


def _lost() -> None:
    click.echo("kilovox: microphone: samples were lost, this machine did not keep up; a word may be missing", err=True)
