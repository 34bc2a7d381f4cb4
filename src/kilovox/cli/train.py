"""kilovox train: one configuration to a model file."""

import json
import shlex
from pathlib import Path

import click

from kilovox.config import find_configuration
from kilovox.corpus.mixture import open_first, open_mixture
from kilovox.errors import KilovoxError
from kilovox.workers import HERE, MOST

CURVES_FILE = "learning-curves.svg"


@click.command("train")
@click.argument("config")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.  [default: runs/NAME]")
@click.option("--corpus", type=click.Path(path_type=Path), help="Recordings, instead of the configuration's dataset.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run in that folder, to the very same model.")
@click.option("--state", metavar="URL", help="Keep the run there too, a path or fsspec URL; --resume takes it up from there.")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, help="So many train it at once, each a part of every batch."
)
@click.option("--workers", type=click.IntRange(1, MOST), help="So many prepare what is trained on.  [default: --processes]")
@click.option("--address", help="Both are those of a Ray cluster: ray://HOST:PORT, HOST:PORT, auto, or local, one of its own.")
@click.option("--tensorboard", is_flag=True, help="Write the learning curves for TensorBoard too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    config: str,
    out: Path | None,
    corpus: Path | None,
    resume: bool,
    state: str | None,
    processes: int,
    workers: int | None,
    address: str | None,
    tensorboard: bool,
    as_json: bool,
) -> None:
    """Train the network of CONFIG: a YAML file, or one that comes along (digits, digits-pow2, task-a, task-b, ...)."""
    from kilovox.evaluation.report.plots import learning_curves, save_figure
    from kilovox.search.executor import open_executor
    from kilovox.search.jobs import Job, history_of
    from kilovox.search.together import train_together
    from kilovox.training.experiment import run_experiment
    from kilovox.training.run_folder import MODEL_FILE, QUANTISED_FOLDER
    from kilovox.training.run_store import RunStore

    if processes > 1 and tensorboard:
        raise KilovoxError("--tensorboard: of one process alone; expected no --processes with it")
    configuration = find_configuration(config)
    opened = open_first(configuration, corpus)
    mixture = open_mixture(configuration, opened)
    notes = [f"{part.corpus.where}: left out {what}" for part in mixture.parts for what in part.corpus.left_out]
    for note in [*notes, *mixture.divided(configuration).notes]:
        click.echo(f"kilovox: {note}", err=True)
    folder = out or Path("runs") / configuration.experiment.name
    job = Job(configuration.experiment.name, configuration, folder, state)
    try:
        with open_executor(address, max(processes, workers or 1)) as executor:
            if processes == 1:
                model = run_experiment(
                    configuration, opened, folder, resume=resume, tensorboard=tensorboard, mixture=mixture,
                    store=RunStore(state) if state is not None else None,
                    workers=executor if workers is not None or address is not None else HERE,
                )  # fmt: skip
            else:
                model = train_together(job, opened, executor, processes, resume=resume)
    except KeyboardInterrupt:
        click.echo(f"kilovox: interrupted; the same command with --resume goes on from the last epoch in {folder}", err=True)
        raise SystemExit(130) from None
    figures = history_of(job, ["", QUANTISED_FOLDER])
    save_figure(learning_curves(figures), folder / CURVES_FILE)
    metrics, trained = model.metadata.metrics, model.metadata.trained_on
    path = folder / MODEL_FILE
    # What a task makes of a corpus the run remembers, and the folder alone does not say.
    where = None if configuration.first.task else corpus or configuration.first.path
    judge = shlex.join(["kilovox", "evaluate", str(path), *(["--corpus", str(where)] if where else [])])
    if as_json:
        values = {"model": str(path), "metrics": metrics, "split": trained.split}
        click.echo(json.dumps(values | {"evaluate": None if trained.note else judge}))
        return
    click.echo(f"{path}: {metrics['accuracy']:.2%} on the {metrics['split']} part (epoch {metrics['epoch']})")
    if trained.note:
        click.echo(f"{trained.note}; on others: {shlex.join(['kilovox', 'evaluate', str(path)])} --corpus DIR")
    else:
        click.echo(f"{judge} judges it on the test part")
