"""What a decision comes to: a label, none of the labels, or nothing that was heard at all.

kilovox.frontend.fixed_point.is_heard says when nothing was heard; a confidence below the label's threshold is no label.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

NOTHING: Final = 0
"""Nothing was heard: no label, confidence 0, all logits 0."""

UNKNOWN: Final = 1
"""Heard, and none of the labels: the likeliest is less sure than its threshold."""

LABEL: Final = 2
"""A label."""

NAMES: Final = ("nothing", "unknown", "label")
"""By outcome."""

FULL_CONFIDENCE: Final = 255
"""Thresholds, and the confidence of an integer model, are in units of 1/255."""

Outcomes = npt.NDArray[np.uint8]


def accept_all(labels: int) -> npt.NDArray[np.uint8]:
    """Thresholds (labels,) that nothing lies below."""
    return np.zeros(labels, np.uint8)


def judged(indices: npt.NDArray[Any], confidence: npt.NDArray[Any], thresholds: npt.NDArray[np.uint8]) -> Outcomes:
    """LABEL or UNKNOWN of each decision on something heard.

    indices: (clips,) of the likeliest label; confidence: (clips,) fractions, taken to the nearest 1/255; thresholds:
    (labels,).
    """
    sure = np.rint(confidence * FULL_CONFIDENCE)
    return np.where(sure < thresholds[indices], UNKNOWN, LABEL).astype(np.uint8)


def label_of(outcome: int, best: int, labels: Sequence[str]) -> tuple[str | None, str | None]:
    """The label accepted, and the likeliest whatever the outcome; None where there is none."""
    likeliest = None if outcome == NOTHING else labels[best]
    return (likeliest if outcome == LABEL else None), likeliest
