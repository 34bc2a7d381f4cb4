"""Parts of sound files as recordings of their own: their samples, their hashes, what is made of them further on."""

import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.audio import RawFormat, read_sound
from kilovox.config import FixedPointFrontEnd, FrontEnd
from kilovox.corpus import cuts
from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.cuts import cut_name, cut_sound
from kilovox.corpus.inspection import inspect_corpus
from kilovox.corpus.splits import duplicates, make_split
from kilovox.corpus.utterances import SpokenWord, Utterance, UtteranceCorpus, word_cuts
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import corpus_features

NOISE = np.random.default_rng(3).integers(-9000, 9000, 8000).astype(np.int16)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.flac", NOISE, 8000)
    return tmp_path / "a.flac"


def cut(path: Path, start: float | None, end: float | None, label: str = "yes") -> Recording:
    return Recording(cut_name(f"{label}/{path.name}", start, end), label, "ada", None, path, start, end)


def corpus_of(*recordings: Recording) -> RecordingCorpus:
    return RecordingCorpus("cuts", recordings, "here")


@pytest.mark.parametrize(
    ("start", "end", "samples"),
    [
        (0.1, 0.3, slice(800, 2400)), (None, 0.3, slice(0, 2400)), (0.3, None, slice(2400, 8000)), (0.0, 1.05, slice(0, 8000)),
        (0.10001, 0.30001, slice(800, 2400)), (0.1, 0.1001, slice(800, 801)),
    ],
)  # fmt: skip
def test_samples_are_those_of_the_file(file, start, end, samples):
    corpus = corpus_of(cut(file, start, end))
    assert corpus.samples(0, 8000).tolist() == NOISE[samples].tolist()
    assert cut_sound(file, start, end).rate == 8000
    soundfile.write(file.with_name("b.wav"), NOISE[samples], 8000)
    assert corpus.hashes == corpus_of(Recording("b", "yes", path=file.with_name("b.wav"))).hashes


@pytest.mark.parametrize(
    ("start", "end"), [(0.5, 0.5), (0.5, 0.4), (-0.1, 0.4), (1.0, 1.04), (0.5, 1.06), (float("nan"), 1.0), (0.5, float("inf"))]
)
def test_what_is_not_in_the_sound(file, start, end):
    expected = re.escape(f"a.flac#t={start},{end}: the sound has 1.000 seconds; expected 0 <= start < end <= as many")
    with pytest.raises(KilovoxError, match=expected):
        corpus_of(cut(file, start, end)).samples(0, 8000)


def test_less_than_a_sample(file, tmp_path):
    with pytest.raises(KilovoxError, match=r"a\.flac#t=0\.10001,0\.10002: no sample at 8000 Hz; expected at least one"):
        assert corpus_of(cut(file, 0.10001, 0.10002)).hashes
    soundfile.write(tmp_path / "b.wav", NOISE, 48000)
    with pytest.raises(KilovoxError, match="1 samples at 48000 Hz are less than one at 8000 Hz; expected at least one"):
        corpus_of(cut(tmp_path / "b.wav", 0.1, 0.10002)).samples(0, 8000)


def test_other_rates_channels_and_raw_samples(tmp_path):
    stereo = np.stack([NOISE, NOISE], axis=1)
    soundfile.write(tmp_path / "b.wav", stereo, 16000)
    soundfile.write(tmp_path / "cut.wav", stereo[1600:4800], 16000)
    (tmp_path / "b.raw").write_bytes(NOISE.astype(">i2").tobytes())
    raw = Recording("c", "yes", path=tmp_path / "b.raw", start=0.1, end=0.3, raw=RawFormat(16000, big_endian=True))
    both = corpus_of(cut(tmp_path / "b.wav", 0.1, 0.3, "a"), Recording("b", "b", path=tmp_path / "cut.wav"), raw)
    for rate in (8000, 16000):
        for place in (1, 2):
            assert both.samples(0, rate).tolist() == both.samples(place, rate).tolist()
    assert both.hashes[0] == both.hashes[1] != both.hashes[2]  # one channel is another sound


def test_what_is_missing_or_cut_short(file, tmp_path):
    with pytest.raises(KilovoxError, match="no such file"):
        corpus_of(cut(tmp_path / "gone.wav", 0.1, 0.2)).samples(0, 8000)
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(KilovoxError, match=r"a\.flac"):
        corpus_of(cut(file, 0.1, 0.2)).samples(0, 8000)


