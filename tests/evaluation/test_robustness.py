"""The table of conditions: every condition changes what it says, and the same table comes out again."""

import numpy as np
import pytest

from kilovox import effects
from kilovox.evaluation.evaluate import evaluate_robustness
from kilovox.evaluation.robustness import NOISE_DB, ConditionScore, Robustness, conditions, robustness
from kilovox.integer.recogniser import Decisions, Recogniser
from models import integer_model

RATE = 8000
VOICE = np.random.default_rng(9).integers(-5000, 5000, 2500).astype(np.int16)


def word():
    return np.rint(9000 * np.sin(np.arange(3000) / 4)).astype(np.int16)


def test_conditions():
    found = {name: (decibels, change(word(), np.random.default_rng(1))) for name, decibels, change in conditions(RATE, [VOICE])}
    assert len(found) == 1 + len(effects.NOISE_KINDS) * len(NOISE_DB) + 16
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
    assert first.scores[0].changed == 0


def test_decisions_that_change_are_counted():
    """By what is told: which label is rejected does not matter."""
    heard = iter([([0, 1, 2, 3], [2, 2, 1, 2]), ([0, 2, 3, 3], [2, 2, 1, 0])])

    class Changing(Recogniser):
        def __call__(self, recordings):
            indices, outcomes = next(heard, ([0, 1, 2, 3], [2, 2, 1, 2]))
            return Decisions(np.array(indices), np.ones(4), np.zeros((4, 4)), np.array(outcomes, np.uint8), np.array(indices))

    scores = robustness(Changing(integer_model("int8")), [word()] * 4, [0, 1, 2, 3]).scores
    assert [score.correct for score in scores[:3]] == [3, 1, 3]
    assert [score.changed for score in scores[:3]] == [0, 2, 0]


def test_heard_at_other_rates_a_recording_is_nearly_what_it_was():
    tone = np.rint(9000 * np.sin(np.arange(3000) / 4)).astype(np.int16)
    found = {name: change(tone, np.random.default_rng(1)) for name, _, change in conditions(RATE, [VOICE])}
    for rate, delay in (("16,000", 25 / 2), ("48,000", 25 / 2 + 10 / 6)):
        heard = found[f"heard at {rate} Hz, decimated"]
        assert len(heard) == 3000
        expected = 9000 * np.sin((np.arange(3000) + 1 - 1 / (2 if rate == "16,000" else 6) - delay) / 4)
        assert np.abs(heard[100:-100] - expected[100:-100]).max() < 90


def test_figures():
    scores = (
        ConditionScore("as recorded", 8, 10),
        ConditionScore("white noise, 10 dB", 6, 10, 10),
        ConditionScore("hum noise, 10 dB", 8, 10, 10),
        ConditionScore("hum noise, 0 dB", 0, 10, 0, 9),
    )
    table = Robustness(scores)
    assert table.clean == 0.8
    assert table.kept_in_noise == pytest.approx(0.7 / 0.8)
    both = table.plus(table)
    assert both.scores[1] == ConditionScore("white noise, 10 dB", 12, 20, 10)
    assert both.as_json()["changed"] == {
        "as recorded": 0,
        "white noise, 10 dB": 0,
        "hum noise, 10 dB": 0,
        "hum noise, 0 dB": 18,
    }
    assert both.as_json()["conditions"]["white noise, 10 dB"] == 0.6


def test_of_a_model_on_a_split(synthetic_corpus):
    table = evaluate_robustness(
        Recogniser(integer_model("int8", labels=tuple("0123456789"))), synthetic_corpus.subset(range(0, 90, 9)), "all"
    )
    assert table.scores[0].recordings == 10
