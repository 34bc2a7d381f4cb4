"""A cut file is never read as whole; one whose length was never written is read to its end; notes after it do not matter."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.sounds import NOISE, STATED, UNSTATED, changed, sound
from kilovox.audio import is_sound, read_audio
from kilovox.errors import KilovoxError

BIG = 0xFFFFFFFF


def read(folder: Path, data: bytes) -> np.ndarray:
    path = folder / "a"
    path.write_bytes(data)
    return read_audio(path)


def number(value: int, size: int = 4, order: str = "little") -> bytes:
    return value.to_bytes(size, order)


@pytest.mark.parametrize(("kind", "coding"), STATED + UNSTATED)
def test_whole_files_are_read(tmp_path, kind, coding):
    assert len(NOISE) <= len(read(tmp_path, sound(kind, coding))) <= len(NOISE) + 640  # codecs of blocks fill up the last


@pytest.mark.parametrize(("kind", "coding"), STATED)
def test_cut_files_are_not(tmp_path, kind, coding):
    data = sound(kind, coding)
    for kept in (len(data) - 3, len(data) * 9 // 10, len(data) // 2, len(data) // 4, 60, 30, 10):
        with pytest.raises(KilovoxError):
            read(tmp_path, data[:kept])


@pytest.mark.parametrize(("kind", "coding"), [pair for pair in STATED if pair[0] not in ("FLAC",)])
def test_the_error_of_a_cut_file_says_so(tmp_path, kind, coding):
    data = sound(kind, coding)
    with pytest.raises(KilovoxError, match="truncated"):
        read(tmp_path, data[: len(data) * 3 // 4])


@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
@pytest.mark.parametrize("riff", [0, 8, 36, 4088, BIG])
@pytest.mark.parametrize("length", [0, BIG, 0x7FFFF000])
def test_a_wav_whose_recorder_was_killed_is_read_to_its_end(tmp_path, endian, riff, length):
    data = sound("WAV", "PCM_16", endian)
    order = endian.lower()
    killed = changed(changed(data, 4, number(riff, 4, order)), 40, number(length, 4, order))
    np.testing.assert_array_equal(read(tmp_path, killed), read(tmp_path, data))


@pytest.mark.parametrize("coding", ["PCM_24", "FLOAT", "ULAW", "IMA_ADPCM", "GSM610"])
def test_whatever_its_coding(tmp_path, coding):
    data = sound("WAV", coding)
    killed = changed(changed(data, data.index(b"data") + 4, number(0)), 4, number(0))
    np.testing.assert_array_equal(read(tmp_path, killed)[: len(NOISE)], read(tmp_path, data)[: len(NOISE)])


@pytest.mark.parametrize(
    ("kind", "where", "value"),
    [
        ("AIFF", (b"SSND", 4), number(0)), ("AIFF", (b"SSND", 4), number(8, order="big")),
        ("AIFF", (b"SSND", 4), b"\x7f\0\0\0"), ("AU", (b".snd", 8), number(0)), ("AU", (b".snd", 8), number(BIG)),
        ("CAF", (b"data", 4), number(2**64 - 1, 8)), ("CAF", (b"data", 4), number(0, 8)), ("CAF",
        (b"data", 4), number(4, 8, "big")),
        ("RF64", (b"ds64", 16), number(0, 8)), ("RF64", (b"ds64", 16), number(2**64 - 1, 8)), ("RF64",
        (b"ds64", 8), number(0, 16)),
        ("W64", (b"data", 16), number(0, 8)), ("W64", (b"data", 16), number(24, 8)), ("W64",
        (b"data", 16), number(2**63 - 1, 8)),
        ("SVX", (b"BODY", 4), number(0)),
    ],
)  # fmt: skip
def test_lengths_of_nothing_in_other_formats(tmp_path, kind, where, value):
    data = sound(kind, "PCM_16")
    killed = changed(data, data.index(where[0]) + where[1], value)
    assert killed != data
    np.testing.assert_array_equal(read(tmp_path, killed), read(tmp_path, data))


def test_no_samples_and_notes_after_them_are_no_samples(tmp_path):
    empty = changed(sound("WAV", "PCM_16")[:44], 40, number(0))
    for notes in (b"", b"LIST" + number(4) + b"INFO", b"LIST" + number(5) + b"INFO1\0id3 " + number(0)):
        with pytest.raises(KilovoxError, match="0 samples; expected at least one"):
            read(tmp_path, empty + notes)


@pytest.mark.parametrize(
    "notes", [b"\0", b"abc", b"LIST" + number(4) + b"INFO", b"LIST" + number(999) + b"INFO", b"TAG" + bytes(125)]
)
@pytest.mark.parametrize("kind", ["WAV", "RF64", "AIFF", "AU", "W64"])
def test_what_follows_the_samples_does_not_matter(tmp_path, kind, notes):
    data = sound(kind, "PCM_16")
    np.testing.assert_array_equal(read(tmp_path, data + notes)[: len(NOISE)], read(tmp_path, data))


def test_chunks_before_the_samples_may_have_an_odd_length(tmp_path):
    data = sound("WAV", "PCM_16")
    note = b"odd " + number(3) + b"abc\0"
    np.testing.assert_array_equal(read(tmp_path, data[:36] + note + data[36:]), read(tmp_path, data))


def flac_of(samples: int) -> bytes:
    """A FLAC file whose header says so many samples (36 bits of STREAMINFO)."""
    data = sound("FLAC", "PCM_16")
    return changed(data, 21, bytes([data[21] & 0xF0 | samples >> 32]) + number(samples & BIG, 4, "big"))


def test_flac_that_announces_what_it_does_not_hold(tmp_path):
    with pytest.raises(KilovoxError, match=rf"truncated, {len(NOISE)} of the {2**36 - 1} samples its header announces"):
        read(tmp_path, flac_of(2**36 - 1))


def test_flac_of_unknown_length_is_read_to_its_end(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, flac_of(0)), read(tmp_path, sound("FLAC", "PCM_16")))


def test_flac_whose_recorder_was_killed_is_read_as_far_as_it_goes(tmp_path):
    data = np.random.default_rng(1).integers(-9000, 9000, 40000).astype(np.int16)
    import soundfile

    soundfile.write(tmp_path / "a.flac", data, 8000)
    whole = (tmp_path / "a.flac").read_bytes()
    killed = changed(whole, 21, bytes([whole[21] & 0xF0]) + bytes(4))[: len(whole) * 3 // 4]
    heard = read(tmp_path, killed)
    assert 20000 < len(heard) < 30000
    np.testing.assert_array_equal(heard, data[: len(heard)])


def without_first_frame(data: bytes) -> bytes:
    """An MP3 without the frame that holds its Xing header."""
    assert b"Xing" in data[:200] or b"Info" in data[:200]
    return data[data.index(data[:3], 4) :]


def test_mp3_without_a_length_is_accepted_and_one_cut_below_its_length_is_not(tmp_path):
    data = sound("MP3", "MPEG_LAYER_III")
    assert len(read(tmp_path, without_first_frame(data))) > 2000
    tagged = b"ID3\x04\0\0\0\0\0\x05hello" + data
    assert len(read(tmp_path, tagged)) == len(NOISE)
    for whole in (data, tagged):
        with pytest.raises(KilovoxError, match=rf"truncated, {len(data) // 2} of the {len(data)} bytes"):
            read(tmp_path, whole[: len(whole) - len(data) + len(data) // 2])


def test_mp3_that_says_its_bytes_in_fraunhofers_way(tmp_path):
    data = sound("MP3", "MPEG_LAYER_III")
    vbri = data[:4] + bytes(32) + b"VBRI" + bytes(6) + number(len(data), 4, "big") + bytes(4) + data[54:]
    with pytest.raises(KilovoxError, match=rf"truncated, 400 of the {len(data)} bytes"):
        read(tmp_path, vbri[:400])


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("form", ["wav", "flac", "aiff", "au", "caf", "w64", "ogg", "opus", "mp3", "-rf64 always -f wav"])
def test_what_ffmpeg_writes_into_a_pipe(tmp_path, form):
    (tmp_path / "in.wav").write_bytes(sound("WAV", "PCM_16"))
    arguments = form.split() if " " in form else ["-f", form]
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "in.wav", *arguments, "-"]
    written = subprocess.run(command, capture_output=True, check=True).stdout
    heard = read(tmp_path, written)
    assert len(NOISE) <= len(heard) <= len(NOISE) + 3000  # MP3 begins and ends with some silence
    if form not in ("ogg", "opus", "mp3"):
        np.testing.assert_array_equal(heard[: len(NOISE)], read(tmp_path, sound("WAV", "PCM_16")))


@given(st.sampled_from(STATED + UNSTATED), st.binary(max_size=16))
def test_sounds_are_known_by_how_they_begin(pair, other):
    assert is_sound(sound(*pair)[:12])
    assert not is_sound(b"\x90\x01\0\0\0\0\0\0{" + other)
    assert not is_sound(b"labels: " + other)


def test_a_voc_file_in_several_blocks_is_not_heard_with_their_headers(tmp_path):
    data = sound("VOC", "PCM_U8")
    block = b"\2" + number(4, 3) + bytes(4)
    with pytest.raises(KilovoxError, match="2 blocks of samples; expected a VOC file of one"):
        read(tmp_path, data[:-1] + block + b"\0")


def test_kinds_that_mostly_hold_something_else_are_refused(tmp_path):
    with pytest.raises(KilovoxError, match=re.escape("a file of the kind MAT5; expected WAV, FLAC, Ogg")):
        read(tmp_path, sound("MAT5", "PCM_16"))
    with pytest.raises(KilovoxError, match=re.escape("a MIDI sample dump; expected WAV, FLAC, Ogg")):
        read(tmp_path, sound("SDS", "PCM_16"))
