"""Floats in the scale of integers are named; what is merely too loud is clipped; integers are never affected."""

import numpy as np
import pytest
import soundfile

from kilovox.audio import read_audio, read_sound, stream_audio
from kilovox.errors import KilovoxError

WAVE = np.sin(np.arange(4000) / 3)


def written(path, samples, subtype, **more):
    soundfile.write(path, samples, 8000, subtype=subtype, **more)
    return path


@pytest.mark.parametrize(
    ("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("AIFF", "FLOAT"), ("AU", "DOUBLE"), ("CAF", "FLOAT")]
)
@pytest.mark.parametrize(("scale", "name"), [(2**15, "int16"), (2**23, "int24"), (2**31, "int32")])
def test_the_scale_of_integers_is_an_error_that_names_the_peak(tmp_path, kind, subtype, scale, name):
    path = written(tmp_path / "a", WAVE * scale * 0.75, subtype, format=kind)
    for read in (read_audio, read_sound, lambda path: list(stream_audio(path, 8000, 160))):
        with pytest.raises(
            KilovoxError, match=rf"a peak of .* in samples of {subtype}; expected -1 to 1: divide by {scale} .*{name}"
        ):
            read(path)


def test_the_peak_is_that_of_the_whole_sound(tmp_path):
    samples = np.concatenate([WAVE * 20] * 40)
    samples[-1] = -12345
    path = written(tmp_path / "a.wav", samples, "FLOAT")
    with pytest.raises(KilovoxError, match="a peak of 12345 in"):
        read_audio(path)
    with pytest.raises(KilovoxError, match="a peak of 20 in"):
        list(stream_audio(path, 8000, 160))


def test_numbers_near_the_end_of_all_numbers_overflow_nowhere(tmp_path):
    with pytest.raises(KilovoxError, match=r"a peak of 1e\+308 in samples of DOUBLE; expected -1 to 1$"):
        read_audio(written(tmp_path / "a.wav", np.full((500, 2), 1e308), "DOUBLE"))


def test_a_quiet_one_in_whole_numbers_is_one_too(tmp_path):
    with pytest.raises(KilovoxError, match="a peak of 3 in samples of FLOAT"):
        read_audio(written(tmp_path / "a.wav", np.rint(WAVE * 3), "FLOAT"))


@pytest.mark.parametrize("loud", [1.0, 1.4, 2.0, 3.9])
def test_what_is_merely_too_loud_is_clipped(tmp_path, loud):
    read = read_audio(written(tmp_path / "a.wav", WAVE * loud, "FLOAT"))
    np.testing.assert_array_equal(read, np.clip(np.rint(np.float32(WAVE * loud) * 32768.0), -32768, 32767))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_integers_are_in_their_scale(tmp_path, subtype):
    assert np.abs(read_audio(written(tmp_path / "a.wav", np.sign(WAVE) * 1.0, subtype)).astype(int)).max() >= 32512


def test_a_square_wave_at_full_scale_is_sound(tmp_path):
    assert set(read_audio(written(tmp_path / "a.wav", np.sign(WAVE), "FLOAT"))) <= {-32768, 0, 32767}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_numbers_are_named_in_a_stream(tmp_path, value):
    samples = np.concatenate([WAVE] * 30) * 0.5
    samples[-5] = value
    path = written(tmp_path / "a.wav", samples, "FLOAT")
    with pytest.raises(KilovoxError, match="not numbers"):
        list(stream_audio(path, 8000, 160))
