"""kilovox search: the best networks under a budget."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilovox.budget import SCOPES, Scope, parse_size
from kilovox.workers import MOST

if TYPE_CHECKING:
    from kilovox.search.search import Found

LARGEST = 2**31 - 1
"""Of what is counted, as in a configuration."""


@click.command("search")
@click.argument("config")
@click.option("--budget", help="What must fit: 36KB, 36864, 1MB; 1 KB is 1,024 bytes.  [default: the configuration's]")
@click.option("--scope", type=click.Choice(SCOPES), help="What fits: the model, or any layer.  [default: the configuration's]")
@click.option("--instructions", type=click.IntRange(1, 10**12), help="The most instructions a second of sound, predicted.")
@click.option("--core", help="On which core; alone, they count without a limit.  [default: cortex-m0 with --instructions]")
@click.option("--trials", type=click.IntRange(1, LARGEST), help="Networks to try.  [default: the configuration's, or 48]")
@click.option("--epochs", type=click.IntRange(1, LARGEST), help="Of a whole training, that for integers in proportion.")
@click.option("--workers", type=click.IntRange(1, MOST), help="Trainings side by side.  [default: one a core]")
@click.option("--address", help="A Ray cluster: ray://host:port, host:port, auto, or local for one on this machine.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Recordings, instead of the configuration's dataset.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the search.  [default: runs/NAME-search]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    config: str,
    budget: str | None,
    scope: Scope | None,
    instructions: int | None,
    core: str | None,
    trials: int | None,
    epochs: int | None,
    workers: int | None,
    address: str | None,
    corpus: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Search networks around CONFIG for those that nothing of as few bytes (and, where asked for, instructions) beats on the
    recordings that validate.

    The space is in CONFIG's section `search`, or follows from the kind of network. Interrupted, the same command goes on where
    it stopped.
    """
    memory = parse_size(budget) if budget is not None else None
    from kilovox.config import find_configuration
    from kilovox.corpus.mixture import open_first
    from kilovox.search.candidates import Limits
    from kilovox.search.executor import open_executor
    from kilovox.search.instructions import instruction_model
    from kilovox.search.ready import check_front, write_front
    from kilovox.search.search import asked_of, planned_trainings, search
    from kilovox.training.run_key import RunKeys

    configuration = find_configuration(config)
    model = instruction_model(core or "cortex-m0") if core or instructions else None
    opened = open_first(configuration, corpus)
    keys = RunKeys(opened)
    limits = Limits(model, instructions)
    asked = asked_of(
        configuration, opened, keys, memory=memory, scope=scope, trials=trials, epochs=epochs, limits=limits
    )  # fmt: skip
    name = configuration.experiment.name
    folder = out or Path("runs") / f"{name}-search"
    check_front(folder)
    for note in [*asked.notes, *([model.said] if model else [])]:
        click.echo(f"kilovox: {note}", err=True)
    click.echo(f"kilovox: {asked.plan.trials:,} networks, {planned_trainings(asked.plan):,} trainings of them", err=True)
    try:
        with open_executor(address, workers) as executor:
            found = search(asked, name, opened, keys, folder, executor)
    except KeyboardInterrupt:
        click.echo("kilovox: interrupted; the same command goes on where it stopped", err=True)
        raise SystemExit(130) from None
    values = write_front(found, folder)
    if as_json:
        click.echo(json.dumps(values))
        return
    _show(found, [row["config"] for row in values["front"]], folder)


def _show(found: "Found", paths: list[str], folder: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kilovox.search.ready import FRONT_FOLDER, PICTURE_FILE

    model = found.limits.model
    table = Table("network", title=Text(f"{found.name}: the front under {found.memory:,} bytes"), box=box.SIMPLE_HEAD)
    for heading in ("bytes", "validation", "95 % interval", *([f"instructions/s, {model.core}"] if model else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("configuration", overflow="fold")
    for one, path in zip(found.front, paths, strict=True):
        size, (low, high) = one.candidate.size, one.interval
        predicted = [f"{one.candidate.instructions:,}"] if model else []
        table.add_row(
            Text(f"{size.network}, {size.arithmetic}"), f"{size.bytes:,}", f"{one.result.accuracy:.2%}",
            f"{low:.1%} to {high:.1%}", *predicted, Text(Path(path).name),
        )  # fmt: skip
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file or a pipe has no width of its own
    console.print(table)
    how = "proposed by Optuna" if found.proposals == "optuna" else "drawn at random"
    for line in (
        f"{found.candidates:,} networks {how}, {found.trainings:,} trainings, {len(found.tried):,} of them in full; "
        f"{found.refused:,} points did not fit, or were none; {found.seconds:.0f} s",
        "Accuracy is on recordings that chose the network and its epoch: kilovox evaluate judges a trained one on others.",
        f"ready for kilovox train: {folder / FRONT_FOLDER}; picture: {folder / FRONT_FOLDER / PICTURE_FILE}",
    ):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
