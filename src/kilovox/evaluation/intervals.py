"""How far an accuracy may be off when what was drawn is people, not recordings.

Recordings of one speaker are alike: an interval that takes them as independent (Wilson's, kilovox.evaluation.metrics) is that
of more of the same speakers, not of others. Here whole speakers are what was drawn.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import wilson_interval

CONFIDENCE = 0.95

FEW = 30
"""Below so many speakers a bootstrap is too narrow (Cameron et al., 2008, table 2) and Student's t takes its place."""

DRAWS = 10_000
SEED = 1


@dataclass(frozen=True)
class Interval:
    """Where a share, or a rate, may lie with 95 % confidence. `method`: wilson, t, bootstrap or poisson."""

    low: float
    high: float
    method: str

    @property
    def pair(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high


def speaker_interval(correct: Sequence[int], recordings: Sequence[int]) -> Interval | None:
    """Of the share of right decisions, speakers drawn as wholes; None for fewer than two, who say nothing of others.

    correct, recordings: counts speaker by speaker. From FEW speakers on: percentiles of the share over DRAWS resamples of the
    speakers (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13), with a seed of its own.
    Of fewer: the share plus and minus Student's t with one degree of freedom less than speakers, times the standard error of a
    ratio of speakers' sums (W. Cochran, "Sampling Techniques", 1977, 6.4); for speakers of equally many recordings that is the
    t interval of their mean. On why few groups need it: A. C. Cameron, J. Gelbach, D. Miller, "Bootstrap-based improvements for
    inference with clustered errors", Review of Economics and Statistics 90 (2008), 414-427.

    Never narrower than Wilson's: where all speakers are alike, above all where all is right, their spread says nothing.
    Raises KilovoxError for counts that no experiment gives.
    """
    right, total = np.asarray(correct, np.int64), np.asarray(recordings, np.int64)
    if right.shape != total.shape or right.ndim != 1:
        raise KilovoxError(f"right decisions by speaker: {len(right)} counts for {len(total)} speakers; expected as many")
    for one, all_of_them in zip(right, total, strict=True):
        if not 0 <= one <= all_of_them or all_of_them < 1:
            raise KilovoxError(
                f"{one} correct of {all_of_them} by speaker; expected 0 to as many as were judged, and some judged"
            )
    if len(total) < 2:
        return None
    low, high, method = _clustered(right, total)
    least, most = wilson_interval(int(right.sum()), int(total.sum()), CONFIDENCE)
    return Interval(float(max(0.0, min(low, least))), float(min(1.0, max(high, most))), method)


def rate_interval(errors: Sequence[int], words: Sequence[int]) -> Interval:
    """Of errors over words, which may be more than 1; speakers drawn as wholes, by the methods of `speaker_interval`.

    errors, words: counts speaker by speaker. Never narrower than the interval that takes errors as independent: Wilson's, or
    Poisson's (`poisson_interval`) where there are more errors than words; of fewer than two speakers it is that one.
    Raises KilovoxError for counts that no experiment gives.
    """
    wrong, total = np.asarray(errors, np.int64), np.asarray(words, np.int64)
    if wrong.shape != total.shape or wrong.ndim != 1 or (wrong < 0).any() or (total < 0).any() or total.sum() < 1:
        raise KilovoxError("errors and words by speaker; expected as many of the one as of the other, and some words")
    count, spoken = int(wrong.sum()), int(total.sum())
    few = count <= spoken
    least, most = wilson_interval(count, spoken, CONFIDENCE) if few else poisson_interval(count, spoken)
    if len(total) < 2:
        return Interval(least, most, "wilson" if few else "poisson")
    low, high, method = _clustered(wrong, total)
    return Interval(max(0.0, min(low, least)), max(high, most), method)


def poisson_interval(count: int, exposure: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Of the rate of events that are independent of each other: `count` of them in `exposure`, in events a unit of it.

    The exact interval: F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936), 437-442.
    Raises KilovoxError for a count below 0, and an exposure of nothing.
    """
    if count < 0 or not exposure > 0 or not 0 < confidence < 1:
        raise KilovoxError(f"{count} events in {exposure}; expected 0 or more, in more than nothing")
    tail = (1 - confidence) / 2
    events = np.arange(count + 1)
    log_factorials = np.cumsum(np.log(np.maximum(events, 1)))

    def more_than(most: int, mean: float) -> float:
        """Probability of more than `most` events."""
        terms = events[: most + 1] * math.log(mean) - mean - log_factorials[: most + 1]
        return 1 - float(np.exp(terms).sum())

    low = 0.0 if count == 0 else _reached(lambda mean: more_than(count - 1, mean), tail)
    high = _reached(lambda mean: more_than(count, mean), 1 - tail)
    return low / exposure, high / exposure


def _reached(rising: Callable[[float], float], value: float) -> float:
    """Where a function that rises from 0 on reaches `value`."""
    low, high = 0.0, 1.0
    while rising(high) < value:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return high


def mean_interval(shares: Sequence[float]) -> tuple[float, float] | None:
    """Of the mean of `shares` (fractions), each of another speaker or group: Student's t; None for fewer than two."""
    if len(shares) < 2:
        return None
    values = np.asarray(shares, np.float64)
    half = student_t(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return max(0.0, float(values.mean()) - half), min(1.0, float(values.mean()) + half)


def student_t(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The t that |T| of Student's distribution with `degrees` degrees of freedom stays below with `confidence`."""
    if degrees < 1 or not 0 < confidence < 1:
        raise KilovoxError(f"{degrees} degrees of freedom, confidence {confidence}; expected at least 1, and a share")
    return _reached(lambda t: _within(t, degrees), confidence)


def _within(t: float, degrees: int) -> float:
    """Probability that |T| < t: M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, sine, odd = math.cos(angle), math.sin(angle), degrees % 2
    total = 0.0
    term = cosine if odd else 1.0
    for step in range(odd, degrees - 1, 2):
        total += term
        term *= cosine**2 * (step + 1) / (step + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _clustered(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> tuple[float, float, str]:
    """95 % interval of sum(part) / sum(whole), counts a speaker, two at least; and the method. It may leave 0 to 1."""
    if len(whole) >= FEW:
        return *_bootstrap(part, whole), "bootstrap"
    share = part.sum() / whole.sum()
    residuals = part - share * whole
    error = math.sqrt(float((residuals**2).sum()) * len(whole) / (len(whole) - 1)) / float(whole.sum())
    half = student_t(len(whole) - 1) * error
    return float(share - half), float(share + half), "t"


def _bootstrap(right: npt.NDArray[np.int64], total: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Percentiles of the share over resamples of speakers, some at a time so that memory stays small."""
    generator = np.random.default_rng(SEED)
    shares = []
    each = max(1, min(DRAWS, 2_000_000 // len(total)))
    for start in range(0, DRAWS, each):
        drawn = generator.integers(len(total), size=(min(each, DRAWS - start), len(total)))
        shares.append(right[drawn].sum(axis=1) / np.maximum(total[drawn].sum(axis=1), 1))
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(np.concatenate(shares), [tail, 100 - tail])
    return float(low), float(high)
