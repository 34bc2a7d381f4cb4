"""What a target computed of one recording, out of its memory, and where it differs first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kilovox.firmware.layout import Parts
from kilovox.integer.observation import STAGES, Observation


@dataclass(frozen=True)
class Difference:
    """The first of a target. index: within a frame (layer and unit, or coefficient); frame: None after the last frame."""

    what: str
    clip: str
    pushed: str
    frame: int | None
    index: tuple[int, ...]
    expected: int
    found: int

    def __str__(self) -> str:
        where = "" if self.frame is None else f", frame {self.frame}"
        index = ", ".join(map(str, self.index))
        return f"{self.clip} pushed {self.pushed}{where}: {self.what}[{index}] is {self.found}; expected {self.expected}"

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return {**vars(self), "index": list(self.index)}


@dataclass(frozen=True)
class Shape:
    """Sizes of a model's stages, and where they lie in memory."""

    features: int
    layers: int
    units: int
    labels: int
    factor: int = 1
    """Samples that make one at the model's rate."""

    @classmethod
    def of(cls, parts: Parts, factor: int = 1) -> "Shape":
        """That of a model, in a library that takes samples at `factor` times its rate."""
        layers = parts.network.layers
        return cls(layers[0].inputs, len(layers), layers[0].units, len(parts.network.head.bias), factor)

    @property
    def xh_bytes(self) -> int:
        """Of kv_recogniser.xh."""
        return self.features + self.layers * self.units

    @property
    def cell_bytes(self) -> int:
        """Of kv_recogniser.cell."""
        return 2 * self.layers * self.units

    @property
    def decision_bytes(self) -> int:
        """Of a kv_decision."""
        return 4 * self.labels + 4

    def observation(
        self,
        cepstra: Iterable[bytes] | None,
        states: Sequence[tuple[bytes, bytes]] | None,
        decision: bytes,
        samples: bytes | None = None,
    ) -> Observation:
        """From the bytes of every frame's cepstra, of every frame's xh and cell, of the decision, and of the samples at the
        model's rate, which are looked at where they came at another."""
        found: Any = None
        features: Any = None
        hidden: Any = None
        cells: Any = None
        if cepstra is not None:
            found = np.frombuffer(b"".join(cepstra), "<i2").reshape(-1, self.features)
        if states is not None:
            xh = np.frombuffer(b"".join(xh for xh, _ in states), np.int8).reshape(-1, self.xh_bytes)
            cells = np.frombuffer(b"".join(cell for _, cell in states), "<i2").reshape(-1, self.layers, self.units)
            features, hidden = xh[:, : self.features], xh[:, self.features :].reshape(cells.shape)
        heard = None if samples is None or self.factor == 1 else np.frombuffer(samples, "<i2")
        return Observation(found, features, hidden, cells, *self.decided(decision), heard)

    def answer(self, decision: bytes) -> Observation:
        """The decision alone."""
        return Observation(None, None, None, None, *self.decided(decision))

    def decided(self, decision: bytes) -> tuple[Any, Any, Any, Any]:
        """Logits, label, confidence and outcome of a kv_decision."""
        logits, rest = decision[: 4 * self.labels], decision[4 * self.labels :]
        label, share, outcome = rest[:2], rest[2:3], rest[3:4]
        read = np.frombuffer
        return read(logits, "<i4"), read(label, "<u2"), read(share, np.uint8), read(outcome, np.uint8)


def first_difference(want: Observation, have: Observation, clip: str, pushed: str) -> Difference | None:
    """The first in time, then in order of STAGES; None where all that was looked at is equal."""
    found: list[tuple[int, int, Difference]] = []
    for order, stage in enumerate(STAGES):
        a, b = getattr(want, stage), getattr(have, stage)
        if b is None or np.array_equal(a, b):
            continue
        if a.shape != b.shape:
            found.append((-1, order, Difference(f"frames of {stage}", clip, pushed, None, (), len(a), len(b))))
            continue
        place = tuple(int(axis) for axis in np.argwhere(a != b)[0])
        framed = STAGES.index("samples") < order < STAGES.index("logits")
        frame = place[0] if framed else None
        difference = Difference(stage, clip, pushed, frame, place[int(framed) :], int(a[place]), int(b[place]))
        found.append((place[0] if framed else -1 if stage == "samples" else 1 << 30, order, difference))
    return min(found, key=lambda one: one[:2])[2] if found else None


def cut(count: int, chunks: Sequence[int]) -> list[int]:
    """Lengths of the pieces of `count` samples: those of `chunks`, over and over; none: one piece."""
    pieces: list[int] = []
    left = count
    while left:
        piece = min(left, chunks[len(pieces) % len(chunks)]) if chunks else left
        pieces.append(piece)
        left -= piece
    return pieces or [0]
