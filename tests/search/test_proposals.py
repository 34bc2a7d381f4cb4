"""What is tried next."""

import sys

import pytest

from kilovox.config import Range, find_configuration
from kilovox.search.proposals import OptunaProposals, RandomProposals, proposals
from kilovox.search.space import Dimension, Space

DIMENSIONS = (
    Dimension("model.num_layers", (1, 2)),
    Dimension("model.readout", ("last_valid", "after_padding")),
    Dimension("training.epochs", range=Range(low=3, high=5)),
    Dimension("training.learning_rate", range=Range(low=1e-3, high=1e-1, log=True)),
)
SPACE = Space(find_configuration("task-b"), "fit", 36864, "model", DIMENSIONS)


def optuna(seed):
    pytest.importorskip("optuna", reason="optuna is not installed")
    return OptunaProposals(SPACE, seed, 2, 4)


def asked_and_told(proposed, generations=3, count=5):
    """Points of some generations; what comes of one follows from it."""
    points = []
    for _ in range(generations):
        generation = [proposed.ask() for _ in range(count)]
        for number, point in generation:
            costs = [abs(point["training.learning_rate"] - 0.02), float(point["model.num_layers"])]
            proposed.tell(number, None if point["training.epochs"] == 3 else costs)
        points += [point for _, point in generation]
    return points


@pytest.mark.parametrize("make", [optuna, lambda seed: RandomProposals(SPACE, seed)], ids=["optuna", "random"])
def test_a_seed_proposes_the_same_points_of_the_space(make):
    points = asked_and_told(make(7))
    assert points == asked_and_told(make(7))
    assert points != asked_and_told(make(8))
    for point in points:
        assert list(point) == [one.key for one in DIMENSIONS]
        assert point["model.num_layers"] in (1, 2)
        assert point["model.readout"] in ("last_valid", "after_padding")
        assert point["training.epochs"] in (3, 4, 5)
        assert 1e-3 <= point["training.learning_rate"] <= 1e-1
        assert float(f"{point['training.learning_rate']:.4g}") == point["training.learning_rate"]


def test_optuna_learns_from_what_it_is_told():
    """Costs fall towards one end of a dimension, and so do the proposals."""
    space = Space(SPACE.base, "fit", 36864, "model", (Dimension("model.dropout", range=Range(low=0.0, high=0.9)),))
    pytest.importorskip("optuna", reason="optuna is not installed")
    proposed, found = OptunaProposals(space, 1, 2, 8), []
    for _ in range(5):
        generation = [proposed.ask() for _ in range(8)]
        for number, point in generation:
            proposed.tell(number, [point["model.dropout"], 1.0])
        found.append(sum(point["model.dropout"] for _, point in generation) / 8)
    assert found[-1] < found[0] / 2


def test_without_optuna_points_are_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert proposals(SPACE, 7, 2, 4).name == "random"


@pytest.mark.parametrize(
    ("range_", "share", "value"),
    [
        (Range(low=1, high=4), 0.0, 1), (Range(low=1, high=4), 0.25, 2), (Range(low=1, high=4), 0.99, 4),
        (Range(low=1, high=100, log=True), 0.0, 1), (Range(low=1, high=100, log=True), 0.999, 100),
        (Range(low=0.0, high=1.0), 0.123456, 0.1235), (Range(low=0.01, high=1.0, log=True), 0.5, 0.1),
    ],
)  # fmt: skip
def test_a_share_of_the_way(range_, share, value):
    assert Dimension("a.b", range=range_).at(share) == value


def test_every_choice_has_its_share_of_the_way():
    one = Dimension("a.b", ("x", "y", "z"))
    assert [one.at(share / 6) for share in range(6)] == ["x", "x", "y", "y", "z", "z"]
