"""The bits of a PDM microphone made into samples, in integers: integrators and combs, then a filter of powers of two.

docs/arithmetic.md has what the two keep and suppress; kv_cic.v and kv_fir.v compute the same bits.
"""

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples

RATE = 1_200_000
"""Bits a second."""

CIC_ORDER, CIC_FACTOR = 3, 30
CIC_BITS = 16
"""Of a value, which is 0 to CIC_FACTOR ^ CIC_ORDER, and of every state."""

FIR_FACTOR, FIR_SHIFT, FIR_SUM_BITS = 5, 9, 30

FIR_TAPS = (
    1584, 1479, 1191, 785, 353, -16, -256, -343, -293, -156, 4, 130, 187, 168, 94, -2, -81, -119, -109, -62, 1, 54, 80, 73, 42,
    0, -36, -54, -50, -28, 0, 24, 36, 33, 19, 0, -16, -24, -21, -12, 0, 10, 15, 13, 7, 0, -6, -9, -8, -4, 0, 3, 4, 4, 2, 0, -1,
    -2, -2,
)  # fmt: skip
"""The middle one, then one side. round(1584 g(d) / g(0)), d = 0 ... 58, where g(d) is the integral of cos(2 pi f d / 40,000) /
C(f) over f from 0 to 4,000 Hz, times np.kaiser(123, 5.7): an ideal low-pass that makes good for C, what integrators and combs
keep. 1584 is that of many whose taps take fewest powers of two, 244."""

FIR_FIRST = -51324
"""What the sum begins with, before it is doubled 11 times: half of full scale, for in silence as many bits are 1 as 0. As good
as: silence is -1 or 0."""


def from_pdm(bits: npt.ArrayLike) -> Samples:
    """Of (n,) bits at RATE, 0 or 1, the samples at 8,000 Hz, (n // 150,) int16. Only 0 was before the first bit.

    Nothing but 1 would be 205,242, if it were not saturated: 15.9 dB more than full scale, for microphones are quiet.
    """
    values = _filtered_bits(np.asarray(bits, np.int64))
    taps = np.array([*FIR_TAPS[:0:-1], *FIR_TAPS], np.int64)
    count = len(values) // FIR_FACTOR
    sums = np.convolve(values, taps)[FIR_FACTOR - 1 :: FIR_FACTOR][:count] if count else values[:0]
    samples: Samples = np.clip((sums + (FIR_FIRST << _greatest_power())) >> FIR_SHIFT, -(1 << 15), (1 << 15) - 1).astype(
        np.int16
    )
    return samples


def additions() -> list[tuple[bool, bool, int]]:
    """The filter as what is done in turn to a sum that begins with FIR_FIRST: (double it, else subtract or add, which value).

    Values are counted from the newest back. Every tap is written as powers of two and minus powers of two, as few as there can
    be (canonical signed digits: G. W. Reitwiesner, 1960); powers come from the greatest to 1, doublings in between.
    """
    digits = [(power, index, sign) for index, tap in enumerate((*FIR_TAPS[:0:-1], *FIR_TAPS)) for power, sign in _digits(tap)]
    found: list[tuple[bool, bool, int]] = []
    for power in range(_greatest_power(), -1, -1):
        found += [(False, sign < 0, index) for one, index, sign in digits if one == power]
        found += [(True, False, 0)] * (power > 0)
    return found


def _filtered_bits(bits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Integrators, every CIC_FACTOR-th value, combs: (n // CIC_FACTOR,). Sums wrap round, and come right again."""
    for _ in range(CIC_ORDER):
        bits = np.cumsum(bits)
    values = bits[CIC_FACTOR - 1 :: CIC_FACTOR]
    for _ in range(CIC_ORDER):
        values = np.diff(values, prepend=0)
    return values


def _greatest_power() -> int:
    return max(power for tap in FIR_TAPS for power, _ in _digits(tap))


def _digits(value: int) -> list[tuple[int, int]]:
    """Power and sign of the canonical signed digits that are not 0."""
    found, power = [], 0
    while value:
        if value & 1:
            sign = 2 - (value & 3)
            found.append((power, sign))
            value -= sign
        value >>= 1
        power += 1
    return found
