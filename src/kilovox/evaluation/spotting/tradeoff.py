"""The detection-error trade-off: words missed against false alarms an hour, as the confidence that is asked for rises.

A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997; with false alarms counted by the
hour, as of a device that listens all day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.alignment import align
from kilovox.config.vocabulary import UNKNOWN
from kilovox.evaluation.spotting.scores import Heard
from kilovox.integer.detection import Detection
from kilovox.integer.detection_errors import HOUR
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING


@dataclass(frozen=True)
class Point:
    """Where detections of at least the confidence `threshold`, a fraction, are accepted, whatever the label: the share of words
    not detected as what they are, and the false alarms an hour."""

    threshold: float
    missed: float
    per_hour: float


def tradeoff(words: Sequence[Heard], speech: Sequence[Heard]) -> tuple[Point, ...]:
    """A point a threshold, rising, wherever something changes: missed of what is spoken in `words`, false alarms of `speech`.

    A word that is taken for another is missed. The model's own thresholds do not count here: its likeliest labels do.
    """
    alarms = np.array([_level(one) for passage in speech for one in _decided(passage)], np.int64)
    levels = np.unique([0, *alarms.tolist(), *(_level(one) for passage in words for one in _decided(passage))])
    found = sum((_found(passage, levels) for passage in words), start=np.zeros(len(levels), np.int64))
    spoken, hours = sum(len(passage.words) for passage in words), sum(passage.seconds for passage in speech) / HOUR
    return tuple(
        Point(int(level) / FULL_CONFIDENCE, 1 - int(right) / spoken, int((alarms >= level).sum()) / hours)
        for level, right in zip(levels, found, strict=True)
    )


def fewest_missed(points: Sequence[Point], per_hour: float) -> Point | None:
    """The point of fewest words missed with no more false alarms than that; None where no threshold is high enough."""
    allowed = [point for point in points if point.per_hour <= per_hour]
    return min(allowed, key=lambda point: (point.missed, point.threshold)) if allowed else None


def _decided(passage: Heard) -> list[Detection]:
    return [one for one in passage.detections if one.outcome != NOTHING and one.best != UNKNOWN]


def _level(one: Detection) -> int:
    """Confidence in the units of thresholds."""
    return round(one.confidence * FULL_CONFIDENCE)


def _found(passage: Heard, levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(levels,) words of `passage` detected as what they are where detections of at least each level are accepted."""
    spoken, decided = [word.label for word in passage.words], _decided(passage)
    own = sorted({_level(one) for one in decided})
    right = [0] * (len(own) + 1)
    for place, level in enumerate(own):
        detected = [str(one.best) for one in decided if _level(one) >= level]
        pairs = align(spoken, detected)
        right[place] = sum(a is not None and b is not None and spoken[a] == detected[b] for a, b in pairs)
    return np.array(right, np.int64)[np.searchsorted(np.array(own, np.int64), levels)]