def test_a_file_is_decoded_once_for_many_cuts(file, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(cuts, "_decoded", cuts._Decoded())
    monkeypatch.setattr(cuts, "read_sound", lambda path, raw: read.append(path) or read_sound(path, raw))
    soundfile.write(tmp_path / "b.wav", NOISE, 8000)
    both = corpus_of(*(cut(path, place / 10, place / 10 + 0.1) for path in (file, tmp_path / "b.wav") for place in range(9)))
    assert len(set(both.hashes)) == 9
    for place in range(18):
        both.samples(place, 8000)[:] = 0  # nobody else's samples
    assert both.samples(3, 8000).any()
    assert len(read) == 2
    monkeypatch.setattr(cuts, "_decoded", cuts._Decoded())
    monkeypatch.setattr(cuts, "KEPT_BYTES", 100)
    for place in (0, 1, 9, 10, 0):
        both.samples(place, 8000)
    assert len(read) == 2 + 3  # only the last file stays, however large


def test_a_file_that_is_written_anew_is_another(file):
    before = cut_sound(file, 0.1, 0.2).samples
    soundfile.write(file, NOISE[::-1][:4000], 8000)
    assert cut_sound(file, 0.1, 0.2).samples.tolist() != before.tolist()


def test_features_are_those_of_the_part(file, tmp_path):
    soundfile.write(tmp_path / "b.wav", NOISE[800:4800], 8000)
    corpus = corpus_of(cut(file, 0.1, 0.6), cut(file, 0.3, 0.8), Recording("z", "yes", path=file))
    alone = RecordingCorpus("x", [Recording("b", "yes", path=tmp_path / "b.wav")], "there")
    for config in (FrontEnd(), FixedPointFrontEnd(kind="fixed_point")):
        first, second, whole = corpus_features(corpus, config)
        assert first.tolist() == corpus_features(alone, config)[0].tolist()
        assert first.tolist() != second.tolist()
        assert len(first) == len(second) < len(whole)


def test_too_short_for_the_front_end_says_which_part(file):
    corpus = corpus_of(cut(file, 0.1, 0.1001))
    with pytest.raises(KilovoxError, match=r"a\.flac#t=0\.1,0\.1001: 1 samples at 8000 Hz; expected at least"):
        corpus_features(corpus, FrontEnd())


def test_inspection_and_splits_know_the_part(file):
    corpus = corpus_of(cut(file, 0.1, 0.3), cut(file, 0.1, 0.3, "no"), cut(file, 0.5, 0.8), cut(file, 2.0, 3.0))
    found = inspect_corpus(corpus)
    assert (found.recordings, found.files) == (4, 1)
    assert found.seconds == (0.2, 0.2, pytest.approx(0.3))
    assert list(found.unreadable) == ["yes/a.flac#t=2.0,3.0"]
    assert len(found.contradictions) == 1
    read = corpus.subset([0, 1, 2])
    assert [group.tolist() for group in duplicates(read)] == [[0, 1]]
    split = make_split(read, "random", 0.5, 3, 0.0)
    assert {0, 1} in ({*split.train.tolist()}, {*split.test.tolist()})


def test_fingerprints_are_of_the_part(file):
    one, other = (corpus_of(Recording("a", "yes", path=file, start=start)) for start in (0.1, 0.2))
    assert one.fingerprint != other.fingerprint


def utterances(file: Path, **values: object) -> UtteranceCorpus:
    words = (SpokenWord("oh"), SpokenWord("seven", 0.1, 0.3), SpokenWord("oh", 0.3, 0.5))
    return UtteranceCorpus("said", [Utterance("u", "ada", file, words, **values)], "here")


def test_words_cut_out_of_utterances(file):
    corpus = word_cuts(utterances(file))
    assert corpus.recordings == (
        Recording("u/001-seven", "seven", "ada", None, file, 0.1, 0.3),
        Recording("u/002-oh", "oh", "ada", None, file, 0.3, 0.5),
    )
    assert corpus.samples(1, 8000).tolist() == NOISE[2400:4000].tolist()
    assert (corpus.name, corpus.where, corpus.official) == ("said", "here", None)
    assert [str(one) for one in corpus.left_out] == ["1 words that nobody found in the sound (u/000-oh)"]


def test_utterances_without_a_word_that_was_found_are_counted(file):
    said = utterances(file)
    silent = Utterance("v", "ada", file, (SpokenWord("oh"),))
    corpus = word_cuts(UtteranceCorpus("x", [*said.utterances, silent, replace(silent, name="w", words=())], "here"))
    assert [str(one) for one in corpus.left_out] == [
        "2 words that nobody found in the sound (u/000-oh, v/000-oh)",
        "2 of 3 utterances, in which nobody found a word (v, w)",
    ]


def test_words_of_a_part_are_of_that_part(file):
    corpus = pickle.loads(pickle.dumps(word_cuts(utterances(file, part="test"))))
    assert [corpus.official(one) for one in corpus.recordings] == ["test", "test"]


def test_no_word_was_found(file):
    with pytest.raises(KilovoxError, match=r"here: no word with start and end; expected some, in segments\.csv"):
        word_cuts(UtteranceCorpus("x", [Utterance("u", None, file, (SpokenWord("oh"),))], "here"))
