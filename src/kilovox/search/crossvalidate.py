"""Leave one speaker out: how well a recipe understands people it never heard, beside the random split that flatters it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Evaluation, evaluate, evaluate_robustness
from kilovox.evaluation.report.report import (
    CorpusFacts,
    Report,
    Run,
    Section,
    Table,
    provenance_of,
    robustness_section,
    write_report,
)
from kilovox.evaluation.robustness import Robustness
from kilovox.files import make_folder, write_json
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import as_fast_as_possible
from kilovox.search.executor import Job, history_of, run_jobs
from kilovox.training.run_folder import MODEL_FILE, QUANTISED_FOLDER

RANDOM = "random"


@dataclass(frozen=True)
class CrossValidation:
    """One evaluation a fold, by the speaker left out; `random`: the same recipe where all speakers are in training."""

    config: str
    folds: dict[str, Evaluation]
    random: Evaluation
    seconds: float
    robustness: Robustness | None = None

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
            "random": self.random.accuracy,
            "seconds": self.seconds,
            **({"robustness": self.robustness.as_json()} if self.robustness else {}),
        }


def crossvalidate(
    config: Configuration, corpus: Corpus, out: Path, workers: int | None = None, robust: bool = False, command: str = ""
) -> CrossValidation:
    """Train `config` once for every speaker, without that speaker, and judge it on that speaker alone; and once on the random
    split, to show beside it.

    Runs lie in `out`/folds and `out`/random; finished ones are kept, interrupted ones go on. The result goes to
    `out`/crossvalidation.json and `out`/report.html. robust: judge every fold under the conditions of
    kilovox.evaluation.robustness too. command: what the report says it was made with. Raises KilovoxError for a corpus of fewer
    than two named speakers.
    """
    started = time.monotonic()
    speakers = corpus.speakers
    if len(speakers) < 2:
        found = ", ".join(speakers) or "none: speakers are not recorded"
        raise KilovoxError(f"{corpus.where}: speakers {found}; expected at least two to leave one out")
    make_folder(out)
    jobs = {speaker: _job(config, f"speaker:{speaker}", out / "folds") for speaker in speakers}
    beside = _job(config, RANDOM, out)
    run_jobs([*jobs.values(), beside], corpus, workers)
    recognisers = {speaker: _recogniser(job) for speaker, job in jobs.items()}
    folds = {speaker: evaluate(one, corpus, f"speaker:{speaker}") for speaker, one in recognisers.items()}
    random = evaluate(_recogniser(beside), corpus, RANDOM)
    tables = [evaluate_robustness(one, corpus, f"speaker:{speaker}") for speaker, one in recognisers.items() if robust]
    pooled = reduce(Robustness.plus, tables) if tables else None
    result = CrossValidation(config.experiment.name, folds, random, time.monotonic() - started, pooled)
    write_json(out / "crossvalidation.json", result.as_json())
    runs = [_run(jobs[speaker], recognisers[speaker], fold, speaker) for speaker, fold in folds.items()]
    write_report(out / "report.html", _report(result, runs, corpus, command), [corpus])
    return result


def _recogniser(job: Job) -> Recogniser:
    return as_fast_as_possible(Recogniser(load_model(job.folder / MODEL_FILE)))


def _run(job: Job, recogniser: Recogniser, fold: Evaluation, speaker: str) -> Run:
    history, config = history_of(job), job.config
    return Run(
        name=job.name, task="leave one speaker out", size=recogniser.size, evaluations={f"speaker:{speaker}": fold},
        seconds=sum(epoch["seconds"] for epoch in history), history=history_of(job, ["", QUANTISED_FOLDER]),
        provenance=provenance_of(recogniser.model), limit=config.budget.memory if config.budget else None,
        scope=config.budget.scope if config.budget else "model",
        front_end="integer" if config.frontend.kind == "fixed_point" else "float",
        method="QAT" if config.quantisation else "float",
    )  # fmt: skip


def _report(result: CrossValidation, runs: Sequence[Run], corpus: Corpus, command: str) -> Report:
    rows: list[tuple[str | int | float, ...]] = [
        (name, f"{fold.correct}/{fold.recordings}", f"{fold.accuracy:.2%}") for name, fold in result.folds.items()
    ]
    rows += [("mean", "", f"{result.mean:.2%}"), ("worst", "", f"{result.worst:.2%}")]
    beside = result.random
    rows.append(("beside it: random split, all speakers in training", f"{beside.correct}/{beside.recordings}",
                 f"{beside.accuracy:.2%}"))  # fmt: skip
    labels = next(iter(result.folds.values())).labels
    matrix: tuple[tuple[str | int | float, ...], ...] = tuple(
        (label, *row) for label, row in zip(labels, result.confusion, strict=True)
    )
    sections = [
        Section("People it never heard", "Each trained without the speaker that judges it.",
                Table(("speaker left out", "right", "accuracy"), tuple(rows))),
        Section("Confusion, all folds", "Spoken by decided.", Table(("spoken", *labels), matrix)),
    ]  # fmt: skip
    if result.robustness:
        sections.append(robustness_section(result.robustness))
    return Report(
        title=f"{result.config}: leave one speaker out", command=command, corpora=(CorpusFacts.of(corpus),),
        runs=tuple(runs), seconds=result.seconds, sections=tuple(sections),
    )  # fmt: skip


def _job(config: Configuration, split: str, folder: Path) -> Job:
    speaker = split.removeprefix("speaker:")
    name = RANDOM if split == RANDOM else f"without {speaker}"
    changed = config.changed(
        data_splitting={"split": split}, experiment={"name": f"{config.experiment.name}-{name.replace(' ', '-')}"}
    )
    return Job(name, changed, folder / speaker)
