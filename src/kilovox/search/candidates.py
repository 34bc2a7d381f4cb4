"""The networks that a search may train: what points make of the configuration, and what that costs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from kilovox.budget import Size
from kilovox.config import Configuration
from kilovox.errors import KilovoxError
from kilovox.search.instructions import InstructionModel
from kilovox.search.proposals import Proposals
from kilovox.search.space import Point, Space
from kilovox.search.trials import Result

TRIES = 30
"""Points that are asked for, for each network of a generation, before the space is taken to hold no other that fits."""


@dataclass(frozen=True)
class Candidate:
    """A network that fits: its configuration with all epochs, its bytes, and the instructions a second where those count."""

    config: Configuration
    size: Size
    instructions: int | None

    def costs(self, result: Result) -> list[float]:
        """Share of wrong decisions, bytes and, where they count, instructions: less is better."""
        static = [float(self.size.bytes)] + ([float(self.instructions)] if self.instructions is not None else [])
        return [1 - result.accuracy, *static]


@dataclass(frozen=True)
class Limits:
    """What a candidate must fit besides its memory, which the space knows: at most so many `instructions` by `model`."""

    model: InstructionModel | None = None
    instructions: int | None = None


class Candidates:
    """Generations of networks that fit and were not tried before."""

    def __init__(self, space: Space, proposals: Proposals, limits: Limits) -> None:
        self._space, self._proposals, self._limits = space, proposals, limits
        self._seen: dict[str, list[float] | None] = {}
        self._numbers: list[tuple[int, str]] = []
        self._points: set[str] = set()
        self.refused = 0
        self._reason = ""

    def generation(self, count: int) -> list[Candidate]:
        """`count` of them, or as many as there are left. Raises KilovoxError where no point fits at all."""
        found: list[Candidate] = []
        self._numbers = []
        for _ in range(TRIES * count):
            if len(found) == count or len(self._points) == self._space.points:
                break
            number, point = self._proposals.ask()
            self._points.add(json.dumps(point))
            candidate = self._candidate(point)
            if candidate is None:
                self._proposals.tell(number, None)
                continue
            known = json.dumps(candidate.config.model_dump(mode="json"), sort_keys=True)
            if known in self._seen:
                self._proposals.tell(number, self._seen[known])
                continue
            self._seen[known] = None
            self._numbers.append((number, known))
            found.append(candidate)
        if not found and not self._seen:
            raise KilovoxError(f"search: no network of the space fits, of {self.refused} tried ({self._reason}); expected some")
        return found

    def learn(self, costs: Sequence[list[float]]) -> None:
        """What came of the generation's networks at the length that all of them were trained for."""
        for (number, known), of_it in zip(self._numbers, costs, strict=True):
            self._seen[known] = of_it
            self._proposals.tell(number, of_it)

    def _candidate(self, point: Point) -> Candidate | None:
        """None for what is no configuration or does not fit: it is never trained."""
        try:
            config = self._space.configuration(point)
            size, model, most = config.size, self._limits.model, self._limits.instructions
            instructions = None if model is None else model(config)
            if instructions is not None and most is not None and instructions > most:
                raise KilovoxError(f"{instructions:,} instructions a second; expected at most {most:,}")
        except KilovoxError as error:
            self.refused, self._reason = self.refused + 1, str(error)
            return None
        return Candidate(config, size, instructions)
