"""Small valid sound files of every format, in memory, and one number in them changed."""

import functools
import io

import numpy as np
import soundfile

NOISE = np.random.default_rng(0).normal(size=4000) * 0.1
"""Half a second at 8 kHz; noise does not compress away."""

STATED = [
    ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_U8"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"),
    ("WAV", "GSM610"),
    ("WAVEX", "PCM_16"), ("RF64", "PCM_16"), ("RF64", "DOUBLE"), ("W64", "PCM_16"), ("W64", "FLOAT"), ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"), ("AIFF", "FLOAT"), ("AIFF", "ALAW"), ("AU", "PCM_16"), ("AU", "FLOAT"), ("AU", "G721_32"),
    ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("VOC", "PCM_16"),
    ("VOC", "PCM_U8"), ("NIST", "PCM_16"), ("NIST", "ULAW"), ("SVX", "PCM_16"), ("SVX", "PCM_S8"), ("AVR", "PCM_16"),
    ("AVR", "PCM_U8"),
    ("WVE", "ALAW"),
]  # fmt: skip
"""Formats that state their length, or mark their end."""

UNSTATED = [("IRCAM", "PCM_16"), ("PAF", "PCM_16"), ("PVF", "PCM_16"), ("MP3", "MPEG_LAYER_III")]


@functools.cache
def sound(kind: str, coding: str, endian: str = "FILE", channels: int = 1) -> bytes:
    """`NOISE`, in so many equal channels."""
    data = io.BytesIO()
    samples = np.repeat(NOISE[:, None], channels, axis=1)
    soundfile.write(data, samples, 8000, format=kind, subtype=coding, endian=endian)
    return data.getvalue()


def changed(data: bytes, offset: int, value: bytes) -> bytes:
    """`data` with `value` at `offset`."""
    return data[:offset] + value + data[offset + len(value) :]
