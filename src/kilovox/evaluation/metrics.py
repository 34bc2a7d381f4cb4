"""Counts of right and wrong decisions, and the shares computed from them. NumPy only; every zero division is defined."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError

Counts = npt.NDArray[np.int64]

DIGITS_SHOWN = 4
"""Decimals in the classification report."""


@dataclass(frozen=True)
class ClassScores:
    """How one label fared. `support`: recordings that are of this label; a share of nothing is 0."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a share: where it may lie, as fractions, with `confidence`; (0, 1) where nothing was counted.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    Raises KilovoxError for counts that no experiment gives and a confidence that is not between 0 and 1.
    """
    if not 0 <= correct <= total:
        raise KilovoxError(f"{correct} correct of {total}; expected 0 to {total}")
    if not 0 < confidence < 1:
        raise KilovoxError(f"confidence {confidence}; expected a share between 0 and 1, such as 0.95")
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5
    # At the ends the formula gives 0 and 1 exactly; in floating point it may miss them by a rounding error.
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    high = 1.0 if correct == total else min(1.0, centre + half)
    return low, high


def confusion_matrix(truth: npt.ArrayLike, predicted: npt.ArrayLike, count: int) -> Counts:
    """Recordings by label and decision: (count, count) int64, a row a true label, a column a decision.

    `truth`, `predicted`: (recordings,) indices of labels. Raises KilovoxError for an index outside 0 ... count - 1 and for
    arrays of different lengths.
    """
    true, decided = np.asarray(truth, np.int64).reshape(-1), np.asarray(predicted, np.int64).reshape(-1)
    if len(true) != len(decided):
        raise KilovoxError(f"{len(decided)} predictions for {len(true)} recordings; expected as many")
    for name, indices in (("truth", true), ("predicted", decided)):
        outside = indices[(indices < 0) | (indices >= count)]
        if len(outside):
            raise KilovoxError(f"{name}: label index {outside[0]}; expected 0 to {count - 1}")
    return np.bincount(true * count + decided, minlength=count * count).reshape(count, count).astype(np.int64)


def class_scores(confusion: npt.ArrayLike, labels: Sequence[str], missed: Sequence[int] = ()) -> tuple[ClassScores, ...]:
    """Precision, recall, F1 and support of every label; `confusion`: (labels, labels), a row a true label.

    missed: by true label, recordings besides, of which no decision was a label; none where empty.
    """
    counts = np.asarray(confusion, np.int64)
    if counts.shape != (len(labels), len(labels)):
        raise KilovoxError(f"confusion matrix of shape {counts.shape}; expected {len(labels)} labels on both sides")
    scores = []
    for index, label in enumerate(labels):
        hits, support, decided = int(counts[index, index]), int(counts[index].sum()), int(counts[:, index].sum())
        support += missed[index] if missed else 0
        scores.append(
            ClassScores(label, _share(hits, decided), _share(hits, support), _share(2 * hits, support + decided), support)
        )
    return tuple(scores)


def macro_average(scores: Sequence[ClassScores]) -> ClassScores:
    """The mean over labels, each counting the same."""
    return _average("macro avg", scores, [1] * len(scores))


def weighted_average(scores: Sequence[ClassScores]) -> ClassScores:
    """The mean over labels, each counting as often as it occurs."""
    return _average("weighted avg", scores, [score.support for score in scores])


def classification_report(confusion: npt.ArrayLike, labels: Sequence[str], missed: Sequence[int] = ()) -> str:
    """Scores of every label, accuracy and averages as text, laid out as scikit-learn's classification_report."""
    scores = class_scores(confusion, labels, missed)
    counts = np.asarray(confusion, np.int64)
    total = int(counts.sum()) + sum(missed)
    averages = (macro_average(scores), weighted_average(scores))
    width = max(len(score.label) for score in (*scores, *averages))

    def line(score: ClassScores) -> str:
        shares = "".join(f" {value:>9.{DIGITS_SHOWN}f}" for value in (score.precision, score.recall, score.f1))
        return f"{score.label:>{width}} {shares} {score.support:>9}"

    header = f"{'':>{width}} " + "".join(f" {name:>9}" for name in ("precision", "recall", "f1-score", "support"))
    accuracy = f"{'accuracy':>{width}}  {'':>9} {'':>9} {_share(int(np.trace(counts)), total):>9.{DIGITS_SHOWN}f} {total:>9}"
    return "\n".join([header, "", *map(line, scores), "", accuracy, *map(line, averages)]) + "\n"


def _average(name: str, scores: Sequence[ClassScores], weights: Sequence[int]) -> ClassScores:
    def mean(values: list[float]) -> float:
        return _share(sum(value * weight for value, weight in zip(values, weights, strict=True)), sum(weights))

    return ClassScores(
        name,
        mean([score.precision for score in scores]),
        mean([score.recall for score in scores]),
        mean([score.f1 for score in scores]),
        sum(score.support for score in scores),
    )


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0
