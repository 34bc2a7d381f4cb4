"""The LSTM classifier in integers: the specification that training simulates and C computes, bit for bit.

Widths and Q formats are derived in docs/arithmetic.md. Arrays of many clips at once; no operation here is a floating-point
one, and every one fits 32 bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.budget import ACTIVATION_TABLE_ENTRIES
from kilovox.errors import KilovoxError
from kilovox.integer.activation import sigmoid, tanh, tanh_table
from kilovox.integer.operations import Words, rounding_shift, saturate_int8, saturate_int16
from kilovox.integer.power_of_two import decode, unpack

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]

HIDDEN_BITS = 7
"""Hidden state in Q0.7."""

CELL_BITS = 12
"""Cell state in Q3.12: -8 to 8."""

GATE_BITS = 15
"""Gates in Q0.15."""

LOGIT_BITS = 8
"""Logits in Q8 where the confidence is made of them."""

LOG2_E = 369
"""log2(e) in Q8."""

LARGEST_DIFFERENCE = 4095
"""Of two logits, Q8: beyond it the share is 0."""

POWER_LINEAR, POWER_SQUARE = 86, 22
"""2^-f of a fraction f in Q8 is 2^15 - 86 f + (22 f^2 >> 8), in Q15."""

POWER_BITS = 15

LARGEST_WEIGHT = 127
"""int8 weights are symmetric: -128 is no weight."""

LARGEST_SHIFT = 24
"""Of a sum: half of 2^24 more keeps it within 2^30 + 2^23."""

LARGEST_ACCUMULATOR = 1 << 30
"""Bound of every dot product with its bias: checked when a network is built, so that no sum can overflow 32 bits."""


@dataclass(frozen=True)
class Layer:
    """One LSTM layer. `weights`: (4 * units, inputs + units) int32 holding int8 values (or +-2^0 ... +-2^7), rows by unit,
    then gate (input, forget, candidate, output); `bias`: (4 * units,) int32; `shift`: (4 * units,) int32."""

    weights: Int32
    bias: Int32
    shift: Int32

    @property
    def units(self) -> int:
        """Units of the layer."""
        return len(self.weights) // 4

    @property
    def inputs(self) -> int:
        """Inputs beside the layer's own state."""
        return int(self.weights.shape[1]) - self.units


@dataclass(frozen=True)
class Head:
    """The linear layer on the last state: (labels, units) and (labels,) int32; `shift` brings logits to Q8."""

    weights: Int32
    bias: Int32
    shift: int


@dataclass
class State:
    """Hidden state (clips, units) int8 in Q0.7 and cell state (clips, units) int16 in Q3.12 of one layer."""

    hidden: Int8
    cell: Int16


def gate_preactivations(layer: Layer, inputs: Int8) -> Int16:
    """(W [x; h] + b) / 2^shift, rounded and saturated. inputs: (clips, n) int8 -> (clips, units, 4) int16 in Q3.12."""
    total = inputs.astype(np.int32) @ layer.weights.T + layer.bias
    return saturate_int16(rounding_shift(total, layer.shift)).reshape(len(inputs), -1, 4)


def lstm_step(layer: Layer, table: Int16, inputs: Int8, state: State) -> State:
    """One frame of one layer. inputs: (clips, inputs) int8 in Q0.7 -> the next state.

    c' = f c + i g, h' = o tanh(c') (S. Hochreiter and J. Schmidhuber, 1997; F. Gers et al., 2000).
    """
    z = gate_preactivations(layer, np.concatenate([inputs, state.hidden], axis=1))
    i, f, o = sigmoid(table, z[..., 0]), sigmoid(table, z[..., 1]), sigmoid(table, z[..., 3])
    g = tanh(table, z[..., 2])
    # f c is in Q27, i g in Q30.
    total = f * state.cell.astype(np.int32) + ((i * g) >> (2 * GATE_BITS - GATE_BITS - CELL_BITS))
    cell = saturate_int16(rounding_shift(total, GATE_BITS))
    hidden = saturate_int8(rounding_shift(o * tanh(table, cell), 2 * GATE_BITS - HIDDEN_BITS))
    return State(hidden, cell)


