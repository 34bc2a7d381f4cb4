"""kilovox predict: the label of each sound file."""

import json
from pathlib import Path

import click

from kilovox.audio import read_audio
from kilovox.errors import KilovoxError
from kilovox.integer.outcome import NAMES, label_of
from kilovox.native.fast import open_fast_recogniser


@click.command("predict")
@click.argument("model")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output, and nothing else.")
@click.pass_context
def command(context: click.Context, model: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what is spoken in each FILE, by MODEL, a file or the name of a bundled model.

    "(nothing heard)" of silence, and of less than a frame; a label in brackets is likeliest, but not sure enough.
    A file that cannot be read does not keep the others waiting: it is named on standard error, and the exit status is 2.
    """
    recogniser = open_fast_recogniser(model)
    failed = False
    for file in files:
        try:
            samples = read_audio(file, recogniser.front_end.sample_rate)
            decision = recogniser([samples])
        except KilovoxError as error:
            click.echo(f"kilovox: {error}", err=True)
            failed = True
            continue
        outcome, confidence = int(decision.outcomes[0]), float(decision.confidence[0])
        label, best = label_of(outcome, int(decision.indices[0]), recogniser.labels)
        if as_json:
            found = {"file": str(file), "label": label, "confidence": confidence, "outcome": NAMES[outcome], "best": best}
            click.echo(json.dumps(found))
        else:
            said = label or (f"({best}?)" if best else "(nothing heard)")
            click.echo(f"{click.format_filename(file)}\t{said}\t{confidence:.3f}")
    if failed:
        context.exit(2)
