"""What may be tried: a choice for some keys of a configuration, and the configuration that a choice makes."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from kilovox.budget import Scope
from kilovox.config import Configuration, Range, check_configuration, parse_front_end
from kilovox.config.complaints import located
from kilovox.config.search import Choices
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import settled
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import check_front_end
from kilovox.text import printable, shown

Point = dict[str, Any]
"""A value by key."""

WIDTH = "model.width"
"""No key of a configuration: what channels of all blocks and the projection are multiplied by, to multiples of 4."""

MEMORY = "budget.memory"
"""In a space: the bytes that the hidden size fills, so that small networks are tried as often as large ones."""

ANY_MEMORY = 2**31 - 1
"""Bytes, the most that a budget may be."""

SETTLED = ("dataset.", "corpora.0.", "vocabulary.", "data_splitting.", "model.output_dim", "search.")
"""What says which recordings are divided, how, and what is asked of them: networks of others cannot be compared."""

COEFFICIENTS = "frontend.coefficients"

TEACHERS = "distillation."
"""Left out of every trial."""

MANY = 2**53
"""Points that nobody tries all of, as a float still exact."""

SMALLEST = 8
"""The part of the budget from which on that is tried, where nothing else is asked for."""


@dataclass(frozen=True)
class Dimension:
    """A key and what it may be: `choices`, or numbers of a `range`."""

    key: str
    choices: tuple[Any, ...] = ()
    range: Range | None = None

    @classmethod
    def of(cls, key: str, values: Choices | Range) -> "Dimension":
        """Of a key of section `search.space`."""
        return cls(key, range=values) if isinstance(values, Range) else cls(key, tuple(values))

    @property
    def ordered(self) -> bool:
        """Whether the choices are numbers, the lowest first."""
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in self.choices)
        return numbers and list(self.choices) == sorted(self.choices)

    @property
    def ends(self) -> tuple[Any, ...]:
        """Values that stand for all: every choice, or the ends of the range."""
        return self.choices if self.range is None else (self.range.low, self.range.high)

    @property
    def values(self) -> float:
        """How many there are."""
        if self.range is None:
            return len(self.choices)
        return min(self.range.high - self.range.low + 1, MANY) if self.range.whole else math.inf

    def at(self, share: float) -> Any:
        """The value at a `share` of the way, 0 to below 1."""
        if self.range is None:
            return self.choices[int(share * len(self.choices))]
        low, high = self.range.low, self.range.high
        if self.range.whole:
            # Each whole number has as much of the way as the next, or of its logarithm.
            low, high = low - 0.5, high + 0.5
        value = low * (high / low) ** share if self.range.log else low + (high - low) * share
        return self.tidy(value)

    def tidy(self, value: float) -> float:
        """A number of the range as a configuration says it: whole, or of four digits."""
        assert self.range is not None  # noqa: S101 (choices are taken as they are)
        if self.range.whole:
            return min(max(round(value), int(self.range.low)), int(self.range.high))
        return min(max(float(f"{value:.4g}"), self.range.low), self.range.high)


@dataclass(frozen=True)
class Space:
    """Choices around `base`, a configuration without teachers that knows its labels and says nothing of its size.

    hidden: units a layer where no point says them; `memory` bytes must hold what `scope` says.
    """

    base: Configuration
    hidden: int | Literal["fit"]
    memory: int
    scope: Scope
    dimensions: tuple[Dimension, ...]

    @classmethod
    def of(
        cls,
        config: Configuration,
        corpus: Corpus,
        memory: int,
        scope: Scope,
        asked: Mapping[str, Choices | Range] | None = None,
    ) -> "Space":
        """As a section `search` has it, or by the kind of network; of `corpus` are the labels. Raises KilovoxError for a key or
        a value that no configuration has.
        """
        values = default_space(config, memory) if asked is None else asked
        # Whether a network fits is asked of each point, not of what they have in common.
        size = {"memory": ANY_MEMORY, "scope": scope, "arithmetic": config.arithmetic}
        parts = config.model_dump(exclude={"distillation", "search"})
        base = check_configuration({**parts, "model": {**parts["model"], "hidden_dim": 1}, "budget": size}, "configuration")
        hidden: int | Literal["fit"] = "fit" if asked is None else config.model.hidden_dim
        found = cls(settled(base, corpus), hidden, memory, scope, tuple(Dimension.of(*pair) for pair in values.items()))
        found.check()
        return found

    @property
    def points(self) -> float:
        """How many there are."""
        return math.prod(float(one.values) for one in self.dimensions)

    def check(self) -> None:
        """Raise KilovoxError for a key that is not there, and a value that is none of it, whatever the others are."""
        for one in self.dimensions:
            where = f"search.space.{printable(one.key, 80)}"
            if one.key.startswith(SETTLED):
                raise KilovoxError(f"{where}: the same for all networks of a search; expected another key")
            if one.key.startswith(TEACHERS):
                raise KilovoxError(f"{where}: teachers are left out of all trials; expected a key of another section")
            for value in one.ends:
                try:
                    values = self._values({one.key: value})
                except KilovoxError as error:
                    raise KilovoxError(f"{where}: {error}") from None
                wrong = _wrong_alone(values)
                if wrong:
                    raise KilovoxError(f"{where}: {shown(value)}: {wrong}")

    def configuration(self, point: Mapping[str, Any]) -> Configuration:
        """What `point` makes of the base: the hidden size a number, the budget that of the base.

        Raises KilovoxError where that is no configuration, or a network that does not fit.
        """
        config = check_configuration(self._values(point), "candidate")
        if self.base.first.kind != "features":
            check_front_end(config.frontend)
        config = config.of(self.base.outputs, self.base.inputs if self.base.first.kind == "features" else None)
        settled = config.changed(model={"hidden_dim": config.hidden}, budget={"memory": self.memory})
        needed = settled.size.within(self.scope)
        if needed > self.memory:
            raise KilovoxError(f"{needed:,} bytes; expected at most {self.memory:,}")
        return settled

    def _values(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Of a configuration, not yet checked."""
        values: dict[str, Any] = _every_key(self.base)
        values["model"] |= {"input_dim": None, "hidden_dim": "fit" if MEMORY in point else self.hidden}
        values["budget"]["memory"] = self.memory
        # What a section is comes before what is in it.
        for key in sorted(point, key=lambda key: (not key.endswith((".kind", ".features", ".blocks")), key == WIDTH)):
            if key == WIDTH:
                _widen(values, point[key])
            else:
                _put(values, key, point[key])
        if values["frontend"].get("features") == "levels" and COEFFICIENTS not in point:
            values["frontend"].pop("coefficients", None)  # as many as there are bands
        if "quantisation.arithmetic" in point:
            values["budget"]["arithmetic"] = point["quantisation.arithmetic"]
        return values


