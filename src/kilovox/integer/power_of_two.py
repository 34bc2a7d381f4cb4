"""Weights of four bits: a sign and one of eight consecutive exponents. Every weight is +2^k or -2^k, none is 0.

A code is sign * 8 + (k - smallest); two codes of neighbouring columns share a byte, the left one in the low half.
"""

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.integer.operations import Words

EXPONENTS = 8
SIGN = 8
"""Bit 3 of a code."""


def pack(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(units, columns, k) codes -> (units, ceil(columns / 2), k) bytes; an odd last column is alone in its byte."""
    if codes.shape[1] % 2:
        codes = np.concatenate([codes, np.zeros_like(codes[:, :1])], axis=1)
    return (codes[:, 0::2] | codes[:, 1::2] << 4).astype(np.uint8)


def unpack(packed: npt.NDArray[np.uint8], columns: int) -> npt.NDArray[np.uint8]:
    """Inverse of `pack`. Raises KilovoxError where the shape does not hold `columns` columns or padding is not 0."""
    if packed.dtype != np.uint8 or packed.ndim != 3 or packed.shape[1] != (columns + 1) // 2:
        raise KilovoxError(f"packed weights {packed.dtype} {packed.shape}; expected uint8 of {(columns + 1) // 2} bytes a row")
    codes = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1, packed.shape[2])
    if codes[:, columns:].any():
        raise KilovoxError("packed weights: the half byte after the last column is not 0")
    return codes[:, :columns]


def decode(codes: npt.NDArray[np.uint8]) -> Words:
    """Weights as multiples of 2^smallest: +-1, +-2, ... +-128. int32."""
    size = np.int32(1) << (codes & (EXPONENTS - 1)).astype(np.int32)
    return np.where(codes & SIGN, -size, size)


def check_power_of_two(weights: Words) -> None:
    """Raise KilovoxError unless every one of `weights` (integers) is +-2^k, and all k lie within eight consecutive ones."""
    size = np.abs(weights.astype(np.int64))
    wrong = (size == 0) | ((size & (size - 1)) != 0)
    if wrong.any():
        raise KilovoxError(f"{wrong.sum()} weights are no power of two, such as {weights[wrong][0]}; expected +2^k or -2^k")
    largest, smallest = int(size.max()), int(size.min())
    if largest.bit_length() - smallest.bit_length() >= EXPONENTS:
        raise KilovoxError(
            f"weights from 2^{smallest.bit_length() - 1} to 2^{largest.bit_length() - 1}; expected eight exponents"
        )
