"""Leave people out: how well a recipe understands those it never heard, beside the random split that flatters it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.evaluation.evaluate import Evaluation, evaluate, evaluate_robustness
from kilovox.evaluation.intervals import mean_interval
from kilovox.evaluation.metrics import wilson_interval
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
from kilovox.evaluation.scores import SpeakerScore
from kilovox.files import make_folder, write_json
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import as_fast_as_possible
from kilovox.search.executor import Executor
from kilovox.search.folds import RANDOM, Folds, plan_folds
from kilovox.search.jobs import Job, history_of, run_jobs
from kilovox.training.run_folder import MODEL_FILE, QUANTISED_FOLDER

FLATTERED = "Where a recipe was chosen on such folds, they flatter it; only people that nobody looked at while choosing do not."


@dataclass(frozen=True)
class CrossValidation:
    """One evaluation a fold, by the speaker left out, or K/N for a group of them; `random`: the same recipe where all speakers
    are in training.
    """

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
    def speakers(self) -> tuple[SpeakerScore, ...]:
        """Everybody, each judged by the network that never heard them."""
        return tuple(score for fold in self.folds.values() for score in fold.speakers)

    @property
    def interval_kind(self) -> str:
        """What was drawn: speakers, or groups of them."""
        return "speakers" if len(self.speakers) == len(self.folds) else "groups of speakers"

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `mean` on other people, as fractions; the folds are what was drawn."""
        return self._interval([fold.accuracy for fold in self.folds.values()])

    @property
    def speaker_mean(self) -> float:
        """Mean of the speakers' accuracies, each counting the same."""
        return fmean(score.accuracy for score in self.speakers)

    @property
    def speaker_interval(self) -> tuple[float, float]:
        """95 % interval of `speaker_mean` on other people, as fractions."""
        return self._interval([score.accuracy for score in self.speakers])

    def _interval(self, shares: Sequence[float]) -> tuple[float, float]:
        """Student's t over `shares`; never narrower than Wilson's of all recordings, for where all are alike."""
        right = sum(fold.correct for fold in self.folds.values())
        low, high = wilson_interval(right, sum(fold.recordings for fold in self.folds.values()))
        least, most = mean_interval(shares) or (0.0, 1.0)
        return min(low, least), max(high, most)

    @property
    def confusion(self) -> list[list[int]]:
        """Summed over the folds: a row a true label, a column a decision."""
        total: list[list[int]] = np.sum([fold.confusion for fold in self.folds.values()], axis=0).tolist()
        return total

    @property
    def outcomes(self) -> dict[str, int]:
        """Recordings of all folds by what came of them: right, wrong, rejected, nothing."""
        every = [fold.outcomes for fold in self.folds.values()]
        return {name: sum(one[name] for one in every) for name in every[0]}

    def as_json(self) -> dict[str, Any]:
        """What `kilovox crossvalidate --json` prints; accuracies are fractions."""
        return {
            "config": self.config,
            "folds": {name: fold.accuracy for name, fold in self.folds.items()},
            "mean": self.mean,
            "worst": self.worst,
            "interval": list(self.interval),
            "interval_kind": self.interval_kind,
            "speakers": len(self.speakers),
            "speaker_mean": self.speaker_mean,
            "speaker_interval": list(self.speaker_interval),
            "per_speaker": {score.speaker: score.accuracy for score in self.speakers},
            "recordings": {name: fold.recordings for name, fold in self.folds.items()},
            "intervals": {name: list(fold.interval) for name, fold in self.folds.items()},
            "outcomes": self.outcomes,
            "confusion": self.confusion,
            "random": self.random.accuracy,
            "random_interval": list(self.random.interval),
            "seconds": self.seconds,
            **({"robustness": self.robustness.as_json()} if self.robustness else {}),
        }


