"""What sound is taken: rates, channels, lengths, and how the names of sound files end."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError

Samples = npt.NDArray[np.int16]
Block = npt.NDArray[np.int16] | npt.NDArray[np.float64]
"""(samples, channels): int16 where the sound has 16 bits, else float64 in -1 ... 1."""

SAMPLE_RATE = 8000
"""Hz; what every front end here works at unless told otherwise."""

MINIMUM_RATE, MAXIMUM_RATE = 1000, 768_000
"""Hz. A header that says less or more is wrong; at 8 Hz, 300 KB would become 3.6 GB when they are resampled."""

MAXIMUM_CHANNELS = 64

MAXIMUM_SECONDS = 3600
"""The longest recording that is read as a whole, as the model hears it; what listens hears any length."""

MAXIMUM_VALUES = 2**25
"""The most samples times channels that are read as they are: 268 MB of float64."""

SUFFIXES = frozenset({
    ".8svx", ".aif", ".aifc", ".aiff", ".au", ".avr", ".bwf", ".caf", ".flac", ".iff", ".ircam", ".mp1", ".mp2", ".mp3",
    ".nist", ".oga", ".ogg", ".opus", ".paf", ".pvf", ".rf64", ".sf", ".snd", ".sph", ".svx", ".voc", ".w64", ".wav",
    ".wave", ".wve",
})  # fmt: skip
"""How the names of sound files end that are read, in lower case; not those that mostly hold something else (.mat, .raw)."""


@dataclass(frozen=True)
class RawFormat:
    """Of int16 samples without a header, channels interleaved. Raises KilovoxError beyond the bounds."""

    rate: int
    channels: int = 1
    big_endian: bool = False

    def __post_init__(self) -> None:
        check_shape("raw samples", self.rate, self.channels)


def check_shape(name: str, rate: int, channels: int) -> None:
    """Raise KilovoxError where the rate (Hz) or the channels of the sound `name` are beyond the bounds."""
    if not MINIMUM_RATE <= rate <= MAXIMUM_RATE:
        raise KilovoxError(f"{name}: a sample rate of {rate} Hz; expected {MINIMUM_RATE} to {MAXIMUM_RATE} Hz")
    if not 1 <= channels <= MAXIMUM_CHANNELS:
        raise KilovoxError(f"{name}: {channels} channels; expected 1 to {MAXIMUM_CHANNELS}")
