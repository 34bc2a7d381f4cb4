"""Whole sounds side by side are what each is alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.integer.convolution import whole_sounds
from kilovox.integer.recogniser import SOUNDS, Recogniser
from models import listening_model

RECOGNISERS = {stride: Recogniser(listening_model(stride)) for stride in (1, 2, 8)}


def features(lengths, seed=1):
    random = np.random.default_rng(seed)
    return [random.integers(-128, 128, (length, 8)).astype(np.int8) for length in lengths]


@settings(deadline=None)
@given(st.sampled_from(sorted(RECOGNISERS)), st.lists(st.integers(0, 30), max_size=6))
def test_sounds_of_any_lengths(stride, lengths):
    recogniser, sounds = RECOGNISERS[stride], features(lengths)
    found = whole_sounds(recogniser.convolutions, recogniser.engine, sounds)
    for own, sound in zip(found, sounds, strict=True):
        np.testing.assert_array_equal(own, recogniser.listener().push(sound))


@pytest.mark.parametrize("count", [SOUNDS, SOUNDS + 1])
def test_more_than_are_computed_at_once(count):
    recogniser = RECOGNISERS[2]
    sounds = features([3 + number % 5 for number in range(count)])
    found = recogniser.read_out(sounds)
    assert len(found) == count
    for own, sound in zip(found, sounds, strict=True):
        np.testing.assert_array_equal(own, recogniser.listener().push(sound))
