"""One network trained by several processes at once, wherever the executor has them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.integer.model_file import Model, load_model
from kilovox.search.executor import ATTEMPTS, Executor
from kilovox.search.jobs import Job, bars
from kilovox.training.experiment import run_experiment
from kilovox.training.parallel import LostError, check_shareable, joined, meeting_place
from kilovox.training.run_folder import MODEL_FILE
from kilovox.training.run_store import RunStore


@dataclass(frozen=True)
class Training:
    """What every process is told; called with its rank, it trains. The first writes the run, the others follow it."""

    config: Configuration
    corpus: Corpus
    folder: Path
    state: str | None
    resume: bool
    place: str
    processes: int

    def __call__(self, rank: int) -> None:
        with joined(self.place, rank, self.processes) as member, tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
            folder, store = self.folder, RunStore(self.state) if self.state is not None else None
            if rank > 0:
                folder, store = Path(scratch) / "run", None
                if self.resume:
                    RunStore(self.state or str(self.folder)).fetch(folder)
            resume = self.resume or rank > 0
            run_experiment(self.config, self.corpus, folder, resume=resume, progress=False, store=store, member=member)


def train_together(job: Job, corpus: Corpus, executor: Executor, processes: int, *, resume: bool = False) -> Model:
    """Train `job` by so many processes at once, each with its part of every batch; see kilovox.training.parallel.

    Where one of them is killed, all begin again from the last epoch. Raises KilovoxError as run_experiment does, where the
    executor has fewer workers, and where several processes cannot train what one would.
    """
    check_shareable(job.config, processes)
    if executor.workers < processes:
        raise KilovoxError(f"--processes {processes}: expected at most {executor.workers}, the workers there are")
    with bars([job]) as refresh:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with meeting_place(executor.host) as place:
                    training = Training(job.config, corpus, job.folder, job.state, resume, place, processes)
                    list(executor.run(training, range(processes), refresh))
                break
            except LostError as error:
                if attempt == ATTEMPTS:
                    raise KilovoxError(
                        f"{job.folder}: begun {ATTEMPTS} times, and one of {processes} processes was lost each time ({error}); "
                        "expected more memory, or fewer --processes; --resume goes on from the last epoch"
                    ) from None
                resume = True
        if job.state is not None:
            RunStore(job.state).fetch(job.folder)
    return load_model(job.folder / MODEL_FILE)
