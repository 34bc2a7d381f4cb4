"""Other levels: the same decisions, but where speech is cut off."""

import numpy as np

from kilovox.evaluation.level import level_rows, scaled
from kilovox.integer.recogniser import Recogniser
from models import LABELS, integer_model


def word(seed):
    generator = np.random.default_rng(seed)
    time = np.arange(4000) / 8000
    tones = sum(np.sin(2 * np.pi * f * time) for f in generator.uniform(200, 3000, 3))
    return (2000 * tones * np.exp(-((time - 0.25) ** 2) / 0.02)).astype(np.int16)


def test_rows():
    recordings = [word(seed) for seed in range(8)]
    truth = [0] * 8
    rows = {row.level: row for row in level_rows(Recogniser(integer_model("int8")), recordings, truth)}
    assert next(iter(rows)) == "as recorded"
    assert {"-30 dB", "peak at full scale", "12 dB beyond full scale"} <= set(rows)
    assert rows["as recorded"].changed == 0
    own = Recogniser(integer_model("int8"))(recordings).indices
    assert rows["as recorded"].accuracy == (own == 0).mean()
    quiet = Recogniser(integer_model("int8"))([scaled(samples, 10 ** (-30 / 20)) for samples in recordings]).indices
    assert rows["-30 dB"].changed == (quiet != own).mean()
    assert len(LABELS) == 3


def test_a_level_of_a_power_of_two_changes_nothing():
    recogniser = Recogniser(integer_model("int8"))
    recordings = [word(seed) for seed in range(4)]
    found = recogniser([scaled(samples, 4.0) for samples in recordings])
    np.testing.assert_array_equal(found.logits, recogniser(recordings).logits)


def test_saturation():
    assert scaled(np.array([20000, -20000, 1], np.int16), 4.0).tolist() == [32767, -32768, 4]
