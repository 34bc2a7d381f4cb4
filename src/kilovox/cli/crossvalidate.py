"""kilovox crossvalidate: leave one speaker out."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kilovox.cli.evaluate import show_robustness
from kilovox.config import find_configuration
from kilovox.corpus.mixture import open_first
from kilovox.corpus.open import open_corpus_at


@click.command("crossvalidate")
@click.argument("config")
@click.option("--folds", type=click.Choice(["speaker"]), default="speaker", show_default=True, help="What is left out in turn.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Recordings, instead of the configuration's dataset.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the runs.  [default: runs/NAME-crossvalidation]")
@click.option("--workers", type=click.IntRange(min=1), help="Folds trained side by side.  [default: one a core]")
@click.option("--robustness", "robust", is_flag=True, help="Judge in noise, rooms, other levels and speeds too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    config: str, folds: str, corpus: Path | None, out: Path | None, workers: int | None, robust: bool, as_json: bool
) -> None:
    """Judge the recipe CONFIG on people it never heard: train it without each speaker in turn, judge it on that speaker.

    Interrupted, the same command goes on where it stopped.
    """
    from kilovox.search.crossvalidate import crossvalidate

    configuration = find_configuration(config)
    opened = open_corpus_at(corpus) if corpus else open_first(configuration)
    try:
        result = crossvalidate(
            configuration, opened, out or Path("runs") / f"{configuration.experiment.name}-crossvalidation", workers, robust,
            f"kilovox crossvalidate {config}" + " --robustness" * robust,
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo("kilovox: interrupted; the same command goes on where it stopped", err=True)
        raise SystemExit(130) from None
    if as_json:
        click.echo(json.dumps(result.as_json()))
        return
    table = Table("speaker left out", title=Text(f"{result.config}: leave one {folds} out of {opened.name}"))
    for heading in ("right", "accuracy", "95 % interval"):
        table.add_column(heading, justify="right")
    for name, fold in result.folds.items():
        low, high = fold.interval
        table.add_row(Text(name), f"{fold.correct}/{fold.recordings}", f"{fold.accuracy:.2%}", f"{low:.2%} to {high:.2%}")
    table.add_section()
    table.add_row("mean", "", f"{result.mean:.2%}", "")
    table.add_row("worst", "", f"{result.worst:.2%}", "")
    table.add_section()
    low, high = result.random.interval
    right = f"{result.random.correct}/{result.random.recordings}"
    table.add_row("random split", right, f"{result.random.accuracy:.2%}", f"{low:.2%} to {high:.2%}")
    Console().print(table)
    if result.robustness:
        show_robustness(result.robustness)
