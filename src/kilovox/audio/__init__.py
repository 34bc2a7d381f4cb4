"""Any sound file to int16 mono samples at the rate a model works at: block by block, in bounded memory."""

from kilovox.audio.bounds import (
    MAXIMUM_CHANNELS,
    MAXIMUM_RATE,
    MAXIMUM_SECONDS,
    MAXIMUM_VALUES,
    MINIMUM_RATE,
    SAMPLE_RATE,
    SUFFIXES,
    RawFormat,
    Samples,
)
from kilovox.audio.conversion import Converter, to_int16_mono
from kilovox.audio.lengths import is_sound
from kilovox.audio.reading import OpenSound, Sound, open_sound, read_audio, read_sound, sound_seconds, stream_audio

__all__ = [
    "MAXIMUM_CHANNELS", "MAXIMUM_RATE", "MAXIMUM_SECONDS", "MAXIMUM_VALUES", "MINIMUM_RATE", "SAMPLE_RATE", "SUFFIXES",
    "Converter", "OpenSound", "RawFormat", "Samples", "Sound", "is_sound", "open_sound", "read_audio", "read_sound",
    "sound_seconds", "stream_audio", "to_int16_mono",
]  # fmt: skip
