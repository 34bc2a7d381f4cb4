"""What an integer model says of itself, read off its tensors."""

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer.description import description, exponents, shifts
from kilovox.integer.power_of_two import decode, unpack
from kilovox.integer.recogniser import Recogniser
from models import integer_model, make_model


def test_exponents_count_every_weight():
    model = integer_model("pow2")
    found = exponents(model)
    assert sum(found["lstm0"].values()) == 5 * 18 * 4
    assert sum(found["lstm1"].values()) == 5 * 10 * 4
    assert sum(found["head"].values()) == 5 * 3
    weights = decode(unpack(model.tensors["lstm1.weights"], 10))
    smallest = int(model.tensors["lstm1.exponent"][0])
    assert set(found["lstm1"]) <= set(range(smallest, smallest + 8))
    assert found["lstm1"][smallest] == (np.abs(weights) == 1).sum()


@pytest.mark.parametrize(
    ("name", "planted", "said"),
    [
        ("lstm0.weights", np.full((5, 18, 4), 3, np.int8), "expected uint8 of 9 bytes a row"),
        ("lstm1.weights", np.zeros((5, 4, 4), np.uint8), "expected uint8 of 5 bytes a row"),
        ("lstm1.exponent", np.array([3], np.int8), r"lstm1\.shift: \d; expected -8 for exponents from 3 on"),
        ("head.exponent", np.array([0.5]), r"head\.exponent: float64"),
    ],
)
def test_what_is_planted_is_caught(name, planted, said):
    model = integer_model("pow2")
    model.tensors[name] = planted
    with pytest.raises(KilovoxError, match=said):
        exponents(model)


def test_no_tensor_beside_those_that_are_counted():
    model = integer_model("pow2")
    model.tensors["lstm0.correction"] = np.ones(3, np.float32)
    with pytest.raises(KilovoxError, match=r"lstm0\.correction is unknown"):
        Recogniser(model)


def test_only_of_pow2():
    with pytest.raises(KilovoxError, match="model tiny: int8; expected pow2"):
        exponents(integer_model("int8"))


def test_shifts_count_every_row():
    assert sum(shifts(integer_model("int8"))["lstm0"].values()) == 20
    assert sum(shifts(integer_model("pow2"))["lstm0"].values()) == 1
    assert shifts(make_model()) == {}


def test_description():
    assert description(make_model()) == {"q_formats": {}, "shifts": {}}
    assert "exponents" in description(integer_model("pow2"))
    assert description(integer_model("int8"))["q_formats"]["cell state"] == "int16, Q3.12"
