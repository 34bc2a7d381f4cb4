"""What an integer model says of itself, read off its tensors."""

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer.description import description, exponents, shifts
from kilovox.integer.power_of_two import decode, unpack
from models import integer_model, make_model


def test_exponents_count_every_weight():
    model = integer_model("pow2")
    found = exponents(model)
    assert sum(found["lstm0"].values()) == 5 * 18 * 4
    assert sum(found["lstm1"].values()) == 5 * 10 * 4
    assert sum(found["head"].values()) == 5 * 3
    assert set(found["lstm0"]) <= set(range(-6, 2))
    weights = decode(unpack(model.tensors["lstm1.weights"], 10))
    assert found["lstm1"][-6] == (np.abs(weights) == 1).sum()


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
