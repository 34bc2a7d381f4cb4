"""What a confidence is worth."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kilovox.integer.calibration import IDENTITY, KNOTS, calibrated

RISING = st.lists(st.integers(0, 255), min_size=KNOTS, max_size=KNOTS).map(sorted)


def test_without_one_it_is_what_it_was():
    assert [calibrated(sure, IDENTITY) for sure in range(256)] == list(range(256))


@given(RISING)
def test_it_is_linear_between_the_knots_and_never_falls(knots):
    found = [calibrated(sure, knots) for sure in range(256)]
    exact = np.interp(np.arange(256), np.arange(0, 257, 16), knots)
    assert found == np.floor(exact + 0.5).astype(int).tolist()
    assert found == sorted(found)
    assert found[::16] == knots[:-1]
    assert 0 <= found[0] <= found[-1] <= 255
