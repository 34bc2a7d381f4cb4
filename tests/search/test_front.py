"""Which of several are worth having."""

from hypothesis import given
from hypothesis import strategies as st

from kilovox.search.front import dominates, front, ranked

costs = st.integers(1, 3).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, 6), min_size=count, max_size=count), min_size=1, max_size=20)
)


@given(costs)
def test_the_front_is_what_nothing_dominates(several):
    """Whatever is left out is beaten by something on the front, or stands there already."""
    found = front(several)
    assert found == sorted(set(found))
    for place in found:
        assert not any(dominates(other, several[place]) for other in several)
    on_front = [several[place] for place in found]
    assert len({tuple(one) for one in on_front}) == len(on_front)
    for place, one in enumerate(several):
        assert place in found or one in on_front or any(dominates(other, one) for other in on_front)


@given(costs)
def test_ranks_are_a_permutation_that_begins_with_the_front(several):
    order = ranked(several)
    assert sorted(order) == list(range(len(several)))
    assert sorted(order[: len(front(several))]) == front(several)
    least = min(one[0] for one in several)
    assert several[order[0]][0] == least


@given(costs)
def test_nothing_comes_before_what_dominates_it(several):
    order = ranked(several)
    for at, place in enumerate(order):
        assert not any(dominates(several[later], several[place]) for later in order[at + 1 :])


def test_an_order_that_spreads_over_the_front():
    """The most accurate, then what is farthest from it, then the middle between both."""
    assert ranked([[0.1, 100], [0.5, 10], [0.12, 95], [0.3, 55]]) == [0, 1, 3, 2]


def test_of_equal_ones_the_first():
    assert front([[1, 1], [0, 2], [1, 1], [2, 2]]) == [0, 1]
