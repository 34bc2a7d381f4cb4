"""Splits: the same as scikit-learn's, disjoint, complete, and never silently empty."""

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.fsdd import OFFICIAL_TEST_TAKES, official_part, open_fsdd
from kilovox.corpus.splits import duplicates, grouped_folds, judging_indices, kept_apart, make_split, random_split
from kilovox.errors import KilovoxError


def corpus_of(labels: str = "0123456789", speakers: tuple[str | None, ...] = ("a", "b"), takes: int = 10) -> RecordingCorpus:
    recordings = [Recording(f"{x}_{s}_{t}.wav", x, s, t) for x in labels for s in speakers for t in range(takes)]
    return RecordingCorpus("made", recordings, "made", official=official_part)


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


def test_a_fifth_judges_where_nothing_else_is_said() -> None:
    corpus = corpus_of()
    _, test = random_split(200, 0.2, 42)
    np.testing.assert_array_equal(judging_indices(corpus, "random"), test)
    np.testing.assert_array_equal(make_split(corpus, "random").test, test)


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


@pytest.mark.parametrize("name", ["fold:" + "9" * 5000 + "/" + "9" * 5000, "fold:²/³", "fold:1", "fold:2/1"])
def test_a_fold_that_is_none(name: str) -> None:
    with pytest.raises(KilovoxError, match="expected fold:K/N, such as fold:1/10") as caught:
        make_split(corpus_of(), name)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["", "Random", "speaker", "fold"])
def test_unknown_split(name: str) -> None:
    with pytest.raises(KilovoxError, match="expected random, official, speaker:NAME, fold:K/N or all"):
        make_split(corpus_of(), name)


def test_unknown_speaker() -> None:
    with pytest.raises(KilovoxError, match="speaker:nobody: no such speaker in made; it has a, b"):
        make_split(corpus_of(), "speaker:nobody")
    with pytest.raises(KilovoxError, match="speakers are not recorded"):
        make_split(corpus_of(speakers=(None,)), "speaker:nobody")
    with pytest.raises(KilovoxError, match=r"split speaker:a: 90 of the 180 .* name no speaker \(0_None_0.wav, "):
        make_split(corpus_of(speakers=("a", None), takes=9), "speaker:a")


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


def test_official_of_a_corpus_that_has_none() -> None:
    corpus = RecordingCorpus("x", [Recording("a", "1", "ada", 0), Recording("b", "2", "bo", 7)], "here")
    with pytest.raises(KilovoxError, match="here comes without one; it has random, all, speaker:NAME, fold:K/N"):
        make_split(corpus, "official")


def test_too_few_to_validate() -> None:
    with pytest.raises(KilovoxError, match="too few to hold out 10% for validation"):
        make_split(corpus_of("01", ("a",), 2), "all")


def heard(folder: Path, sounds: dict[str, int]) -> RecordingCorpus:
    """A corpus of recordings `{label}_{speaker}_{take}.wav` by the number of their sound."""
    recordings = []
    for name, sound in sounds.items():
        soundfile.write(folder / name, np.arange(sound, sound + 50, dtype=np.int16), 8000)
        label, speaker, take = name.removesuffix(".wav").split("_")
        recordings.append(Recording(name, label, speaker, int(take), folder / name))
    return RecordingCorpus("heard", recordings, "heard", official=official_part)


def parts_of(corpus: RecordingCorpus, split: str, seed: int = 0, group: Literal["speaker"] | None = None) -> list[set[str]]:
    """The sounds of training, validation and test part."""
    made = make_split(corpus, split, 0.3, seed, 0.3, group)
    return [{corpus.hashes[i] for i in part} for part in (made.train, made.validation, made.test)]


@pytest.mark.parametrize("split", ["random", "official", "speaker:ada", "fold:2/2"])
def test_copies_of_a_sound_are_in_one_part(tmp_path: Path, split: str) -> None:
    names = [f"{label}_{speaker}_{take}.wav" for label in "01" for speaker in ("ada", "bo", "cy", "di") for take in (0, 7, 8)]
    sounds = {name: place // 2 for place, name in enumerate(names)}
    corpus = heard(tmp_path, sounds)
    assert [corpus.recordings[i].name for i in duplicates(corpus)[0]] == ["0_ada_0.wav", "0_ada_7.wav"]
    assert len(duplicates(corpus)) == 12
    for seed in range(20):
        train, validation, test = parts_of(corpus, split, seed)
        assert len(train | validation | test) == len(train) + len(validation) + len(test)


def test_copies_of_what_judges_by_name_are_left_out(tmp_path: Path) -> None:
    corpus = heard(tmp_path, {"0_ada_0.wav": 1, "0_bo_7.wav": 1, "1_bo_7.wav": 2, "1_bo_8.wav": 3, "1_ada_7.wav": 4})
    split = make_split(corpus, "speaker:ada", validation_size=0.0)
    assert [corpus.recordings[i].name for i in split.copies] == ["0_bo_7.wav"]
    assert [corpus.recordings[i].name for i in split.train] == ["1_bo_7.wav", "1_bo_8.wav"]
    assert [corpus.recordings[i].name for i in split.test] == ["0_ada_0.wav", "1_ada_7.wav"]


PEOPLE = tuple(f"s{number}" for number in range(10))


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.6), st.floats(0.05, 0.5))
def test_nobody_is_in_two_parts(seed: int, test_size: float, validation_size: float) -> None:
    corpus = corpus_of("01", PEOPLE, 3)
    split = make_split(corpus, "random", test_size, seed, validation_size, "speaker")
    people = [{corpus.recordings[i].speaker for i in part} for part in (split.train, split.validation, split.test)]
    assert sum(map(len, people)) == len(set.union(*people)) == 10
    assert len(people[2]) in (max(1, int(test_size * 10)), max(1, int(np.ceil(test_size * 10))))
    np.testing.assert_array_equal(split.test, judging_indices(corpus, "random", test_size, seed, "speaker"))


