"""Section `search`: which keys of the configuration `kilovox search` chooses, from what, and how much it trains."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from kilovox.config.base import Positive, Section, as_tuple
from kilovox.text import printable, shown

_KEY = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


class Range(Section):
    """Numbers from `low` to `high`, both of them too; whole ones where both are. `log`: evenly by their logarithms."""

    low: float | int
    high: float | int
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.low >= self.high:
            raise ValueError(f"low is {shown(self.low)}, high {shown(self.high)}; expected low below high")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {shown(self.low)} beside log: true; expected more than 0")
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


def _kind(value: Any) -> str | None:
    return "values" if isinstance(value, list | tuple) else "range" if isinstance(value, dict | Range) else None


Choices = Annotated[tuple[Any, ...], BeforeValidator(as_tuple)]

Values = Annotated[
    Annotated[Choices, Tag("values")] | Annotated[Range, Tag("range")],
    Discriminator(
        _kind,
        custom_error_type="search_values",
        custom_error_message="expected a list of values, or low and high",
    ),
]


class Search(Section):
    """What is tried: `trials` networks, `generation` of them at a time, each a choice from `space`.

    `space`: by key of the configuration, such as training.learning_rate, a list of values or a range; without it, one that
    follows from the kind of network (kilovox.search.space). `rungs`: the networks of a generation are trained for a part of
    their epochs first, 1/`reduction` of them for `reduction` times as many, and so on up to all epochs.
    """

    space: dict[str, Values] | None = None
    trials: Positive = 48
    generation: Annotated[int, Field(gt=0, le=10_000)] = 12
    reduction: Annotated[int, Field(ge=2, le=16)] = 3
    rungs: Annotated[int, Field(gt=0, le=8)] = 3

    @model_validator(mode="after")
    def _keys(self) -> "Search":
        if self.space is not None and not self.space:
            raise ValueError("space is empty; expected a key at least, such as training.learning_rate, or none of it")
        for key, values in (self.space or {}).items():
            if isinstance(values, tuple) and not values:
                raise ValueError(f"space has no value for {printable(key, 80)}; expected one at least")
            if not _KEY.fullmatch(key):
                raise ValueError(f"space has {shown(key)}; expected a section and a key, such as training.learning_rate")
        return self
