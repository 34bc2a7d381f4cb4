"""Decisions on sound as it comes do not depend on how it comes."""

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer.detection import WordDetector
from kilovox.integer.outcome import LABEL, UNKNOWN
from kilovox.integer.recogniser import Recogniser
from models import integer_model, make_model

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
