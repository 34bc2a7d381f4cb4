"""Which recordings train, which choose the epoch, which judge."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.text import shown

Indices = npt.NDArray[np.int64]
Group = Literal["speaker", "auto"]

FEWEST_SPEAKERS = 3
"""Who can be kept apart: one to train on, one to choose the epoch on, one to judge."""

_FORMS = "random, official, speaker:NAME, fold:K/N or all"

_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Split:
    """Indices into a corpus, each sorted; `validation` comes out of the training part and judges nothing but epochs.

    `copies`: recordings of no part, because they sound the same as one that judges.
    """

    name: str
    train: Indices
    validation: Indices
    test: Indices
    copies: Indices = field(default_factory=lambda: np.empty(0, np.int64))


def random_split(count: int, test_size: float, random_state: int) -> tuple[Indices, Indices]:
    """Training and test indices, the same as scikit-learn's train_test_split of `count` items (Pedregosa et al., 2011).

    The test part is the head of a permutation by NumPy's legacy generator, whose stream is frozen (NEP 19).
    """
    tests = int(np.ceil(test_size * count))
    order = np.random.RandomState(random_state).permutation(count)
    return np.sort(order[tests:]).astype(np.int64), np.sort(order[:tests]).astype(np.int64)


def judging_indices(
    corpus: Corpus, split: str, test_size: float = 0.2, random_state: int = 42, group: Group | None = None
) -> Indices:
    """The recordings that judge under `split`: random, official, speaker:NAME, fold:K/N or all.

    random: `test_size` of the recordings, copies of one sound together; with `group` "speaker", of whole speakers ("auto":
    where they can be, see `kept_apart`). official: what the corpus came with. fold:K/N: the Kth of N `grouped_folds`.

    Raises KilovoxError for a split that is unknown, impossible for this corpus, or leaves nothing to test on.
    """
    everything, group = np.arange(len(corpus), dtype=np.int64), kept_apart(corpus, group)
    if split == "all":
        return everything
    if split == "random":
        return _random_test(corpus, test_size, random_state, group)
    if split == "official":
        parts = _official_parts(corpus)
        return everything[[part == "test" for part in parts]]
    if split.startswith("fold:"):
        number, folds = _fold(split)
        return grouped_folds(corpus, folds, random_state)[number - 1][1]
    if split.startswith("speaker:"):
        name = split.removeprefix("speaker:")
        if name not in corpus.speakers:
            known = _listed(corpus.speakers) or "nobody: speakers are not recorded"
            raise KilovoxError(f"split {split}: no such speaker in {corpus.where}; it has {known}")
        return everything[[recording.speaker == name for recording in corpus.recordings]]
    raise KilovoxError(f"split {split!r}: expected {_FORMS}")


def make_split(
    corpus: Corpus,
    split: str,
    test_size: float = 0.2,
    random_state: int = 42,
    validation_size: float = 0.1,
    group: Group | None = None,
    used: npt.NDArray[np.bool_] | None = None,
) -> Split:
    """Divide `corpus` into training, validation and test part.

    `used`: of each recording, whether it is in any of them (default: all); who judges does not depend on it.

    The validation part is `validation_size` of the training part, drawn label by label with `random_state` (with `group`
    "speaker": whole speakers); an official split that has a validation part keeps its own, and may do without a test part.
    Under `all` there is none. A recording that sounds the same as one that judges does not train: it judges too (random,
    fold:K/N), or is left out (`copies`).

    Raises KilovoxError where a part that is needed would be empty, and where speakers matter and somebody is not named.
    """
    group = kept_apart(corpus, group)
    if group is not None or split.startswith(("speaker:", "fold:")):
        check_speakers(corpus, "data_splitting.group speaker" if group else f"split {split}")
    test = judging_indices(corpus, split, test_size, random_state, group)
    rest = np.setdiff1d(np.arange(len(corpus), dtype=np.int64), test)
    if split == "all":
        test, rest = rest, test
    if used is not None:
        test, rest = test[used[test]], rest[used[rest]]
    judged = split != "all" and not (split == "official" and "validation" in _official_parts(corpus))
    if judged and len(test) == 0:
        raise KilovoxError(f"split {split}: leaves no recording of {corpus.where} to test on")
    sounds = _sounds(corpus)
    copies = rest[np.isin(sounds[rest], sounds[test])]
    rest = np.setdiff1d(rest, copies)
    if len(rest) == 0:
        raise KilovoxError(f"split {split}: leaves no recording of {corpus.where} to train on")
    validation = _validation(corpus, split, rest, validation_size, random_state, group)
    train = np.setdiff1d(rest, validation)
    if len(train) == 0 or (validation_size > 0 and len(validation) == 0):
        raise KilovoxError(
            f"split {split}: {len(rest)} recordings of {corpus.where} to train on; "
            f"too few to hold out {validation_size:.0%} for validation"
        )
    return Split(split, train, validation, test, copies)


def kept_apart(corpus: Corpus, group: Group | None) -> Group | None:
    """What `group` asks for in this corpus: "auto" is "speaker" where everybody is named and FEWEST_SPEAKERS are there, who
    share no recording, and None elsewhere."""
    if group != "auto":
        return group
    if any(recording.speaker is None for recording in corpus.recordings) or len(corpus.speakers) < FEWEST_SPEAKERS:
        return None
    return "speaker" if _grouped(_speakers(corpus), _sounds(corpus)).max() + 1 >= FEWEST_SPEAKERS else None


def grouped_folds(corpus: Corpus, folds: int, random_state: int) -> list[tuple[str, Indices]]:
    """`folds` parts of `corpus`, by the names 1/N, 2/N, ...: whole speakers, as equally many recordings as can be.

    Copies of one sound are in one fold; so speakers who share a recording are too. Which speakers come together is drawn
    with `random_state`.

    Raises KilovoxError where somebody is not named, and for fewer speakers than folds.
    """
    check_speakers(corpus, f"{folds} folds of speakers")
    groups = _grouped(_speakers(corpus), _sounds(corpus))
    sizes = np.bincount(groups)
    if not 2 <= folds <= len(sizes):
        raise KilovoxError(
            f"{folds} folds of {corpus.where}: expected at least 2, and no more than its {len(sizes)} speakers "
            "(who share no recording)"
        )
    order = np.random.RandomState(random_state).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]  # the largest first, each into the emptiest fold
    filled, fold_of = np.zeros(folds, np.int64), np.empty(len(sizes), np.int64)
    for one in order:
        fold_of[one] = np.argmin(filled)
        filled[fold_of[one]] += sizes[one]
    return [(f"{fold + 1}/{folds}", np.flatnonzero(fold_of[groups] == fold).astype(np.int64)) for fold in range(folds)]


def check_speakers(corpus: Corpus, what: str) -> None:
    """Raise KilovoxError, naming `what` needs them, where a recording names no speaker."""
    unnamed = [recording.name for recording in corpus.recordings if recording.speaker is None]
    if len(unnamed) == len(corpus):
        raise KilovoxError(f"{what}: {corpus.where} names no speaker, speakers are not recorded; expected who speaks in each")
    if unnamed:
        raise KilovoxError(
            f"{what}: {len(unnamed)} of the {len(corpus)} recordings of {corpus.where} name no speaker ({_listed(unnamed)}); "
            "expected all of them to, or else the same person may train and judge"
        )


def duplicates(corpus: Corpus) -> list[Indices]:
    """Recordings that sound the same, sample by sample: each group sorted, of two or more."""
    sounds = _sounds(corpus)
    order = np.argsort(sounds, kind="stable")
    ends = np.flatnonzero(np.diff(sounds[order])) + 1
    groups = [group.astype(np.int64) for group in np.split(order, ends) if len(group) > 1]
    return sorted(groups, key=lambda group: int(group[0]))


def contradictions(corpus: Corpus) -> list[Indices]:
    """Those of `duplicates` that stand under more than one label."""
    return [group for group in duplicates(corpus) if len({corpus.recordings[index].label for index in group}) > 1]


def _sounds(corpus: Corpus) -> Indices:
    """(recordings,) the number of its sound: the same number, the same samples. Without files, each has its own."""
    if isinstance(corpus, RecordingCorpus) and any(recording.path is None for recording in corpus.recordings):
        return np.arange(len(corpus), dtype=np.int64)
    return _numbered(corpus.hashes)


def _speakers(corpus: Corpus) -> Indices:
    return _numbered([str(recording.speaker) for recording in corpus.recordings])


def _numbered(values: Sequence[str]) -> Indices:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _grouped(*keys: Indices) -> Indices:
    """(recordings,) the number of its group, 0 ...: who shares any of the keys is in one group."""
    parent = list(range(len(keys[0])))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for key in keys:
        order = np.argsort(key, kind="stable")
        for before, after in pairwise(order.tolist()):
            if key[before] == key[after]:
                parent[root(after)] = root(before)
    return _numbered([str(root(place)) for place in range(len(parent))])


def _random_test(corpus: Corpus, test_size: float, random_state: int, group: Group | None) -> Indices:
    if group is not None:
        check_speakers(corpus, "data_splitting.group speaker")
        return _drawn_groups(_grouped(_speakers(corpus), _sounds(corpus)), test_size, random_state)
    test = random_split(len(corpus), test_size, random_state)[1]
    _, firsts, sounds = np.unique(_sounds(corpus), return_index=True, return_inverse=True)
    return np.flatnonzero(np.isin(firsts[sounds], test)).astype(np.int64)  # copies go the way of the first of them


def _drawn_groups(groups: Indices, share: float, random_state: int) -> Indices:
    """Places of whole groups, in random order, that together come as near to `share` as they can; at least one, not all."""
    sizes = np.bincount(groups)
    taken: list[int] = []
    wanted, count = share * len(groups), 0
    for one in np.random.RandomState(random_state).permutation(len(sizes)).tolist():
        better = abs(count + sizes[one] - wanted) < abs(count - wanted)
        if (better or not taken) and len(taken) < len(sizes) - 1:
            taken.append(one)
            count += int(sizes[one])
    return np.flatnonzero(np.isin(groups, taken)).astype(np.int64)


def _validation(corpus: Corpus, split: str, rest: Indices, share: float, random_state: int, group: Group | None) -> Indices:
    if split == "official":
        parts = _official_parts(corpus)
        if "validation" in parts:
            return rest[[parts[index] == "validation" for index in rest]]
    if share == 0:
        return rest[:0]
    if group is not None:
        part = corpus.subset(rest.tolist())
        return rest[_drawn_groups(_grouped(_speakers(part), _sounds(part)), share, random_state)]
    sounds = _sounds(corpus)[rest]
    firsts = rest[np.sort(np.unique(sounds, return_index=True)[1])]
    drawn = np.searchsorted(rest, _draw_by_label(corpus, firsts, share, random_state))
    return rest[np.isin(sounds, sounds[drawn])]


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


def _official_parts(corpus: Corpus) -> list[str]:
    if corpus.official is None:
        others = "random, all" + (", speaker:NAME, fold:K/N" if corpus.speakers else "")
        raise KilovoxError(f"split official: {corpus.where} comes without one; it has {others}")
    return [corpus.official(recording) for recording in corpus.recordings]


def _fold(split: str) -> tuple[int, int]:
    number, _, folds = split.removeprefix("fold:").partition("/")
    # As a configuration may have it: Python makes no number of thousands of digits.
    if _NUMBER.fullmatch(number) and _NUMBER.fullmatch(folds) and 1 <= int(number) <= int(folds):
        return int(number), int(folds)
    raise KilovoxError(f"split {shown(split)}: expected fold:K/N, such as fold:1/10")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
