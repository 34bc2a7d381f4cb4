"""What cross-validation will train: the folds, where each lies, and roughly how long all of it takes."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import settled
from kilovox.corpus.splits import grouped_folds
from kilovox.errors import KilovoxError
from kilovox.search.executor import cores
from kilovox.search.jobs import Job

RANDOM = "random"

MANY = 20
"""So many folds are trained without being asked for twice."""

STARTING = 6.0
"""Seconds until a training begins: a process of its own, torch, the features."""
PREPARING = 0.002
"""Seconds a recording and view, to change it and hear it."""

SIMULATING = 1.4
"""Training for integers takes so many times as long as a float network of that size (measured at 85 and 123 units)."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LIKE_OURS = re.compile(r".*-[0-9a-f]{8}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(10))}


@dataclass(frozen=True)
class Folds:
    """`jobs`: one a fold, by its name (the speaker left out, or K/N); `beside`: the same recipe on the random split.

    `seconds`: roughly, of everything that is to be trained; `workers` side by side.
    """

    jobs: dict[str, Job]
    beside: Job
    groups: bool
    seconds: float
    workers: int

    @property
    def every(self) -> list[Job]:
        """The folds' and the one beside them."""
        return [*self.jobs.values(), self.beside]

    @property
    def question(self) -> str:
        """What this will take, in a line."""
        kind = "groups of speakers" if self.groups else "speakers"
        return (
            f"{len(self.jobs):,} {kind} left out in turn, and the random split: {len(self.every):,} trainings of "
            f"{self.beside.config.epochs:,} epochs, roughly {duration(self.seconds)} for {self.workers} side by side"
        )

    def check(self) -> None:
        """Raise KilovoxError where these are more folds than anybody would train unasked."""
        if len(self.jobs) > MANY:
            raise KilovoxError(
                f"{self.question}; expected at most {MANY} folds unless that is meant: --folds 10 leaves out ten groups of "
                "whole speakers, --yes trains them all"
            )


def plan_folds(config: Configuration, corpus: Corpus, out: Path, folds: int | None = None, workers: int | None = None) -> Folds:
    """Every speaker of `corpus` in turn, or `folds` groups of whole speakers.

    Raises KilovoxError where a recording names no speaker, and for fewer than two speakers or folds.
    """
    config = settled(config, corpus)
    if folds is None:
        speakers = corpus.speakers
        _check_named(corpus)
        if len(speakers) < 2:
            raise KilovoxError(f"{corpus.where}: speakers {', '.join(speakers)}; expected at least two to leave one out")
        jobs = {name: _job(config, f"speaker:{name}", f"without {folder_name(name)}", out / "folds" / folder_name(name))
                for name in speakers}  # fmt: skip
    else:
        names = [name for name, _ in grouped_folds(corpus, folds, config.data_splitting.random_state)]
        jobs = {name: _job(config, f"fold:{name}", f"fold {_dashed(name)}", out / "folds" / _dashed(name)) for name in names}
    beside = _job(config, RANDOM, RANDOM, out / RANDOM)
    side_by_side = min(workers or cores(), len(jobs) + 1)
    seconds = seconds_of(config, len(corpus)) * (len(jobs) + 1) / side_by_side
    return Folds(jobs, beside, folds is not None, seconds, side_by_side)


def folder_name(name: str) -> str:
    """A folder's name for any speaker, another for each: as it is where every file system takes it, else with a short hash."""
    if _PLAIN.fullmatch(name) and not _LIKE_OURS.fullmatch(name) and name not in _RESERVED:
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "speaker"
    return f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def duration(seconds: float) -> str:
    """As a person says it: 40 s, 12 min, 3.5 h, 4 days."""
    for unit, size, limit in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if seconds < limit * size:
            return f"{seconds / size:.2g} {unit}" if seconds < 10 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:,.0f} days"


def seconds_of(config: Configuration, recordings: int) -> float:
    """Of one training, roughly: a few batches are timed with one thread, on numbers made up."""
    asked, batch = config.distillation, config.training.batch_size
    real = batch - (round(batch * config.synthetic.share) if config.synthetic else 0)
    batches = -(-recordings // max(1, real))
    # Torch is loaded only to measure.
    from kilovox.training.pace import seconds_a_batch

    student = seconds_a_batch(config, config.hidden, config.model.num_layers)
    total = config.training.epochs * student
    if config.quantisation:
        total += SIMULATING * config.quantisation.epochs * student
    if asked:
        # Convolutions of so many channels take about as long as that LSTM.
        total += asked.teachers * asked.epochs * seconds_a_batch(config, asked.hidden_dim, asked.num_layers)
    views = config.training.augmentation.views + 1
    return STARTING + PREPARING * views * recordings + total * batches


def _check_named(corpus: Corpus) -> None:
    unnamed = [recording.name for recording in corpus.recordings if not (recording.speaker or "").strip()]
    if not unnamed:
        return
    such = f"{', '.join(unnamed[:3])}{', ...' if len(unnamed) > 3 else ''}"
    raise KilovoxError(
        f"{corpus.where}: {len(unnamed):,} of {len(corpus):,} recordings name no speaker ({such}), speakers are not recorded; "
        "expected all of them named, for the same person must not train and judge"
    )


def _dashed(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "-", name)


def _job(config: Configuration, split: str, name: str, folder: Path) -> Job:
    own = f"{config.experiment.name}-{name.replace(' ', '-')}"
    if len(own) > 100:
        own = f"{own[:91]}-{hashlib.sha256(own.encode()).hexdigest()[:8]}"
    return Job(name, config.changed(data_splitting={"split": split}, experiment={"name": own}), folder)
