"""Instructions that a network will take, predicted from counts of others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.config import find_configuration
from kilovox.config.network import Network
from kilovox.errors import KilovoxError
from kilovox.search.instructions import Counted, Shape, cores, fitted, instruction_model, left_out_errors, predicted


def shape(units=24, layers=1, bands=32, coefficients=13, labels=10, arithmetic="int8"):
    network = Network(hidden_dim=units, num_layers=layers)
    return Shape(arithmetic, "cepstra", bands, coefficients, labels, units, network)


def listening(arithmetic="int8"):
    config = find_configuration("listening").of(11)
    return Shape(arithmetic, "levels", 32, 32, 11, config.hidden, config.model)


def test_terms_of_an_lstm():
    """By hand: two layers of 24 units on 13 numbers."""
    terms = shape(layers=2).terms()
    assert terms["layers"] == ("int8", [2, 48, 24 * (13 + 24) + 24 * 48])
    assert terms["head"] == ("int8 lstm", [1, 240])
    assert terms["front_end"] == ("cepstra", [1, 32, 32 * 13])
    assert "convolutions" not in terms
    assert shape().times() == {"front_end": 50, "convolutions": 50, "layers": 50, "head": 1, "other": 50}


def test_terms_of_convolutions():
    """By hand: `listening`, which has 16, 8, 4 and 4 bands after its blocks, and half of the frames after the third."""
    (which, terms), times = listening().terms()["convolutions"], listening().times()
    numbers = 24 * 16 + (24 + 32) * 8 + (32 + 40) * 4 / 2 + (40 + 40) * 4 / 2
    depthwise = (24 * 8 + 32 * 4 / 2 + 40 * 4 / 2) * 9
    dense = 24 * 32 * 8 + 32 * 40 * 4 / 2 + 40 * 40 * 4 / 2 + 44 * 160 / 2
    assert (which, terms) == ("int8", pytest.approx([1, numbers + 44 / 2, 24 * 16 * 15, depthwise, dense]))
    assert (times["convolutions"], times["layers"], times["head"]) == (50, 25, 25)
    assert listening().terms()["head"] == ("int8 convolutional", [1, 12 * listening().hidden])


@given(st.lists(st.floats(1, 1e4), min_size=8, max_size=8))
def test_a_fit_finds_the_coefficients_that_there_are(numbers):
    """Of counts that are such sums, other networks are predicted exactly."""
    known = {"front_end": numbers[:3], "layers": numbers[3:6], "head": [numbers[6], 1.0], "other": [numbers[7]]}
    shapes = [shape(8 * n, 1 + n % 3, 20 + 4 * n, 6 + n * n % 11, 2 + n) for n in range(1, 7)]

    def counted(one):
        return Counted("x", one, {part: float(np.dot(known[part], terms)) for part, (_, terms) in one.terms().items()})

    rows = [counted(one) for one in shapes]
    another = shape(61, 2, 30, 12, 35)
    assert predicted(fitted(rows), another) == pytest.approx(counted(another).per_second, rel=1e-6)
    assert max(left_out_errors(rows)) < 1e-6


def test_a_shape_is_the_same_from_json():
    for one in (shape(layers=2), listening("pow2")):
        assert Shape.from_json(one.as_json()) == one


def test_of_a_configuration():
    config = find_configuration("task-c")
    assert Shape.of(config) == Shape("pow2", "cepstra", 32, 13, 10, config.hidden, config.model)
    with pytest.raises(KilovoxError, match="instructions are predicted of integer networks"):
        Shape.of(find_configuration("task-b"))


@pytest.mark.parametrize("core", cores())
def test_the_table_predicts_what_it_does_not_know(core):
    """Each network left out in turn; and more units, or more bits a product, cost more."""
    model = instruction_model(core)
    assert model.networks >= 30
    assert 0 < model.mean <= model.worst < 0.15
    assert model.mean < 0.05
    for name in ("task-b-int8", "task-c", "listening", "listening-pow2"):
        config = find_configuration(name).of(11)
        small, large = (model(config.changed(model={"hidden_dim": units})) for units in (10, 40))
        assert 0 < small < large
    assert f"on {core} are predicted from counts of {model.networks} networks" in model.said


def test_counts_of_the_bundled_models_are_predicted():
    """docs/hooks/costs.json has what `kilovox verify` counted of `listening`, all of whose frames go through the network."""
    import json
    from pathlib import Path

    costs = json.loads((Path(__file__).parents[2] / "docs" / "hooks" / "costs.json").read_text())
    for name in ("listening", "listening-pow2"):
        config = find_configuration(name).of(11)
        for core in cores():
            counted = costs[name]["targets"][core]["per_second"]
            assert instruction_model(core)(config) == pytest.approx(counted, rel=0.1), (name, core)


def test_a_core_that_nothing_was_counted_on():
    with pytest.raises(KilovoxError, match="core 'z80': no counts of it; expected one of cortex-m0, cortex-m4"):
        instruction_model("z80")
