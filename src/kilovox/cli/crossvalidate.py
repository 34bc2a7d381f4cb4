"""kilovox crossvalidate: leave people out."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilovox.text import shown
from kilovox.workers import MOST

if TYPE_CHECKING:
    from kilovox.search.crossvalidate import CrossValidation
    from kilovox.search.folds import Folds


def _number(context: click.Context, option: click.Parameter, value: str) -> int | None:
    """None for `speaker`, or how many groups of speakers."""
    if value == "speaker":
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 4 and int(value) >= 2):
        raise click.BadParameter(f"{shown(value)}; expected speaker, or a number of groups of speakers from 2 to 9999")
    return int(value)


@click.command("crossvalidate")
@click.argument("config")
@click.option(
    "--folds", metavar="speaker|K", callback=_number, default="speaker", show_default=True,
    help="Who is left out in turn: each speaker, or each of K groups of them.",
)  # fmt: skip
@click.option("--corpus", type=click.Path(path_type=Path), help="Recordings, instead of the configuration's dataset.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the runs.  [default: runs/NAME-crossvalidation]")
@click.option("--workers", type=click.IntRange(1, MOST), help="Folds trained side by side.  [default: one a core]")
@click.option("--address", help="Train on a Ray cluster: ray://HOST:PORT, HOST:PORT, auto, or local, one of its own.")
@click.option("--state", metavar="URL", help="Keep the runs there too, a path or fsspec URL: workers need not see --out.")
@click.option("--robustness", "robust", is_flag=True, help="Judge in noise, rooms, other levels and speeds too.")
@click.option("--yes", is_flag=True, help="Train however many folds there are, without asking.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    config: str,
    folds: int | None,
    corpus: Path | None,
    out: Path | None,
    workers: int | None,
    address: str | None,
    state: str | None,
    robust: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Judge the recipe CONFIG on people it never heard: train it without each speaker (or each of K groups of whole speakers)
    in turn, and judge it on those left out.

    Says first how many trainings that is, and roughly how long they take. Interrupted, the same command goes on where it
    stopped.
    """
    from kilovox.config import find_configuration
    from kilovox.corpus.mixture import open_first
    from kilovox.search.crossvalidate import crossvalidate
    from kilovox.search.executor import open_executor
    from kilovox.search.folds import plan_folds

    configuration = find_configuration(config)
    opened = open_first(configuration, corpus)
    folder = out or Path("runs") / f"{configuration.experiment.name}-crossvalidation"
    said = f"kilovox crossvalidate {config}" + (f" --folds {folds}" if folds else "") + " --robustness" * robust
    try:
        with open_executor(address, workers) as executor:
            plan = plan_folds(configuration, opened, folder, folds, executor.workers)
            if not yes:
                _ask(plan)
            click.echo(plan.question, err=True)
            result = crossvalidate(
                configuration, opened, folder, workers, robust, said, folds=plan, many=True, executor=executor, state=state
            )
    except KeyboardInterrupt:
        click.echo("kilovox: interrupted; the same command goes on where it stopped", err=True)
        raise SystemExit(130) from None
    if as_json:
        click.echo(json.dumps(result.as_json()))
        return
    _show(result, opened.name)


def _ask(plan: "Folds") -> None:
    """Where there are many folds: whether they are meant. Raises KilovoxError where there is nobody to ask."""
    from kilovox.errors import KilovoxError

    try:
        plan.check()
    except KilovoxError:
        if sys.stdin is None or not sys.stdin.isatty():
            raise
        click.confirm(f"{plan.question}. Train them all?", abort=True, err=True)


def _show(result: "CrossValidation", corpus: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kilovox.cli.evaluate import outcomes_in_words, show_robustness

    groups = result.interval_kind != "speakers"
    kind = "group of speakers" if groups else "speaker"
    table = Table(f"{kind} left out", title=Text(f"{result.config}: leave one {kind} out of {corpus}"))
    for heading in ("right", "accuracy", "95 % interval"):
        table.add_column(heading, justify="right")
    for name, fold in result.folds.items():
        right = f"{fold.correct}/{fold.recordings}"
        table.add_row(Text(name), right, f"{fold.accuracy:.2%}", _range(fold.interval))
    table.add_section()
    table.add_row("mean", "", f"{result.mean:.2%}", _range(result.interval))
    if groups:
        table.add_row(f"mean of {len(result.speakers):,} speakers", "", f"{result.speaker_mean:.2%}",
                      _range(result.speaker_interval))  # fmt: skip
    table.add_row("worst", "", f"{result.worst:.2%}", "")
    table.add_section()
    right = f"{result.random.correct}/{result.random.recordings}"
    table.add_row("random split", right, f"{result.random.accuracy:.2%}", _range(result.random.interval))
    console = Console()
    console.print(table)
    counts = result.outcomes
    if counts["rejected"] or counts["nothing"]:
        console.print(f"All folds: {outcomes_in_words(counts)}", highlight=False)
    console.print(
        f"The interval of the mean counts {result.interval_kind}, not recordings: where the mean on other people may lie. If "
        "these folds chose the recipe, they flatter it.", highlight=False,
    )  # fmt: skip
    if result.robustness:
        show_robustness(result.robustness)


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2%} to {interval[1]:.2%}"
