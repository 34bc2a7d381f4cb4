"""Normalisation, padding and the band-pass."""

import numpy as np
import pytest

from kilovox.config import FrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.band_pass import band_pass
from kilovox.frontend.pipeline import Normalisation, pad, raw_features, valid_frames


def test_normalised_to_zero_mean_and_unit_deviation():
    generator = np.random.default_rng(0)
    sequences = [generator.normal(5, 3, (n, 4)).astype(np.float32) for n in (3, 9, 20)]
    frames = np.concatenate(Normalisation.of(sequences)(sequences))
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(frames.std(axis=0), 1, rtol=1e-5)


def test_a_constant_coefficient_stays_finite():
    normalised = Normalisation.of([np.ones((4, 2))])([np.ones((4, 2))])
    np.testing.assert_array_equal(normalised[0], 0)


def test_pad_and_trim():
    padded = pad([np.ones((2, 3)), np.full((6, 3), 2.0)], 4)
    assert padded.shape == (2, 4, 3)
    assert padded[0].sum() == 6
    np.testing.assert_array_equal(padded[1], 2.0)
    np.testing.assert_array_equal(valid_frames(padded), [2, 4])
    np.testing.assert_array_equal(valid_frames(np.zeros((1, 4, 3))), [1])
    alone = pad([np.full((2, 3), -7, np.int8)], 5)
    assert (alone.dtype, alone.shape, alone.sum()) == (np.int8, (1, 5, 3), -42)


def tone(hertz, amplitude=3000):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(8000) / 8000)).astype(np.int16)


def test_band_pass_keeps_the_band_and_raises_the_level():
    passed = band_pass(tone(1000))
    assert np.abs(passed.astype(int)).max() == 32767
    mixed = band_pass(np.clip(tone(1000).astype(int) + tone(50) + tone(3900), -32768, 32767).astype(np.int16))
    spectrum = np.abs(np.fft.rfft(mixed.astype(float)))
    assert spectrum[1000] > 8 * spectrum[50]
    assert spectrum[1000] > 8 * spectrum[3900]


def test_band_pass_of_silence():
    assert not band_pass(np.zeros(500, np.int16)).any()


def test_band_pass_is_an_option_of_the_front_end():
    plain, filtered = (raw_features(FrontEnd(band_pass=on), [tone(700)])[0] for on in (False, True))
    assert plain.shape == filtered.shape
    assert np.abs(plain - filtered).max() > 1


def test_statistics_do_not_depend_on_how_many_sequences_are_taken_at_once(monkeypatch):
    generator = np.random.default_rng(1)
    sequences = [generator.integers(-3000, 3000, (length, 4)).astype(np.int16) for length in (1, 0, 30, 7, 12)]
    frames = np.concatenate(sequences).astype(np.float64)
    for taken in (4096, 2):
        monkeypatch.setattr("kilovox.frontend.pipeline._BLOCK", taken)
        found = Normalisation.of(sequences)
        np.testing.assert_allclose(found.mean, frames.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(found.deviation, frames.std(axis=0), rtol=1e-6)
    with pytest.raises(KilovoxError, match="no recording has a frame"):
        Normalisation.of([np.zeros((0, 4), np.int16)])
