"""The few operations that all integer arithmetic here is made of. `>>` is the arithmetic shift, towards minus infinity."""

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.signedinteger[Any]]


def rounding_shift(x: Words, shift: Words | int) -> Words:
    """x / 2^shift rounded to nearest, halves up: (x + 2^(shift - 1)) >> shift, and x itself for a shift of 0."""
    half = (np.int32(1) << np.asarray(shift, dtype=np.int32)) >> 1
    result: Words = (x + half) >> shift
    return result


def saturate_int8(x: Words) -> npt.NDArray[np.int8]:
    """The nearest int8."""
    return np.clip(x, -128, 127).astype(np.int8)


def saturate_int16(x: Words) -> npt.NDArray[np.int16]:
    """The nearest int16."""
    return np.clip(x, -(1 << 15), (1 << 15) - 1).astype(np.int16)
