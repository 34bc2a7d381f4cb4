"""Several networks trained side by side, by an executor."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import settled
from kilovox.errors import KilovoxError
from kilovox.files import read_small
from kilovox.search.executor import Executor, open_executor
from kilovox.training.experiment import run_experiment
from kilovox.training.run_folder import MODEL_FILE, QUANTISED_FOLDER, another_run, is_run_of, teacher_folder
from kilovox.training.run_key import RunKey, RunKeys
from kilovox.training.run_store import RunStore

PATIENCE = 60.0
"""Seconds that a worker waits for the one before it: of a machine that is taken for lost the last process may live a little."""

LARGEST_LOG = 2**28
"""Bytes of the figures of all epochs."""
_FIGURES = {"epoch", "loss", "accuracy", "seconds"}


@dataclass(frozen=True)
class Job:
    """One network to train: `name` is shown, `folder` receives the run.

    state: where else it is kept, a path or URL that every worker reads and writes (see RunStore); they need not see `folder`.
    """

    name: str
    config: Configuration
    folder: Path
    state: str | None = None

    @property
    def teachers(self) -> tuple[str, ...]:
        """Folders, within the run's, of the trainings that come before the network's own."""
        return tuple(map(teacher_folder, range(self.config.distillation.teachers if self.config.distillation else 0)))


def run_jobs(jobs: Sequence[Job], corpus: Corpus, workers: int | None = None, executor: Executor | None = None) -> None:
    """Train all `jobs` on `corpus`; finished runs are kept, interrupted ones go on, runs of something else are left alone.

    executor: where they are trained; else `workers` processes of this machine, by default one a core.
    Raises KilovoxError where a job does or its folder holds a run of something else, and KeyboardInterrupt once the workers are
    gone.
    """
    keys = RunKeys(corpus)
    for job in jobs:
        if not is_finished(job, keys):
            _fetch(job, keys.of(job.config))
    waiting = [job for job in jobs if not is_finished(job, keys)]
    for job in waiting:
        differing = another_run(keys.of(job.config), job.folder)
        if differing is not None:
            raise KilovoxError(
                f"{job.folder}: holds a run of another configuration or corpus ({differing}); expected another --out, or it "
                "removed"
            )
    if not waiting:
        return
    # Long ones first: the last to run should be short.
    waiting.sort(key=lambda job: -job.config.epochs * settled(job.config, corpus).hidden ** 2)
    with contextlib.ExitStack() as stack:
        side_by_side = executor or stack.enter_context(open_executor(workers=workers))
        refresh = stack.enter_context(bars(waiting))
        for place, _ in side_by_side.run(partial(_train, corpus), waiting, refresh):
            _fetch(waiting[place])
            refresh()


def is_finished(job: Job, keys: RunKeys) -> bool:
    """Whether the job's folder holds the model of this very configuration and these corpora."""
    return (job.folder / MODEL_FILE).exists() and is_run_of(keys.of(job.config), job.folder)


def history_of(job: Job, parts: Sequence[str] | None = None) -> list[dict[str, float]]:
    """The figures of the epochs so far, numbered on, of `parts` (folders) one after another.

    Without `parts`: the teachers', the float network's and those of training for integers. A log that was damaged counts for
    nothing.
    """
    figures: list[dict[str, float]] = []
    for part in (*job.teachers, "", QUANTISED_FOLDER) if parts is None else parts:
        try:
            log = read_small(job.folder / part / "log.jsonl", LARGEST_LOG, "a log")
            lines = [_figures(line) for line in log.decode().splitlines()]
        except (KilovoxError, ValueError, TypeError, OverflowError, RecursionError):
            continue
        before = len(figures)
        figures += [{**line, "epoch": line["epoch"] + before} for line in lines]
    return figures


def _figures(line: str) -> dict[str, float]:
    """Of an epoch. Raises ValueError, TypeError or OverflowError for anything else."""
    values = json.loads(line)
    if not isinstance(values, dict) or not values.keys() >= _FIGURES or not isinstance(values["epoch"], int):
        raise ValueError(line)
    for name, value in values.items():
        if name != "accuracy_on" and value is not None:
            float(value)
    return values


def _train(corpus: Corpus, job: Job) -> None:
    if job.state is None:
        run_experiment(job.config, corpus, job.folder, resume=True, progress=False, patience=PATIENCE)
        return
    with tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
        run_experiment(job.config, corpus, Path(scratch) / "run", resume=True, progress=False, store=RunStore(job.state))


def _fetch(job: Job, key: RunKey | None = None) -> None:
    """What is kept of the job elsewhere, into its folder; of the run `key` alone, where that is not known to be it."""
    if job.state is not None:
        RunStore(job.state).fetch(job.folder, key)


@contextlib.contextmanager
def bars(jobs: Sequence[Job]) -> Iterator[Callable[[], None]]:
    """A bar for each job on standard error; where that is no terminal, a line when it ends."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    tasks: dict[str, TaskID] = {
        job.name: progress.add_task(job.name, total=job.config.epochs, figures="waiting", start=False) for job in jobs
    }
    said: set[str] = set()

    def refresh() -> None:
        for job in jobs:
            history = history_of(job)
            if not history or job.name in said:
                continue
            last = history[-1]
            progress.start_task(tasks[job.name])
            figures = f"loss {last['loss']:.3f}  accuracy {last['accuracy']:.2%}"
            if "validation_accuracy" in last:
                figures += f"  validation {last['validation_accuracy']:.2%}"
            progress.update(tasks[job.name], completed=last["epoch"], figures=figures)
            if (job.folder / MODEL_FILE).exists():
                said.add(job.name)
                progress.stop_task(tasks[job.name])
                if not console.is_terminal:
                    console.print(f"{job.name}: {figures}", highlight=False, markup=False)

    with progress:
        yield refresh
        refresh()
