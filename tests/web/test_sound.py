"""The page's reader of WAV files, run by node: what it hears of a stranger's bytes is what kilovox.audio hears, or an error."""

import struct

import numpy as np
import pytest

from kilovox.audio import read_audio
from kilovox.errors import KilovoxError

SAMPLES = np.random.default_rng(3).integers(-9000, 9000, 300).astype("<i2")
PCM = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
FLOAT = struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)
EXTENSIBLE = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4) + bytes.fromhex(
    "0100000000001000800000aa00389b71"
)


def wav(data, size=None, form=PCM, before=b"", after=b""):
    size = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", size) + data + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def floats(values):
    return wav(np.array(values, "<f4").tobytes(), form=FLOAT)


@pytest.fixture
def heard(node):
    """The samples of each file, or the error that is told."""

    def run(*files):
        return node(
            """return given.map((file) => {
              try { return Array.from(page.samplesOf({ wav: Uint8Array.from(file).buffer }, 8000)); }
              catch (error) { return error.message; }
            });""",
            [list(file) for file in files],
            "sound.mjs",
        )

    return run


def test_lengths_mean_what_they_mean_in_python(heard, tmp_path):
    data, note = SAMPLES.tobytes(), b"LIST" + struct.pack("<I", 3) + b"odd\0"
    files = [
        wav(data), wav(data, 0), wav(data, 0xFFFFFFFF), wav(data, 0x7FFFF000), wav(data, before=note), wav(data, after=note),
        wav(data, form=EXTENSIBLE), wav(data + b"x"),
    ]  # fmt: skip
    for file, found in zip(files, heard(*files), strict=True):
        (tmp_path / "one.wav").write_bytes(file)
        assert found == read_audio(tmp_path / "one.wav").tolist() == SAMPLES.tolist()


def test_what_python_refuses_is_refused(heard, tmp_path):
    data = SAMPLES.tobytes()
    wrong = {
        wav(data[:400], 600): "cut short: 400 of the 600",
        wav(data, before=b"junk\xff\xff\xff\xff"): "no samples",
        wav(data, before=(b"none" + bytes(4)) * 10_000): "no samples",
        floats([0.1, float("nan")]): "not numbers",
        floats([0.1, 9000.5]): "a peak of 9000.5",
        floats([0, 2, -1]): "a peak of 2",
    }
    for (file, message), found in zip(wrong.items(), heard(*wrong), strict=True):
        assert message in found
        (tmp_path / "one.wav").write_bytes(file)
        with pytest.raises(KilovoxError):
            read_audio(tmp_path / "one.wav")


def test_notes_after_no_samples_are_not_heard(heard):
    assert heard(wav(b"", 0, after=b"LIST" + struct.pack("<I", 4) + b"note")) == [[]]


def test_long_files_are_refused_before_they_are_read(heard):
    slow = struct.pack("<HHIIHH", 1, 1, 1000, 1000, 1, 8)
    assert heard(wav(bytes(901_000), form=slow)) == ["15 minutes long; expected 15 at the most"]
