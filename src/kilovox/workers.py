"""What work that can be given away needs to know of those who do it: see kilovox.search.executor."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

MOST = 1024
"""Workers that can be asked for."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(Protocol):
    """Whoever works on items side by side."""

    @property
    def workers(self) -> int:
        """How many items are worked on at the same time."""

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Result]]:
        """Each item's place and `function` of it, as they finish."""


class _Here:
    """This process, which does one thing after another."""

    workers = 1

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Result]]:
        for place, item in enumerate(items):
            yield place, function(item)
            if tick is not None:
                tick()


HERE: Workers = _Here()


def in_order(results: Iterator[tuple[int, Result]]) -> Iterator[Result]:
    """What `Workers.run` gives, in the order of the items."""
    waiting: dict[int, Result] = {}
    due = 0
    for place, result in results:
        waiting[place] = result
        while due in waiting:
            yield waiting.pop(due)
            due += 1
