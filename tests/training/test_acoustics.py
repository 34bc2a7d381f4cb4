"""Variants of recordings: other samples for another seed, the same for the same, nothing for settings of nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.config import Acoustics
from kilovox.training.acoustics import perturbed

STILL = Acoustics(
    vocal_tract=0.0, silence_ms=0.0, equaliser_db=0.0, band_limit=0.0, reverberation=0.0, noise=0.0, codec=0.0, tempo=0.0
)


def word(count=2000):
    time = np.arange(count)
    return np.rint(6000 * np.sin(time / 5) * np.sin(np.pi * time / count)).astype(np.int16)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3000))
def test_any_recording_has_variants_that_follow_the_generator(seed, count):
    first, again = (perturbed(word(count), Acoustics(), 8000, np.random.default_rng(seed), [word()]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.int16
    assert len(first) >= 1


def test_nothing_but_the_level_changes_where_nothing_is_asked_for():
    changed = perturbed(word(), STILL, 8000, np.random.default_rng(7), [word()])
    assert len(changed) == len(word())
    assert np.corrcoef(changed, word())[0, 1] > 0.99


def test_ends_are_cut_off_half_the_variants():
    settings = STILL.model_copy(update={"crop_ms": 60.0})
    lengths = [len(perturbed(word(), settings, 8000, np.random.default_rng(seed), [word()])) for seed in range(60)]
    assert 15 < lengths.count(2000) < 45
    assert 2000 - 2 * 480 <= min(lengths) < 1600
    assert len(perturbed(word(4), settings, 8000, np.random.default_rng(1), [word()])) >= 2


def test_silence_and_vocal_tract_change_the_length():
    lengths = {len(perturbed(word(), Acoustics(), 8000, np.random.default_rng(seed), [word()])) for seed in range(20)}
    assert len(lengths) > 15
    assert min(lengths) >= 2000 / 1.26
    assert max(lengths) <= 2000 * 1.26 + 8001
