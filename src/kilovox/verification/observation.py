"""What a target computed of one recording, out of its memory, and where it differs first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.firmware.layout import Parts, blocks_of
from kilovox.integer.observation import OF_FRAMES, STAGES, Observation

State = tuple[bytes, bytes, bytes]
"""Of a frame: kv_recogniser.xh, cell, and what lies from newest on; this last is empty where nothing listens."""

DETECTION = np.dtype([("frame", "<u4"), ("label", "<u2"), ("confidence", "u1"), ("outcome", "u1")])
"""A kv_detection."""


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
    inputs: int
    window: int
    """Samples of a recording until its first frame, at the rate at which they come; hop: likewise, from frame to frame."""
    hop: int
    past: tuple[tuple[int, int], ...] = ()
    """Of each block of convolutions: frames of its kernel, and bytes of one of them."""
    factor: int = 1
    """Samples that make one at the model's rate."""

    @classmethod
    def of(cls, parts: Parts, factor: int = 1) -> "Shape":
        """That of a model, in a library that takes samples at `factor` times its rate."""
        layers, front_end = parts.network.layers, parts.front_end
        past = tuple((block.kernel.frames, block.frame) for block in blocks_of(parts))
        # With words a hop of silence is before every recording.
        window = front_end.window - (front_end.hop if front_end.words is not None else 0)
        labels, features = len(parts.model.metadata.labels), front_end.coefficients
        pace = factor * window, factor * front_end.hop
        return cls(features, len(layers), layers[0].units, labels, layers[0].inputs, *pace, past, factor)

    @property
    def listens(self) -> bool:
        """Whether the network has convolutions, and tells word after word."""
        return bool(self.past)

    @property
    def xh_bytes(self) -> int:
        """Of kv_recogniser.xh."""
        return self.inputs + self.layers * self.units

    @property
    def heard_bytes(self) -> int:
        """Of kv_recogniser.newest, skip and past, which lie together."""
        return 3 * len(self.past) + sum(frames * frame for frames, frame in self.past)

    def frame_ends(self, count: int) -> list[int]:
        """Lengths of pieces of `count` samples that end where frames do."""
        rest = max(0, count - self.window)
        pieces = [min(count, self.window), *[self.hop] * (rest // self.hop), rest % self.hop]
        return [piece for piece in pieces if piece] or [0]

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
        states: Sequence[State] | None,
        decision: bytes,
        words: Sequence[bytes] | None,
        samples: bytes | None = None,
    ) -> Observation:
        """From the bytes of every frame's cepstra and state, of the decision, of the kv_detections, and of the samples at the
        model's rate, which are looked at where they came at another."""
        found: Any = None
        features: Any = None
        hidden: Any = None
        cells: Any = None
        past: Any = None
        projection: Any = None
        detections: Any = None
        if cepstra is not None:
            found = np.frombuffer(b"".join(cepstra), "<i2").reshape(-1, self.features)
        if states is not None:
            xh = np.frombuffer(b"".join(xh for xh, _, _ in states), np.int8).reshape(-1, self.xh_bytes)
            cells = np.frombuffer(b"".join(cell for _, cell, _ in states), "<i2").reshape(-1, self.layers, self.units)
            features, hidden = xh[:, : self.inputs], xh[:, self.inputs :].reshape(cells.shape)
            if self.listens:
                projection, heard = features, [self._unrolled(heard) for _, _, heard in states]
                features = np.array([newest for newest, _ in heard], np.int8).reshape(-1, self.features)
                past = np.array([rest for _, rest in heard], np.int8).reshape(len(states), -1)
        if words is not None and self.listens:
            detections = np.frombuffer(b"".join(words), DETECTION)
            detections = np.array([list(map(int, word)) for word in detections], np.int64).reshape(-1, 4)
        made = None if samples is None or self.factor == 1 else np.frombuffer(samples, "<i2")
        return Observation(found, features, hidden, cells, *self.decided(decision), past, projection, detections, made)

    def _unrolled(self, heard: bytes) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """The frame that block 0 heard last; of every block all frames but the one that falls out next, oldest first."""
        blocks, at, kept = len(self.past), 3 * len(self.past), []
        newest, first = np.frombuffer(heard[: 2 * blocks], "<u2"), np.zeros(0, np.int8)
        for place, (frames, frame) in zip(newest.tolist(), self.past, strict=True):
            ring = np.frombuffer(heard[at : at + frames * frame], np.int8).reshape(frames, frame)
            in_order = np.roll(ring, -(place // frame) - 1, axis=0)
            first = first if len(first) else in_order[-1]
            kept.append(in_order[1:].ravel())
            at += frames * frame
        return first, np.concatenate(kept)

    def answer(self, decision: bytes, words: Sequence[bytes] = ()) -> Observation:
        """The decision alone, and the words that waited."""
        return self.observation(None, None, decision, words)

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
        framed, whole = stage in OF_FRAMES, -1 if stage == "samples" else 1 << 30
        if a.shape != b.shape:
            what = f"frames of {stage}" if framed else f"number of {stage}"
            found.append((-1 if framed else whole, order, Difference(what, clip, pushed, None, (), len(a), len(b))))
            continue
        place = tuple(int(axis) for axis in np.argwhere(a != b)[0])
        frame = place[0] if framed else None
        difference = Difference(stage, clip, pushed, frame, place[int(framed) :], int(a[place]), int(b[place]))
        found.append((place[0] if framed else whole, order, difference))
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
