"""Every way a sound file can be odd, and every way it can be broken."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from kilovox.audio import read_audio, read_sound, to_int16_mono
from kilovox.errors import KilovoxError

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)


def written(path: Path, samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def test_int16_mono_is_passed_on_untouched(tmp_path: Path) -> None:
    samples = np.array([-32768, -1, 0, 1, 32767, -32768], np.int16)
    read = read_audio(written(tmp_path / "a.wav", samples))
    assert read.dtype == np.int16
    np.testing.assert_array_equal(read, samples)


@pytest.mark.parametrize(("subtype", "tolerance"), [("FLOAT", 1), ("DOUBLE", 1), ("PCM_24", 1), ("PCM_32", 1), ("PCM_U8", 256)])
def test_other_widths(tmp_path: Path, subtype: str, tolerance: int) -> None:
    read = read_audio(written(tmp_path / "a.wav", TONE, subtype=subtype))
    assert np.abs(read - TONE * 32768).max() <= tolerance


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", TONE, 8000)
    read = read_audio(tmp_path / f"a.{suffix}")
    assert len(read) == len(TONE)
    assert np.corrcoef(read, TONE)[0, 1] > 0.99


def test_channels_are_averaged(tmp_path: Path) -> None:
    stereo = np.stack([np.full(100, 1000), np.full(100, 2001)], axis=1).astype(np.int16)
    assert set(read_audio(written(tmp_path / "a.wav", stereo))) == {1500}  # 1500.5, to even


def test_floats_beyond_full_scale_saturate(tmp_path: Path) -> None:
    read = read_audio(written(tmp_path / "a.wav", np.array([1.5, -1.5, 1.0, -1.0, 0.0]), subtype="FLOAT"))
    np.testing.assert_array_equal(read, [32767, -32768, 32767, -32768, 0])


@pytest.mark.parametrize("rate", [44100, 16000, 11025, 4000])
def test_resampling_keeps_the_pitch_and_the_level(tmp_path: Path, rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    read = read_audio(written(tmp_path / "a.wav", tone, rate))
    assert len(read) == 8000
    spectrum = np.abs(np.fft.rfft(read))
    assert spectrum.argmax() == 440  # a second long: bins of 1 Hz
    assert np.abs(read[1000:-1000]).max() == pytest.approx(16384, rel=0.01)


def test_resampling_leaves_out_what_the_lower_rate_cannot_hold(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 6000 * np.arange(44100) / 44100)
    read = read_audio(written(tmp_path / "a.wav", tone, 44100))
    assert np.abs(read[500:-500]).max() < 4  # folded back, it would be 2,000 Hz at 16,384


def test_digital_silence_is_sound(tmp_path: Path) -> None:
    assert not read_audio(written(tmp_path / "a.wav", np.zeros(800, np.int16))).any()


@given(npst.arrays(np.int16, st.tuples(st.integers(1, 200), st.integers(1, 3))))
def test_converting_stays_within_the_channels(samples: np.ndarray) -> None:
    mono = to_int16_mono(samples, 8000, 8000)
    assert (mono >= samples.min(axis=1)).all()
    assert (mono <= samples.max(axis=1)).all()


def broken(path: Path, message: str) -> None:
    with pytest.raises(KilovoxError, match=re.escape(message)) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    broken(tmp_path / "a.wav", "no such file")


def test_folder(tmp_path: Path) -> None:
    broken(tmp_path, "a folder; expected a sound file")


def test_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    broken(tmp_path / "a" / "b.wav", "cannot be read")


def test_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    broken(tmp_path / "a.wav", "0 bytes; expected a sound file")


def test_text_called_wav(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("seven, said by jackson\n" * 20)
    broken(tmp_path / "a.wav", "not a readable sound file (Format not recognised); expected WAV, FLAC, Ogg")


def test_no_samples(tmp_path: Path) -> None:
    broken(written(tmp_path / "a.wav", np.zeros(0, np.int16)), "0 samples; expected at least one")


@pytest.mark.parametrize("kept", [4, 8, 11, 12, 20, 30, 36, 40, 43])
def test_header_cut_short(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path / "a.wav", TONE)
    path.write_bytes(path.read_bytes()[:kept])
    broken(path, f"truncated, its {kept} bytes end within the header")


@pytest.mark.parametrize("kept", [44, 45, 1000, 44 + 7999])
def test_samples_cut_short(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path / "a.wav", TONE)
    path.write_bytes(path.read_bytes()[:kept])
    broken(path, f"truncated, {kept - 44} of the 8000 bytes")


def test_flac_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.RandomState(0).uniform(-1, 1, 30000), 8000)
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(KilovoxError, match=r"a\.flac: (truncated|not a readable)"):
        read_audio(path)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_stream_of_unknown_length_is_whole(tmp_path: Path, length: int) -> None:
    path = written(tmp_path / "a.wav", TONE)
    data = path.read_bytes()
    path.write_bytes(data[:40] + length.to_bytes(4, "little") + data[44:])
    assert len(read_audio(path)) == len(TONE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_a_number(tmp_path: Path, value: float) -> None:
    samples = TONE.copy()
    samples[7] = value
    broken(written(tmp_path / "a.wav", samples, subtype="FLOAT"), "not numbers (NaN or infinity); expected -1 to 1")


def test_less_than_a_sample_at_the_lower_rate(tmp_path: Path) -> None:
    broken(written(tmp_path / "a.wav", np.zeros(2, np.int16), 96000), "2 samples at 96000 Hz are less than one at 8000 Hz")


def test_reading_as_it_is(tmp_path: Path) -> None:
    sound = read_sound(written(tmp_path / "a.wav", np.zeros((30, 2)), 44100, "PCM_24"))
    assert (sound.samples.shape, sound.samples.dtype, sound.rate, sound.subtype) == ((30, 2), np.float64, 44100, "PCM_24")
