"""What a target computed of one recording, and where two of them differ first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FixedPointFrontEnd
from kilovox.firmware.layout import Parts
from kilovox.frontend.fixed_point import FixedPointStream, of_word
from kilovox.frontend.pipeline import fixed_point_mfcc
from kilovox.frontend.word_finder import WordStream
from kilovox.integer.network import IntegerNetwork, confidence, logits
from kilovox.integer.recogniser import Recogniser

STAGES = ("cepstra", "features", "hidden", "cell", "logits", "label", "confidence")
"""In the order in which they are computed."""


@dataclass(frozen=True)
class Observation:
    """One recording, stage by stage.

    cepstra: (frames, n) int16, Q7 octaves; features: (frames, n) int8, Q0.7; hidden, cell: (frames, layers, units) int8 in
    Q0.7, int16 in Q3.12; logits: (labels,) int32; label: (1,) index; confidence: (1,) 0 to 255. None: not looked at.
    """

    cepstra: npt.NDArray[np.int16] | None
    features: npt.NDArray[np.int8] | None
    hidden: npt.NDArray[np.int8] | None
    cell: npt.NDArray[np.int16] | None
    logits: npt.NDArray[np.int32]
    label: npt.NDArray[np.uint16]
    confidence: npt.NDArray[np.uint8]


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

    @classmethod
    def of(cls, parts: Parts) -> "Shape":
        """That of a model."""
        layers = parts.network.layers
        return cls(layers[0].inputs, len(layers), layers[0].units, len(parts.network.head.bias))

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
        self, cepstra: Iterable[bytes] | None, states: Sequence[tuple[bytes, bytes]] | None, decision: bytes
    ) -> Observation:
        """From the bytes of every frame's cepstra, of every frame's xh and cell, and of the decision."""
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
        return Observation(found, features, hidden, cells, *self.decided(decision))

    def decided(self, decision: bytes) -> tuple[Any, Any, Any]:
        """Logits, label and confidence of a kv_decision."""
        end = 4 * self.labels
        label, share = decision[end : end + 2], decision[end + 2 : end + 3]
        return np.frombuffer(decision[:end], "<i4"), np.frombuffer(label, "<u2"), np.frombuffer(share, np.uint8)


def expected(recogniser: Recogniser, samples: Samples) -> Observation:
    """What the Python engine computes of one recording. `recogniser` is of an integer model, and `samples` are some."""
    engine = recogniser.engine
    assert engine is not None  # noqa: S101 (of integers)
    if recogniser.finds_words:
        return _expected_words(recogniser, engine, samples)
    (cepstra,) = recogniser.raw_features([samples])
    (features,) = recogniser.normalised([cepstra])
    hidden, cell, states = [], [], engine.start(1)
    for frame in features:
        states = engine.step(states, frame[None])
        hidden.append([state.hidden[0] for state in states])
        cell.append([state.cell[0] for state in states])
    values = logits(engine.head, states[-1].hidden)
    label = values.argmax(axis=1).astype(np.uint16)
    return Observation(cepstra, features, np.array(hidden), np.array(cell), values[0], label, confidence(engine.head, values))


def _expected_words(recogniser: Recogniser, engine: IntegerNetwork, samples: Samples) -> Observation:
    """The same of a model that finds words: features, hidden and cell as the last word left them, frame by frame; those of
    the last frame after the end of the recording."""
    config = recogniser.front_end
    assert isinstance(config, FixedPointFrontEnd)  # noqa: S101 (of integers)
    front_end = fixed_point_mfcc(config)
    assert front_end.words is not None  # noqa: S101 (it finds words)
    heard = FixedPointStream(front_end)
    cepstra, levels = heard.push(samples), heard.loudest
    cepstra, levels = np.concatenate([cepstra, heard.flush()]), levels + heard.loudest
    states, features = engine.start(1), np.zeros(front_end.coefficients, np.int8)
    values, peak = np.zeros((1, len(engine.head.bias)), np.int32), None
    seen: list[tuple[Any, Any, Any]] = []
    words = WordStream(front_end.words)
    for level in [*levels, None]:
        word = words.finish() if level is None else words.push(level)
        if word is not None:
            (sequence,) = recogniser.normalised([of_word(cepstra, np.array(levels, np.int32), word)])
            states = engine.start(1)
            for features in sequence:
                states = engine.step(states, features[None])
            if peak is None or word.peak > peak:
                values, peak = logits(engine.head, states[-1].hidden), word.peak
        if level is None:
            seen.pop()
        seen.append((features, [state.hidden[0] for state in states], [state.cell[0] for state in states]))
    label = values.argmax(axis=1).astype(np.uint16)
    features, hidden, cell = (np.array(column) for column in zip(*seen, strict=True))
    return Observation(cepstra, features, hidden, cell, values[0], label, confidence(engine.head, values))


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
        framed = order < STAGES.index("logits")
        frame = place[0] if framed else None
        difference = Difference(stage, clip, pushed, frame, place[int(framed) :], int(a[place]), int(b[place]))
        found.append((place[0] if framed else 1 << 30, order, difference))
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