def crossvalidate(
    config: Configuration,
    corpus: Corpus,
    out: Path,
    workers: int | None = None,
    robust: bool = False,
    command: str = "",
    *,
    folds: int | Folds | None = None,
    many: bool = False,
    executor: Executor | None = None,
    state: str | None = None,
) -> CrossValidation:
    """Train `config` once for every speaker, without that speaker, and judge it on that speaker alone; and once on the random
    split, to show beside it.

    Runs lie in `out`/folds and `out`/random; finished ones are kept, interrupted ones go on. The result goes to
    `out`/crossvalidation.json and `out`/report.html. robust: judge every fold under the conditions of
    kilovox.evaluation.robustness too. command: what the report says it was made with. folds: so many groups of whole speakers
    in the place of single ones, or what plan_folds planned. many: train more than kilovox.search.folds.MANY folds. executor:
    where they are trained, else on `workers` processes of this machine. state: a path or URL where the runs are kept too;
    workers then need not see `out`.

    Raises KilovoxError where speakers are not named, for fewer than two of them, and for so many folds unasked.
    """
    started = time.monotonic()
    plan = folds if isinstance(folds, Folds) else plan_folds(config, corpus, out, folds, workers)
    if not many:
        plan.check()
    make_folder(out)
    run_jobs([_kept(job, out, state) for job in plan.every], corpus, workers, executor)
    recognisers = {name: _recogniser(job) for name, job in plan.jobs.items()}
    splits = {name: job.config.data_splitting.split for name, job in plan.jobs.items()}
    judged = {name: evaluate(one, corpus, splits[name]) for name, one in recognisers.items()}
    random = evaluate(_recogniser(plan.beside), corpus, RANDOM)
    tables = [evaluate_robustness(one, corpus, splits[name]) for name, one in recognisers.items() if robust]
    pooled = reduce(Robustness.plus, tables) if tables else None
    result = CrossValidation(config.experiment.name, judged, random, time.monotonic() - started, pooled)
    write_json(out / "crossvalidation.json", result.as_json())
    runs = [_run(plan.jobs[name], recognisers[name], fold) for name, fold in judged.items()]
    write_report(out / "report.html", _report(result, runs, corpus, command), [corpus])
    return result


def _kept(job: Job, out: Path, state: str | None) -> Job:
    return replace(job, state=state and f"{state.rstrip('/')}/{job.folder.relative_to(out).as_posix()}")


def _recogniser(job: Job) -> Recogniser:
    return as_fast_as_possible(Recogniser(load_model(job.folder / MODEL_FILE)))


def _run(job: Job, recogniser: Recogniser, fold: Evaluation) -> Run:
    history, config = history_of(job), job.config
    return Run(
        name=job.name, task="", size=recogniser.size, evaluations={fold.split: fold},
        seconds=sum(epoch["seconds"] for epoch in history), history=history_of(job, ["", QUANTISED_FOLDER]),
        provenance=provenance_of(recogniser.model), limit=config.budget.memory if config.budget else None,
        scope=config.budget.scope if config.budget else "model",
        front_end="integer" if config.frontend.kind == "fixed_point" else "float",
        method="QAT" if config.quantisation else "float",
    )  # fmt: skip


def _report(result: CrossValidation, runs: Sequence[Run], corpus: Corpus, command: str) -> Report:
    groups = result.interval_kind != "speakers"
    rows: list[tuple[str | int | float, ...]] = [
        (name, f"{fold.correct}/{fold.recordings}", f"{fold.accuracy:.2%}", _range(fold.interval))
        for name, fold in result.folds.items()
    ]
    rows += [("mean", "", f"{result.mean:.2%}", _range(result.interval)), ("worst", "", f"{result.worst:.2%}", "")]
    if groups:
        rows.append((f"mean of {len(result.speakers):,} speakers", "", f"{result.speaker_mean:.2%}",
                     _range(result.speaker_interval)))  # fmt: skip
    beside = result.random
    rows.append(("beside it: random split, all speakers in training", f"{beside.correct}/{beside.recordings}",
                 f"{beside.accuracy:.2%}", _range(beside.interval)))  # fmt: skip
    labels = next(iter(result.folds.values())).labels
    matrix: tuple[tuple[str | int | float, ...], ...] = tuple(
        (label, *row) for label, row in zip(labels, result.confusion, strict=True)
    )
    left_out = "group of speakers" if groups else "speaker"
    text = (
        f"Each trained without the {left_out} that judges it. The interval of a mean counts the {result.interval_kind} as "
        f"drawn; that of one speaker is Wilson's, of more recordings of that speaker. {FLATTERED}"
    )
    sections = [
        Section(
            "People it never heard", text, Table((f"{left_out} left out", "right", "accuracy", "95 % interval"), tuple(rows))
        ),
        Section("Confusion, all folds", "Spoken by decided.", Table(("spoken", *labels), matrix)),
    ]
    if result.robustness:
        sections.append(robustness_section(result.robustness))
    return Report(
        title=f"{result.config}: leave {'groups of speakers' if groups else 'one speaker'} out", command=command,
        corpora=(CorpusFacts.of(corpus),), runs=tuple(runs), seconds=result.seconds, sections=tuple(sections),
    )  # fmt: skip


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.1%} to {interval[1]:.1%}"
