"""What is detected in sound as it comes: one protocol for every recogniser that listens, and those that find words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC, FixedPointStream
from kilovox.integer.decider import Decider, Frames
from kilovox.integer.decider import Detection as Word
from kilovox.integer.outcome import FULL_CONFIDENCE, LABEL
from kilovox.integer.recogniser import Listener, Recogniser
from kilovox.integer.stream import RecogniserStream

PIECE = 1 << 16
"""Samples of a stream that are transformed at once."""


@dataclass(frozen=True)
class Detection:
    """One decision. seconds: where in the sound it was made; label: None unless accepted; best: the likeliest label whatever
    the outcome (kilovox.integer.outcome), None where nothing was heard; confidence: a fraction."""

    seconds: float
    label: str | None
    best: str | None
    confidence: float
    outcome: int


class Detector(Protocol):
    """Listens. rate: of the samples, Hz; hop: samples from one decision that may be to the next; labels: what it may detect."""

    @property
    def rate(self) -> int: ...

    @property
    def hop(self) -> int: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    def __call__(self, pieces: Iterable[Samples]) -> Iterator[Detection]:
        """Every decision, accepted or not, on one sound, whose samples, int16, come in `pieces` of any length. What is kept
        does not grow with the length of the sound."""
        ...


class WordDetector:
    """The detector of a model that finds words: a decision a word, at the end of the frame that ends the pause after it (to
    the hop), the last one at the end of the sound.

    Raises KilovoxError for a model that does not.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        if not recogniser.finds_words:
            raise KilovoxError(
                f"{recogniser.name}: hears whole recordings; "
                "expected a model that finds words or listens, such as digits or listening"
            )
        self._recogniser = recogniser
        self.rate, self.hop = recogniser.front_end.sample_rate, recogniser.front_end.hop
        self.labels = recogniser.labels

    def __call__(self, pieces: Iterable[Samples]) -> Iterator[Detection]:
        stream, samples = RecogniserStream(self._recogniser), 0
        for piece in pieces:
            for start in range(0, len(piece), self.hop):
                part = piece[start : start + self.hop]
                stream.push(part)
                samples += len(part)
                yield from _decided(stream, samples / self.rate)
        stream.finish()
        yield from _decided(stream, samples / self.rate)


class FrameDetector:
    """The detector of a network that listens: a decision a word, while it ends or right after it, frame by frame. At the end of
    the sound it hears the recogniser's `silence` too, for a word that is over with it.

    Raises KilovoxError for a model that does not, and for a front end of floats.
    """

    def __init__(self, recogniser: Recogniser, transform: FixedPointMFCC | None = None) -> None:
        if not recogniser.listens:
            raise KilovoxError(f"{recogniser.name}: hears whole recordings; expected a network of kind convolutional")
        self._recogniser, self._transform = recogniser, transform or recogniser.transform()
        self.rate, self.labels = recogniser.front_end.sample_rate, recogniser.labels
        self.hop = recogniser.front_end.hop
        self._stride = recogniser.network.frame_stride
        self._window = recogniser.front_end.window

    def __call__(self, pieces: Iterable[Samples]) -> Iterator[Detection]:
        stream, listener = FixedPointStream(self._transform), self._recogniser.listener()
        decider = Decider(self.labels, self._recogniser.thresholds, self._recogniser.knots)
        samples = 0
        for piece in pieces:
            samples += len(piece)
            for start in range(0, len(piece), PIECE):
                raw = stream.push(piece[start : start + PIECE])
                yield from self._decided(decider.push(self._heard(listener, raw)))
        silence = self._recogniser.silence if samples else np.zeros(0, np.int16)
        last = [word for raw in (stream.push(silence), stream.flush()) for word in decider.push(self._heard(listener, raw))]
        for found in self._decided([*last, *decider.finish()]):
            yield replace(found, seconds=min(found.seconds, samples / self.rate))

    def _heard(self, listener: Listener, raw: npt.NDArray[np.int16]) -> Frames:
        (features,) = self._recogniser.normalised([raw])
        return self._recogniser.frames(listener.push(self._recogniser.as_read(features)))

    def _decided(self, words: Iterable[Word]) -> Iterator[Detection]:
        for one in words:
            seconds = (one.frame * self._stride * self.hop + self._window) / self.rate
            best = self.labels[one.best]
            label = best if one.outcome == LABEL else None
            yield Detection(seconds, label, best, one.confidence / FULL_CONFIDENCE, one.outcome)


def _decided(stream: RecogniserStream, seconds: float) -> Iterator[Detection]:
    """The loudest word decided on since the last look, if there is one."""
    if stream.words:
        result = stream.result()
        stream.next()
        label, confidence, _ = result
        yield Detection(seconds, label, result.best, confidence / FULL_CONFIDENCE, result.outcome)
