"""The table of conditions: every condition changes what it says, and the same table comes out again."""

import numpy as np
import pytest

from kilovox import effects
from kilovox.evaluation.evaluate import evaluate_robustness
from kilovox.evaluation.robustness import NOISE_DB, ConditionScore, Robustness, conditions, robustness
from kilovox.integer.recogniser import Recogniser
from models import integer_model

RATE = 8000
VOICE = np.random.default_rng(9).integers(-5000, 5000, 2500).astype(np.int16)


def word():
    return np.rint(9000 * np.sin(np.arange(3000) / 4)).astype(np.int16)


def test_conditions():
    found = {name: (decibels, change(word(), np.random.default_rng(1))) for name, decibels, change in conditions(RATE, [VOICE])}
    assert len(found) == 1 + len(effects.NOISE_KINDS) * len(NOISE_DB) + 11
    clean = found.pop("as recorded")[1]
    np.testing.assert_array_equal(clean, word())
    for name, (decibels, changed) in found.items():
        assert changed.dtype == np.int16, name
        assert not np.array_equal(changed, word()), name
        if decibels is not None:
            scale = np.dot(changed, word().astype(float)) / np.dot(word().astype(float), word())
            rest = effects.root_mean_square(changed - scale * word()) / (scale * effects.root_mean_square(word()))
            assert -20 * np.log10(rest) == pytest.approx(decibels, abs=2.5), name
    assert len(found["silence of 1 s before and after"][1]) == 3000 + 2 * RATE
    assert np.abs(found["30 dB quieter"][1]).max() == pytest.approx(9000 / 31.6, abs=1)
    assert np.abs(found["clipped, 12 dB beyond full scale"][1]).max() >= 32767


def test_the_table_is_the_same_again_and_does_not_depend_on_the_order(synthetic_corpus):
    recogniser = Recogniser(integer_model("int8"))
    recordings = [synthetic_corpus.samples(index, RATE) for index in range(4)]
    first = robustness(recogniser, recordings, [0, 1, 2, 3])
    again = robustness(recogniser, recordings, [0, 1, 2, 3])
    assert first == again
    assert first.scores[0].correct == int((recogniser(recordings).indices == np.arange(4)).sum())


def test_figures():
    scores = (
        ConditionScore("as recorded", 8, 10),
        ConditionScore("white noise, 10 dB", 6, 10, 10),
        ConditionScore("hum noise, 10 dB", 8, 10, 10),
        ConditionScore("hum noise, 0 dB", 0, 10, 0),
    )
    table = Robustness(scores)
    assert table.clean == 0.8
    assert table.kept_in_noise == pytest.approx(0.7 / 0.8)
    both = table.plus(table)
    assert both.scores[1] == ConditionScore("white noise, 10 dB", 12, 20, 10)
    assert both.as_json()["conditions"]["white noise, 10 dB"] == 0.6


def test_of_a_model_on_a_split(synthetic_corpus):
    table = evaluate_robustness(
        Recogniser(integer_model("int8", labels=tuple("0123456789"))), synthetic_corpus.subset(range(0, 90, 9)), "all"
    )
    assert table.scores[0].recordings == 10
