"""What the confidence of a network that listens is worth: how often it is right when it is so sure of people who validate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.alignment import align
from kilovox.config.vocabulary import UNKNOWN
from kilovox.integer.calibration import IDENTITY, KNOT_BITS
from kilovox.integer.decider import Decider
from kilovox.integer.detection_errors import DetectionErrors
from kilovox.integer.outcome import FULL_CONFIDENCE, accept_all
from kilovox.integer.recogniser import Recogniser

LIKELIER = 128
"""Of 255: a label whose share is at least that of other words, as kilovox.integer.decider compares them."""
LEVELS = (0, 64, 128, 160, 192, 208, 224, 232, 240, 244, 248, 250, 251, 252, 253, 254, 255)
"""At which errors are told; most detections are near the end."""
PRIOR = 1.0
"""Detections at every knot that are right as often as the network says, so that a few others do not turn it all around."""


@dataclass(frozen=True)
class Detections:
    """All detections of the labels asked for in some sound, accepted or not: (detections,) how `sure` the network was of each,
    of 255, and whether it was `right`. words: of these labels, as spoken in `seconds`."""

    sure: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    words: int
    seconds: float


def detections(
    recogniser: Recogniser, pieces: Sequence[npt.NDArray[Any]], said: Sequence[Sequence[int]], seconds: float
) -> Detections:
    """Of normalised features, (frames, coefficients) a piece of `seconds`, in which the classes `said` are spoken, in order.

    Right is what stands for a word of its own label where both, other words among them, are aligned.
    """
    labels = recogniser.labels
    sure, right, words = list[int](), list[bool](), 0
    for logits, spoken in zip(recogniser.read_out(pieces), said, strict=True):
        decider = Decider(labels, accept_all(len(labels)))
        found = decider.push(recogniser.frames(logits)) + decider.finish()
        wanted = [labels[label] for label in spoken]
        words += sum(label != UNKNOWN for label in wanted)
        for a, b in align(wanted, [labels[one.best] for one in found]):
            if b is not None and labels[found[b].best] != UNKNOWN:
                sure.append(found[b].confidence)
                right.append(a is not None and wanted[a] == labels[found[b].best])
    return Detections(np.array(sure, np.int64), np.array(right, np.bool_), words, len(said) * seconds)


def fitted_knots(heard: Detections) -> tuple[int, ...]:
    """The shares that fit `heard` and PRIOR best, by least squares, of all that never fall (isotonic regression)."""
    import scipy.optimize  # slow to import

    count = np.bincount(heard.sure, minlength=FULL_CONFIDENCE + 1)
    right = np.bincount(heard.sure, heard.right, minlength=FULL_CONFIDENCE + 1)
    levels = np.concatenate([np.arange(FULL_CONFIDENCE + 1), IDENTITY])
    weights = np.sqrt(np.concatenate([count, np.full(len(IDENTITY), PRIOR)]))
    shares = np.concatenate([FULL_CONFIDENCE * right / np.maximum(count, 1), IDENTITY])
    # Of every level: what each knot has in it.
    hats = np.maximum(0.0, 1 - np.abs(levels[:, None] / (1 << KNOT_BITS) - np.arange(len(IDENTITY))))
    # A knot is the sum of the steps up to it, none of which is down.
    steps, _ = scipy.optimize.nnls(weights[:, None] * hats @ np.tri(len(IDENTITY)).astype(float), weights * shares)
    return tuple(int(knot) for knot in np.rint(np.minimum(np.cumsum(steps), FULL_CONFIDENCE)))


def errors_of(heard: Detections, threshold: int) -> DetectionErrors:
    """At LEVELS and at `threshold`."""
    levels = sorted({*LEVELS, threshold})
    counts = [[int((heard.sure[which] >= level).sum()) for level in levels] for which in (heard.right, ~heard.right)]
    return DetectionErrors(
        words=heard.words, seconds=heard.seconds, levels=tuple(levels), right=tuple(counts[0]), false=tuple(counts[1])
    )


def threshold_for(heard: Detections, rejected: float) -> int:
    """The highest that `rejected` of what was heard right, a share, lies below, or less."""
    right = np.sort(heard.sure[heard.right])
    return int(right[int(rejected * len(right))]) if len(right) else LIKELIER
