"""What the Python engine computes of one recording, stage by stage: what every target is compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FixedPointFrontEnd
from kilovox.frontend.decimator import decimated
from kilovox.frontend.fixed_point import FixedPointStream, of_word
from kilovox.frontend.pipeline import fixed_point_mfcc
from kilovox.frontend.word_finder import WordFinder, WordStream
from kilovox.integer.convolution import Convolutions
from kilovox.integer.decider import Detection
from kilovox.integer.network import IntegerNetwork, confidence, logits
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING, judged
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream, Result

STAGES = (
    "samples",
    "cepstra",
    "features",
    "past",
    "projection",
    "hidden",
    "cell",
    "detections",
    "logits",
    "label",
    "confidence",
    "outcome",
)
"""In the order in which they are computed."""

OF_FRAMES = STAGES[STAGES.index("cepstra") : STAGES.index("detections")]
"""Those that every frame has."""

Stages = tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], npt.NDArray[np.int16]]
"""Features, hidden, cell."""


@dataclass(frozen=True)
class Observation:
    """One recording, stage by stage.

    cepstra (of a front end of levels, those): (frames, n) int16, Q7 octaves; features: (frames, n) int8, Q0.7; hidden, cell:
    (frames, layers, units) int8 in Q0.7, int16 in Q3.12; logits: (labels,) int32; label: (1,) index; confidence: (1,) 0 to
    255; outcome: (1,), kilovox.integer.outcome. None: not looked at.
    Of a network that listens: past, (frames, n) int8: what its convolutions have kept after each frame, layer by layer, oldest
    first, (bands, channels) of each; projection, (frames, inputs) int8: what the LSTM read last; detections, (words, 4): frame,
    label, confidence, outcome of each; logits: the largest of any frame.
    Of sound at another rate than the model's: samples, (n,) int16, at the model's rate.
    """

    cepstra: npt.NDArray[np.int16] | None
    features: npt.NDArray[np.int8] | None
    hidden: npt.NDArray[np.int8] | None
    cell: npt.NDArray[np.int16] | None
    logits: npt.NDArray[np.int32]
    label: npt.NDArray[np.uint16]
    confidence: npt.NDArray[np.uint8]
    outcome: npt.NDArray[np.uint8]
    past: npt.NDArray[np.int8] | None = None
    projection: npt.NDArray[np.int8] | None = None
    detections: npt.NDArray[np.int64] | None = None
    samples: Samples | None = None


def as_rows(words: Iterable[Detection]) -> npt.NDArray[np.int64]:
    """Detections as an observation holds them."""
    return np.array([(word.frame, word.best, word.confidence, word.outcome) for word in words], np.int64).reshape(-1, 4)


def decided_by(result: Result, labels: Sequence[str]) -> Observation:
    """The decision alone, of a stream."""
    label = 0 if result.best is None else labels.index(result.best)
    rest = np.array([label], np.uint16), np.array([result[1]], np.uint8), np.array([result.outcome], np.uint8)
    return Observation(None, None, None, None, result[2], *rest)


def expected(recogniser: Recogniser, samples: Samples, factor: int = 1) -> Observation:
    """What the Python engine computes of one recording. `recogniser` is of an integer model, and `samples` are some, at
    `factor` times its rate.

    Frames are those of a live stream, whether or not anything is heard in them.
    """
    engine, config = recogniser.engine, recogniser.front_end
    assert engine is not None  # noqa: S101 (of integers)
    assert isinstance(config, FixedPointFrontEnd)  # noqa: S101 (of integers)
    front_end = fixed_point_mfcc(config)
    samples = decimated(samples, factor)
    told = samples if factor > 1 else None
    if recogniser.convolutions is not None:
        return replace(_listened(recogniser, engine, recogniser.convolutions, samples), samples=told)
    stream = FixedPointStream(front_end)
    cepstra, levels = stream.push(samples), stream.loudest
    cepstra, levels = np.concatenate([cepstra, stream.flush()]), levels + stream.loudest
    if front_end.words is not None:
        found, values = _word_stages(recogniser, engine, front_end.words, cepstra, levels, stream.heard)
    else:
        found, values = _stages(recogniser, engine, cepstra)
    decided = _decided(recogniser, engine, values if stream.heard else None)
    return Observation(cepstra, *found, *decided, samples=told)


def _listened(recogniser: Recogniser, engine: IntegerNetwork, convolutions: Convolutions, samples: Samples) -> Observation:
    """Of a network that listens."""
    front_end = FixedPointStream(recogniser.transform())
    cepstra = np.concatenate([front_end.push(samples), front_end.flush()])
    (features,) = recogniser.normalised([cepstra])
    kept, states = convolutions.start(), engine.start(1)
    projection = np.zeros(engine.layers[0].inputs, np.int8)
    seen: list[tuple[Any, ...]] = []
    for frame in features:
        kept, projected = convolutions.push(kept, frame[None])
        for projection in projected:
            states = engine.step(states, projection[None])
        heard = np.concatenate([frames.transpose(1, 2, 0).ravel() for frames, _ in kept])
        seen.append((heard, projection, [state.hidden[0] for state in states], [state.cell[0] for state in states]))
    past, projections, hidden, cell = (np.array(column) for column in zip(*seen, strict=True))
    stream, words, hop = RecogniserStream(recogniser), [], recogniser.front_end.hop
    for piece in np.split(samples, range(hop, len(samples), hop)):  # of which each decides on a word at most
        stream.push(piece)
        words += stream.detected()
    stream.finish()
    decision = decided_by(stream.result(), recogniser.labels)
    words += stream.detected()
    return replace(
        decision, cepstra=cepstra, features=features, past=past, projection=projections, hidden=hidden, cell=cell,
        detections=as_rows(words),
    )  # fmt: skip


def _decided(recogniser: Recogniser, engine: IntegerNetwork, values: npt.NDArray[np.int32] | None) -> tuple[Any, Any, Any, Any]:
    """Logits, label, confidence and outcome of (1, labels) logits; None: nothing was heard."""
    if values is None:
        zero = np.zeros(1, np.uint8)
        return np.zeros(len(engine.head.bias), np.int32), zero.astype(np.uint16), zero, zero + np.uint8(NOTHING)
    label, sure = values.argmax(axis=1), confidence(engine.head, values)
    return values[0], label.astype(np.uint16), sure, judged(label, sure / FULL_CONFIDENCE, recogniser.thresholds)


def _stages(recogniser: Recogniser, engine: IntegerNetwork, cepstra: npt.NDArray[np.int16]) -> tuple[Stages, Any]:
    """Features, hidden and cell of every frame; logits after the last."""
    (features,) = recogniser.normalised([cepstra])
    hidden, cell, states = [], [], engine.start(1)
    for frame in features:
        states = engine.step(states, frame[None])
        hidden.append([state.hidden[0] for state in states])
        cell.append([state.cell[0] for state in states])
    return (features, np.array(hidden), np.array(cell)), logits(engine.head, states[-1].hidden)


def _word_stages(
    recogniser: Recogniser,
    engine: IntegerNetwork,
    finder: WordFinder,
    cepstra: npt.NDArray[np.int16],
    levels: list[int],
    heard: bool,
) -> tuple[Stages, Any]:
    """The same of a model that finds words: features, hidden and cell as the last word left them, frame by frame; those of
    the last frame after the end of the recording. Logits of the loudest word, None where there is none."""
    states, features = engine.start(1), np.zeros(cepstra.shape[1], np.int8)
    values, peak = None, 0
    seen: list[tuple[Any, Any, Any]] = []
    words = WordStream(finder)
    for level in [*levels, None]:
        word = words.push(level) if level is not None else words.finish() if heard else None
        if word is not None:
            (sequence,) = recogniser.normalised([of_word(cepstra, np.array(levels, np.int32), word)])
            states = engine.start(1)
            for features in sequence:
                states = engine.step(states, features[None])
            if values is None or word.peak > peak:
                values, peak = logits(engine.head, states[-1].hidden), word.peak
        if level is None:
            seen.pop()
        seen.append((features, [state.hidden[0] for state in states], [state.cell[0] for state in states]))
    features, hidden, cell = (np.array(column) for column in zip(*seen, strict=True))
    return (features, hidden, cell), values
