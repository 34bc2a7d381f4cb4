"""Words out of live sound."""

import pytest

from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC
from kilovox.frontend.word_features import WordFeatureStream


def test_a_front_end_without_words_is_refused():
    with pytest.raises(KilovoxError, match=r"without words; expected a section frontend\.words"):
        WordFeatureStream(FixedPointMFCC())
