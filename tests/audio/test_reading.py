"""Sound in bounded memory, within bounds, from files, pipes and streams; every error is one line that names the sound."""

import errno
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio.sounds import NOISE, STATED, UNSTATED, changed, sound
from kilovox.audio import RawFormat, bounds, open_sound, read_audio, read_sound, reading, sound_seconds, stream_audio
from kilovox.audio.libsndfile import PatchedFile
from kilovox.errors import KilovoxError


def kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def little(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


@pytest.mark.parametrize(("kind", "coding"), STATED)
def test_blocks_make_up_the_sound(tmp_path, kind, coding):
    path = kept(tmp_path / "a", sound(kind, coding))
    whole = read_sound(path)
    with open_sound(path) as opened:
        assert (opened.rate, opened.channels, opened.subtype) == (8000, 1, whole.subtype)
        np.testing.assert_array_equal(np.concatenate(list(opened.blocks())), whole.samples)
    assert whole.samples.dtype == (np.int16 if whole.subtype == "PCM_16" else np.float64)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 96000])
def test_a_stream_is_the_file(tmp_path, rate):
    stereo = np.random.default_rng(2).normal(size=(70000, 2)) * 0.2
    soundfile.write(tmp_path / "a.wav", stereo, rate)
    pieces = list(stream_audio(tmp_path / "a.wav", 8000, 160))
    assert all(len(piece) <= 160 for piece in pieces)
    np.testing.assert_array_equal(np.concatenate(pieces), read_audio(tmp_path / "a.wav"))


@pytest.mark.parametrize(
    ("rate", "accepted"), [(1, False), (8, False), (999, False), (1000, True), (768_001, False), (2**31 - 1, False)]
)
def test_rates_out_of_bounds_are_refused(tmp_path, rate, accepted):
    path = kept(tmp_path / "a.wav", changed(sound("WAV", "PCM_16"), 24, little(rate)))
    if accepted:
        assert len(read_audio(path)) == 8 * len(NOISE)
        return
    for read in (read_audio, read_sound, lambda path: read_audio(io.BytesIO(path.read_bytes()))):
        with pytest.raises(KilovoxError, match=rf"a sample rate of {rate} Hz; expected 1000 to 768000 Hz"):
            read(path)


@pytest.mark.parametrize("channels", [65, 1000])
def test_channels_out_of_bounds_are_refused(tmp_path, channels):
    soundfile.write(tmp_path / "a.wav", np.zeros((10, channels)), 8000)
    with pytest.raises(KilovoxError, match=rf"{channels} channels; expected 1 to 64"):
        read_audio(tmp_path / "a.wav")


