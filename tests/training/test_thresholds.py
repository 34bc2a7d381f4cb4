"""How sure a model must be, chosen on those that validate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.training.thresholds import threshold


@pytest.mark.parametrize(
    ("sure", "expected"),
    [([], 0), ([7], 7), (range(100), 5), (range(19), 0), (range(20), 1), ([255] * 40, 255), ([3, 9, 1], 1)],
)
def test_the_largest_that_rejects_one_in_twenty(sure, expected):
    assert threshold(np.array(list(sure), np.int64)) == expected


@given(st.lists(st.integers(0, 255), min_size=1, max_size=80), st.floats(0, 0.5))
def test_no_larger_one_would_do(sure, rejected):
    confidences = np.array(sure, np.int64)
    found = threshold(confidences, rejected)
    assert (confidences < found).sum() <= rejected * len(sure)
    assert found == confidences.max() or (confidences < found + 1).sum() > rejected * len(sure)
