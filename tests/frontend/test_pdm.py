"""What becomes of a microphone's bits: the filters' integers, what they keep and suppress, and that no sum leaves its bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.frontend.pdm import (
    CIC_BITS,
    CIC_FACTOR,
    CIC_ORDER,
    FIR_FACTOR,
    FIR_FIRST,
    FIR_SHIFT,
    FIR_SUM_BITS,
    FIR_TAPS,
    RATE,
    additions,
    from_pdm,
)

BETWEEN = RATE // CIC_FACTOR
KEPT_HZ = 3400
KEPT_DB, SUPPRESSED_DB, FOLDED_DB = 0.015, 57.9, 61.9
"""What docs/arithmetic.md says: of what is kept, of 4,600 Hz and more, and of what folds after the combs."""

TAPS = np.array([*FIR_TAPS[:0:-1], *FIR_TAPS])
CIC = np.array([1])
for _ in range(CIC_ORDER):
    CIC = np.convolve(CIC, np.ones(CIC_FACTOR, int))
"""What integrators and combs are: boxes after one another."""


def gain(taps, hertz, rate):
    """Of 1 at 0 Hz."""
    turns = np.exp(-2j * np.pi * np.outer(hertz, np.arange(len(taps))) / rate)
    return np.abs(turns @ taps) / taps.sum()


def exact(bits):
    """Both filters as sums of products, in Python's integers, 0 before the first bit."""
    heard = [0] * (len(CIC) - 1) + bits
    values = [
        sum(int(tap) * bit for tap, bit in zip(CIC, heard[end - len(CIC) : end], strict=True))
        for end in range(len(CIC) + CIC_FACTOR - 1, len(heard) + 1, CIC_FACTOR)
    ]
    values = [0] * (len(TAPS) - 1) + values
    samples = []
    for end in range(len(TAPS) + FIR_FACTOR - 1, len(values) + 1, FIR_FACTOR):
        total = sum(int(tap) * value for tap, value in zip(TAPS, values[end - len(TAPS) : end], strict=True))
        samples.append(max(-32768, min(32767, (total + FIR_FIRST * 2**11) >> FIR_SHIFT)))
    return samples


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 1000), st.floats(0, 1))
def test_samples_are_sums_of_products(seed, count, density):
    bits = (np.random.default_rng(seed).random(count) < density).astype(np.uint8).tolist()
    assert from_pdm(bits).tolist() == exact(bits)


def test_taps_are_what_the_formula_gives():
    """Of rounding at .5 nothing is asked."""
    hertz, side = np.linspace(0, 4000, 4001), np.arange(len(FIR_TAPS))
    wanted = 1 / np.abs(np.sinc(hertz * CIC_FACTOR / RATE) / np.sinc(hertz / RATE)) ** CIC_ORDER
    ideal = (
        np.trapezoid(wanted * np.cos(2 * np.pi * np.outer(side, hertz) / BETWEEN), hertz)
        * np.kaiser(123, 5.7)[61 : 61 + len(side)]
    )
    assert np.abs(ideal / ideal[0] * FIR_TAPS[0] - FIR_TAPS).max() < 0.51


def test_what_is_kept_and_what_is_suppressed():
    kept, others = np.linspace(1, KEPT_HZ, 500), np.linspace(4600, BETWEEN / 2, 2000)
    both = 20 * np.log10(gain(CIC, kept, RATE) * gain(TAPS, kept, BETWEEN))
    assert both.max() - both.min() < 2 * KEPT_DB
    assert 20 * np.log10(gain(TAPS, others, BETWEEN)).max() < -SUPPRESSED_DB
    folding = np.concatenate([np.linspace(k * BETWEEN - KEPT_HZ, k * BETWEEN + KEPT_HZ, 200) for k in range(1, 15)])
    assert 20 * np.log10(gain(CIC, folding, RATE)).max() < -FOLDED_DB


def test_additions_are_the_taps():
    """And no sum on the way leaves its bits, whatever the values are, 0 to CIC_FACTOR^CIC_ORDER."""
    found, first = np.zeros(len(TAPS), int), FIR_FIRST
    for double, minus, index in additions():
        if double:
            found, first = 2 * found, 2 * first
        else:
            found[index] += -1 if minus else 1
        below, above = (CIC_FACTOR**CIC_ORDER * np.clip(side * found, 0, None).sum() for side in (-1, 1))
        assert -(2 ** (FIR_SUM_BITS - 1)) <= first - below <= first + above < 2 ** (FIR_SUM_BITS - 1)
    assert (found.tolist(), first) == (TAPS.tolist(), FIR_FIRST * 2**11)
    assert CIC_FACTOR**CIC_ORDER < 2**CIC_BITS


@pytest.mark.parametrize(("bit", "sample"), [(0, -32768), (1, 32767)])
def test_full_scale_is_saturated(bit, sample):
    assert set(from_pdm([1 - bit] * 3000 + [bit] * 9000)[-30:].tolist()) == {sample}


def test_silence_is_none():
    assert set(from_pdm([0, 1] * 6000)[-40:].tolist()) <= {-2, -1, 0}


def test_fewer_bits_than_a_sample_make_none():
    assert from_pdm([]).shape == from_pdm([1] * 149).shape == (0,)
    assert from_pdm([1] * 150).dtype == np.int16