def default_space(config: Configuration, memory: int) -> dict[str, Choices | Range]:
    """What is tried of a kind of network unless the section `search` says it."""
    rate = config.training.learning_rate
    space: dict[str, Choices | Range] = {
        MEMORY: Range(low=max(1, memory // SMALLEST), high=memory, log=True) if memory > 1 else (memory,),
        "training.learning_rate": Range(low=rate / 3, high=2 * rate, log=True),
        "model.dropout": (0.0, 0.1, 0.2),
    }
    if config.model.kind == "convolutional":
        space |= {WIDTH: (0.5, 0.75, 1.0, 1.25)}
    else:
        space |= {"model.num_layers": (1, 2)}
        if config.first.kind != "features":
            space |= {"frontend.coefficients": (8, 10, 13, 16)}
        if config.training.augmentation.views:
            space |= {"training.augmentation.feature_mask": (0, 1, 2, 3)}
    if config.quantisation is not None:
        rate = config.quantisation.learning_rate
        space |= {"quantisation.learning_rate": Range(low=rate / 2, high=2 * rate, log=True)}
    return space


def _every_key(value: Any) -> Any:
    """A section, and those in it, as a dictionary of all keys: also of those that are written only where they say something."""
    if isinstance(value, BaseModel):
        return {key: _every_key(one) for key, one in value}
    return tuple(map(_every_key, value)) if isinstance(value, tuple) else copy.copy(value)


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set `key`. Raises KilovoxError where no section has it."""
    *sections, last = key.split(".")
    place: Any = values
    for number, name in enumerate(sections):
        place = _step(place, name, ".".join(sections[:number]))
    if isinstance(place, list | tuple):
        raise KilovoxError(f"{'.'.join(sections)} is a list; expected the number of one of its {len(place)}, and a key of it")
    if not isinstance(place, dict):
        raise KilovoxError(f"{'.'.join(sections)} is {shown(place)}; expected a section, which the configuration has")
    if last not in place and key != COEFFICIENTS:
        raise KilovoxError(f"{shown(last)}: unknown key; expected one of {', '.join(place)}")
    if key == "frontend.kind" and value != place["kind"]:
        values["frontend"] = _every_key(parse_front_end({"kind": value}))  # another kind has other keys
        return
    if key == "frontend.features" and value != place["features"]:
        del place["coefficients"]  # they follow
    place[last] = copy.deepcopy(value)


def _step(place: Any, name: str, where: str) -> Any:
    if isinstance(place, dict) and name in place:
        return place[name]
    if isinstance(place, list | tuple):
        numbers = {str(number): item for number, item in enumerate(place)}
        if name in numbers:  # written in one way alone: 00 would be another name of what is settled
            return numbers[name]
        expected = f"a number from 0 to {len(place) - 1}" if place else "another key: it is empty"
        raise KilovoxError(f"{where} is a list; expected {expected}, found {printable(name, 80)}")
    known = ", ".join(map(str, place)) if isinstance(place, dict) else "a section"
    raise KilovoxError(f"{shown(name)}: not in {where or 'the configuration'}; expected {known}")


def _widen(values: dict[str, Any], factor: Any) -> None:
    model = values["model"]
    if model["kind"] != "convolutional":
        raise KilovoxError("model.width of a network without convolutions; expected model.kind convolutional")
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor <= 16 or not math.isfinite(factor):
        raise KilovoxError(f"{shown(factor)}; expected a number above 0, at most 16")
    for block in model["blocks"]:
        block["channels"] = _in_fours(block["channels"] * factor)
    if isinstance(model["projection"], int):  # else it is complained of with the rest of the section
        model["projection"] = _in_fours(model["projection"] * factor)


def _in_fours(count: float) -> int:
    return max(4, 4 * round(count / 4))


def _wrong_alone(values: dict[str, Any]) -> str:
    """What is wrong in a section by itself; what does not fit together, other values of other keys may mend."""
    try:
        Configuration.model_validate(values)
    except ValidationError as error:
        alone = {tuple(item["loc"]) for item in error.errors() if item["type"] != "value_error"}
        if alone:
            return "; ".join(line for _, line in located(error, Configuration))
    return ""
