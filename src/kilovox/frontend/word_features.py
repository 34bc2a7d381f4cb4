"""Words out of a live stream of samples, as the network reads them."""

import numpy as np

from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import Features, FixedPointMFCC, FixedPointStream, Samples, of_word
from kilovox.frontend.word_finder import Word, WordStream


class WordFeatureStream:
    """The words of one live recording: the features of each when a pause, or the end, follows it."""

    def __init__(self, front_end: FixedPointMFCC) -> None:
        if front_end.words is None:
            raise KilovoxError("front end without words; expected a section frontend.words")
        self._finder = front_end.words
        self._stream = FixedPointStream(front_end)
        self._start()

    def _start(self) -> None:
        self._words = WordStream(self._finder)
        self._features: list[Features] = []
        self._levels: list[int] = []
        self._before = 0

    @property
    def heard(self) -> bool:
        """What kilovox.frontend.fixed_point.is_heard says of the samples so far; after `flush`, of the recording that ended."""
        return self._stream.heard

    def push(self, samples: Samples) -> tuple[int, list[tuple[Word, Features]]]:
        """Take any number of samples. Returns the frames they completed, and the words that ended with those."""
        features = self._stream.push(samples)
        return len(features), self._heard(features)

    def flush(self) -> tuple[int, list[tuple[Word, Features]]]:
        """End the recording: the last frames and words. The next push starts another."""
        features = self._stream.flush()
        found = self._heard(features)
        last = self._words.finish() if self.heard else None
        if last is not None:
            found.append((last, self._take(last)))
        self._start()
        return len(features), found

    def _heard(self, features: Features) -> list[tuple[Word, Features]]:
        found = []
        for frame, level in zip(features, self._stream.loudest, strict=True):
            self._features.append(frame)
            self._levels.append(level)
            word = self._words.push(level)
            if word is not None:
                found.append((word, self._take(word)))
            surplus = len(self._levels) - self._finder.buffer
            if surplus > 0:
                self._forget(surplus)
        return found

    def _take(self, word: Word) -> Features:
        kept = Word(word.first - self._before, word.end - self._before, word.peak, word.whole)
        features = of_word(np.array(self._features), np.array(self._levels, np.int32), kept)
        self._forget(kept.end)
        return features

    def _forget(self, frames: int) -> None:
        del self._features[:frames], self._levels[:frames]
        self._before += frames
