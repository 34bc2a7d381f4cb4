"""Which of several are worth having: Pareto's front, and an order that spreads over it. Costs: less is better in each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Costs = Sequence[Sequence[float]]


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether `one` is nowhere worse than `other`, and somewhere better."""
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def front(costs: Costs) -> list[int]:
    """Places of those that no other dominates, in order; of equal ones the first."""
    found = []
    for place, one in enumerate(costs):
        beaten = any(dominates(other, one) for other in costs)
        repeated = any(tuple(costs[earlier]) == tuple(one) for earlier in range(place))
        if not (beaten or repeated):
            found.append(place)
    return found


def ranked(costs: Costs) -> list[int]:
    """All places, the ones to go on with first: front by front, and within one from the first cost's least to what is farthest
    from all that come before, each cost from 0 to 1.

    R. Schmucker et al., "Multi-objective asynchronous successive halving", 2021 (arXiv 2106.12639), who take the order within a
    front from an epsilon net.
    """
    left, order = list(range(len(costs))), list[int]()
    while left:
        best = [left[place] for place in front([costs[place] for place in left])]
        order += [best[place] for place in _spread(np.array([costs[place] for place in best], np.float64))]
        left = [place for place in left if place not in best]
    return order


def _spread(costs: npt.NDArray[np.float64]) -> list[int]:
    """(points, costs) -> all places, the least first cost first, then again and again the farthest; of equals the first."""
    low = costs.min(axis=0)
    extent = costs.max(axis=0) - low
    scaled = (costs - low) / np.where(extent > 0, extent, 1.0)
    order = [int(np.lexsort(costs.T[::-1])[0])]
    nearest = np.linalg.norm(scaled - scaled[order[0]], axis=1)
    while len(order) < len(costs):
        nearest[order] = -1.0
        order.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(scaled - scaled[order[-1]], axis=1))
    return order
