"""Which points of a space are tried next: by Optuna where it is installed, else at random. The same seed proposes the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kilovox.search.space import Dimension, Point, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Proposals(Protocol):
    """Asked for some points, then told what came of them; always in the same order, whoever trained them."""

    name: str

    def ask(self) -> tuple[int, Point]:
        """The next one, and its number."""

    def tell(self, number: int, costs: Sequence[float] | None) -> None:
        """Of the point of that number: its costs, or None where it was not tried."""


def proposals(space: Space, seed: int, costs: int, start: int) -> Proposals:
    """`costs`: how many there are of a point; `start`: points at random before results are learnt from."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        return RandomProposals(space, seed)
    return OptunaProposals(space, seed, costs, start)


class RandomProposals:
    """Every dimension drawn by itself."""

    name = "random"

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._generator, self._asked = space, np.random.default_rng(seed), 0

    def ask(self) -> tuple[int, Point]:
        """The next one."""
        self._asked += 1
        return self._asked, {one.key: one.at(float(self._generator.uniform())) for one in self._space.dimensions}

    def tell(self, number: int, costs: Sequence[float] | None) -> None:
        """Nothing is learnt."""


class OptunaProposals:
    """The tree-structured Parzen estimator of several objectives.

    Y. Ozaki et al., "Multiobjective tree-structured Parzen estimator", JAIR 73 (2022); T. Akiba et al., "Optuna", KDD 2019.
    Trials of a generation are asked for before any is told, and told in that order.
    """

    name = "optuna"

    def __init__(self, space: Space, seed: int, costs: int, start: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=start)
        self._study = optuna.create_study(directions=["minimize"] * costs, sampler=sampler)
        self._distributions = {one.key: _distribution(one) for one in space.dimensions}
        self._space = space

    def ask(self) -> tuple[int, Point]:
        """The next one."""
        trial = self._study.ask(self._distributions)
        return trial.number, {one.key: _value(one, trial.params[one.key]) for one in self._space.dimensions}

    def tell(self, number: int, costs: Sequence[float] | None) -> None:
        """What is learnt from; of what was not tried, nothing."""
        import optuna

        if costs is None:
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(number, list(costs))


def _distribution(one: Dimension) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if one.range is not None:
        low, high, log = one.range.low, one.range.high, one.range.log
        return IntDistribution(int(low), int(high), log=log) if one.range.whole else FloatDistribution(low, high, log=log)
    # Of numbers in order, neighbours are alike; of other values the place in the list says nothing.
    last = len(one.choices) - 1
    return IntDistribution(0, last) if one.ordered else CategoricalDistribution(tuple(range(last + 1)))


def _value(one: Dimension, drawn: Any) -> Any:
    return one.tidy(drawn) if one.range is not None else one.choices[drawn]
