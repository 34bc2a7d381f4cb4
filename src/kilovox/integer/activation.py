"""Sigmoid and tanh in integers: one table of tanh, interpolated; sigmoid(x) = 1/2 + 1/2 tanh(x / 2)."""

import numpy as np
import numpy.typing as npt

from kilovox.budget import ACTIVATION_TABLE_ENTRIES
from kilovox.integer.operations import Words

INPUT_BITS = 12
"""Arguments in Q3.12: -8 to 8."""

OUTPUT_BITS = 15
"""Values in Q0.15."""

STEP_BITS = 8
"""One entry of the table every 2^8 units of the argument, 1/16."""

ONE_HALF = 1 << (OUTPUT_BITS - 1)


def tanh_table() -> npt.NDArray[np.int16]:
    """tanh(i / 16), i = 0 ... 128: (129,) int16 in Q0.15, rounded to nearest, at most 32767."""
    x = np.arange(ACTIVATION_TABLE_ENTRIES) / (1 << (INPUT_BITS - STEP_BITS))
    table: npt.NDArray[np.int16] = np.minimum(np.rint(np.tanh(x) * (1 << OUTPUT_BITS)), (1 << OUTPUT_BITS) - 1).astype(np.int16)
    return table


def _magnitude(table: Words, x: Words, step_bits: int) -> Words:
    """|tanh| between two entries 2^step_bits units apart: Q0.15."""
    size = np.minimum(np.abs(x), (1 << 15) - 1)
    index = size >> step_bits
    fraction = size & ((1 << step_bits) - 1)
    low = table[index]
    magnitude: Words = low + (((table[index + 1] - low) * fraction + (1 << (step_bits - 1))) >> step_bits)
    return magnitude


def tanh(table: npt.NDArray[np.int16], x: npt.NDArray[np.int16]) -> Words:
    """tanh of x in Q3.12: int32 in Q0.15, odd in x. Off by at most 4.0e-4 (docs/arithmetic.md)."""
    entries, wide = table.astype(np.int32), x.astype(np.int32)
    magnitude = _magnitude(entries, wide, STEP_BITS)
    return np.where(wide < 0, -magnitude, magnitude)


def sigmoid(table: npt.NDArray[np.int16], x: npt.NDArray[np.int16]) -> Words:
    """Sigmoid of x in Q3.12: int32 in Q0.15, sigmoid(-x) = 1 - sigmoid(x) exactly. Off by at most 2.0e-4."""
    entries, wide = table.astype(np.int32), x.astype(np.int32)
    half = (_magnitude(entries, wide, STEP_BITS + 1) + 1) >> 1
    return ONE_HALF + np.where(wide < 0, -half, half)
