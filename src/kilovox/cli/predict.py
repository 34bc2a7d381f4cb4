"""kilovox predict: the label of each sound file."""

import json
from pathlib import Path
from typing import Any

import click

from kilovox.audio import RawFormat, read_audio
from kilovox.cli.sound import DEFAULT_MODEL, means_sound, raw_format, shown, source
from kilovox.errors import KilovoxError
from kilovox.integer.outcome import NAMES, label_of
from kilovox.integer.recogniser import Recogniser
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
    "(nothing heard)" of silence, and of less than a frame; a label in brackets is likeliest, but not sure enough.

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
            continue
        said = found["label"] or (f"({found['best']}?)" if found["best"] else "(nothing heard)")
        click.echo(f"{shown(file)}\t{said}\t{found['confidence']:.3f}")
    if failed:
        context.exit(2)


def _answer(recogniser: Recogniser, file: Path, raw: RawFormat | None) -> dict[str, Any]:
    decision = recogniser([recogniser.heard_out(read_audio(source(file), recogniser.front_end.sample_rate, raw))])
    outcome = int(decision.outcomes[0])
    label, best = label_of(outcome, int(decision.indices[0]), recogniser.labels)
    confidence = float(decision.confidence[0])
    return {"file": str(file), "label": label, "confidence": confidence, "outcome": NAMES[outcome], "best": best}
