"""How well a network that listens heard people who validated: words missed and false detections, by how sure it must be."""

from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kilovox.integer.stored import Byte

MOST_LEVELS = 32
SHORTEST_SECONDS, LONGEST_SECONDS = 1e-3, 1e9
"""Of sound: an hour of what is shorter has more false detections than there are numbers."""
HOUR = 3600.0

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1, max_length=MOST_LEVELS)]


class DetectionErrors(BaseModel):
    """Of `words` that were asked for in `seconds` of running sound, others among them: at each of `levels`, rising, of 255, how
    many are detected as what they are (`right`), and how many detections are none of them (`false`), where what is at least so
    sure is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    words: Count
    seconds: Annotated[float, Field(ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)]
    levels: Annotated[tuple[Byte, ...], Field(min_length=1, max_length=MOST_LEVELS)]
    right: Counts
    false: Counts

    @model_validator(mode="after")
    def _consistent(self) -> "DetectionErrors":
        if not len(self.levels) == len(self.right) == len(self.false):
            raise ValueError(
                f"{len(self.levels)} levels, {len(self.right)} right, {len(self.false)} false; expected as many of each"
            )
        if any(a >= b for a, b in pairwise(self.levels)):
            raise ValueError("levels do not rise")
        if any(a < b for counts in (self.right, self.false) for a, b in pairwise(counts)) or self.right[0] > self.words:
            raise ValueError(f"counts rise with the level, or more than {self.words} are right")
        return self

    @property
    def missed(self) -> tuple[float, ...]:
        """Of the words, the share that is not detected as what it is, by level."""
        return tuple(1 - right / max(1, self.words) for right in self.right)

    @property
    def per_hour(self) -> tuple[float, ...]:
        """False detections an hour of that sound, by level."""
        return tuple(false * HOUR / self.seconds for false in self.false)