def test_more_than_the_longest_is_an_error_that_says_what_hears_it(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAXIMUM_SECONDS", 1)
    soundfile.write(tmp_path / "a.wav", np.zeros(8001), 8000)
    soundfile.write(tmp_path / "b.wav", np.zeros(8000), 8000)
    with pytest.raises(KilovoxError, match=r"a\.wav: longer than 1 seconds; .* kilovox listen --file"):
        read_audio(tmp_path / "a.wav")
    assert len(read_audio(tmp_path / "b.wav")) == 8000
    assert sum(map(len, stream_audio(tmp_path / "a.wav", 8000, 160))) == 8001
    monkeypatch.setattr(reading, "MAXIMUM_VALUES", 8000)
    with pytest.raises(KilovoxError, match="longer than 8000 samples of all channels"):
        read_sound(tmp_path / "a.wav")


def test_memory_depends_on_neither_header_nor_length(tmp_path):
    """In an interpreter of its own: six minutes of stereo are 64 MB, and a FLAC header announces 2^36 samples."""
    flac = sound("FLAC", "PCM_16")
    kept(tmp_path / "a.flac", changed(flac, 21, bytes([flac[21] | 15]) + b"\xff" * 4))
    size = 6 * 60 * 44100 * 4
    header = b"RIFF" + little(size + 36) + b"WAVEfmt " + little(16) + little(1, 2) + little(2, 2) + little(44100)
    kept(tmp_path / "a.wav", header + little(4 * 44100) + little(4, 2) + little(16, 2) + b"data" + little(size))
    os.truncate(tmp_path / "a.wav", 44 + size)  # a hole: takes no disk
    code = (
        "import resource, sys, pathlib\n"
        "from kilovox.audio import read_audio, stream_audio\n"
        "from kilovox.errors import KilovoxError\n"
        "import soxr, soundfile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_audio(pathlib.Path(sys.argv[1]) / 'a.flac')\n"
        "except KilovoxError as error: print(error)\n"
        "print(sum(map(len, stream_audio(pathlib.Path(sys.argv[1]) / 'a.wav', 8000, 160))))\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    error, heard, megabytes = done.stdout.splitlines()
    assert "truncated, 4000 of the 68719476735 samples" in error
    assert int(heard) == 6 * 60 * 8000
    assert int(megabytes) < 30


@pytest.mark.parametrize(
    ("kind", "coding", "endian"),
    [
        ("WAV", "PCM_U8", "FILE"), ("WAV", "PCM_16", "FILE"), ("WAV", "PCM_24", "FILE"), ("WAV", "PCM_32", "FILE"),
        ("WAV", "FLOAT", "FILE"), ("WAV", "DOUBLE", "FILE"), ("WAV", "PCM_16", "BIG"), ("WAV", "PCM_24", "BIG"),
        ("WAV", "FLOAT", "BIG"), ("WAVEX", "PCM_24", "FILE"), ("WAV", "ULAW", "FILE"), ("WAV", "IMA_ADPCM", "FILE"),
        ("FLAC", "PCM_16", "FILE"), ("OGG", "VORBIS", "FILE"), ("OGG", "OPUS", "FILE"), ("AIFF", "PCM_16", "FILE"),
        ("MP3", "MPEG_LAYER_III", "FILE"), ("IRCAM", "PCM_16", "LITTLE"), ("IRCAM", "PCM_16", "BIG"), ("VOC", "PCM_16", "FILE"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stream_in_memory_is_the_file(tmp_path, kind, coding, endian, channels):
    data = sound(kind, coding, endian, channels)
    path = kept(tmp_path / "a", data)
    whole, streamed = read_sound(path), read_sound(io.BytesIO(data))
    assert (streamed.rate, streamed.subtype) == (whole.rate, whole.subtype)
    np.testing.assert_array_equal(streamed.samples, whole.samples)


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__()
        self.data, self.step = io.BytesIO(data), step

    def read(self, size: int = -1) -> bytes:
        return self.data.read(min(size, self.step))


@pytest.mark.parametrize("step", [1, 7, 100])
@pytest.mark.parametrize("data", [sound("WAV", "PCM_24", channels=2), sound("FLAC", "PCM_16"), sound("WAV", "GSM610")])
def test_a_pipe_may_give_a_few_bytes_at_a_time(data, step):
    np.testing.assert_array_equal(read_audio(Dribble(data, step)), read_audio(io.BytesIO(data)))
    raw = RawFormat(16000, 3)
    np.testing.assert_array_equal(read_audio(Dribble(bytes(6002), step), raw=raw), read_audio(io.BytesIO(bytes(6000)), raw=raw))


def test_plain_sound_is_heard_before_the_pipe_closes():
    reading_end, writing_end = os.pipe()
    try:
        with os.fdopen(reading_end, "rb") as pipe, stream_of(pipe) as pieces:
            os.write(writing_end, changed(sound("WAV", "PCM_16"), 40, b"\xff" * 4)[: 44 + 800])
            assert sum(len(next(pieces)) for _ in range(5)) == 400
    finally:
        os.close(writing_end)


class stream_of:  # noqa: N801
    """The pieces of an open pipe, 80 samples each."""

    def __init__(self, pipe):
        self.pieces = stream_audio(pipe, 8000, 80)

    def __enter__(self):
        return self.pieces

    def __exit__(self, *_):
        self.pieces.close()


@pytest.mark.parametrize(("kind", "coding"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_named_pipes_are_read(tmp_path, kind, coding):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(sound(kind, coding),))
    writer.start()
    heard = read_audio(tmp_path / "pipe")
    writer.join()
    np.testing.assert_array_equal(heard, read_audio(kept(tmp_path / "a", sound(kind, coding))))


def piped(data: bytes, message: str, raw: RawFormat | None = None) -> None:
    with pytest.raises(KilovoxError, match=message) as caught:
        read_audio(io.BytesIO(data), raw=raw)
    assert str(caught.value).startswith("standard input: ")
    assert "\n" not in str(caught.value)


def test_what_a_pipe_must_not_be():
    wav = sound("WAV", "PCM_16")
    piped(b"", "0 bytes; expected a sound file")
    piped(b"", "0 bytes; expected samples", RawFormat(8000))
    piped(b"1", "0 samples", RawFormat(8000))
    piped(b"seven" * 99, "not a readable sound file .*raw samples and their --rate")
    piped(wav, "begins with b'RIFF', as a sound file does; expected raw samples", RawFormat(8000))
    piped(wav[:44], "truncated, 0 of the 8000 bytes")
    piped(wav[:1001], "truncated, 957 of the 8000 bytes")
    piped(wav[:20], "truncated, its 20 bytes end within the header")
    piped(sound("FLAC", "PCM_16")[:3000], "standard input: ")


def test_a_length_of_nothing_in_a_pipe_is_to_its_end():
    wav = sound("WAV", "PCM_16")
    for length in (0, 0xFFFFFFFF, 0x7FFFF000):
        assert len(read_audio(io.BytesIO(changed(wav, 40, little(length))))) == len(NOISE)
    assert len(read_audio(io.BytesIO(wav + b"LIST" + little(4) + b"INFO"))) == len(NOISE)


def test_too_much_for_the_temporary_file(monkeypatch):
    monkeypatch.setattr(reading, "MAXIMUM_PIPED", 1000)
    piped(sound("FLAC", "PCM_16"), "more than 1000 bytes")


def test_raw_samples_in_a_file(tmp_path):
    samples = np.arange(-300, 300, dtype="<i2")
    path = kept(tmp_path / "a.raw", samples.tobytes() + b"\x07")  # half a sample more
    np.testing.assert_array_equal(read_audio(path, raw=RawFormat(8000)), samples)
    stereo = read_audio(path, raw=RawFormat(8000, 2))
    np.testing.assert_array_equal(stereo, np.rint(samples.reshape(-1, 2).mean(axis=1)))
    for rate, channels in ((999, 1), (8000, 0), (8000, 65), (-1, 1)):
        with pytest.raises(KilovoxError, match=r"raw samples: .* expected 1"):
            RawFormat(rate, channels)


def test_raw_samples_of_the_other_order(tmp_path):
    samples = np.arange(-300, 300, dtype=">i2")
    path = kept(tmp_path / "a.raw", samples.tobytes())
    raw = RawFormat(16000, big_endian=True)
    read = read_sound(path, raw)
    assert (read.samples[:, 0].tolist(), read.rate, sound_seconds(path, raw)) == (samples.tolist(), 16000, 600 / 16000)


@pytest.mark.parametrize(("kind", "coding"), [*STATED, *UNSTATED])
def test_how_long_a_sound_is(tmp_path, kind, coding):
    path = kept(tmp_path / "a", sound(kind, coding))
    read = read_sound(path)
    assert sound_seconds(path) == len(read.samples) / read.rate


def test_errors_of_the_system_are_lines(tmp_path, monkeypatch):
    path = kept(tmp_path / "a.wav", sound("WAV", "PCM_16"))

    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", denied)
        with pytest.raises(KilovoxError, match=r"a\.wav: cannot be read \(Permission denied\)"):
            read_audio(path)
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(KilovoxError, match=rf"{device}: "):
            read_audio(Path(device))


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (OSError(errno.EIO, "Input/output error"), KilovoxError, r"a\.wav: cannot be read \(Input/output error\)"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_errors_within_libsndfiles_callbacks_are_not_lost(tmp_path, monkeypatch, error, expected, message):
    path = kept(tmp_path / "a.wav", changed(sound("WAV", "PCM_16"), 40, bytes(4)))

    class Failing:
        def __init__(self, file):
            self.file = file
            self.seek, self.tell = file.seek, file.tell

        def read(self, size):
            if self.file.tell() >= 44:
                raise error
            return self.file.read(size)

    monkeypatch.setattr("kilovox.audio.libsndfile.PatchedFile", lambda file, patches: PatchedFile(Failing(file), patches))
    with pytest.raises(expected, match=message):
        read_audio(path)


def test_no_place_in_a_patched_file_is_before_its_beginning():
    patched = PatchedFile(io.BytesIO(b"abcdef"), {2: b"XY"})
    assert patched.seek(-5) == 0
    assert [patched.read(3), patched.read(3)] == [b"abX", b"Yef"]
    assert patched.seek(-4, os.SEEK_END) == 2
    buffer = bytearray(5)
    assert (patched.readinto(buffer), buffer) == (4, b"XYef\0")


def test_bounds_are_consistent():
    assert bounds.MINIMUM_RATE < bounds.SAMPLE_RATE < bounds.MAXIMUM_RATE
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in bounds.SUFFIXES)
    assert {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64"} <= bounds.SUFFIXES
