"""Tables of the integer front end: built once with floats, rounded to nearest, used without floats ever after.

The formats named here are the only definition of each; `fixed_point_stages.py`, the emitted C and its kernels follow them.
"""

import math

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.frontend.mfcc import dct_matrix, hertz_to_mel, mel_to_hertz

POINTS = 256
"""Length of the real transform, and of the window. A complex transform of half that length computes it."""

WINDOW_BITS = 14
"""Window in Q14: the difference of two samples (17 bits) times it is exact in 32 bits."""

TWIDDLE_BITS = 14
"""Sine table in Q14: 1 and -j are exact, so that a kernel may skip their products and keep its bits."""

WEIGHT_BITS = 8
"""Mel weights in Q8, unsigned; the two bands that share a bin get `w` and `256 - w`."""

LOG_TABLE_BITS = 5
"""The mantissa of a logarithm is looked up by its 5 highest bits, 33 entries, and interpolated with the next 10."""

LOG_ENTRY_BITS = 12
"""Entries of the logarithm table in Q12."""

LEVEL_BITS = 8
"""log2 of band power in Q8: one unit is 0.0118 dB."""

DCT_BITS = 14
"""DCT-II in Q14."""

FEATURE_BITS = 7
"""Features (cepstra or levels) in Q7, octaves of power: one unit is 0.0235 dB."""


def half_window() -> npt.NDArray[np.int16]:
    """First half of the Hann window sampled at half-integers, so that w[n] = w[255 - n]. (128,) int16, Q14."""
    n = np.arange(POINTS // 2)
    table: npt.NDArray[np.int16] = np.rint(np.sin(np.pi * (n + 0.5) / POINTS) ** 2 * (1 << WINDOW_BITS)).astype(np.int16)
    return table


def sine() -> npt.NDArray[np.int16]:
    """sin(2 pi k / 256), k = 0 ... 191; its cosine is the same table 64 entries on. (192,) int16, Q14."""
    k = np.arange(POINTS * 3 // 4)
    table: npt.NDArray[np.int16] = np.rint(np.sin(2 * np.pi * k / POINTS) * (1 << TWIDDLE_BITS)).astype(np.int16)
    return table


def bit_reverse() -> npt.NDArray[np.uint8]:
    """Order in which the 128-point transform takes its input. (128,) uint8."""
    bits = (POINTS // 2).bit_length() - 1
    return np.array([int(f"{i:0{bits}b}"[::-1], 2) for i in range(POINTS // 2)], dtype=np.uint8)


def mel(sample_rate: int, bands: int, low: float, high: float) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Triangular filters as one rising weight a bin.

    The corners, equally spaced in mel, cut the bins into bands + 1 segments. In segment j a bin gives `w` of its power to
    band j and `256 - w` to band j - 1 (bands -1 and `bands` do not exist): one byte a bin holds both slopes.

    Returns (starts, weights): first bin of each segment and the end of the last, (bands + 2,) uint8; the weight of each bin
    from the first on, (starts[-1] - starts[0],) uint8, Q8. Raises KilovoxError where a segment holds no bin.
    """
    corners = mel_to_hertz(np.linspace(hertz_to_mel(low), hertz_to_mel(high), bands + 2)) * POINTS / sample_rate
    # A corner that rounding moved off a whole bin would swap two segments' bins from one machine to the next.
    starts = np.maximum(np.ceil(corners - 1e-6).astype(np.int64), 1)
    if np.any(np.diff(starts) < 1):
        spacing = sample_rate / POINTS
        raise KilovoxError(
            f"{bands} mel bands from {low:g} to {high:g} Hz: some without a bin ({spacing:g} Hz); expected fewer"
        )
    bins = np.arange(starts[0], starts[-1])
    segment = np.repeat(np.arange(bands + 1), np.diff(starts))
    rising = (bins - corners[segment]) / (corners[segment + 1] - corners[segment])
    weights = np.clip(np.rint(rising * (1 << WEIGHT_BITS)), 0, (1 << WEIGHT_BITS) - 1)
    return starts.astype(np.uint8), weights.astype(np.uint8)


def log2_mantissa() -> npt.NDArray[np.uint16]:
    """log2(1 + i / 32), i = 0 ... 32. (33,) uint16, Q12."""
    entries = 1 << LOG_TABLE_BITS
    logarithms = np.log2(1 + np.arange(entries + 1) / entries)
    table: npt.NDArray[np.uint16] = np.rint(logarithms * (1 << LOG_ENTRY_BITS)).astype(np.uint16)
    return table


def half_dct(coefficients: int, bands: int) -> npt.NDArray[np.int16]:
    """Left half of the orthonormal DCT-II; even rows are symmetric, odd rows antisymmetric. (coefficients, bands / 2), Q14."""
    table: npt.NDArray[np.int16] = np.rint(dct_matrix(coefficients, bands)[:, : bands // 2] * (1 << DCT_BITS)).astype(np.int16)
    return table


def decibels_to_level(decibels: float) -> int:
    """Decibels of power in the units of a level (Q8 octaves)."""
    return round(decibels / (10 * math.log10(2)) * (1 << LEVEL_BITS))
