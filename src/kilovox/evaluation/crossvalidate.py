"""Leave one speaker out: how well a recipe is understood by, and understands, people it never heard."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Evaluation, evaluate
from kilovox.files import make_folder, write_json
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.training.experiment import MODEL_FILE
from kilovox.training.parallel import Job, run_jobs


@dataclass(frozen=True)
class CrossValidation:
    """One evaluation a fold, by the speaker left out."""

    config: str
    folds: dict[str, Evaluation]
    seconds: float

    @property
    def mean(self) -> float:
        """Of the folds' accuracies, as a fraction."""
        return fmean(fold.accuracy for fold in self.folds.values())

    @property
    def worst(self) -> float:
        """The lowest of the folds' accuracies."""
        return min(fold.accuracy for fold in self.folds.values())

    @property
    def confusion(self) -> list[list[int]]:
        """Summed over the folds: a row a true label, a column a decision."""
        total: list[list[int]] = np.sum([fold.confusion for fold in self.folds.values()], axis=0).tolist()
        return total

    def as_json(self) -> dict[str, Any]:
        """What `kilovox crossvalidate --json` prints; accuracies are fractions."""
        return {
            "config": self.config,
            "folds": {name: fold.accuracy for name, fold in self.folds.items()},
            "mean": self.mean,
            "worst": self.worst,
            "recordings": {name: fold.recordings for name, fold in self.folds.items()},
            "intervals": {name: list(fold.interval) for name, fold in self.folds.items()},
            "confusion": self.confusion,
            "seconds": self.seconds,
        }


def crossvalidate(config: Configuration, corpus: Corpus, out: Path, workers: int | None = None) -> CrossValidation:
    """Train `config` once for every speaker, without that speaker, and judge it on that speaker alone.

    Runs lie in `out`/folds; finished ones are kept, interrupted ones go on. `out`/crossvalidation.json receives the result.
    Raises KilovoxError for a corpus of fewer than two named speakers.
    """
    started = time.monotonic()
    speakers = corpus.speakers
    if len(speakers) < 2:
        found = ", ".join(speakers) or "none: speakers are not recorded"
        raise KilovoxError(f"{corpus.where}: speakers {found}; expected at least two to leave one out")
    make_folder(out)
    jobs = {speaker: _job(config, speaker, out / "folds") for speaker in speakers}
    run_jobs(list(jobs.values()), corpus, workers)
    folds = {
        speaker: evaluate(Recogniser(load_model(job.folder / MODEL_FILE)), corpus, f"speaker:{speaker}")
        for speaker, job in jobs.items()
    }
    result = CrossValidation(config.experiment.name, folds, time.monotonic() - started)
    write_json(out / "crossvalidation.json", result.as_json())
    return result


def _job(config: Configuration, speaker: str, folder: Path) -> Job:
    changed = config.changed(
        data_splitting={"split": f"speaker:{speaker}"}, experiment={"name": f"{config.experiment.name}-without-{speaker}"}
    )
    return Job(f"without {speaker}", changed, folder / speaker)
