"""Section `search` of a configuration."""

import pytest

from kilovox.config import Range, parse_configuration
from kilovox.errors import KilovoxError
from kilovox.training.run_key import canonical


def configured(**search):
    return parse_configuration({"experiment": {"name": "tiny"}, "search": search}, "tiny.yaml")


def test_lists_and_ranges():
    space = {"model.num_layers": [1, 2], "training.learning_rate": {"low": 1e-3, "high": 0.01, "log": True}}
    found = configured(space=space, trials=5).search
    assert found.space == {"model.num_layers": (1, 2), "training.learning_rate": Range(low=1e-3, high=0.01, log=True)}
    assert (found.trials, found.generation, found.reduction, found.rungs) == (5, 12, 3, 3)
    assert configured(space=space, trials=5).changed(model={"dropout": 0.1}).search == found


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"space": {}}, "search: space is empty; expected a key at least"),
        ({"space": {"layers": [1]}}, "search: space has 'layers'; expected a section and a key"),
        ({"space": {"model.num_layers": []}}, "search: space has no value for model.num_layers"),
        ({"space": {"model.num_layers": 2}}, "search.space.model.num_layers: expected a list of values, or low and high"),
        ({"space": {"model.dropout": {"low": 0.3, "high": 0.3}}}, "search.space.model.dropout: low is 0.3, high 0.3"),
        ({"space": {"model.dropout": {"low": 0, "high": 0.3, "log": True}}}, "low is 0 beside log: true"),
        ({"space": {"model.dropout": {"from": 0, "high": 0.3}}}, "search.space.model.dropout.from: unknown key"),
        ({"space": {"model.dropout": {"low": 10**400, "high": 1}}}, "search.space.model.dropout: low is 1000000"),
        ({"space": {"model.dropout": {"low": float("nan"), "high": 1}}}, "model.dropout.low: nan; expected a finite number or"),
        ({"space": {"model." + "x" * 5000 + "!": [1]}}, "xxx ...; expected a section and a key"),
        ({"trails": 3}, "search.trails: unknown key (value 3); expected one of space, trials"),
        ({"reduction": 1}, "search.reduction: 1; expected greater than or equal to 2"),
    ],
)
def test_what_is_wrong_is_named(search, said):
    with pytest.raises(KilovoxError) as caught:
        configured(**search)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_it_is_nothing_of_a_run():
    """Neither what a run is a run of, nor what a model file says, changes where there is one or none."""
    beside, without = configured(trials=3), configured(trials=3).without("search")
    assert "search" not in without.model_dump()
    assert canonical(beside) == canonical(without)
