"""What is left of a recogniser's accuracy in noise, rooms, over a telephone, at other levels, speeds and rates."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox import effects
from kilovox.audio import Samples, to_int16_mono
from kilovox.frontend.decimator import decimated
from kilovox.integer.outcome import LABEL
from kilovox.integer.recogniser import Decisions, Recogniser

NOISE_DB = (20, 10, 5, 0)
"""Signal-to-noise ratios: power of the whole recording over that of the noise."""

SEED = 1
JUDGED_DB = 10
"""The ratio whose mean over the kinds of noise is compared with the clean figure."""

Change = Callable[[Samples, np.random.Generator], Samples]


@dataclass(frozen=True)
class ConditionScore:
    """Right decisions under one condition. `decibels`: of a noise, else None; `changed`: decisions other than as recorded."""

    condition: str
    correct: int
    recordings: int
    decibels: int | None = None
    changed: int = 0

    @property
    def accuracy(self) -> float:
        """As a fraction."""
        return self.correct / self.recordings


@dataclass(frozen=True)
class Robustness:
    """Scores by condition; the first is that of the recordings as they are."""

    scores: tuple[ConditionScore, ...]

    @property
    def clean(self) -> float:
        """Accuracy on the recordings as they are."""
        return self.scores[0].accuracy

    @property
    def kept_in_noise(self) -> float:
        """Mean accuracy over the kinds of noise at 10 dB, as a share of the clean one."""
        return fmean(score.accuracy for score in self.scores if score.decibels == JUDGED_DB) / max(self.clean, 1e-9)

    def plus(self, other: "Robustness") -> "Robustness":
        """Both, pooled recording by recording."""
        pairs = zip(self.scores, other.scores, strict=True)
        return Robustness(
            tuple(
                replace(a, correct=a.correct + b.correct, recordings=a.recordings + b.recordings, changed=a.changed + b.changed)
                for a, b in pairs
            )
        )

    def as_json(self) -> dict[str, Any]:
        """Accuracies and changed decisions by condition, and the share kept in noise of 10 dB."""
        return {
            "conditions": {score.condition: score.accuracy for score in self.scores},
            "changed": {score.condition: score.changed for score in self.scores},
            "recordings": self.scores[0].recordings,
            "kept_in_noise_10_db": self.kept_in_noise,
        }


def robustness(
    recogniser: Recogniser, recordings: Sequence[Samples], truth: Sequence[int], advance: Callable[[], None] = lambda: None
) -> Robustness:
    """Judge `recogniser` on `recordings`, each (samples,) int16 at its rate, under every condition.

    The changes of a recording are drawn from its own samples' hash: they do not depend on the others. A decision has changed
    where its outcome is another, or the label that is accepted.
    """
    rate = recogniser.front_end.sample_rate
    seeds = [int.from_bytes(hashlib.sha256(samples.tobytes()).digest()[:4], "little") for samples in recordings]
    scores: list[ConditionScore] = []
    clean = np.zeros(0, np.int64)
    for number, (name, decibels, change) in enumerate(conditions(rate, recordings)):
        changed = [
            recogniser.heard_out(change(samples, np.random.default_rng([SEED, number, seed])))
            for samples, seed in zip(recordings, seeds, strict=True)
        ]
        answers = told(recogniser(changed))
        clean = clean if scores else answers
        right, other = int((answers == np.asarray(truth)).sum()), int((answers != clean).sum())
        scores.append(ConditionScore(name, right, len(recordings), decibels, other))
        advance()
    return Robustness(tuple(scores))


def told(decisions: Decisions) -> npt.NDArray[np.int64]:
    """(recordings,) what is told of each: the index of the label where one is accepted, else less than 0, by outcome."""
    return np.where(decisions.outcomes == LABEL, decisions.indices, -1 - decisions.outcomes.astype(np.int64))


def conditions(rate: int, voices: Sequence[Samples]) -> Iterator[tuple[str, int | None, Change]]:
    """Every condition: its name, its signal-to-noise ratio, and what it does. `voices` speak in babble."""
    yield "as recorded", None, lambda samples, _: samples
    for kind in effects.NOISE_KINDS:
        for decibels in NOISE_DB:
            yield f"{kind} noise, {decibels} dB", decibels, _in_noise(kind, decibels, rate, voices)
    yield "silence of 1 s before and after", None, lambda samples, _: np.pad(samples, rate)
    yield "silence of 1 s before and after, in white noise of 40 dB", None, _padded_in_noise(rate)
    yield "30 dB quieter", None, lambda samples, _: effects.as_samples(samples * 10 ** (-30 / 20))
    yield "clipped, 12 dB beyond full scale", None, lambda samples, _: _at_peak(samples, 12.0)
    yield "telephone band, 300-3400 Hz", None, lambda samples, _: _filtered(samples, rate)
    for codec in effects.CODECS:
        yield f"{codec} codec", None, _through(codec, rate)
    for seconds in (0.3, 0.6):
        yield f"room, {seconds:g} s of reverberation", None, _in_room(seconds, rate)
    for percent in (-15, 15):
        yield f"speed {percent:+d} %", None, _at_speed(1 + percent / 100)
    for codec in effects.FILE_CODECS if rate in effects.FILE_RATES else ():
        yield f"{codec} codec", None, _through(codec, rate)
    for factor in (2, 6):
        yield f"heard at {factor * rate:,} Hz, decimated", None, _heard_at(factor, rate)


def _in_noise(kind: effects.NoiseKind, decibels: float, rate: int, voices: Sequence[Samples]) -> Change:
    def change(samples: Samples, generator: np.random.Generator) -> Samples:
        background = effects.noise(kind, len(samples), rate, generator, voices)
        return _room_for(samples + background * effects.root_mean_square(samples) * 10 ** (-decibels / 20))

    return change


def _padded_in_noise(rate: int) -> Change:
    def change(samples: Samples, generator: np.random.Generator) -> Samples:
        padded = np.pad(samples, rate)
        level = effects.root_mean_square(samples) / 100
        return _room_for(padded + generator.normal(size=len(padded)) * level)

    return change


def _through(codec: effects.Codec, rate: int) -> Change:
    return lambda samples, _: effects.coded(samples, rate, codec)


def _in_room(seconds: float, rate: int) -> Change:
    return lambda samples, generator: _room_for(effects.reverberated(samples.astype(np.float64), rate, seconds, 0.7, generator))


def _at_speed(factor: float) -> Change:
    return lambda samples, _: effects.as_samples(effects.faster(samples, factor))


def _heard_at(factor: int, rate: int) -> Change:
    return lambda samples, _: decimated(to_int16_mono(samples[:, None], rate, factor * rate), factor)


def _filtered(samples: Samples, rate: int) -> Samples:
    return effects.as_samples(effects.band_limited(samples.astype(np.float64), rate, 300.0, min(3400.0, 0.45 * rate)))


def _room_for(sound: effects.Sound) -> Samples:
    """int16 samples, turned down where the peak would not fit."""
    peak = float(np.abs(sound).max(initial=0.0))
    return effects.as_samples(sound * min(1.0, 32767.0 / max(peak, 1.0)))


def _at_peak(samples: Samples, decibels: float) -> Samples:
    peak = max(1, int(np.abs(samples.astype(np.int32)).max(initial=0)))
    return effects.as_samples(samples * (32767.0 / peak * 10 ** (decibels / 20)))
