"""What the Python engine computes of a recording, in the order in which gateware tells it, and where the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.frontend.fixed_point import FixedPointStream, of_word
from kilovox.frontend.word_finder import WordStream
from kilovox.integer.convolution import Convolutions
from kilovox.integer.decider import Decider, one_word
from kilovox.integer.network import IntegerNetwork, State, confidence, logits
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING, judged
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.observation import Difference

Array = npt.NDArray[Any]
Steps = list[tuple[Array, Array]]
"""Hidden and cell states (layers, units) after each frame."""
Row = tuple[int, int, int, int, int]
"""Of Seen.decisions."""


@dataclass(frozen=True)
class Seen:
    """What the gateware computes of one recording, int64.

    cepstra (of a front end of levels, those), features: (frames, n); level: (frames,) of the loudest band; outputs: (n,) of all
    convolutions and their projection, in the order in which they are computed; hidden, cell: (steps, layers, units) of every
    frame that went through the network; logits: (times, outputs of the head); decisions: (n, 5): whether it is the recording's,
    label, confidence, outcome, how many sets of logits there were before it; the last one is the recording's.
    """

    cepstra: Array
    features: Array
    level: Array
    outputs: Array
    hidden: Array
    cell: Array
    logits: Array
    decisions: Array


def expected(recogniser: Recogniser, samples: Samples) -> Seen:
    """What the Python engine computes of one recording, as the gateware tells it."""
    stream = FixedPointStream(recogniser.transform())
    cepstra, levels = stream.push(samples), stream.loudest
    cepstra, levels = np.concatenate([cepstra, stream.flush()]), levels + stream.loudest
    (features,) = recogniser.normalised([cepstra])
    outputs = np.zeros(0, np.int64)
    if recogniser.convolutions is not None:
        projected = features
        if len(features):
            projected = recogniser.convolutions.push(recogniser.convolutions.start(), features)[1]
            outputs = _outputs(recogniser.convolutions, features, projected)
        steps, values, decisions = _listened(recogniser, projected, stream.heard)
    else:
        steps, values, decisions = _decided(recogniser, _heard(recogniser, cepstra, levels, stream.heard), stream.heard)
    engine = _engine(recogniser)
    layers, units = len(engine.layers), recogniser.hidden
    hidden, cell = (np.array([step[part] for step in steps], np.int64).reshape(-1, layers, units) for part in (0, 1))
    return Seen(
        cepstra.astype(np.int64), features.astype(np.int64), np.array(levels, np.int64), outputs, hidden, cell,
        np.array(values, np.int64).reshape(-1, len(engine.head.bias)), np.array(decisions, np.int64),
    )  # fmt: skip


def first_difference(want: Seen, have: Seen, clip: str, pushed: str) -> Difference | None:
    """In the order in which things are computed."""
    for field in fields(Seen):
        left, right = getattr(want, field.name), getattr(have, field.name)
        if left.shape != right.shape:
            return Difference(f"number of {field.name}", clip, pushed, None, (), len(left), len(right))
        wrong = np.argwhere(left != right)
        if len(wrong):
            frame, *index = wrong[0].tolist()
            place = frame, *index
            return Difference(field.name, clip, pushed, frame, tuple(index), int(left[place]), int(right[place]))
    return None


def _heard(recogniser: Recogniser, cepstra: Array, levels: list[int], heard: bool) -> list[tuple[Array, int]]:
    """What goes through the network: of each word its int16 features and its peak; or the whole recording."""
    finder = recogniser.transform().words
    if finder is None:
        return [(cepstra, 0)] if len(cepstra) else []
    stream = WordStream(finder)
    words = [stream.push(level) for level in levels] + [stream.finish() if heard else None]
    return [(of_word(cepstra, np.array(levels, np.int32), word), word.peak) for word in words if word is not None]


def _decided(
    recogniser: Recogniser, sequences: Sequence[tuple[Array, int]], heard: bool
) -> tuple[Steps, list[Array], list[Row]]:
    """Of what goes through the network: states, logits and decisions."""
    steps: Steps = []
    values: list[Array] = []
    decisions: list[Row] = []
    best, peak = (1, 0, 0, NOTHING), 0
    for sequence, loud in sequences:
        found = _through(recogniser, sequence)
        steps += found[0]
        if not heard:
            continue
        values.append(found[1])
        decisions.append((0, *_decision(recogniser, found[1]), len(values)))
        if best[3] == NOTHING or loud > peak:
            best, peak = (1, *decisions[-1][1:4]), loud
    last = *best, len(values)
    return steps, values, [*decisions, last] if recogniser.finds_words else [last]


def _listened(recogniser: Recogniser, projected: Array, heard: bool) -> tuple[Steps, list[Array], list[Row]]:
    """The same of a network that listens, of what its convolutions say."""
    engine = _engine(recogniser)
    states, steps = engine.start(1), []
    values: list[Array] = []
    decisions: list[Row] = []
    labels, thresholds, knots = recogniser.labels, recogniser.thresholds, recogniser.knots
    decider = Decider(labels, thresholds, knots)
    for frame in projected:
        states = engine.step(states, frame[None])
        steps.append(_states(states))
        values.append(logits(engine.head, states[-1].hidden)[0])
        found = decider.push(recogniser.frames(values[-1][None]))
        decisions += [(0, word.best, word.confidence, word.outcome, len(values)) for word in found]
    decisions += [(0, word.best, word.confidence, word.outcome, len(values)) for word in decider.finish()]
    told = heard and len(values) > 0
    word = one_word(recogniser.frames(np.array(values)), labels, thresholds, knots) if told else (0, 0, NOTHING)
    return steps, values, [*decisions, (1, *word, len(values))]


def _outputs(convolutions: Convolutions, features: Array, projected: Array) -> Array:
    """What all layers say, (n,): frame by frame, of each block that has an output then, band by band, the depthwise layer's
    channels and the pointwise one's; then what is `projected`."""
    sound, stride = features[None], 1
    blocks: list[tuple[int, Array]] = []
    for layer in convolutions.layers:
        sound = layer.outputs(np.pad(sound, ((0, 0), (layer.frames - 1, 0), (0, 0))), 0)
        stride *= layer.frame_stride
        if layer.depthwise:
            depthwise = sound
        else:
            blocks.append((stride, np.concatenate([depthwise, sound]) if blocks else sound))
    found: list[Array] = []
    for frame in range(len(features)):
        found += [said[:, frame // apart].T.ravel() for apart, said in blocks if frame % apart == 0]
        if frame % stride == 0:
            found.append(projected[frame // stride])
    return np.concatenate(found).astype(np.int64)


def _through(recogniser: Recogniser, raw: Array) -> tuple[Steps, Array]:
    """The states after each frame; the logits (labels,) after the last."""
    engine = _engine(recogniser)
    states, seen = engine.start(1), []
    for frame in recogniser.normalised([raw])[0]:
        states = engine.step(states, frame[None])
        seen.append(_states(states))
    return seen, logits(engine.head, states[-1].hidden)[0]


def _states(states: Sequence[State]) -> tuple[Array, Array]:
    """Hidden and cell states, (layers, units) each."""
    return np.stack([state.hidden[0] for state in states]), np.stack([state.cell[0] for state in states])


def _decision(recogniser: Recogniser, values: Array) -> tuple[int, int, int]:
    """Label, confidence and outcome."""
    label, sure = values[None].argmax(axis=1), confidence(_engine(recogniser).head, values[None])
    outcome = judged(label, sure / FULL_CONFIDENCE, recogniser.thresholds)
    return int(label[0]), int(sure[0]), int(outcome[0])


def _engine(recogniser: Recogniser) -> IntegerNetwork:
    assert recogniser.engine is not None  # noqa: S101 (of integers)
    return recogniser.engine
