"""What `kilovox verify` found out, target by target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kilovox.verification.observation import Difference


@dataclass(frozen=True)
class Instructions:
    """Executed instructions, means over `counted_clips` clips: of a clip, and of it in its parts.

    decimator: of sound at another rate than the model's; other: taking samples, and going from part to part. per_second: of
    speech. longest_push: of a hop; None: not measured.
    """

    clip: int
    front_end: int
    convolutions: int
    layers: tuple[int, ...]
    head: int
    other: int
    per_frame: int
    per_second: int
    counted_clips: int
    longest_push: int | None = None
    decimator: int = 0

    @classmethod
    def of(
        cls, counts: Sequence[Mapping[str, int]], layers: int, frames: int, seconds: float, longest_push: int | None = None
    ) -> "Instructions":
        """Of the counts of some clips by part, which together have `frames` frames and last `seconds`."""
        clips = len(counts)

        def mean(part: str) -> int:
            return round(sum(count.get(part, 0) for count in counts) / clips)

        total = sum(sum(count.values()) for count in counts)
        parts = tuple(mean(f"layer{layer}") for layer in range(layers))
        rates = round(total / frames), round(total / seconds)
        front_end, convolutions, head, other, decimator = map(mean, ("front_end", "convolutions", "head", "other", "decimator"))
        return cls(round(total / clips), front_end, convolutions, parts, head, other, *rates, clips, longest_push, decimator)


@dataclass(frozen=True)
class TargetReport:
    """One target. None: not measured there.

    frames_per_clip: mean; flash: bytes {code, front_end_tables, network}; ram: bytes of a recogniser and a decision; stack: the
    deepest, in bytes; helpers: functions of the compiler's that were linked into code; findings: kilovox.verification.findings;
    modelled_milliseconds: a clip's, by kilovox.verification.costs, not measured; cycles: {a_frame, a_second} of sound, of
    gateware that is given samples as fast as it takes them.
    """

    compiler: str
    difference: Difference | None
    clips: int
    frames_per_clip: float
    instructions: Instructions | None = None
    flash: Mapping[str, int] | None = None
    ram: int | None = None
    stack: int | None = None
    helpers: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    modelled_milliseconds: Mapping[str, float] | None = None
    cycles: Mapping[str, int] | None = None

    @property
    def equal(self) -> bool:
        """Whether every bit that was looked at is that of the Python engine."""
        return self.difference is None

    def as_json(self) -> dict[str, Any]:
        """What `kilovox verify --json` prints of a target."""
        return {
            "equal": self.equal,
            "difference": None if self.difference is None else self.difference.as_json(),
            "clips": self.clips,
            "frames_per_clip": self.frames_per_clip,
            "instructions": None if self.instructions is None else vars(self.instructions),
            "flash": self.flash,
            "ram": self.ram,
            "stack": self.stack,
            "findings": list(self.findings),
            "helpers": list(self.helpers),
            "compiler": self.compiler,
            "modelled_milliseconds": self.modelled_milliseconds,
            "cycles": self.cycles,
        }


@dataclass(frozen=True)
class Verification:
    """Of a model on some recordings, by name of the target."""

    model: str
    recordings: str
    targets: Mapping[str, TargetReport]

    @property
    def passed(self) -> bool:
        """Whether all targets are equal and without findings."""
        return all(report.equal and not report.findings for report in self.targets.values())

    def as_json(self) -> dict[str, Any]:
        """What `kilovox verify --json` prints."""
        targets = {name: report.as_json() for name, report in self.targets.items()}
        return {"model": self.model, "recordings": self.recordings, "passed": self.passed, "targets": targets}
