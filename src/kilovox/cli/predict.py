"""kilovox predict: the label of each sound file."""

import json
from pathlib import Path

import click

from kilovox.audio import read_audio
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import check_length
from kilovox.native.fast import open_fast_recogniser


@click.command("predict")
@click.argument("model")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output, and nothing else.")
@click.pass_context
def command(context: click.Context, model: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what is spoken in each FILE, by MODEL, a file or the name of a bundled model.

    A file that cannot be read does not keep the others waiting: it is named on standard error, and the exit status is 2.
    """
    recogniser = open_fast_recogniser(model)
    failed = False
    for file in files:
        try:
            samples = read_audio(file, recogniser.front_end.sample_rate)
            check_length(samples, recogniser.front_end, str(file))
            decision = recogniser([samples])
        except KilovoxError as error:
            click.echo(f"kilovox: {error}", err=True)
            failed = True
            continue
        label, confidence = recogniser.labels[int(decision.indices[0])], float(decision.confidence[0])
        if as_json:
            click.echo(json.dumps({"file": str(file), "label": label, "confidence": confidence}))
        else:
            click.echo(f"{click.format_filename(file)}\t{label}\t{confidence:.3f}")
    if failed:
        context.exit(2)
