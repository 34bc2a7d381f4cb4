"""kilovox export: a model as C, an Arduino library, sources for WebAssembly, or ONNX."""

import json
from pathlib import Path
from typing import cast

import click

from kilovox.firmware.export import TARGETS, Target, export
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import load_model


@click.command("export")
@click.argument("model")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--target", type=click.Choice(TARGETS), default="c", show_default=True, help="What to write.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(model: str, folder: Path, target: str, as_json: bool) -> None:
    """Write MODEL, a file or the name of a bundled model, to the folder DIR.

    c, arduino and wasm take int8 and pow2 models; onnx takes float32 ones. DIR must be empty, new, or an earlier export.
    """
    files = export(load_model(resolve_model(model)), folder, cast(Target, target))
    if as_json:
        click.echo(json.dumps({
            "model": model, "target": target, "folder": str(folder), "bytes": sum(file.stat().st_size for file in files),
            "files": [file.relative_to(folder).as_posix() for file in files],
        }))  # fmt: skip
    else:
        for file in files:
            click.echo(click.format_filename(file))
