"""The float MFCC against librosa's."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.errors import KilovoxError
from kilovox.frontend.mfcc import MFCC, dct_matrix, mel_filters


def librosa_mfcc(samples):
    return librosa.feature.mfcc(
        y=samples / 32768.0,
        sr=8000,
        n_mfcc=13,
        n_fft=400,
        hop_length=160,
        n_mels=40,
        htk=True,
        mel_norm=None,
        pad_mode="reflect",
    ).T


def speech_like(seed, length):
    generator = np.random.default_rng(seed)
    time = np.arange(length) / 8000
    tone = sum(np.sin(2 * np.pi * f * time + 3 * np.sin(7 * time)) / (1 + n) for n, f in enumerate((130, 700, 1200, 2600)))
    tone *= np.exp(-((time - time.mean()) ** 2) / 0.02)
    return (8000 * tone + generator.normal(0, 5, length)).astype(np.int16)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(400, 9000))
def test_equal_to_librosa(seed, length):
    samples = speech_like(seed, length)
    (ours,) = MFCC()([samples])
    assert np.abs(ours - librosa_mfcc(samples)).max() < 1e-4


def test_equal_to_librosa_on_recordings(fsdd_folder):
    import soundfile

    paths = sorted(fsdd_folder.glob("*.wav"))[::60]
    recordings = [soundfile.read(path, dtype="int16")[0] for path in paths]
    for ours, samples in zip(MFCC()(recordings), recordings, strict=True):
        assert np.abs(ours - librosa_mfcc(samples)).max() < 1e-4


def test_a_batch_is_the_same_as_one_by_one(monkeypatch):
    monkeypatch.setattr("kilovox.frontend.mfcc._BATCH_FRAMES", 64)
    recordings = [speech_like(seed, 300 + 1713 * seed) for seed in range(6)]
    together = MFCC()(recordings)
    for batch, samples in zip(together, recordings, strict=True):
        np.testing.assert_array_equal(batch, MFCC()([samples])[0])
        assert batch.shape == (len(samples) // 160 + 1, 13)


def test_silence_is_the_floor():
    (features,) = MFCC()([np.zeros(800, np.int16)])
    expected = dct_matrix(13, 40) @ np.full(40, -100.0)
    np.testing.assert_allclose(features, np.tile(expected, (6, 1)), atol=1e-4)


def test_full_scale():
    for samples in (np.full(2000, -32768, np.int16), np.tile(np.array([32767, -32768], np.int16), 1000)):
        assert np.isfinite(MFCC()([samples])[0]).all()


def test_too_short():
    with pytest.raises(KilovoxError, match="200 samples are too short for a 400-sample window; expected at least 201"):
        MFCC()([np.zeros(200, np.int16)])


def test_filters_and_transform():
    filters = mel_filters(8000, 400, 40)
    assert filters.shape == (40, 201)
    assert (filters >= 0).all()
    assert (filters.max(axis=1) > 0).all()
    np.testing.assert_allclose(dct_matrix(13, 40) @ dct_matrix(13, 40).T, np.eye(13), atol=1e-12)
