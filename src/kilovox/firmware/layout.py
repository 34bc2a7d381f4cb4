"""Tensors of a model file as the C kernels read them. Pure functions; docs/arithmetic.md has the formulas."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config import FixedPointFrontEnd, parse_front_end
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC
from kilovox.frontend.pipeline import IntegerNormalisation, fixed_point_mfcc
from kilovox.integer.calibration import IDENTITY
from kilovox.integer.convolution import Convolution, Convolutions
from kilovox.integer.model_file import Model
from kilovox.integer.network import IntegerNetwork, Layer
from kilovox.integer.power_of_two import unpack
from kilovox.integer.recogniser import Recogniser

Array = npt.NDArray[Any]

LARGEST_PAST = 0xFFFF
"""Bytes of what convolutions have heard, in which the C finds its way by 16 bits."""


@dataclass(frozen=True)
class Parts:
    """What of a model the firmware is made of."""

    model: Model
    network: IntegerNetwork
    front_end: FixedPointMFCC
    normalisation: IntegerNormalisation
    thresholds: npt.NDArray[np.uint8]
    convolutions: Convolutions | None = None
    knots: tuple[int, ...] = IDENTITY

    @property
    def powers_of_two(self) -> bool:
        """Whether weights are packed powers of two."""
        return self.model.metadata.arithmetic == "pow2"


def parts_of(model: Model) -> Parts:
    """Check that `model` can be firmware. Raises KilovoxError where it is a float model or its tensors do not fit."""
    name, arithmetic = model.metadata.name, model.metadata.arithmetic
    front_end = parse_front_end(model.metadata.front_end)
    if arithmetic == "float32" or not isinstance(front_end, FixedPointFrontEnd):
        raise KilovoxError(
            f"model {name}: arithmetic {arithmetic}, front end {front_end.kind}; "
            "C takes int8 or pow2 with front end fixed_point (train with such a configuration; --target onnx takes floats)"
        )
    recogniser = Recogniser(model)
    engine = recogniser.engine
    assert engine is not None  # noqa: S101 (a Recogniser of integers has one)
    transform = fixed_point_mfcc(front_end)
    if recogniser.inputs != transform.coefficients:
        raise KilovoxError(f"model {name}: {recogniser.inputs} inputs; its front end gives {transform.coefficients}")
    if recogniser.listens and recogniser.finds_words:
        raise KilovoxError(f"model {name}: network of kind convolutional, and frontend.words; C takes one of them")
    normalisation = IntegerNormalisation.from_tensors(model.tensors)
    parts = Parts(model, engine, transform, normalisation, recogniser.thresholds, recogniser.convolutions, recogniser.knots)
    past = sum(block.ring for block in blocks_of(parts))
    if past > LARGEST_PAST:
        raise KilovoxError(f"model {name}: convolutions that keep {past:,} bytes of sound; C keeps at most {LARGEST_PAST:,}")
    return parts


@dataclass(frozen=True)
class Block:
    """A block of convolutions as the C takes it: `kernel` looks at frames and bands, `rows` (of block 0 the same) at channels.

    numbers: of their tensors. heard_bands, channels: of what it hears.
    """

    kernel: Convolution
    rows: Convolution
    numbers: tuple[int, int]
    heard_bands: int
    channels: int

    @property
    def frame(self) -> int:
        """Bytes of a frame that it hears."""
        return self.heard_bands * self.channels

    @property
    def ring(self) -> int:
        """Bytes of what it keeps: as many frames as its kernel has."""
        return self.kernel.frames * self.frame


def blocks_of(parts: Parts) -> list[Block]:
    """The blocks of a network that listens; none of another."""
    if parts.convolutions is None:
        return []
    layers, heard = parts.convolutions.layers, parts.convolutions.heard
    found: list[Block] = []
    for number in range(0, len(layers), 2):
        before = max(0, number - 1)  # the depthwise layer before the pointwise one; of block 0 they are one
        channels, bands = heard[before]
        found.append(Block(layers[before], layers[number], (before, number), bands, channels))
    return found


def folded_bias(layer: Layer | Convolution, offset: bool) -> Array:
    """The bias as the kernel starts its sum: (units, 4) int32.

    With 2^(shift - 1), which makes the shift round half up, and with `offset` less 128 sum w, because the kernel's inputs
    are x + 128.
    """
    rounding = (1 << layer.shift.astype(np.int64)) >> 1
    bias = layer.bias.astype(np.int64) + rounding - (128 * layer.weights.sum(axis=1) if offset else 0)
    return bias.astype(np.int32).reshape(-1, 4)


def column_pairs(layer: Layer | Convolution) -> Array:
    """int8 weights of a layer, rows by unit, then gate, in the order of kv_dot4: (units, 4 n) signed.

    Of each two columns the gates 0 and 1 of the left, 0 and 1 of the right, then 2 and 3 of both; an odd last column has its
    four gates in order. A unit of a convolution is four channels.
    """
    units, columns = len(layer.weights) // 4, layer.weights.shape[1]
    by_column = layer.weights.reshape(units, 4, columns).transpose(0, 2, 1)
    whole = columns // 2
    # (units, pair, column in the pair, half, gate in the half) -> half before column.
    pairs = by_column[:, : 2 * whole].reshape(units, whole, 2, 2, 2).swapaxes(2, 3).reshape(units, 8 * whole)
    return np.concatenate([pairs, by_column[:, 2 * whole :].reshape(units, -1)], axis=1)


def codes_by_pair(packed: Array, columns: int) -> Array:
    """Packed codes (units, pairs, k) -> (pairs, units k) bytes: all rows of two columns together."""
    unpack(packed, columns)  # checks the shape and that the padding is 0
    return np.ascontiguousarray(packed.transpose(1, 0, 2).reshape(packed.shape[1], -1))
