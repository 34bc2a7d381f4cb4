"""A recogniser that listens: any number of samples at a time, the same bits as the whole recording."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.decimator import Decimator, factor_of
from kilovox.frontend.fixed_point import FixedPointStream, check_samples
from kilovox.frontend.word_features import WordFeatureStream
from kilovox.frontend.word_finder import Word
from kilovox.integer.decider import Decider, Detection, Frames, one_word
from kilovox.integer.network import confidence, logits
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING, judged, label_of
from kilovox.integer.recogniser import Recogniser

Heard = tuple[Word, npt.NDArray[Any]]

WAITING = 8
"""Words of a model that listens that wait to be asked for; of more the oldest are lost. A power of two."""


def joined(one: Frames, other: Frames) -> Frames:
    """One after the other."""
    return Frames(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in Frames.__dataclass_fields__))


def chosen(frames: Frames, places: Sequence[Any]) -> Frames:
    """Those at `places`."""
    return Frames(*(getattr(frames, name)[places] for name in Frames.__dataclass_fields__))


class Result(tuple[str | None, int, npt.NDArray[np.int32]]):
    """What a stream says: label (None unless accepted), confidence (0 to 255), logits (labels,) int32.

    outcome: kilovox.integer.outcome; best: the likeliest label whatever the outcome, None where nothing was heard.
    """

    outcome: int
    best: str | None

    @classmethod
    def of(cls, outcome: int, best: int, confidence: int, logits: npt.NDArray[np.int32], labels: Sequence[str]) -> "Result":
        """From the index `best` of the likeliest of `labels`."""
        label, likeliest = label_of(outcome, best, labels)
        result = cls((label, confidence, logits))
        result.outcome, result.best = outcome, likeliest
        return result


class RecogniserStream:
    """Live sound through an integer model, recording after recording; kilovox.h says the same of the same model in C.

    A recording begins with the first sample after `reset`, or after `finish`, and nothing of what was before it counts for it:
    front end, running maximum, network and words are as new. `finish` ends it; where no sample came since the last end, nothing
    changes. Until a sample of the next one comes, `result` tells of the recording that has ended.

    `result` tells of all that was heard of the recording so far. Of a model that finds words it tells of the loudest word
    decided on since the recording began or `next` was called, of equals the first: each is decided on when a pause has followed
    it, the last one at the end. Nothing was heard: before the first word, or before the first frame whose samples are not all
    equal.
    A model that listens tells word after word: those that wait for `detected`. Its `result` is the one word of all that it
    heard since the recording began or `next`.
    `next` forgets what was decided on: the words, but nothing that was heard since the last of them; of a model that neither
    finds words nor listens, everything, as `reset` does.

    input_rate: Hz of the sound, where it is not the model's (kilovox.frontend.decimator). Raises KilovoxError for a float
    model, and a rate that is not supported.
    """

    def __init__(self, recogniser: Recogniser, input_rate: int | None = None) -> None:
        if recogniser.engine is None or not isinstance(recogniser.front_end, FixedPointFrontEnd):
            raise KilovoxError(f"{recogniser.name}: float32; expected an integer model, int8 or pow2")
        self._recogniser, self._engine = recogniser, recogniser.engine
        self._front_end = recogniser.transform()
        self._decimator = Decimator(factor_of(input_rate, recogniser.front_end.sample_rate))
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next sample begins a recording."""
        self._decimator.reset()
        finds_words = self._front_end.words is not None
        self._stream = WordFeatureStream(self._front_end) if finds_words else FixedPointStream(self._front_end)
        self._states = self._engine.start(1)
        if self._recogniser.listens:
            self._listener = self._recogniser.listener()
            self._decider = Decider(self._recogniser.labels, self._recogniser.thresholds, self._recogniser.knots)
        self._logits: npt.NDArray[np.int32] | None = None
        self._frames: Frames | None = None
        self._waiting: deque[Detection] = deque(maxlen=WAITING)
        self._peak = 0
        self._ended = False
        self.frames = 0
        """Frames of the recording."""
        self._found = 0

    @property
    def words(self) -> int:
        """Words decided on since the recording began or `next`, by a model that finds them; that wait, of one that listens."""
        return len(self._waiting) if self._recogniser.listens else self._found

    def push(self, samples: Samples) -> int:
        """Hear (samples,) int16; returns the frames that they completed."""
        check_samples(samples)
        if self._ended and len(samples):
            self.reset()
        samples = self._decimator.push(samples)
        if isinstance(self._stream, WordFeatureStream):
            return self._decide(*self._stream.push(samples))
        return self._advance(self._stream.push(samples))

    def finish(self) -> int:
        """End the recording: one shorter than a frame is filled up with zeros. Returns the frames that this completed."""
        if self._ended:
            return 0
        self._ended = True
        if isinstance(self._stream, WordFeatureStream):
            return self._decide(*self._stream.flush())
        frames = self._advance(self._stream.flush())
        if self._recogniser.listens:
            self._waiting += self._decider.finish()
        return frames

    def detected(self) -> list[Detection]:
        """The words of a model that listens, in order, each once: all that came since this was asked, as far as they wait."""
        found = list(self._waiting)
        self._waiting.clear()
        return found

    def next(self) -> None:
        """Forget what was decided on, but nothing that was heard since."""
        if isinstance(self._stream, FixedPointStream) and not self._recogniser.listens:
            self.reset()
        self._logits, self._frames, self._found = None, None, 0
        self._waiting.clear()

    def _advance(self, raw: npt.NDArray[np.int16]) -> int:
        (features,) = self._recogniser.normalised([raw])
        if self._recogniser.listens:
            self._listen(features)
            return len(features)
        for frame in features:
            self._states = self._engine.step(self._states, frame[None])
        self.frames += len(features)
        self._logits = logits(self._engine.head, self._states[-1].hidden)
        return len(features)

    def _listen(self, features: npt.NDArray[np.int8]) -> None:
        """All of a recording is worth what a few of its frames are: first that of the largest share, then that of the largest
        share of other words, and one in which a word ends."""
        self.frames += len(features)
        values: Any = self._listener.push(self._recogniser.as_read(features))
        if not len(values):
            return
        frames = self._recogniser.frames(values)
        self._waiting += self._decider.push(frames)
        largest = values.max(axis=0)[: len(self._recogniser.labels)]
        if self._frames is not None and self._logits is not None:
            frames, largest = joined(self._frames, frames), np.maximum(self._logits, largest)
        self._logits = largest.clip(min=0)
        blank = frames.outputs == len(self._recogniser.labels)
        self._frames = chosen(frames, [frames.share.argmax(), frames.others.argmax(), blank.argmin()])

    def _decide(self, frames: int, words: list[Heard]) -> int:
        self.frames += frames
        for word, raw in words:
            self._found += 1
            values = self._engine.run(self._recogniser.normalised([raw]))
            if self._logits is None or word.peak > self._peak:
                self._logits, self._peak = values, word.peak
        return frames

    def result(self) -> Result:
        """What was heard, as the class says. May be asked for at any time."""
        labels = self._recogniser.labels
        nothing = Result.of(NOTHING, 0, 0, np.zeros(len(labels), np.int32), labels)
        if self._logits is None or not self._stream.heard:
            return nothing
        if self._frames is not None:
            word, certain, outcome = one_word(self._frames, labels, self._recogniser.thresholds, self._recogniser.knots)
            return nothing if outcome == NOTHING else Result.of(outcome, word, certain, self._logits, labels)
        values = self._logits
        best, sure = values.argmax(axis=1), confidence(self._engine.head, values)
        outcome = int(judged(best, sure / FULL_CONFIDENCE, self._recogniser.thresholds)[0])
        return Result.of(outcome, int(best[0]), int(sure[0]), values[0], labels)
