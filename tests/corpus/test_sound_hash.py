"""A recording is known by its sound: neither by its bytes nor by its format."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from kilovox.audio import read_sound
from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.sound_hash import hash_of_sound, sound_hash
from kilovox.errors import KilovoxError

SAMPLES = np.random.RandomState(3).randint(-32768, 32768, (400, 2)).astype(np.int16)


def wav(samples: bytes, rate: int = 8000, channels: int = 2, before: bytes = b"", after: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + form + before + b"data" + struct.pack("<I", len(samples)) + samples + after
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "FLOAT"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.aiff", "PCM_16"),
    ],
)
def test_a_lossless_copy_is_the_same_recording(tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / "first.wav", SAMPLES, 8000)
    soundfile.write(tmp_path / name, SAMPLES / 32768.0, 8000, subtype=subtype)
    assert sound_hash(tmp_path / name) == sound_hash(tmp_path / "first.wav")


def test_tags_are_not_sound(tmp_path: Path) -> None:
    comment = b"LIST" + struct.pack("<I", 4) + b"INFO"
    hashes = set()
    for place, content in enumerate([wav(SAMPLES.tobytes()), wav(SAMPLES.tobytes(), before=comment, after=comment)]):
        (tmp_path / f"{place}.wav").write_bytes(content)
        hashes.add(sound_hash(tmp_path / f"{place}.wav"))
    assert len(hashes) == 1


def test_another_rate_channel_or_sample_is_another_recording(tmp_path: Path) -> None:
    changed, finer = SAMPLES.copy(), SAMPLES / 32768.0
    changed[399, 1] ^= 1
    finer[0, 0] += 2.0**-20
    variants = [
        (SAMPLES, 8000),
        (SAMPLES, 8001),
        (SAMPLES.reshape(-1, 1), 8000),
        (SAMPLES[:-1], 8000),
        (changed, 8000),
        (finer, 8000),
    ]
    hashes = set()
    for place, (samples, rate) in enumerate(variants):
        soundfile.write(tmp_path / f"{place}.wav", samples, rate, subtype="PCM_24" if samples is finer else "PCM_16")
        hashes.add(sound_hash(tmp_path / f"{place}.wav"))
    assert len(hashes) == len(variants)


@given(st.lists(st.integers(-32768, 32767), min_size=2, max_size=60).filter(lambda values: len(values) % 2 == 0))
def test_the_short_way_through_a_plain_wav_is_the_long_one(tmp_path_factory: pytest.TempPathFactory, values: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "plain.wav"
    path.write_bytes(wav(np.array(values, "<i2").tobytes()))
    assert sound_hash(path) == hash_of_sound(read_sound(path))


@pytest.mark.parametrize("length", [0, 3, 12, 30, 44, 100, 1643])
def test_what_is_cut_has_no_hash(tmp_path: Path, length: int) -> None:
    (tmp_path / "cut.wav").write_bytes(wav(SAMPLES.tobytes())[:length])
    with pytest.raises(KilovoxError, match=r"cut\.wav: "):
        sound_hash(tmp_path / "cut.wav")


def corpus_of(*recordings: Recording) -> RecordingCorpus:
    return RecordingCorpus("c", recordings, "here")


def test_the_fingerprint_covers_all_that_training_may_use(tmp_path: Path) -> None:
    for place in range(2):
        soundfile.write(tmp_path / f"{place}.wav", SAMPLES + place, 8000)
    first, other = tmp_path / "0.wav", tmp_path / "1.wav"
    variants = [
        Recording("a", "yes", "ada", 1, first),
        Recording("b", "yes", "ada", 1, first),
        Recording("a", "no", "ada", 1, first),
        Recording("a", "yes", "bo", 1, first),
        Recording("a", "yes", None, 1, first),
        Recording("a", "yes", "ada", 2, first),
        Recording("a", "yes", "ada", None, first),
        Recording("a", "yes", "ada", 1, other),
    ]
    assert len({corpus_of(one).fingerprint for one in variants}) == len(variants)
    soundfile.write(tmp_path / "0.flac", SAMPLES, 8000)
    assert corpus_of(Recording("a", "yes", "ada", 1, tmp_path / "0.flac")).fingerprint == corpus_of(variants[0]).fingerprint
