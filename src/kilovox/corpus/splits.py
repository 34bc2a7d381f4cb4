"""Which recordings train, which choose the epoch, which judge."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError

Indices = npt.NDArray[np.int64]

OFFICIAL_TEST_TAKES = range(5)
"""FSDD's own split: takes 0 to 4 of every digit and speaker are the test set."""


@dataclass(frozen=True)
class Split:
    """Indices into a corpus, each sorted; `validation` comes out of the training part and judges nothing but epochs."""

    name: str
    train: Indices
    validation: Indices
    test: Indices


def random_split(count: int, test_size: float, random_state: int) -> tuple[Indices, Indices]:
    """Training and test indices, the same as scikit-learn's train_test_split of `count` items (Pedregosa et al., 2011).

    The test part is the head of a permutation by NumPy's legacy generator, whose stream is frozen (NEP 19).
    """
    tests = int(np.ceil(test_size * count))
    order = np.random.RandomState(random_state).permutation(count)
    return np.sort(order[tests:]).astype(np.int64), np.sort(order[:tests]).astype(np.int64)


def judging_indices(corpus: Corpus, split: str, test_size: float = 0.2, random_state: int = 42) -> Indices:
    """The recordings that judge under `split`: random, official, speaker:NAME or all.

    Raises KilovoxError for a split that is unknown, impossible for this corpus, or leaves nothing to test on.
    """
    everything = np.arange(len(corpus), dtype=np.int64)
    if split == "all":
        return everything
    if split == "random":
        return random_split(len(corpus), test_size, random_state)[1]
    if split == "official":
        takes = [recording.take for recording in corpus.recordings]
        if None in takes:
            raise KilovoxError(f"split official: {corpus.where} does not say which take a recording is; use random")
        return everything[[take in OFFICIAL_TEST_TAKES for take in takes]]
    if split.startswith("fold:"):
        number, _, folds = split.removeprefix("fold:").partition("/")
        return grouped_folds(corpus, int(folds), random_state)[int(number) - 1][1]
    if split.startswith("speaker:"):
        name = split.removeprefix("speaker:")
        if name not in corpus.speakers:
            known = ", ".join(corpus.speakers) or "nobody: speakers are not recorded"
            raise KilovoxError(f"split {split}: no such speaker in {corpus.where}; it has {known}")
        return everything[[recording.speaker == name for recording in corpus.recordings]]
    raise KilovoxError(f"split {split!r}: expected random, official, speaker:NAME or all")


def grouped_folds(corpus: Corpus, folds: int, random_state: int) -> list[tuple[str, Indices]]:
    """`folds` parts of `corpus`, by the names 1/N, 2/N, ...: whole speakers, as equally many recordings as can be.

    Raises KilovoxError where somebody is not named, and for fewer speakers than folds.
    """
    speakers = [recording.speaker for recording in corpus.recordings]
    if None in speakers:
        raise KilovoxError(f"{folds} folds of speakers: {corpus.where} names no speaker of some; speakers are not recorded")
    names, which, sizes = np.unique(np.array(speakers, str), return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(names):
        raise KilovoxError(f"{folds} folds of {corpus.where}: expected at least 2, and no more than its {len(names)} speakers")
    order = np.random.RandomState(random_state).permutation(len(sizes))
    filled, fold_of = np.zeros(folds, np.int64), np.empty(len(sizes), np.int64)
    for one in order[np.argsort(-sizes[order], kind="stable")]:  # the largest first, each into the emptiest fold
        fold_of[one] = np.argmin(filled)
        filled[fold_of[one]] += sizes[one]
    return [(f"{fold + 1}/{folds}", np.flatnonzero(fold_of[which] == fold).astype(np.int64)) for fold in range(folds)]


def make_split(
    corpus: Corpus, split: str, test_size: float = 0.2, random_state: int = 42, validation_size: float = 0.1
) -> Split:
    """Divide `corpus` into training, validation and test part.

    The validation part is `validation_size` of the training part, drawn label by label with `random_state`; under `all`
    there is no test part. Raises KilovoxError where a part that is needed would be empty.
    """
    test = judging_indices(corpus, split, test_size, random_state)
    rest = np.setdiff1d(np.arange(len(corpus), dtype=np.int64), test)
    if split == "all":
        test, rest = rest, test
    elif len(test) == 0:
        raise KilovoxError(f"split {split}: leaves no recording of {corpus.where} to test on")
    if len(rest) == 0:
        raise KilovoxError(f"split {split}: leaves no recording of {corpus.where} to train on")
    validation = _draw_by_label(corpus, rest, validation_size, random_state)
    train = np.setdiff1d(rest, validation)
    if len(train) == 0 or (validation_size > 0 and len(validation) == 0):
        raise KilovoxError(
            f"split {split}: {len(rest)} recordings of {corpus.where} to train on; "
            f"too few to hold out {validation_size:.0%} for validation"
        )
    return Split(split, train, validation, test)


def _draw_by_label(corpus: Corpus, indices: Indices, share: float, random_state: int) -> Indices:
    """A `share` of `indices`, from every label as equally many as can be."""
    generator = np.random.RandomState(random_state)
    labels = np.array([corpus.recordings[i].label for i in indices])
    order = generator.permutation(len(indices))
    # Every label's first in this order, then every label's second, ...
    rank = np.empty(len(indices), dtype=np.int64)
    for label in set(labels.tolist()):
        places = order[labels[order] == label]
        rank[places] = np.arange(len(places))
    drawn = order[np.argsort(rank[order], kind="stable")][: round(share * len(indices))]
    return np.sort(indices[drawn])
