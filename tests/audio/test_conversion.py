"""Sound in pieces is the sound in one piece, at every rate."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.audio import Converter, to_int16_mono
from kilovox.errors import KilovoxError


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([1000, 8000, 11025, 16000, 22050, 44100, 48000, 192000]),
    st.integers(1, 2),
    st.booleans(),
    st.lists(st.integers(0, 3000), min_size=1, max_size=6),
    st.integers(0, 2**31),
)
def test_pieces_are_the_whole(rate, channels, floats, lengths, seed):
    random = np.random.default_rng(seed)
    shape = (sum(lengths), channels)
    samples = random.uniform(-1.2, 1.2, shape) if floats else random.integers(-32768, 32768, shape).astype(np.int16)
    converter = Converter(rate, 8000)
    parts = [converter.push(piece) for piece in np.split(samples, np.cumsum(lengths)[:-1])]
    heard = np.concatenate([*parts, converter.finish()])
    np.testing.assert_array_equal(heard, to_int16_mono(samples, rate, 8000))
    mono = samples.mean(axis=1) * (32768 if floats else 1)
    expected = mono if rate == 8000 else soxr.resample(mono, rate, 8000, quality="HQ")
    np.testing.assert_array_equal(heard, np.clip(np.rint(expected), -32768, 32767))


def test_what_soxr_cannot_do_is_a_line():
    with pytest.raises(KilovoxError, match="0 Hz cannot be resampled to 8000 Hz"):
        Converter(0, 8000)
