"""From a network's outputs, frame by frame, to what was said: detections of a stream, and the one word of a recording.

A network that listens has an output for every label, the last of which may stand for other words ("unknown"), and one, the very
last, for the blank: no word ends here. Frames in which the same label is the likeliest output are one run, and a run is one
word (greedy decoding: A. Graves et al., ICML 2006). How sure it is compares the label where it is likeliest with other words
where they are: that of the label alone says little, for the blank takes most of every frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config.vocabulary import UNKNOWN as UNKNOWN_LABEL
from kilovox.integer.calibration import IDENTITY, calibrated
from kilovox.integer.network import Head, softmax_powers
from kilovox.integer.outcome import FULL_CONFIDENCE, LABEL, NOTHING, UNKNOWN

REFRACTORY = 3
"""Frames of the network: a run of the same label that begins so soon after the last is the same word."""
BEFORE = 2
"""Frames before a run in which other words count against it."""


@dataclass(frozen=True)
class Frames:
    """Of each frame, (frames,): the likeliest output; the likeliest of the labels asked for; its share and that of other words.

    Shares are of all outputs, the blank's included, of 255.
    """

    outputs: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    share: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Detection:
    """One word of a stream: the frame of the network at which it was decided, its label (an index) and confidence, of 255.

    confidence: calibrated; outcome: kilovox.integer.outcome, LABEL or UNKNOWN.
    """

    frame: int
    best: int
    confidence: int
    outcome: int


class Decider:
    """Detections of one stream. A word is decided on as soon as its run grows less sure, or ends.

    `labels`: of the model, of which "unknown" is never accepted; `thresholds`: (labels,) how sure it must be of each of them;
    `knots`: what that is worth (kilovox.integer.calibration), which is told and decides on nothing.
    """

    def __init__(self, labels: Sequence[str], thresholds: npt.NDArray[np.uint8], knots: Sequence[int] = IDENTITY) -> None:
        self._others = labels.index(UNKNOWN_LABEL) if UNKNOWN_LABEL in labels else None
        self._blank, self._thresholds, self._knots = len(labels), thresholds, knots
        self._frame = 0
        self._run, self._peak, self._decided = self._blank, 0, False
        self._last, self._since = self._blank, REFRACTORY
        self._before, self._rival = [0] * BEFORE, 0

    def push(self, frames: Frames) -> list[Detection]:
        """The words that `frames`, the next ones, decide on."""
        rows = zip(frames.outputs.tolist(), frames.share.tolist(), frames.others.tolist(), strict=True)
        return [found for row in rows for found in self._step(*row)]

    def finish(self) -> list[Detection]:
        """The end of the stream decides on the word that is being said."""
        return self._step(self._blank, 0, 0)

    def _step(self, output: int, share: int, others: int) -> list[Detection]:
        found = []
        if self._run != self._blank and not self._decided and (output != self._run or share < self._peak):
            found.append(self._detection())
            self._decided = True
        if output != self._run:
            if self._run != self._blank:
                self._last, self._since = self._run, 0
            again = output == self._last and self._since < REFRACTORY
            self._run, self._peak, self._decided = output, share, again
            self._rival = max(*self._before, others)
        else:
            self._peak, self._rival = max(self._peak, share), max(self._rival, others)
        self._before = [*self._before[1:], others]
        if self._run == self._blank:
            self._since += 1
        self._frame += 1
        return found

    def _detection(self) -> Detection:
        sure = compared(self._peak, self._rival)
        accepted = self._run != self._others and sure >= int(self._thresholds[self._run])
        return Detection(self._frame, self._run, calibrated(sure, self._knots), LABEL if accepted else UNKNOWN)


def compared(share: int, others: int) -> int:
    """How sure a label is, of 255: its share of itself and other words, rounded down."""
    return FULL_CONFIDENCE * share // max(1, share + others)


def one_word(
    frames: Frames, labels: Sequence[str], thresholds: npt.NDArray[np.uint8], knots: Sequence[int] = IDENTITY
) -> tuple[int, int, int]:
    """Of a whole recording: the label with the largest share of any of its frames, its confidence, of 255, and the outcome.

    Nothing was heard where no frame says that a word, asked for or not, ends in it. `thresholds` and `knots`: as of Decider.
    """
    if not len(frames.outputs) or (frames.outputs == len(labels)).all():
        return 0, 0, NOTHING
    best, sure = likeliest(frames), compared(int(frames.share.max()), int(frames.others.max()))
    return best, calibrated(sure, knots), LABEL if sure >= int(thresholds[best]) else UNKNOWN


def likeliest(frames: Frames) -> int:
    """Of a whole recording: the label with the largest share of any of its frames, however small; -1 of no frames."""
    return int(frames.labels[frames.share.argmax()]) if len(frames.labels) else -1


def integer_frames(head: Head, logits: npt.NDArray[np.int32], labels: Sequence[str]) -> Frames:
    """Of the logits (frames, labels + 1) int32 of an integer network; shares are rounded down."""
    powers = softmax_powers(head, logits)
    shares = FULL_CONFIDENCE * powers // powers.sum(axis=1, keepdims=True)
    return _frames(logits, shares.astype(np.int64), labels)


def _frames(logits: npt.NDArray[Any], shares: npt.NDArray[np.int64], labels: Sequence[str]) -> Frames:
    asked = np.array([place for place, label in enumerate(labels) if label != UNKNOWN_LABEL], np.int64)
    best = asked[logits[:, asked].argmax(axis=1)]
    others = shares[:, list(labels).index(UNKNOWN_LABEL)] if UNKNOWN_LABEL in labels else np.zeros(len(shares), np.int64)
    return Frames(logits.argmax(axis=1), best, shares[np.arange(len(best)), best], others)


def float_frames(logits: npt.NDArray[np.float32], labels: Sequence[str]) -> Frames:
    """Of the logits (frames, labels + 1) of a float network; shares are rounded to nearest."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares = np.rint(FULL_CONFIDENCE * powers / powers.sum(axis=1, keepdims=True))
    return _frames(logits, shares.astype(np.int64), labels)
