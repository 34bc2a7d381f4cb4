"""Decisions on sound as it comes do not depend on how it comes."""

import gc
import tracemalloc

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer.detection import FrameDetector, WordDetector
from kilovox.integer.outcome import LABEL, UNKNOWN
from kilovox.integer.recogniser import Recogniser
from models import integer_model, listening_model, make_model

MINUTE = 60 * 8000
WORDS = {"buffer": 60, "pause": 5, "margin": 2}


@pytest.fixture(scope="module")
def words():
    """Three tones of a third of a second in quiet noise: (samples,) int16, and where each ends, in seconds."""
    random = np.random.default_rng(5)
    parts, ends = [], []
    for pitch in (0.1, 0.5, 1.0):
        parts += [random.integers(-3, 4, 3000), (np.sin(np.arange(2500) * pitch) * 8000).astype(int)]
        ends.append(sum(map(len, parts)) / 8000)
    return np.concatenate([*parts, random.integers(-3, 4, 3000)]).astype(np.int16), ends


def test_a_decision_a_word_soon_after_it(words):
    samples, ends = words
    detector = WordDetector(Recogniser(integer_model("int8", words=WORDS)))
    found = list(detector([samples]))
    assert len(found) == 3
    for end, one in zip(ends, found, strict=True):
        assert end < one.seconds < end + 0.2
        assert (one.label, one.outcome) == (one.best, LABEL)
        assert 0 <= one.confidence <= 1
    by_hop = [samples[start : start + detector.hop] for start in range(0, len(samples), detector.hop)]
    assert list(detector(by_hop)) == found
    assert [one.best for one in detector(np.array_split(samples, 97))] == [one.best for one in found]
    assert list(detector([])) == []


def test_what_is_not_accepted_is_told_as_well(words):
    model = integer_model("int8", words=WORDS)
    thresholds = {"thresholds": (255,) * len(model.metadata.labels)}
    strict = Recogniser(model.model_copy(update={"metadata": model.metadata.model_copy(update=thresholds)}))
    found = list(WordDetector(strict)([words[0]]))
    assert [(one.label, one.outcome) for one in found] == [(None, UNKNOWN)] * 3
    assert all(one.best in strict.labels for one in found)


def test_a_model_of_whole_recordings():
    for model in (make_model(), integer_model("int8")):
        with pytest.raises(KilovoxError, match="expected a model that finds words"):
            WordDetector(Recogniser(model))


def test_a_sound_ends_with_silence(minute):
    """So what is said at its very end is heard out, and told to be there."""
    detector = FrameDetector(Recogniser(listening_model()))
    later = 0
    for length in range(9000, 12000, 500):
        found, longer = list(detector([minute[:length]])), list(detector([np.pad(minute[:length], (0, 1600))]))
        assert [one.best for one in found] == [one.best for one in longer][: len(found)]
        assert all(one.seconds <= length / 8000 for one in found)
        later += sum(length / 8000 < one.seconds <= length / 8000 + 0.2 for one in longer)
    assert later
    assert list(detector([])) == list(detector([minute[:0]])) == []


@pytest.fixture(scope="module")
def minute():
    """Syllables, loud and soft, in noise: (samples,) int16 of a minute."""
    random = np.random.default_rng(1)

    def syllable():
        tone = np.sin(np.arange(2000) * random.uniform(0.1, 2.5)) * np.hanning(2000)
        return tone * random.choice([60, 3000]) + random.normal(size=2000) * random.uniform(3, 300)

    return np.concatenate([syllable() for _ in range(MINUTE // 2000)]).astype(np.int16)


def in_minute(found, number):
    """What was decided on in that minute, by the sample of the minute."""
    decided = [(round(one.seconds * 8000) - number * MINUTE, one.best, one.confidence, one.outcome) for one in found]
    return [one for one in decided if 0 <= one[0] < MINUTE]


def test_an_hour_of_the_same_minute_ends_as_it_began(minute):
    """Few frames, so that it takes seconds; a minute is a whole number of them, of the LSTM too."""
    found = list(FrameDetector(Recogniser(listening_model(frame_stride=8, hop=240)))(minute for _ in range(61)))
    assert len(in_minute(found, 1)) > 50
    assert in_minute(found, 59) == in_minute(found, 1)
    # The first had no past, and the last has an end.
    assert len(found) == pytest.approx(61 * len(in_minute(found, 1)), abs=8)


def test_what_is_kept_does_not_grow(minute):
    kept = []

    def sound():
        for _ in range(5):
            gc.collect()  # views of NumPy's leave cycles
            kept.append(tracemalloc.get_traced_memory()[0])
            yield minute

    tracemalloc.start()
    try:
        for _ in FrameDetector(Recogniser(listening_model(frame_stride=8, hop=240)))(sound()):
            pass
    finally:
        tracemalloc.stop()
    # The features of three minutes are 48,000 bytes; tuples that Python sets aside are a few thousand.
    assert kept[-1] - kept[1] < 8000
