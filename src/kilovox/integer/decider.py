"""From a network's outputs, frame by frame, to what was said: detections of a stream, and the one word of a recording.

A network that listens has an output for every label, the last of which may stand for other words ("unknown"), and one, the very
last, for the blank: no word ends here. Frames in which the same label is the likeliest output are one run, and a run is one
word (greedy decoding: A. Graves et al., ICML 2006); what a run is sure of is its most certain frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.config.vocabulary import UNKNOWN as UNKNOWN_LABEL
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN

REFRACTORY = 3
"""Frames of the network: a run of the same label that begins so soon after the last is the same word."""


@dataclass(frozen=True)
class Frames:
    """Of each frame, (frames,): the likeliest output; of the labels asked for the likeliest, and how sure that is, of 255."""

    outputs: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Detection:
    """One word of a stream: the frame of the network at which it was decided, its label (an index) and confidence, of 255.

    outcome: kilovox.integer.outcome, LABEL or UNKNOWN.
    """

    frame: int
    best: int
    confidence: int
    outcome: int


class Decider:
    """Detections of one stream. A word is decided on as soon as its run grows less sure, or ends.

    `labels`: of the model, of which "unknown" is never accepted; `thresholds`: (labels,) the confidence each of them takes.
    """

    def __init__(self, labels: Sequence[str], thresholds: npt.NDArray[np.uint8]) -> None:
        self._others = labels.index(UNKNOWN_LABEL) if UNKNOWN_LABEL in labels else None
        self._blank, self._thresholds = len(labels), thresholds
        self._frame = 0
        self._run, self._sure, self._decided = self._blank, 0, False
        self._last, self._since = self._blank, REFRACTORY

    def push(self, frames: Frames) -> list[Detection]:
        """The words that `frames`, the next ones, decide on."""
        rows = zip(frames.outputs.tolist(), frames.confidence.tolist(), strict=True)
        return [found for output, sure in rows for found in self._step(output, sure)]

    def finish(self) -> list[Detection]:
        """The end of the stream decides on the word that is being said."""
        return self._step(self._blank, 0)

    def _step(self, output: int, sure: int) -> list[Detection]:
        found = []
        if self._run != self._blank and not self._decided and (output != self._run or sure < self._sure):
            found.append(self._detection())
            self._decided = True
        if output != self._run:
            if self._run != self._blank:
                self._last, self._since = self._run, 0
            again = output == self._last and self._since < REFRACTORY
            self._run, self._sure, self._decided = output, sure, again
        else:
            self._sure = max(self._sure, sure)
        if self._run == self._blank:
            self._since += 1
        self._frame += 1
        return found

    def _detection(self) -> Detection:
        accepted = self._run != self._others and self._sure >= int(self._thresholds[self._run])
        return Detection(self._frame, self._run, self._sure, LABEL if accepted else UNKNOWN)


def one_word(frames: Frames, labels: Sequence[str], thresholds: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    """Of a whole recording: the label that any of its frames is surest of, that confidence, of 255, and the outcome.

    Nothing was heard where no frame says that a word, asked for or not, ends in it.
    """
    if not len(frames.outputs) or (frames.outputs == len(labels)).all():
        return 0, 0, NOTHING
    surest = int(frames.confidence.argmax())
    best, sure = int(frames.labels[surest]), int(frames.confidence[surest])
    return best, sure, LABEL if sure >= int(thresholds[best]) else UNKNOWN


def float_frames(logits: npt.NDArray[np.float32], labels: Sequence[str]) -> Frames:
    """Of the logits (frames, labels + 1) of a float network."""
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    shares = shares / shares.sum(axis=1, keepdims=True) if len(logits) else shares
    asked = [place for place, label in enumerate(labels) if label != UNKNOWN_LABEL]
    best = shares[:, asked].argmax(axis=1) if len(logits) else np.zeros(0, np.int64)
    places = np.array(asked, np.int64)[best]
    sure = np.rint(shares[np.arange(len(places)), places] * 255).astype(np.int64)
    return Frames(logits.argmax(axis=1) if len(logits) else best, places, sure)
