"""What a recording is known by: its decoded sound, however the file stores it."""

import hashlib
from pathlib import Path

import numpy as np

from kilovox.audio import RawFormat, Sound, read_sound

_PCM = 1
"""WAVE_FORMAT_PCM, in the chunk `fmt ` of a WAV file."""


def sound_hash(path: Path, raw: RawFormat | None = None) -> str:
    """SHA-256 (hex) of rate, channels and samples of the sound file at `path`; `raw`: what samples without a header are.

    A lossless copy in another format (FLAC, WAV of 24 bits or floats, other tags) has the same hash: samples that are all
    multiples of 1/32768 count as int16, little-endian, channels interleaved; others as float64. What a lossy format (MP3,
    Ogg) decodes to may differ between versions of libsndfile, and its hash with it.

    Raises KilovoxError as `kilovox.audio.read_sound` does.
    """
    try:
        content = path.read_bytes() if raw is None and path.suffix.lower() == ".wav" else b""
    except OSError:
        content = b""  # read_sound says why
    plain = _plain_wav(content)
    return _digest(*plain) if plain is not None else hash_of_sound(read_sound(path, raw))


def hash_of_sound(sound: Sound) -> str:
    """As `sound_hash`, of sound that was read already."""
    samples = sound.samples
    if samples.dtype != np.int16:
        scaled = samples * 32768.0
        if not (np.rint(scaled) == scaled).all() or scaled.min() < -32768 or scaled.max() > 32767:
            return _digest(sound.rate, samples.shape[1], np.ascontiguousarray(samples, "<f8").tobytes(), "float64")
        samples = scaled.astype(np.int16)
    return _digest(sound.rate, samples.shape[1], np.ascontiguousarray(samples, "<i2").tobytes())


def _digest(rate: int, channels: int, samples: bytes, kind: str = "int16") -> str:
    digest = hashlib.sha256(f"{rate} Hz, {channels} channels, {kind}\n".encode())
    digest.update(samples)
    return digest.hexdigest()


def _plain_wav(content: bytes) -> tuple[int, int, bytes] | None:
    """Rate, channels and samples of a WAV file of 16-bit PCM that is whole in every respect, else None.

    Only spares thousands of small files the way through libsndfile; whatever is unusual goes that way.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE" or int.from_bytes(content[4:8], "little") != len(content) - 8:
        return None
    rate = channels = 0
    samples: bytes | None = None
    place = 12
    while place + 8 <= len(content):
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        body = content[place + 8 : place + 8 + length]
        if len(body) < length or (kind == b"fmt " and (rate or length < 16)) or (kind == b"data" and samples is not None):
            return None
        if kind == b"fmt ":
            tag, channels, rate, _, frame, bits = (
                int.from_bytes(body[start:end], "little")
                for start, end in ((0, 2), (2, 4), (4, 8), (8, 12), (12, 14), (14, 16))
            )
            if tag != _PCM or bits != 16 or channels == 0 or frame != 2 * channels or rate == 0:
                return None
        elif kind == b"data":
            samples = body
        place += 8 + length + length % 2
    if not rate or not samples or len(samples) % (2 * channels):
        return None
    return rate, channels, samples
