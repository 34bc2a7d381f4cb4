"""What is accepted of a stranger's model gives the same bits in NumPy and in C, at the very bounds that are checked."""

import numpy as np
import pytest

from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.host import HostRecogniser
from models import integer_model
from strangers import write

INT8 = integer_model("int8", units=3, layers=1)
RANDOM = np.random.default_rng(3)
LOUD_THEN_QUIET = np.concatenate(
    [RANDOM.integers(-32768, 32768, 2000), np.zeros(2500), RANDOM.integers(-1, 2, 1500), RANDOM.integers(-9000, 9000, 1500)]
).astype(np.int16)
SOUND = [
    LOUD_THEN_QUIET, LOUD_THEN_QUIET[::-1].copy(), np.where(np.arange(2500) // 20 % 2, 32767, -32768).astype(np.int16),
    RANDOM.integers(-32768, 32768, 300).astype(np.int16), np.full(700, -32768, np.int16),
]  # fmt: skip

EXTREMES = {
    "floor": ({"floor_db": 192.66}, {}),
    "no floor, absolute": ({"floor_db": None, "energy": "absolute", "mel_bands": 20, "coefficients": 13}, {}),
    "smallest floor": ({"floor_db": 0.006}, {}),
    "largest decay": ({"decay_db": 9990.0, "sample_rate": 6642, "high_hz": 3321.0, "hop": 256}, {}),
    "no decay, every sample": ({"decay_db": 0.0, "hop": 1}, {}),
    "normalisation": (
        {},
        {
            "front_end.offset": np.array([-32768, 32767] * 6 + [0], np.int16),
            "front_end.multiplier": np.full(13, 16383, np.int16),
            "front_end.shift": np.array([1], np.uint8),
        },
    ),
    "largest shifts": (
        {},
        {"front_end.shift": np.array([24], np.uint8), "lstm0.shift": np.full((3, 4), 24, np.uint8),
         "head.shift": np.array([24], np.uint8)},
    ),
    "largest sums": (
        {},
        {
            "lstm0.weights": np.where(np.arange(16 * 12).reshape(3, 16, 4) % 2, 127, -127).astype(np.int8),
            "lstm0.bias": np.full((3, 4), 2**30 - 128 * 127 * 16, np.int32) * np.array([1, -1, 1, -1], np.int32),
            "lstm0.shift": np.arange(12, dtype=np.uint8).reshape(3, 4),
            "head.bias": np.array([2**30 - 1, -(2**30) + 1, 0], np.int32),
            "head.weights": np.zeros((1, 3, 3), np.int8),
            "head.shift": np.array([0], np.uint8),
        },
    ),
    "words": (
        {"words": {"buffer": 255, "pause": 254, "margin": 254, "edge": 254, "depth_db": 200.0, "prominence_db": 200.0,
                   "shortest": 255}},
        {},
    ),
    "least words": (
        {"words": {"buffer": 2, "pause": 0, "margin": 0, "edge": 0, "depth_db": 0.001, "prominence_db": 0.0, "shortest": 1}},
        {},
    ),
}  # fmt: skip


LEVELS = {
    "levels, no floor": {"floor_db": None, "mel_bands": 20},
    "levels, lowest floor, absolute": {"floor_db": 192.66, "energy": "absolute"},
    "levels, two bands, every sample": {"mel_bands": 2, "hop": 1, "decay_db": 9990.0},
}


@pytest.mark.parametrize("multiplier", [1, 16383])
@pytest.mark.parametrize("which", LEVELS)
def test_levels_at_the_bounds(tmp_path, which, multiplier, compiler):
    model = integer_model("int8", units=3, layers=1, features="levels", **LEVELS[which])
    changes = {"front_end.multiplier": np.full_like(model.tensors["front_end.multiplier"], multiplier)}
    expect_equal(load_model(write(tmp_path / "m", model, changes)), compiler)


@pytest.mark.parametrize("which", EXTREMES)
def test_at_the_bounds(tmp_path, which, compiler):
    front_end, tensors = EXTREMES[which]
    expect_equal(load_model(write(tmp_path / "m", INT8, tensors, front_end={"kind": "fixed_point", **front_end})), compiler)


def expect_equal(model, compiler):
    expected = Recogniser(model)(SOUND)
    found = HostRecogniser(model, compiler, ("-std=c99", "-O1", "-fPIC", "-shared"))(SOUND)
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.confidence, expected.confidence)
