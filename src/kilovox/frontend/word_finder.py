"""Where the word is: end points found in integers, with hindsight, from the levels of the frames heard last.

A frame is active where its loudest band lies above a threshold between the quietest and the loudest frame kept. A word is the
loudest run of active frames, pauses included, that is long enough; it has ended when a longer pause follows. Nothing but the
levels of the last `buffer` frames is kept, so a stream finds what the whole recording finds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point_tables import decibels_to_level

Levels = npt.NDArray[np.int32]

SHARE_BITS = 2
"""The threshold lies 1/4 of the way from the quietest to the loudest frame (in decibels), or `depth_db` below the loudest."""

_ABOVE_ALL_LEVELS = 1 << 17


@dataclass(frozen=True)
class Word:
    """Frames [first, end) of the recording; `peak`, the loudest level of its active frames in Q8 octaves; `whole`: whether a
    pause followed."""

    first: int
    end: int
    peak: int
    whole: bool


@dataclass(frozen=True)
class WordFinder:
    """The rule. Counts in frames.

    buffer: frames kept. pause: the longest within a word. margin: frames before and after a word that belong to it.
    edge: a word that comes as near to an end of the recording reaches to it, for it may have been cut out closely.
    depth_db: a frame this far below the loudest is never active. prominence_db: how far the loudest of a word must
    rise above the quietest frame kept. shortest: fewest active frames of a word.

    Raises KilovoxError for parameters that cannot work.
    """

    buffer: int = 100
    pause: int = 14
    margin: int = 4
    edge: int = 10
    depth_db: float = 40.0
    prominence_db: float = 9.0
    shortest: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.buffer <= 255:
            raise KilovoxError(f"words.buffer: {self.buffer}; expected 1 to 255 frames")
        if not 0 <= self.margin <= self.pause < self.buffer:
            raise KilovoxError(
                f"words.margin, words.pause: {self.margin}, {self.pause}; expected margin <= pause < buffer, {self.buffer}"
            )
        if not 0 <= self.edge <= 254:
            raise KilovoxError(f"words.edge: {self.edge}; expected 0 to 254 frames")
        if not 1 <= self.shortest <= self.buffer:
            raise KilovoxError(f"words.shortest: {self.shortest}; expected 1 to words.buffer, {self.buffer}")
        if not (0 < self.depth_db <= 200 and 0 <= self.prominence_db <= 200):
            raise KilovoxError(
                f"words.depth_db, words.prominence_db: {self.depth_db:g}, {self.prominence_db:g}; expected at most 200"
            )

    @property
    def depth(self) -> int:
        """`depth_db` in Q8 octaves."""
        return decibels_to_level(self.depth_db)

    @property
    def prominence(self) -> int:
        """`prominence_db` in Q8 octaves."""
        return decibels_to_level(self.prominence_db)

    def find(self, levels: Levels, begins: bool = False, ends: bool = False) -> tuple[Word, bool]:
        """The word in (frames,) levels, Q8 octaves, and whether it is loud and long enough to be one.

        begins, ends: whether the recording begins with the first of them, and ends with the last.

        Active frames belong together across pauses. The loudest such run of at least `shortest` active frames is the word; if
        none is as long, the loudest.
        """
        # The frames with the silence before and after the recording do not tell how quiet it is, unless there are no others.
        others = levels[int(begins) : len(levels) - int(ends)]
        peak, quietest = int(levels.max()), int((others if len(others) else levels).min())
        threshold = max(quietest + ((peak - quietest) >> SHARE_BITS), peak - self.depth)
        active = np.flatnonzero(levels > min(threshold, peak - 1))
        starts = np.concatenate([[0], np.flatnonzero(np.diff(active) > self.pause + 1) + 1])
        counts = np.diff(np.concatenate([starts, [len(active)]]))
        peaks = np.maximum.reduceat(levels[active], starts)
        run = int(np.argmax(peaks + (counts >= self.shortest) * _ABOVE_ALL_LEVELS))
        first, last = int(active[starts[run]]), int(active[starts[run] + counts[run] - 1])
        before, after = (max(self.edge, self.margin) if edge else self.margin for edge in (begins, ends))
        word = Word(
            first - self.margin if first > before else 0,
            last + 1 + self.margin if last + 1 + after < len(levels) else len(levels),
            int(peaks[run]),
            len(levels) - 1 - last > self.pause,
        )
        return word, word.peak - quietest >= self.prominence and int(counts[run]) >= self.shortest


class WordStream:
    """The words of one live recording. Frames are numbered from the first; `push` one, and at the end `finish`."""

    def __init__(self, finder: WordFinder) -> None:
        self.finder = finder
        self._kept: list[int] = []
        self._before = 0
        self._any = False

    def push(self, level: int) -> Word | None:
        """Hear one frame's loudest level, Q8 octaves. Returns the word that has ended with it."""
        if len(self._kept) == self.finder.buffer:
            self._drop(1)
        self._kept.append(level)
        word, good = self.finder.find(np.array(self._kept, np.int32), begins=self._before == 0)
        if not (good and word.whole):
            return None
        return self._take(word)

    def finish(self) -> Word | None:
        """End the recording. Returns the word that it ended in; if there was none at all, the loudest frames."""
        if not self._kept:
            return None
        word, good = self.finder.find(np.array(self._kept, np.int32), begins=self._before == 0, ends=True)
        return self._take(word) if good or not self._any else None

    def _take(self, word: Word) -> Word:
        found = _moved(word, self._before)
        self._drop(word.end)
        self._any = True
        return found

    def _drop(self, frames: int) -> None:
        del self._kept[:frames]
        self._before += frames


def loudest_word(finder: WordFinder, levels: Levels) -> Word:
    """The word of a whole recording of (frames,) levels, at least one: the loudest, of equals the first.

    It is what `WordStream` finds, but quicker: only frames at which a word can end are looked at.
    """
    best: Word | None = None
    start = 0
    while word := _next_word(finder, levels, start):
        best = word if best is None or word.peak > best.peak else best
        start = word.end
    start = max(start, len(levels) - finder.buffer)
    if start < len(levels):
        last, good = finder.find(levels[start:], begins=start == 0, ends=True)
        if best is None or (good and last.peak > best.peak):
            best = _moved(last, start)
    assert best is not None  # noqa: S101 (a recording of one frame has a loudest)
    return best


def _next_word(finder: WordFinder, levels: Levels, start: int) -> Word | None:
    """The first word that ends in a pause, of a stream that keeps nothing from before frame `start`."""
    early = levels[start : start + finder.buffer]
    if len(early) == 0:
        return None
    # While nothing is forgotten: no word ends before a pause after it, nor before any frame rises far enough.
    rise = np.maximum.accumulate(early) - np.minimum.accumulate(early)
    possible = (np.arange(len(early)) > finder.pause) & (rise >= finder.prominence)
    candidates = [*(start + np.flatnonzero(possible)).tolist(), *range(start + len(early), len(levels))]
    for frame in candidates:
        oldest = max(start, frame + 1 - finder.buffer)
        word, good = finder.find(levels[oldest : frame + 1], begins=oldest == 0)
        if good and word.whole:
            return _moved(word, oldest)
    return None


def _moved(word: Word, frames: int) -> Word:
    return Word(word.first + frames, word.end + frames, word.peak, word.whole)
