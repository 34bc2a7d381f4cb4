"""kilovox export: a model as C, an Arduino library, sources for WebAssembly, ONNX, or Verilog."""

import json
import shlex
from pathlib import Path
from typing import cast

import click

from kilovox.errors import KilovoxError
from kilovox.firmware.export import TARGETS, Target, export
from kilovox.firmware.names import DEFAULT, Names
from kilovox.gateware.export import export_verilog
from kilovox.integer.bundled import open_recogniser

VERILOG = "verilog"


@click.command("export")
@click.argument("model")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--target", type=click.Choice([*TARGETS, VERILOG]), default="c", show_default=True, help="What to write.")
@click.option(
    "--name", default=DEFAULT, show_default=True,
    help="What the library is called: its header, and the prefix of all it defines (without a name, kv_).",
)  # fmt: skip
@click.option(
    "--input-rate", type=int, metavar="HZ",
    help="Of the sound that it takes: 2, 3, 4 or 6 times the model's rate, as 16000 or 48000.  [default: the model's, 8000]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(model: str, folder: Path, target: str, name: str, input_rate: int | None, as_json: bool) -> None:
    """Write MODEL, a file or the name of a bundled model, to the folder DIR.

    c, arduino, wasm and verilog take int8 and pow2 models, onnx float32 ones. DIR must be empty, new, or an earlier
    export.
    Exports with names of their own live in one program.
    """
    loaded = open_recogniser(model).model  # an error of the model names its file
    if target == VERILOG:
        if name != DEFAULT or input_rate is not None:
            raise KilovoxError("--name, --input-rate: not for verilog, whose modules are named and take the model's rate")
        files = export_verilog(loaded, folder)
    else:
        files = export(loaded, folder, cast(Target, target), name, input_rate)
    size = sum(file.stat().st_size for file in files)
    if as_json:
        click.echo(json.dumps({
            "model": model, "target": target, "name": name, "input_rate": input_rate, "folder": str(folder), "bytes": size,
            "files": [file.relative_to(folder).as_posix() for file in files],
        }))  # fmt: skip
    else:
        click.echo(f"{click.format_filename(folder)}: {model} for {target}, {len(files)} files, {size:,} bytes of text")
        for line in _next_steps(model, folder, target, Names(name), input_rate):
            click.echo(line)


def _next_steps(model: str, folder: Path, target: str, names: Names, input_rate: int | None) -> list[str]:
    """What to do with what was written."""
    where = click.format_filename(folder)
    steps = {
        "c": [
            f'include: #include "{names.library}.h"; compile every file in {where}/src (README.md shows how to listen with it)',
            f"test it: cd {where} && cc -Isrc -Itest src/*.c test/self_test.c -o self_test && ./self_test",
        ],
        "arduino": [
            f"include: copy {where} to the Arduino libraries, then #include <{names.library}.h>",
            "try it: the example Listen, where your microphone is to be read",
        ],
        "wasm": [f"build: the command in {where}/README.md; it shows the calls from JavaScript, too"],
        VERILOG: [
            f"build: every .v file in {where}, in that folder, for it reads the .hex files there; the top is module kilovox",
            f"on a board: cd {where} && make makes a bitstream for an iCEBreaker; README.md says what goes where",
            f"prove it: kilovox verify {shlex.quote(model)} --target rtl runs it in a simulator and compares every bit",
        ],
        "onnx": [f"run: {where}/model.onnx; its labels, one a line, are in labels.txt"],
    }[target]
    verify = f"kilovox verify {shlex.quote(model)}" + (f" --input-rate {input_rate}" if input_rate else "")
    bits = f"prove it: {verify} compiles and runs it on emulated cores, compares every bit and counts"
    return steps if target in ("onnx", VERILOG) else [*steps, bits]
