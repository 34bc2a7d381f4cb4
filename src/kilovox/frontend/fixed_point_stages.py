"""The stages of the integer front end, each operation one that 32-bit C without divide or 64-bit product can do.

Frames lie along the last axis, so that a stage is a few long vector operations. Arrays are int32; every function computes
the same in int64, which is how the tests prove that nothing overflows. `>>` is the arithmetic shift (floor). Bounds: see
docs/arithmetic.md.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.frontend.fixed_point_tables import (
    DCT_BITS,
    FEATURE_BITS,
    LEVEL_BITS,
    LOG_ENTRY_BITS,
    LOG_TABLE_BITS,
    POINTS,
    TWIDDLE_BITS,
    WEIGHT_BITS,
    WINDOW_BITS,
)

Words = npt.NDArray[np.signedinteger[Any]]
Table = npt.NDArray[np.integer[Any]]

HALF = POINTS // 2
LOWEST_LEVEL = -(1 << 15)
"""Level of a frame of zeros, -128 octaves: below every other level (docs/arithmetic.md)."""

FULL_SCALE_OCTAVES = 46
"""Level 0 is a band power of 2^46 sample units squared, which no band can exceed (Parseval)."""

LEVEL_EXPONENT = WINDOW_BITS + (WEIGHT_BITS + FULL_SCALE_OCTAVES) // 2
"""Of an amplitude whose band power is at level 0, in the units that the window and the mel weights leave."""


def column(table: Table, like: Words) -> Words:
    """A table along axis 0, in the words of `like` (NumPy is several times slower where the types differ)."""
    return table.astype(like.dtype)[:, None]


def bit_length(x: Words) -> Words:
    """Bits of each x, 0 <= x < 2^31: 0 for 0. Five compare-and-shift steps."""
    rest, bits = x.copy(), np.zeros_like(x)
    for log_step in (4, 3, 2, 1, 0):
        big = (rest >= (1 << (1 << log_step))).astype(x.dtype)
        big <<= log_step
        rest >>= big
        bits += big
    bits += rest
    return bits


def windowed(samples: Words, half_window: Table) -> Words:
    """(x[n] - x[n-1]) w[n], exact; the first difference of a frame is 0. (256, n) samples -> (256, n) Q14, |p| < 2^30.

    The difference flattens the spectrum of speech and removes DC; both spare bits of the transform.
    """
    products = np.zeros_like(samples)
    np.subtract(samples[1:], samples[:-1], out=products[1:])
    products[:HALF] *= column(half_window, samples)
    products[HALF:] *= column(half_window[::-1], samples)
    return products


def peak(x: Words) -> Words:
    """Largest of x over axis 0, its one's complement where negative. (.., n) -> (n,).

    Only its number of bits is used, so C may take the OR of `x ^ (x >> 31)`, which has as many.
    """
    largest: Words = np.maximum(x.max(axis=0), ~x.min(axis=0))
    return largest


def normalised(products: Words) -> tuple[Words, Words]:
    """Block floating point: shift each frame to 16 bits, floor. (256, n) -> (256, n) int16 range, exponents (n,)."""
    exponent = bit_length(peak(products)) - 15
    values = products >> np.maximum(exponent, 0)
    if exponent.min() < 0:  # rare, and shifting by nothing takes as long
        values <<= np.maximum(-exponent, 0)
    return values, exponent


def stage_shift(z: Words) -> Words:
    """0, 1 or 2: the shift after which a butterfly of these values stays below 2^15 (19,778 at most). (2, .., n) -> (n,)."""
    largest = peak(z.reshape(-1, z.shape[-1]))
    return (largest >= 1 << 13).astype(z.dtype) + (largest >= 1 << 14).astype(z.dtype)


def first_pass(z: Words) -> Words:
    """The first two radix-2 stages at once, without products: (sum of four + 1) >> 2. (2, 128, n), int16 range -> the same.

    1, not 2: a - b + c - d reaches 2^17 - 2, and no more may be added without leaving int16.
    """
    a, b, c, d = np.moveaxis(z.reshape(2, HALF // 4, 4, -1), 2, 0)
    out = np.empty((2, HALF // 4, 4, z.shape[-1]), dtype=z.dtype)
    near, far = a + b, c + d
    near += 1
    np.right_shift(near + far, 2, out=out[:, :, 0])
    np.right_shift(np.subtract(near, far, out=near), 2, out=out[:, :, 2])
    near, far = a - b, c - d
    near += 1
    turned = far[1], -far[0]  # times -j
    for part in (0, 1):
        np.right_shift(near[part] + turned[part], 2, out=out[part, :, 1])
        np.right_shift(near[part] - turned[part], 2, out=out[part, :, 3])
    return out.reshape(z.shape)


def butterflies(z: Words, cos: Table, sin: Table, shift: Words) -> None:
    """One radix-2 stage, in place: (a 2^14 +- b (cos - j sin) + 2^(13 + shift)) >> (14 + shift), int16 range.

    z: (2, groups, 2, span, n), real and imaginary parts first; cos, sin: (span,) Q14; shift: (n,).
    """
    a, b = z[:, :, 0], z[:, :, 1]
    s = column(sin, z)
    turned = b * column(cos, z)
    turned[0] += b[1] * s
    turned[1] -= b[0] * s
    centre = a << TWIDDLE_BITS
    centre += (1 << (TWIDDLE_BITS - 1)) << shift
    down = shift + TWIDDLE_BITS
    np.right_shift(np.add(centre, turned, out=a), down, out=a)
    np.right_shift(np.subtract(centre, turned, out=b), down, out=b)


def transform(values: Words, sine: Table, bit_reverse: Table) -> tuple[Words, Words]:
    """128-point DFT of x[2n] + j x[2n + 1], decimated in time, scaled by 2^-exponent.

    (256, n) int16 range -> real and imaginary parts (2, 128, n) int16 range, |.| <= 19,778, exponents (n,).
    """
    z = first_pass(values.reshape(HALF, 2, -1)[bit_reverse].swapaxes(0, 1))
    exponent = np.full_like(values[0], 2)
    span = 4
    while span < HALF:
        angles = np.arange(span) * (HALF // span)
        shift = stage_shift(z)
        butterflies(z.reshape(2, HALF // (2 * span), 2, span, -1), sine[angles + POINTS // 4], sine[angles], shift)
        exponent += shift
        span *= 2
    return z, exponent


def _add_to(total: Words, x: Words) -> None:
    np.add(total, x, out=total)


def power(z: Words, sine: Table) -> tuple[Words, Words]:
    """Power spectrum of the real frame from the transform of its even and odd samples, bins k and 128 - k together.

    With E, O the transforms of the even and the odd samples: X[k] = E + W^k O, X[128 - k] = conj(E - W^k O).
    (2, 128, n) -> (128, n), 0 <= p < 2^30, bin 0 set to 0 (the difference has left no DC), and the shift (n,).
    """
    shift = stage_shift(z)
    re, im = z
    quarter = HALF // 2
    c, s = column(sine[POINTS // 4 + 1 :][:quarter], re), column(sine[1:][:quarter], re)
    a_r, a_i, b_r, b_i = re[1 : quarter + 1], im[1 : quarter + 1], re[: quarter - 1 : -1], im[: quarter - 1 : -1]
    odd_r, odd_i = a_i + b_i, b_r - a_r
    half = (1 << TWIDDLE_BITS) << shift
    down = shift + (TWIDDLE_BITS + 1)
    turned_r = odd_r * c
    turned_r += odd_i * s
    turned_i = odd_i * c
    turned_i -= odd_r * s
    result = np.empty_like(re)
    result[0] = 0
    low, high = result[1 : quarter + 1], result[:quarter:-1]
    for square_into, even, turned in ((np.copyto, a_r + b_r, turned_r), (_add_to, a_i - b_i, turned_i)):
        centre = even << TWIDDLE_BITS
        centre += half
        x = centre + turned
        x >>= down
        square_into(low, x * x)
        np.subtract(centre, turned, out=x)
        x >>= down
        square_into(high, (x * x)[:-1])
    return result, shift


def mel_bands(spectrum: Words, starts: Table, weights: Table) -> tuple[Words, Words]:
    """Band power, Q8, as two words: high 2^16 + low. (128, n) -> (bands, n) each; 0 <= low < 2^16, 0 <= high < 2^31."""
    first, end = int(starts[0]), int(starts[-1])
    slope = column(weights, spectrum)
    widths = np.diff(starts.astype(np.intp))
    step = np.arange(widths.max())[:, None]
    # The i-th bin of every segment; past its end bin 0, which is 0.
    members = np.where(step < widths, starts[:-1] + step, 0)

    def segment_sums(x: Words) -> Words:
        total: Words = x[members[0]]
        for row in members[1:]:
            longer = int(np.argmax(row > 0))
            total[longer:] += x[row[longer:]]
        return total

    def bands(half_words: Words) -> Words:
        total = segment_sums(half_words)
        half_words[first:end] *= slope
        rising = segment_sums(half_words)
        both: Words = rising[:-1] + (total[1:] << WEIGHT_BITS) - rising[1:]
        return both

    low = bands(spectrum & 0xFFFF)
    return bands(spectrum >> 16) + (low >> 16), low & 0xFFFF


def log2(high: Words, low: Words, table: Table) -> Words:
    """log2(high 2^16 + low) in Q8, of 0 as of 1. Error at most 0.0024 octave (0.007 dB), the rounding to Q8 included."""
    large = high >= 1 << 15
    word = (high & 0x7FFF) << 16
    word |= low
    np.copyto(word, high, where=large)
    np.maximum(word, 1, out=word)
    bits = bit_length(word)
    mantissa = (word >> np.maximum(bits - 16, 0)) << np.maximum(16 - bits, 0)
    fraction_bits = 15 - LOG_TABLE_BITS
    index = (mantissa >> fraction_bits) & ((1 << LOG_TABLE_BITS) - 1)
    fraction = mantissa & ((1 << fraction_bits) - 1)
    entries = table.astype(word.dtype)
    value = entries.take(index) << fraction_bits
    value += np.diff(entries).take(index) * fraction
    drop = LOG_ENTRY_BITS + fraction_bits - LEVEL_BITS
    octaves = bits - 1 + (large.astype(word.dtype) << 4)
    result: Words = (octaves << LEVEL_BITS) + ((value + (1 << (drop - 1))) >> drop)
    return result


def levels(
    samples: Words,
    *,
    half_window: Table,
    sine: Table,
    bit_reverse: Table,
    mel_starts: Table,
    mel_weights: Table,
    log2_mantissa: Table,
) -> Words:
    """Absolute log2 band power of frames. (256, n) -> (bands, n) in Q8, int16 range; LOWEST_LEVEL for a frame of zeros."""
    values, frame_exponent = normalised(windowed(samples, half_window))
    z, transform_exponent = transform(values, sine, bit_reverse)
    spectrum, last_shift = power(z, sine)
    logarithm = log2(*mel_bands(spectrum, mel_starts, mel_weights), log2_mantissa)
    exponent = frame_exponent + transform_exponent + last_shift - LEVEL_EXPONENT
    logarithm += exponent << (LEVEL_BITS + 1)
    # The one's complement of -1 is 0 as well: an exponent of -15 alone does not say that all products are 0.
    logarithm[:, (frame_exponent == -15) & (values.min(axis=0) == 0)] = LOWEST_LEVEL
    return logarithm


def level_features(relative: Words) -> Words:
    """Levels themselves, floor. (bands, n) Q8, -2^14 ... 0 -> (bands, n) Q7, -2^13 ... 0: within int16, never saturated."""
    return relative >> (LEVEL_BITS - FEATURE_BITS)


def cepstra(relative: Words, half_dct: Table) -> Words:
    """Orthonormal DCT-II, rounded to nearest, saturated. (bands, n) Q8, |.| <= 2^14 -> (coefficients, n) Q7, int16 range."""
    bands = relative.shape[0]
    left, right = relative[: bands // 2], relative[: bands // 2 - 1 : -1]
    rows = half_dct.astype(relative.dtype)
    total = np.empty((len(rows), relative.shape[1]), dtype=relative.dtype)
    np.einsum("cb,bn->cn", rows[0::2], left + right, out=total[0::2])
    np.einsum("cb,bn->cn", rows[1::2], left - right, out=total[1::2])
    drop = DCT_BITS + LEVEL_BITS - FEATURE_BITS
    saturated: Words = np.clip((total + (1 << (drop - 1))) >> drop, -(1 << 15), (1 << 15) - 1)
    return saturated
