"""What is detected in sound as it comes: one protocol for every recogniser that listens, and those that find words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.integer.outcome import FULL_CONFIDENCE
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream


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
                f"{recogniser.name}: hears whole recordings; expected a model that finds words (frontend.words), such as digits"
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


def _decided(stream: RecogniserStream, seconds: float) -> Iterator[Detection]:
    """The loudest word decided on since the last look, if there is one."""
    if stream.words:
        result = stream.result()
        stream.next()
        label, confidence, _ = result
        yield Detection(seconds, label, result.best, confidence / FULL_CONFIDENCE, result.outcome)
