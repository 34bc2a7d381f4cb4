"""Tables of the integer front end against what they stand for, written another way."""

import math

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point_tables as tables


@pytest.mark.parametrize(
    ("rate", "bands", "low", "high"),
    [(8000, 32, 60.0, 4000.0), (8000, 2, 0.0, 3800.0), (8000, 4, 60.0, 4000.0),
     (16000, 20, 100.0, 8000.0), (8000, 42, 0.0, 4000.0)],
)  # fmt: skip
def test_mel_filters_are_triangles_between_corners_equal_in_mel(rate, bands, low, high):
    """The second and third have a bin so near its corner that the weight rounds to 256, which a byte does not hold."""
    mel = [2595 * math.log10(1 + hertz / 700) for hertz in (low, high)]
    corners = [700 * (10 ** ((mel[0] + (mel[1] - mel[0]) * k / (bands + 1)) / 2595) - 1) * 256 / rate for k in range(bands + 2)]
    starts, weights = tables.mel(rate, bands, low, high)
    assert (starts.dtype, weights.dtype, len(starts), len(weights)) == (np.uint8, np.uint8, bands + 2, starts[-1] - starts[0])
    assert starts[0] >= 1
    largest = 0.0
    for segment in range(bands + 1):
        left, right = corners[segment], corners[segment + 1]
        for position in range(starts[segment], starts[segment + 1]):
            assert left - 1e-5 <= position < right + 1e-5 or position == 1
            rising = (position - left) / (right - left)
            assert abs(int(weights[position - starts[0]]) - 256 * rising) <= 1
            largest = max(largest, rising)
    assert largest <= 1


def test_mel_segments_without_a_bin_are_refused():
    with pytest.raises(KilovoxError, match=r"62 mel bands from 0 to 4000 Hz: some without a bin \(31.25 Hz\); expected fewer"):
        tables.mel(8000, 62, 0.0, 4000.0)


def test_the_window_is_hann_s_half():
    half = tables.half_window()
    for n in (0, 1, 60, 127):
        assert abs(half[n] - (1 << tables.WINDOW_BITS) * math.sin(math.pi * (n + 0.5) / 256) ** 2) <= 0.5
    assert half.min() > 0  # no product of a difference is lost


def test_sine_bit_reversal_logarithm_and_dct():
    sine = tables.sine()
    assert all(abs(value - (1 << 14) * math.sin(2 * math.pi * k / 256)) <= 0.5 for k, value in enumerate(sine.tolist()))
    assert tables.bit_reverse().tolist() == [int(f"{n:07b}"[::-1], 2) for n in range(128)]
    assert tables.log2_mantissa().tolist() == [round(4096 * math.log2(1 + i / 32)) for i in range(33)]
    dct = tables.half_dct(5, 8)
    for row in range(5):
        scale = math.sqrt((1 if row == 0 else 2) / 8)
        for band in range(4):
            assert abs(dct[row, band] - (1 << 14) * scale * math.cos(math.pi * row * (2 * band + 1) / 16)) <= 0.5


def test_decibels():
    assert [tables.decibels_to_level(decibels) for decibels in (0.0, 10 * math.log10(2), 60.0, 3.0)] == [0, 256, 5102, 255]