def test_splits_of_people_ask_for_their_names() -> None:
    for split, group in (("random", "speaker"), ("fold:1/2", None), ("official", "speaker")):
        with pytest.raises(KilovoxError, match="20 of the 40 recordings of made name no speaker"):
            make_split(corpus_of("01", ("a", None)), split, group=group)  # type: ignore[arg-type]


@given(st.integers(0, 2**32 - 1), st.integers(2, 10))
def test_folds_are_of_whole_people_and_even(seed: int, count: int) -> None:
    corpus = corpus_of("01", PEOPLE, 3)
    folds = grouped_folds(corpus, count, seed)
    assert [name for name, _ in folds] == [f"{number}/{count}" for number in range(1, count + 1)]
    assert sorted(np.concatenate([part for _, part in folds]).tolist()) == list(range(60))
    people = [{corpus.recordings[i].speaker for i in part} for _, part in folds]
    assert sum(map(len, people)) == 10
    assert max(map(len, people)) - min(map(len, people)) <= 1
    for name, part in folds:
        np.testing.assert_array_equal(judging_indices(corpus, f"fold:{name}", random_state=seed), part)


def test_folds_are_drawn() -> None:
    corpus = corpus_of("01", PEOPLE, 3)
    assert grouped_folds(corpus, 5, 1)[0][1].tolist() != grouped_folds(corpus, 5, 2)[0][1].tolist()


@pytest.mark.parametrize("split", ["fold:0/3", "fold:4/3", "fold:1", "fold:a/b", "fold:1/11", "fold:1/1"])
def test_folds_that_cannot_be(split: str) -> None:
    with pytest.raises(KilovoxError, match=r"expected fold:K/N|expected at least 2, and no more than its 10 speakers"):
        judging_indices(corpus_of("01", PEOPLE, 3), split)


def test_validation_part_is_pinned() -> None:
    split = make_split(corpus_of("01", ("a",), 10), "all", random_state=42, validation_size=0.2)
    assert split.validation.tolist() == [0, 1, 15, 17]
    assert make_split(corpus_of("01", ("a",), 10), "all", random_state=43, validation_size=0.2).validation.tolist() != [
        0,
        1,
        15,
        17,
    ]


def test_who_shares_a_recording_shares_a_fold(tmp_path: Path) -> None:
    corpus = heard(tmp_path, {"0_ada_0.wav": 1, "0_bo_0.wav": 1, "1_bo_1.wav": 2, "1_cy_0.wav": 3, "1_di_0.wav": 4})
    for seed in range(10):
        (fold,) = [part for _, part in grouped_folds(corpus, 2, seed) if 0 in part]
        assert [corpus.recordings[i].speaker for i in fold] == ["ada", "bo", "bo"]
    with pytest.raises(KilovoxError, match="no more than its 3 speakers"):
        grouped_folds(corpus, 4, 0)


def test_the_validation_part_is_drawn_with_the_random_state() -> None:
    parts = [make_split(corpus_of(), "random", 0.2, 42, 0.1), make_split(corpus_of(), "random", 0.2, 43, 0.1)]
    assert parts[0].validation.tolist() != parts[1].validation.tolist()
    fixed = [make_split(corpus_of(), "speaker:a", 0.2, state, 0.1).validation.tolist() for state in (42, 42, 43)]
    assert fixed[0] == fixed[1] != fixed[2]


def test_three_people_are_kept_apart_where_that_is_left_open() -> None:
    three = corpus_of("ab", ("x", "y", "z"))
    assert kept_apart(three, "auto") == "speaker"
    for split in ("random", "fold:1/3", "speaker:y"):
        of_people, left_open = (make_split(three, split, 0.2, 3, 0.1, group) for group in ("speaker", "auto"))
        for part in ("train", "validation", "test"):
            np.testing.assert_array_equal(getattr(of_people, part), getattr(left_open, part))
    for speakers in (("x", "y"), ("x", "y", "z", None)):
        few = corpus_of("ab", speakers)
        assert kept_apart(few, "auto") is None
        np.testing.assert_array_equal(make_split(few, "random", group="auto").test, make_split(few, "random").test)


def test_who_shares_a_recording_counts_once_among_the_three(tmp_path: Path) -> None:
    recordings = []
    for place, speaker in enumerate("xyz"):
        path = tmp_path / f"{speaker}.wav"
        soundfile.write(path, np.random.RandomState(min(place, 1)).randint(-9000, 9000, 900).astype(np.int16), 8000)
        recordings.append(Recording(path.name, "a", speaker, 0, path))
    assert kept_apart(RecordingCorpus("made", recordings, "made"), "auto") is None
