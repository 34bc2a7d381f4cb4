"""kilovox verify: a model's firmware, or its gateware, compiled, run and compared, bit for bit."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from kilovox.cli.numbers import FiniteRange
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import sizes
from kilovox.firmware.layout import parts_of
from kilovox.frontend.decimator import factor_of
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.model_file import Model
from kilovox.verification.avr import avr_obstacle
from kilovox.verification.clips import find_clips
from kilovox.verification.verification import TargetReport, Verification
from kilovox.verification.verify import CODE_TARGETS, TARGETS, verify

WIDTH = 140
"""Of the tables, in characters: numbers are not cut."""


@click.command("verify")
@click.argument("model")
@click.option(
    "--target", "wanted", metavar="NAME,...",
    help=f"Some of {', '.join(TARGETS)}; riscv32 stands for riscv32i, without a multiplier, as well.  [default: all but rtl]",
)  # fmt: skip
@click.option(
    "--clips", type=click.IntRange(min=1), help="How many recordings a target.  [default: all on host and wasm32, else 20]"
)
@click.option(
    "--corpus", "folder", type=click.Path(path_type=Path),
    help="The recordings, of which those of the split random judge.  [default: FSDD where it is at hand, else synthetic ones]",
)  # fmt: skip
@click.option(
    "--clock", type=FiniteRange(min=0, min_open=True), metavar="MHZ",
    help="Of the modelled times.  [default: 48 on cortex-m0, 168 on cortex-m4]",
)  # fmt: skip
@click.option(
    "--input-rate", type=int, metavar="HZ",
    help="Of the sound that the firmware takes: 2, 3, 4 or 6 times the model's rate.  [default: the model's, 8000]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    wanted: str | None,
    clips: int | None,
    folder: Path | None,
    clock: float | None,
    input_rate: int | None,
    as_json: bool,
) -> None:
    """Compile MODEL for every target, run it there, and compare every stage with the Python engine, bit for bit.

    MODEL is a file or the name of a bundled model, int8 or pow2. rtl is its Verilog (kilovox export --target verilog) in
    Verilator or, without that, Yosys' CXXRTL. Exit status 1 where a bit differs, or the object code holds what it must not:
    floating point, division, 64-bit multiplication, or, for pow2, a multiplication in its kernel.
    """
    loaded = open_recogniser(model).model
    rate = parts_of(loaded).front_end.sample_rate
    recordings, about = find_clips(folder, factor_of(input_rate, rate) * rate)
    tell = Console(stderr=True, quiet=as_json)
    targets = _targets(wanted, loaded, lambda line: tell.print(line, highlight=False, soft_wrap=True))
    result = verify(
        loaded, targets, recordings, clips, about, tell=lambda line: tell.print(line, highlight=False), clock=clock,
        input_rate=input_rate,
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(result.as_json()))
    else:
        _show(result)
    ctx.exit(0 if result.passed else 1)


def _targets(wanted: str | None, model: Model, tell: Callable[[str], None]) -> list[str]:
    if wanted is None:
        without = avr_obstacle(sizes(parts_of(model)))
        if without:
            tell(f"left out: {without}")
        return [name for name in CODE_TARGETS if name != "avr" or not without]
    names = [name.strip() for name in wanted.split(",")]
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise KilovoxError(f"--target {unknown[0] or 'of nothing'}; expected some of {', '.join(TARGETS)}, with commas between")
    return [name for name in TARGETS if name in names or (name == "riscv32i" and "riscv32" in names)]


def _show(result: Verification) -> None:
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(f"{result.model} on {result.recordings}", markup=False, highlight=False)
    console.print(_equal_table(result))
    console.print(_instructions_table(result))
    console.print(_memory_table(result))
    for name, report in result.targets.items():
        for line in _remarks(report):
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)


def _remarks(report: TargetReport) -> list[str]:
    lines = []
    if report.instructions is not None and report.instructions.decimator:
        counted = report.instructions
        lines += [f"decimator: {counted.decimator * counted.per_second // counted.clip:,} of the instructions a second"]
    lines += [f"modelled, not measured: {value:,.1f} ms a clip at {core}" for core, value in _modelled(report)]
    if report.cycles is not None:
        lines += [f"cycles: {report.cycles['a_frame']:,} a frame, {report.cycles['a_second']:,} a second of sound"]
    lines += [f"linked besides: {', '.join(report.helpers)}"] if report.helpers else []
    lines += [str(report.difference)] if report.difference else []
    return [*lines, *report.findings]


def _modelled(report: TargetReport) -> list[tuple[str, float]]:
    return list((report.modelled_milliseconds or {}).items())


def _table(title: str, *columns: str) -> Table:
    table = Table("target", title=title)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _equal_table(result: Verification) -> Table:
    table = _table("The Python engine's bits", "clips", "equal", "findings", "compiler")
    for name, report in result.targets.items():
        equal = "yes" if report.equal else "NO"
        table.add_row(name, str(report.clips), equal, str(len(report.findings)), report.compiler[:40])
    return table


def _instructions_table(result: Verification) -> Table:
    decimates = any(report.instructions and report.instructions.decimator for report in result.targets.values())
    columns = ("front end", "convolved", "layers", "head", "other", "a frame", "a second", "longest push")
    table = _table("Instructions", "clip", *["decimator"] * decimates, *columns)
    for name, report in result.targets.items():
        counted = report.instructions
        if counted is not None:
            parts = (counted.front_end, counted.convolutions, sum(counted.layers), counted.head, counted.other)
            counts: list[int | None] = [counted.clip, *[counted.decimator] * decimates, *parts]
            counts += [counted.per_frame, counted.per_second, counted.longest_push]
            table.add_row(name, *("" if count is None else f"{count:,}" for count in counts))
    return table


def _memory_table(result: Verification) -> Table:
    table = _table("Bytes", "code", "front-end tables", "network", "static RAM", "stack")
    for name, report in result.targets.items():
        flash = report.flash or {}
        counts = [*(flash.get(part) for part in ("code", "front_end_tables", "network")), report.ram, report.stack]
        table.add_row(name, *("" if count is None else f"{count:,}" for count in counts))
    return table
