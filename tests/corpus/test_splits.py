"""Splits: the same as scikit-learn's, disjoint, complete, and never silently empty."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.splits import OFFICIAL_TEST_TAKES, judging_indices, make_split, random_split
from kilovox.errors import KilovoxError


def corpus_of(labels: str = "0123456789", speakers: tuple[str | None, ...] = ("a", "b"), takes: int = 10) -> RecordingCorpus:
    recordings = [Recording(f"{x}_{s}_{t}.wav", x, s, t) for x in labels for s in speakers for t in range(takes)]
    return RecordingCorpus("made", recordings, "made")


@given(st.integers(2, 5000), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_random_is_scikit_learns(count: int, test_size: float, random_state: int) -> None:
    tests = int(np.ceil(test_size * count))
    if not 0 < tests < count:
        return  # scikit-learn refuses
    expected = train_test_split(np.arange(count), test_size=test_size, random_state=random_state)
    for part, wanted in zip(random_split(count, test_size, random_state), expected, strict=True):
        np.testing.assert_array_equal(part, np.sort(wanted))


@given(
    st.sampled_from(["random", "official", "speaker:a", "speaker:b", "all"]),
    st.integers(7, 12),
    st.floats(0.05, 0.5),
    st.floats(0.2, 0.5),
    st.integers(0, 2**32 - 1),
)
def test_parts_are_disjoint_and_complete(name: str, takes: int, test_size: float, validation_size: float, seed: int) -> None:
    corpus = corpus_of("012", takes=takes)
    split = make_split(corpus, name, test_size, seed, validation_size)
    parts = [split.train, split.validation, split.test]
    together = np.concatenate(parts)
    assert len(together) == len(corpus)
    assert set(together.tolist()) == set(range(len(corpus)))
    for part in parts:
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
    again = make_split(corpus, name, test_size, seed, validation_size)
    for part, same in zip(parts, [again.train, again.validation, again.test], strict=True):
        np.testing.assert_array_equal(part, same)


def test_random_on_fsdd(fsdd_folder: Path) -> None:
    corpus = open_fsdd(fsdd_folder)
    train, test = random_split(len(corpus), 0.2, 42)
    assert (len(train), len(test)) == (2400, 600)
    names = sorted(path.name for path in corpus.recordings[0].path.parent.glob("*.wav"))
    expected = train_test_split(names, test_size=0.2, random_state=42)
    assert sorted(expected[1]) == [corpus.recordings[i].name for i in test]
    support = Counter(corpus.recordings[i].label for i in test)
    assert [support[digit] for digit in "0123456789"] == [72, 69, 57, 56, 59, 63, 56, 55, 57, 56]
    assert len(judging_indices(corpus, "official")) == 300


def test_official_takes(synthetic_corpus: RecordingCorpus) -> None:
    split = make_split(synthetic_corpus, "official")
    assert {synthetic_corpus.recordings[i].take for i in split.test} == {0}
    assert {synthetic_corpus.recordings[i].take for i in [*split.train, *split.validation]} == {5, 6}


def test_one_speaker_judges(synthetic_corpus: RecordingCorpus) -> None:
    split = make_split(synthetic_corpus, "speaker:bo")
    assert {synthetic_corpus.recordings[i].speaker for i in split.test} == {"bo"}
    assert "bo" not in {synthetic_corpus.recordings[i].speaker for i in [*split.train, *split.validation]}


def test_validation_is_drawn_from_every_label() -> None:
    corpus = corpus_of()
    split = make_split(corpus, "random", validation_size=0.2)
    assert {corpus.recordings[i].label for i in split.validation} == set("0123456789")


def test_no_validation_part_where_none_is_asked_for() -> None:
    split = make_split(corpus_of(), "random", validation_size=0.0)
    assert (len(split.train), len(split.validation), len(split.test)) == (160, 0, 40)


@pytest.mark.parametrize("name", ["", "Random", "speaker", "fold"])
def test_unknown_split(name: str) -> None:
    with pytest.raises(KilovoxError, match="expected random, official, speaker:NAME or all"):
        make_split(corpus_of(), name)


def test_unknown_speaker() -> None:
    with pytest.raises(KilovoxError, match="speaker:nobody: no such speaker in made; it has a, b"):
        make_split(corpus_of(), "speaker:nobody")
    with pytest.raises(KilovoxError, match="speakers are not recorded"):
        make_split(corpus_of(speakers=(None,)), "speaker:nobody")


def test_only_one_speaker() -> None:
    with pytest.raises(KilovoxError, match="speaker:a: leaves no recording of made to train on"):
        make_split(corpus_of(speakers=("a",)), "speaker:a")


def test_official_without_its_test_takes() -> None:
    corpus = corpus_of()
    late = corpus.subset([i for i, recording in enumerate(corpus.recordings) if recording.take not in OFFICIAL_TEST_TAKES])
    with pytest.raises(KilovoxError, match="official: leaves no recording of made to test on"):
        make_split(late, "official")
    with pytest.raises(KilovoxError, match="official: leaves no recording of made to train on"):
        make_split(corpus_of(takes=5), "official")


def test_official_without_takes() -> None:
    corpus = RecordingCorpus("x", [Recording("a", "1"), Recording("b", "2", take=1)], "here")
    with pytest.raises(KilovoxError, match="here does not say which take"):
        make_split(corpus, "official")


def test_too_few_to_validate() -> None:
    with pytest.raises(KilovoxError, match="too few to hold out 10% for validation"):
        make_split(corpus_of("01", ("a",), 2), "all")
