"""The 12 classes and the 35 words: counts, parts, where silence comes from, what is missing, the test set as published."""

import pickle
import re
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from kilovox.audio import read_sound
from kilovox.config import find_configuration
from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.mixture import open_first
from kilovox.corpus.open import open_corpus, open_corpus_at
from kilovox.corpus.speech_commands_tasks import SILENCE, TEN, UNKNOWN, WORDS, open_task
from kilovox.corpus.splits import judging_indices, make_split
from kilovox.errors import KilovoxError
from models import write_wav

PEOPLE = {"train": ("00176480", "004ae714", "00b01445"), "validation": ("026290a7",), "test": ("0c40e715",)}
"""By the published rule."""


def put(folder: Path, words: tuple[str, ...], takes: int) -> Path:
    for word, people, take in product(words, PEOPLE.values(), range(takes)):
        for speaker in people:
            path = folder / word / f"{speaker}_nohash_{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, len(list(folder.glob("*/*"))))
    return folder


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 35 words of five people, and a noise of three seconds."""
    folder = put(tmp_path_factory.mktemp("corpus") / "sc", WORDS, 1)
    noise = folder / "_background_noise_" / "pink_noise.wav"
    noise.parent.mkdir()
    write_wav(noise, 1, seconds=3.0)
    return folder


def by_part(corpus: RecordingCorpus) -> Counter[tuple[str, str]]:
    assert corpus.official is not None
    return Counter((corpus.official(one), one.label) for one in corpus.recordings)


def test_twelve_classes(corpus_folder: Path) -> None:
    corpus = pickle.loads(pickle.dumps(open_corpus("speech_commands", corpus_folder, task=12)))
    assert set(corpus.labels) == {*TEN, UNKNOWN, SILENCE}
    counts = by_part(corpus)
    # A tenth of 30 and of 10 recordings, rounded up.
    for part, people, tenth in (("train", 3, 3), ("validation", 1, 1), ("test", 1, 1)):
        assert {counts[part, word] for word in TEN} == {people}
        assert (counts[part, UNKNOWN], counts[part, SILENCE]) == (tenth, tenth)
    split = make_split(corpus, "official")
    assert (len(split.train), len(split.validation), len(split.test)) == (36, 12, 12)
    assert corpus.left_out == ()


def test_other_words_stay_with_their_people(corpus_folder: Path) -> None:
    corpus = open_task(corpus_folder, 12)
    assert corpus.official is not None
    unknown = [one for one in corpus.recordings if one.label == UNKNOWN]
    assert unknown
    for one in unknown:
        assert one.name.partition("/")[0] not in TEN
        assert one.speaker in PEOPLE[corpus.official(one)]


def test_silence_is_noise_at_any_volume(corpus_folder: Path) -> None:
    corpus = open_task(corpus_folder, 12)
    noise = read_sound(corpus_folder / "_background_noise_" / "pink_noise.wav")
    silences = [place for place, one in enumerate(corpus.recordings) if one.label == SILENCE]
    assert len({corpus.recordings[place].gain for place in silences}) == len(silences) == 5
    for place in silences:
        one = corpus.recordings[place]
        assert one.speaker is None
        assert one.start is not None
        assert 0 < one.gain < 1
        first = round(one.start * noise.rate)
        expected = np.rint(noise.samples[first : first + noise.rate] * one.gain)
        assert (one.sound.samples == expected).all()
        assert len(corpus.samples(place, 8000)) == 8000


def test_the_same_every_time(corpus_folder: Path) -> None:
    first, second = open_task(corpus_folder, 12), open_task(corpus_folder, 12)
    assert first.recordings == second.recordings
    assert first.fingerprint == second.fingerprint


def test_a_folder_in_the_place_of_the_configuration_s_own_has_its_task(corpus_folder: Path) -> None:
    config = find_configuration("speech-commands-12")
    assert config.first.task == 12
    assert open_first(config, corpus_folder).fingerprint == open_task(corpus_folder, 12).fingerprint


def test_thirty_five_words(corpus_folder: Path) -> None:
    corpus = open_task(corpus_folder, 35)
    assert corpus.labels == WORDS
    assert len(corpus) == 35 * 5


def test_words_that_are_missing_are_told_and_the_others_can_be_asked_for(tmp_path: Path, corpus_folder: Path) -> None:
    folder = put(tmp_path / "part", ("yes", "no", "up", "cat"), 4)
    put(folder, ("on",), 1)
    for speaker in (*PEOPLE["train"][1:], *PEOPLE["validation"], *PEOPLE["test"]):
        (folder / f"on/{speaker}_nohash_0.wav").unlink()
    (folder / "_background_noise_").symlink_to(corpus_folder / "_background_noise_")
    with pytest.raises(KilovoxError) as caught:
        open_task(folder, 12)
    message = str(caught.value)
    assert "task 12: down (0 to train on), left (0 to train on)" in message
    assert "on (1 to train on)" in message
    assert message.endswith("task: [yes, no, up]")
    corpus = open_corpus_at(folder, ("yes", "no", "up"))
    assert set(corpus.labels) == {"yes", "no", "up", UNKNOWN, SILENCE}
    with pytest.raises(KilovoxError, match=r"task 35: backward \(0 to train on\).*expected all 35 words"):
        open_task(folder, 35)


def test_without_noise_there_is_no_silence(tmp_path: Path) -> None:
    folder = put(tmp_path / "sc", ("yes", "no"), 1)
    with pytest.raises(KilovoxError, match="no folder _background_noise_; expected background noise to make _silence_ of"):
        open_task(folder, ("yes", "no"))
    (folder / "_background_noise_").mkdir()
    write_wav(folder / "_background_noise_" / "short.wav", 1, seconds=0.5)
    (folder / "_background_noise_" / "._short.wav").write_bytes(b"of macOS")
    with pytest.raises(KilovoxError, match="1 files of noise, none longer than 1 s"):
        open_task(folder, ("yes", "no"))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "speech_commands_test_set_v0.02"
    for number, word in enumerate(TEN):
        (folder / word).mkdir(parents=True)
        write_wav(folder / word / "0c40e715_nohash_0.wav", number)
    for name in ("_unknown_/bed_0c40e715_nohash_1.wav", "_silence_/tap_17.wav"):
        (folder / name).parent.mkdir()
        write_wav(folder / name, len(name))
    return folder


def test_the_test_set_as_it_was_published_judges_whole(published: Path) -> None:
    corpus = open_corpus_at(published)
    assert set(corpus.labels) == {*TEN, UNKNOWN, SILENCE}
    assert by_part(corpus).total() == 12
    assert len(judging_indices(corpus, "all")) == len(judging_indices(corpus, "official")) == 12
    assert corpus.official is not None
    assert {corpus.official(one) for one in corpus.recordings} == {"test"}
    who = {one.name: (one.speaker, one.take) for one in corpus.recordings if one.label.startswith("_")}
    assert who == {"_silence_/tap_17.wav": (None, None), "_unknown_/bed_0c40e715_nohash_1.wav": ("0c40e715", 1)}


@pytest.mark.parametrize("word", ["../elsewhere", "go/", "/go"])
def test_a_word_is_no_way_out_of_the_folder(published: Path, word: str) -> None:
    (published.parent / "elsewhere").mkdir()
    with pytest.raises(KilovoxError, match=f"no folder {re.escape(word)}; expected one for each of"):
        open_task(published, (word,))


def test_a_published_test_set_that_lost_a_word(published: Path) -> None:
    (published / "go" / "0c40e715_nohash_0.wav").unlink()
    (published / "go").rmdir()
    with pytest.raises(KilovoxError, match="no folder go; expected one for each of yes, no"):
        open_corpus_at(published)
