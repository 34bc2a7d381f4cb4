"""Strings of words: each recording once, gaps to the sample, ends where the words end."""

import numpy as np
import pytest
import soundfile

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.evaluation.spotting import passages
from kilovox.evaluation.spotting.passages import PEAK, WORDS_A_STRING, strings, word_bounds

RATE = 8000


@pytest.fixture
def corpus(tmp_path):
    """23 tones of 0.2 s and a growing loudness, a quarter of a second into a recording of 0.6 s; the speaker is the place."""
    recordings = []
    for place in range(23):
        samples = np.zeros(4800, np.int16)
        samples[2000:3600] = 200 * (place + 1) * np.sin(np.arange(1600) * 0.8)
        path = tmp_path / f"{place:02}.wav"
        soundfile.write(path, samples, RATE)
        recordings.append(Recording(path.name, str(place), f"s{place}", path=path))
    return RecordingCorpus("tones", recordings, str(tmp_path))


def test_the_bounds_of_a_word():
    samples = np.zeros(8000, np.int16)
    samples[1000:3000] = 1000
    samples[4960:5040] = 40  # 28 dB below
    samples[7040:7120] = 30  # 30.5 dB below
    assert word_bounds(samples, RATE) == (960, 5040)
    assert word_bounds(np.zeros(100, np.int16), RATE) == (0, 100)
    assert word_bounds(np.zeros(0, np.int16), RATE) == (0, 0)
    assert word_bounds(np.full(50, 7, np.int16), RATE) == (0, 50)


@pytest.mark.parametrize("gap", [None, 0.0, 0.2])
def test_each_recording_once_in_the_same_order(corpus, gap):
    labels = [one.label for one in corpus.recordings]
    made = list(strings(corpus, labels, gap, RATE))
    assert [len(one.words) for one in made] == [WORDS_A_STRING, WORDS_A_STRING, 3]
    spoken = [word.label for one in made for word in one.words]
    assert sorted(spoken) == sorted(labels)
    assert spoken != labels
    assert spoken == [word.label for one in strings(corpus, labels, 0.6, RATE) for word in one.words]
    assert all(word.speaker == f"s{word.label}" for one in made for word in one.words)


def test_words_are_cut_out_and_as_loud_and_as_far_apart_as_said(corpus):
    made = next(strings(corpus, ["x"] * 23, 0.2, RATE))
    (samples,) = made.pieces
    word = 1600 + 2 * 240
    assert samples.dtype == np.int16
    assert len(samples) == 2 * 4000 + 10 * word + 9 * 1600
    for place, spoken in enumerate(made.words):
        start = 4000 + place * (word + 1600)
        assert np.abs(samples[start : start + word]).max() == round(PEAK)
        assert not samples[start + word : start + word + 1600].any()
        assert spoken.end == pytest.approx((start + 240 + 1600) / RATE)


def test_whole_recordings_are_joined_as_they_are(corpus):
    made = next(strings(corpus, ["x"] * 23, None, RATE))
    (samples,) = made.pieces
    assert len(samples) == 2 * 4000 + 10 * 4800
    order = [int(word.speaker[1:]) for word in made.words]
    for place, index in enumerate(order):
        start = 4000 + place * 4800
        np.testing.assert_array_equal(samples[start : start + 4800], corpus.samples(index, RATE))
        assert made.words[place].end == pytest.approx((start + 3600) / RATE)


def test_what_is_no_word_of_the_vocabulary_is_there_and_not_said(corpus):
    made = list(strings(corpus, [None] * 22 + ["x"], 0.0, RATE))
    assert sum(len(one.words) for one in made) == 1
    assert sum(len(one.pieces[0]) for one in made) == 3 * 8000 + 23 * (1600 + 2 * passages.MARGIN_SECONDS * RATE)
