"""Synchronous successive halving: all of a generation for a part of their epochs, the better ones for more of them.

K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016. A rung
begins when all of the rung before have ended, and so what goes on depends on results alone. The asynchronous form (L. Li et
al., "A system for massively parallel hyperparameter tuning", MLSys 2020) never waits, but what it promotes depends on which
trial ends first: on how many workers there are, and on which of them was killed.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from kilovox.config import Configuration
from kilovox.search.front import Costs, ranked

Outcome = TypeVar("Outcome")


def shares(rungs: int, reduction: int) -> list[float]:
    """The part of their epochs that networks are trained for, rung by rung; the last is 1."""
    return [float(reduction) ** -(rungs - 1 - rung) for rung in range(rungs)]


def shortened(config: Configuration, share: float) -> Configuration:
    """`config` with a `share` of its epochs, one at the least of each kind."""
    if share == 1:
        return config
    changes = {"training": {"epochs": _part(config.training.epochs, share)}}
    if config.quantisation is not None:
        changes["quantisation"] = {"epochs": _part(config.quantisation.epochs, share)}
    return config.changed(**changes)


def _part(epochs: int, share: float) -> int:
    return max(1, round(epochs * share))


def kept(count: int, reduction: int) -> int:
    """How many of `count` go on."""
    return -(-count // reduction)


def halved(
    count: int,
    rungs: int,
    reduction: int,
    train: Callable[[int, Sequence[int]], list[Outcome]],
    costs: Callable[[Sequence[int], Sequence[Outcome]], Costs],
) -> list[dict[int, Outcome]]:
    """A rung after the other: what came of those that it had, by their places in the generation.

    train: results of the networks at some places, trained for that rung; costs: what they are ranked by.
    """
    found: list[dict[int, Outcome]] = []
    places: list[int] = list(range(count))
    for rung in range(rungs):
        outcomes = train(rung, places)
        found.append(dict(zip(places, outcomes, strict=True)))
        order = ranked(costs(places, outcomes))
        places = sorted(places[at] for at in order[: kept(len(places), reduction)])
    return found
