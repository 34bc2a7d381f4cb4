"""Whole sounds side by side are what each is alone."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.integer import convolution
from kilovox.integer.convolution import Convolution, whole_sounds
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


@pytest.mark.parametrize("depthwise", [False, True])
def test_a_long_sound_is_laid_out_part_by_part(monkeypatch, depthwise):
    random = np.random.default_rng(2)
    channels, rows = (4, 4) if depthwise else (1, 4)
    numbers = random.integers(-40, 41, (rows, 15)), random.integers(-900, 900, rows), random.integers(5, 9, rows)
    layer = Convolution(*(one.astype(np.int32) for one in numbers), 5, 3, 2, 2, depthwise)
    heard = random.integers(-128, 128, (channels, 4001, 8)).astype(np.int8)
    whole = layer.outputs(heard, 1)
    for most in (1, 500, 2**12):
        monkeypatch.setattr(convolution, "LARGEST_PART", most)
        np.testing.assert_array_equal(layer.outputs(heard, 1), whole)
    tracemalloc.start()
    try:
        layer.outputs(heard, 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The sound with bands beside it, what comes out of it, and one part of it.
    assert peak < 1.3 * heard.nbytes + whole.nbytes + 20 * 2**12
