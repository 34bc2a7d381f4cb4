"""A recogniser that listens: any number of samples at a time, the same bits as the whole recording."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointStream
from kilovox.frontend.word_features import WordFeatureStream
from kilovox.frontend.word_finder import Word
from kilovox.integer.network import confidence, logits
from kilovox.integer.recogniser import Recogniser

Heard = tuple[Word, npt.NDArray[Any]]


class RecogniserStream:
    """One live recording through an integer model. Raises KilovoxError for a float model.

    A model that finds words decides on each when a pause has followed it, and on the last one at the end; the loudest counts.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        if recogniser.engine is None or not isinstance(recogniser.front_end, FixedPointFrontEnd):
            raise KilovoxError(f"{recogniser.name}: float32; expected an integer model, int8 or pow2")
        self._recogniser, self._engine = recogniser, recogniser.engine
        front_end = recogniser.transform()
        self._finds_words = front_end.words is not None
        self._samples = FixedPointStream(front_end)
        if self._finds_words:
            self._word_samples = WordFeatureStream(front_end)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._samples.flush()
        if self._finds_words:
            self._word_samples.flush()
        self._states = self._engine.start(1)
        self._logits: npt.NDArray[np.int32] | None = None
        self._peak = 0
        self.frames = 0
        self.words = 0
        """Words decided on since the last reset, by a model that finds them."""

    def push(self, samples: Samples) -> int:
        """Hear (samples,) int16; returns the frames that they completed."""
        if self._finds_words:
            return self._decide(*self._word_samples.push(samples))
        return self._advance(self._samples.push(samples))

    def finish(self) -> int:
        """End the recording: one shorter than a frame is filled up with zeros. Returns the frames that this completed."""
        if self._finds_words:
            return self._decide(*self._word_samples.flush())
        return self._advance(self._samples.flush())

    def next(self) -> None:
        """Forget the words decided on, but nothing that was heard since."""
        self._logits, self.words = None, 0

    def _advance(self, raw: npt.NDArray[np.int16]) -> int:
        (features,) = self._recogniser.normalised([raw])
        for frame in features:
            self._states = self._engine.step(self._states, frame[None])
        self.frames += len(features)
        if self.frames:
            self._logits = logits(self._engine.head, self._states[-1].hidden)
        return len(features)

    def _decide(self, frames: int, heard: list[Heard]) -> int:
        self.frames += frames
        for word, raw in heard:
            self.words += 1
            values = self._engine.run(self._recogniser.normalised([raw]))
            if self._logits is None or word.peak > self._peak:
                self._logits, self._peak = values, word.peak
        return frames

    def result(self) -> tuple[str, int, npt.NDArray[np.int32]]:
        """Label, confidence (0 to 255) and logits (labels,) int32 of what was heard so far.

        Raises KilovoxError before the first whole frame, or the first whole word.
        """
        if self._logits is None:
            what = "word" if self._finds_words else "frame"
            raise KilovoxError(f"no whole {what} heard yet; expected at least one")
        values = self._logits
        return self._recogniser.labels[int(values[0].argmax())], int(confidence(self._engine.head, values)[0]), values[0]