def logits(head: Head, hidden: Int8) -> Int32:
    """W h + b: (clips, units) int8 -> (clips, labels) int32. The largest decides; the first of equals."""
    total: Int32 = hidden.astype(np.int32) @ head.weights.T + head.bias
    return total


def confidence(head: Head, values: Int32) -> npt.NDArray[np.uint8]:
    """Share of the largest logit in the softmax, 0 to 255. values: (clips, labels) int32 -> (clips,) uint8."""
    total = softmax_powers(head, values).sum(axis=1)
    share: npt.NDArray[np.uint8] = ((255 << POWER_BITS) // total).astype(np.uint8)
    return share


@dataclass(frozen=True)
class IntegerNetwork:
    """Layers, head and the table of tanh."""

    layers: tuple[Layer, ...]
    head: Head
    table: Int16

    def start(self, clips: int) -> list[State]:
        """The state before the first frame: zeros."""
        return [
            State(np.zeros((clips, layer.units), np.int8), np.zeros((clips, layer.units), np.int16)) for layer in self.layers
        ]

    def step(self, states: Sequence[State], frame: Int8) -> list[State]:
        """Advance all layers by one frame, (clips, features) int8."""
        following, inputs = [], frame
        for layer, state in zip(self.layers, states, strict=True):
            following.append(lstm_step(layer, self.table, inputs, state))
            inputs = following[-1].hidden
        return following

    def run(self, clips: Sequence[Int8]) -> Int32:
        """Logits after the last frame of each clip, (frames, features) int8 each -> (clips, labels) int32."""
        # Longest first: the clips still running are always the first ones.
        order = sorted(range(len(clips)), key=lambda index: -len(clips[index]))
        lengths = np.array([len(clips[index]) for index in order])
        if len(order) == 0 or lengths.min() == 0:
            raise KilovoxError("a clip of 0 frames; expected at least one")
        states, last = self.start(len(clips)), np.zeros((len(clips), self.layers[-1].units), np.int8)
        for frame in range(lengths[0]):
            running = int((lengths > frame).sum())
            inputs = np.stack([clips[index][frame] for index in order[:running]])
            states = self.step([State(s.hidden[:running], s.cell[:running]) for s in states], inputs)
            last[np.array(order[:running])] = states[-1].hidden
        return logits(self.head, last)


def build_network(tensors: Mapping[str, npt.NDArray[Any]], arithmetic: str, layers: int, inputs: int) -> IntegerNetwork:
    """The network of a model file's tensors, checked: types, shapes, and that no sum can overflow.

    int8: lstm{l}.weights (units, n, 4) int8, lstm{l}.bias (units, 4) int32, lstm{l}.shift (units, 4) uint8, head.weights
    (1, units, labels) int8, head.bias (labels,) int32. pow2: weights packed, two codes a byte, and one shift a layer.
    Raises KilovoxError for what does not fit.
    """
    built = []
    for index in range(layers):
        prefix = f"lstm{index}"
        units = _tensor(tensors, f"{prefix}.bias", np.int32, (None, 4)).shape[0]
        one = (1, 1) if arithmetic == "pow2" else (units, 4)
        weights = _weights(tensors, prefix, arithmetic, (units, inputs + units, 4))
        shift = np.broadcast_to(_tensor(tensors, f"{prefix}.shift", np.uint8, one).astype(np.int32), (units, 4))
        layer = Layer(_rows(weights), tensors[f"{prefix}.bias"].reshape(-1), np.ascontiguousarray(shift).reshape(-1))
        _check_bounds(prefix, layer.weights, layer.bias, layer.shift)
        built.append(layer)
        inputs = units
    labels = _tensor(tensors, "head.bias", np.int32, (None,)).shape[0]
    head = Head(
        _rows(_weights(tensors, "head", arithmetic, (1, inputs, labels))), tensors["head.bias"],
        int(_tensor(tensors, "head.shift", np.uint8, (1,))[0]),
    )  # fmt: skip
    # The difference of two logits must fit 32 bits, too.
    _check_bounds("head", head.weights, head.bias, np.array([head.shift]), LARGEST_ACCUMULATOR - 1)
    table = _tensor(tensors, "activation.tanh", np.int16, (ACTIVATION_TABLE_ENTRIES,))
    if not np.array_equal(table, tanh_table()):
        raise KilovoxError("tensor activation.tanh: is not tanh(i / 16) in Q0.15, for which sums and monotony are proved")
    return IntegerNetwork(tuple(built), head, table)


def checked_rows(
    tensors: Mapping[str, npt.NDArray[Any]], prefix: str, arithmetic: str, rows: int, columns: int
) -> tuple[Int32, Int32, Int32]:
    """Weights (rows, columns), biases and shifts (rows,) of a layer stored four rows by four, each row with its own shift.

    Raises KilovoxError for what does not fit, rows that are no multiple of four among it.
    """
    if rows % 4:
        raise KilovoxError(f"{prefix}: {rows} rows; expected a multiple of 4")
    bias = _tensor(tensors, f"{prefix}.bias", np.int32, (rows // 4, 4)).reshape(-1)
    weights = _rows(_weights(tensors, prefix, arithmetic, (rows // 4, columns, 4)))
    shift = _tensor(tensors, f"{prefix}.shift", np.uint8, (rows // 4, 4)).astype(np.int32).reshape(-1)
    _check_bounds(prefix, weights, bias, shift)
    return weights, bias, shift


def softmax_powers(head: Head, values: Int32) -> Words:
    """e^(logit - largest) of each, Q15. values: (clips, labels) int32 -> (clips, labels) int32.

    e^-d = 2^-t with t = 1.4414 d in Q8; of t's fraction f, 2^-f = 1 - 0.672 f + 0.172 f^2, off by 0.2 %.
    """
    scaled = rounding_shift(values, head.shift)
    below = np.minimum(scaled.max(axis=1, keepdims=True) - scaled, LARGEST_DIFFERENCE)
    octaves = (below * LOG2_E) >> LOGIT_BITS
    fraction = octaves & ((1 << LOGIT_BITS) - 1)
    square = (POWER_SQUARE * fraction * fraction) >> LOGIT_BITS
    powers: Words = ((1 << POWER_BITS) - POWER_LINEAR * fraction + square) >> np.minimum(octaves >> LOGIT_BITS, 31)
    return powers


def _rows(weights: Words) -> Int32:
    """(units, n, 4) -> (units * 4, n)."""
    return np.ascontiguousarray(np.swapaxes(weights, 1, 2).reshape(-1, weights.shape[1]).astype(np.int32))


def _weights(tensors: Mapping[str, npt.NDArray[Any]], prefix: str, arithmetic: str, shape: tuple[int, int, int]) -> Words:
    name = f"{prefix}.weights"
    if arithmetic == "pow2":
        return decode(unpack(_tensor(tensors, name, np.uint8, (shape[0], (shape[1] + 1) // 2, shape[2])), shape[1]))
    weights = _tensor(tensors, name, np.int8, shape)
    if weights.min() < -LARGEST_WEIGHT:
        raise KilovoxError(f"tensor {name}: weight {weights.min()}; expected -{LARGEST_WEIGHT} to {LARGEST_WEIGHT}")
    return weights


def _tensor(
    tensors: Mapping[str, npt.NDArray[Any]], name: str, dtype: type, shape: tuple[int | None, ...] | None
) -> npt.NDArray[Any]:
    if name not in tensors:
        raise KilovoxError(f"no tensor {name!r}; the model has {', '.join(sorted(tensors))}")
    found = tensors[name]
    fits = shape is None or (
        found.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, found.shape, strict=True))
    )
    if found.dtype != dtype or not fits or 0 in found.shape:
        raise KilovoxError(f"tensor {name}: {found.dtype} {found.shape}; expected {np.dtype(dtype)} {shape or ''}".rstrip())
    return found


def _check_bounds(name: str, weights: Int32, bias: Int32, shift: Int32, largest: int = LARGEST_ACCUMULATOR) -> None:
    # An input is an int8, -128 at the least.
    reach = 128 * np.abs(weights.astype(np.int64)).sum(axis=1) + np.abs(bias.astype(np.int64))
    if reach.max() > largest:
        bound = "at most" if largest == LARGEST_ACCUMULATOR else "less than"
        raise KilovoxError(f"{name}: a dot product may reach {reach.max()}; expected {bound} 2^30")
    if shift.max() > LARGEST_SHIFT:
        raise KilovoxError(f"{name}: shift {shift.max()}; expected at most {LARGEST_SHIFT}")
