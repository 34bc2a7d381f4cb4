"""Who goes on, and for how many epochs."""

import pytest

from kilovox.config import find_configuration
from kilovox.search.halving import halved, kept, shares, shortened


def test_each_rung_trains_so_many_times_as_long():
    assert shares(3, 3) == pytest.approx([1 / 9, 1 / 3, 1])
    assert shares(1, 4) == [1]


@pytest.mark.parametrize(("share", "epochs"), [(1 / 9, (11, 7)), (1 / 3, (33, 20)), (1, (100, 60)), (1 / 1000, (1, 1))])
def test_a_part_of_the_epochs(share, epochs):
    config = find_configuration("task-b-int8")
    found = shortened(config, share)
    assert (found.training.epochs, found.quantisation.epochs) == epochs
    assert found.changed(training={"epochs": 100}, quantisation={"epochs": 60}) == config


def test_a_float_network_has_no_epochs_for_integers():
    found = shortened(find_configuration("task-b"), 1 / 4)
    assert (found.training.epochs, found.quantisation) == (20, None)


@pytest.mark.parametrize("count", range(1, 30))
def test_one_in_so_many_goes_on_and_one_at_least(count):
    assert kept(count, 3) == max(1, -(-count // 3))


def test_the_best_of_a_rung_go_on():
    """Nine with the costs of their places: three, then one; later rungs may turn the order around."""
    asked = []

    def train(rung, places):
        asked.append((rung, list(places)))
        return [place if rung == 0 else -place for place in places]

    found = halved(9, 3, 3, train, lambda places, outcomes: [[one] for one in outcomes])
    assert asked == [(0, list(range(9))), (1, [0, 1, 2]), (2, [2])]
    assert found == [{place: place for place in range(9)}, {0: 0, 1: -1, 2: -2}, {2: -2}]
