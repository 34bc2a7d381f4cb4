"""Four-bit weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kilovox.errors import KilovoxError
from kilovox.integer.power_of_two import check_power_of_two, decode, pack, unpack

CODES = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 15))
)


@given(CODES)
def test_pack_and_unpack(codes):
    packed = pack(codes)
    assert packed.dtype == np.uint8
    assert packed.shape == (codes.shape[0], (codes.shape[1] + 1) // 2, codes.shape[2])
    np.testing.assert_array_equal(unpack(packed, codes.shape[1]), codes)


@given(CODES)
def test_every_code_is_a_power_of_two(codes):
    weights = decode(codes)
    check_power_of_two(weights)
    np.testing.assert_array_equal(np.abs(weights), 2 ** (codes % 8).astype(int))
    np.testing.assert_array_equal(weights < 0, codes >= 8)


@pytest.mark.parametrize(
    ("weights", "said"),
    [([1, 0, 2], "1 weights are no power of two, such as 0"), ([3], "such as 3"), ([1, 256], "expected eight exponents")],
)
def test_what_is_none_is_caught(weights, said):
    with pytest.raises(KilovoxError, match=said):
        check_power_of_two(np.array(weights))


def test_wrong_shapes_and_padding():
    packed = pack(np.ones((2, 3, 4), np.uint8))
    with pytest.raises(KilovoxError, match="expected uint8 of 3 bytes a row"):
        unpack(packed, 5)
    packed[0, 1, 0] |= 0x70
    with pytest.raises(KilovoxError, match="half byte after the last column is not 0"):
        unpack(packed, 3)
