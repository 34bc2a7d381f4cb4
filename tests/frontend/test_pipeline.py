"""Normalisation, padding and the band-pass."""

import numpy as np
import pytest

from kilovox.config import FixedPointFrontEnd, FrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.band_pass import band_pass
from kilovox.frontend.corpus_features import corpus_features, settings_of
from kilovox.frontend.pipeline import Normalisation, as_integers, fit_normalisation, pad, raw_features, valid_frames
from models import make_recordings


def test_normalised_to_zero_mean_and_unit_deviation():
    generator = np.random.default_rng(0)
    sequences = [generator.normal(5, 3, (n, 4)).astype(np.float32) for n in (3, 9, 20)]
    frames = np.concatenate(Normalisation.of(sequences)(sequences))
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(frames.std(axis=0), 1, rtol=1e-5)


def test_a_constant_coefficient_stays_finite():
    normalised = Normalisation.of([np.ones((4, 2))])([np.ones((4, 2))])
    np.testing.assert_array_equal(normalised[0], 0)


def levels(*deviations):
    """A sequence of levels, Q7, a band of each deviation."""
    random = np.random.default_rng(1)
    return np.rint(-3000 + random.normal(size=(4000, len(deviations))) * deviations).astype(np.int16)


@pytest.mark.parametrize("hardly", [0.0, 0.02, 0.7, 30.0])
def test_a_band_that_hardly_changes_does_not_coarsen_the_others(hardly):
    """All bands share a shift: one that never leaves the floor, as of telephone speech, would take the bits of the others."""
    config = FixedPointFrontEnd(kind="fixed_point", features="levels", mel_bands=4)
    sequence = levels(hardly, 300.0, 900.0, 4000.0)
    sequence[7, 0] += hardly > 0
    fitted = fit_normalisation(config, [sequence])
    assert fitted.multiplier.min() >= 64
    (found,) = fitted([sequence])
    assert found[:, 0].std() <= 127 / 4
    assert hardly > 0 or not found[:, 0].any()
    np.testing.assert_allclose(found[:, 1:].std(axis=0), 127 / 4, rtol=0.03)


def test_cepstra_are_normalised_as_ever():
    config = FixedPointFrontEnd(kind="fixed_point", coefficients=4)
    fitted = fit_normalisation(config, [levels(5.0, 300.0, 900.0, 2000.0)])
    assert fitted.multiplier[0] / 2.0**fitted.shift == pytest.approx(127 / (4 * 5), rel=0.03)


def test_features_are_kept_by_what_they_are():
    kept = [settings_of(FixedPointFrontEnd(kind="fixed_point", coefficients=32, **more)) for more in (
        {}, {"features": "cepstra"}, {"features": "levels"}
    )]  # fmt: skip
    assert kept[0] == kept[1] != kept[2]
    assert "features" not in kept[0]["front_end"], "what was kept before there was this key is still found"


def test_levels_of_a_corpus_are_kept_apart_from_cepstra(tmp_path, monkeypatch):
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "cache"))
    corpus = make_recordings(tmp_path / "tones", takes=1)
    for _ in range(2):
        for kind in ("cepstra", "levels"):
            config = FixedPointFrontEnd(kind="fixed_point", features=kind, mel_bands=14, coefficients=14)
            found = corpus_features(corpus, config)
            want = raw_features(config, [corpus.samples(place, 8000) for place in range(6)])
            for own, expected in zip(found, want, strict=True):
                np.testing.assert_array_equal(own, expected)


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


def test_precomputed_features_as_integers_saturate():
    config = FixedPointFrontEnd(kind="fixed_point", feature_bits=4)
    found = as_integers(config, np.array([[-1e9, -2048.0, -2048.1, -1.0, 0.04, 2047.9375, 2048.0, 1e9]]))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, [[-32768, -32768, -32768, -16, 1, 32767, 32767, 32767]])


def test_deviations_from_the_smallest_on_are_read():
    tensors = Normalisation(np.zeros(2, np.float32), np.array([1e-12, -1e-12], np.float32)).tensors()
    np.testing.assert_array_equal(Normalisation.from_tensors(tensors).deviation, tensors["front_end.deviation"])
    tensors["front_end.deviation"][1] = np.nextafter(np.float32(1e-12), np.float32(0))
    with pytest.raises(KilovoxError, match="no deviation below 1e-12"):
        Normalisation.from_tensors(tensors)
