"""Any sound file to int16 mono samples at the rate a model works at."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError

Samples = npt.NDArray[np.int16]

SAMPLE_RATE = 8000
"""Hz; what every front end here works at unless told otherwise."""

# fmt: off
SUFFIXES = frozenset({
    ".8svx", ".aif", ".aifc", ".aiff", ".au", ".avr", ".bwf", ".caf", ".flac", ".iff", ".ircam", ".mp1", ".mp2", ".mp3",
    ".nist", ".oga", ".ogg", ".opus", ".paf", ".pvf", ".rf64", ".sds", ".sf", ".snd", ".sph", ".svx", ".voc", ".w64", ".wav",
    ".wave", ".wve",
})
# fmt: on
"""How the names of sound files end that libsndfile reads, in lower case; without those that mostly hold other things."""

_STREAMED = 0x7FFFF000
"""Programs that write WAV into a pipe cannot go back to write its length: ffmpeg leaves 0xFFFFFFFF, SoX 0x7FFFF000 and up."""


@dataclass(frozen=True)
class Sound:
    """What a sound file holds: samples (samples, channels), int16 where the file has 16 bits, else float64 in -1 ... 1.

    rate: Hz; subtype: width and coding of a sample in the file, in libsndfile's words (PCM_16, FLOAT, VORBIS, ...).
    """

    samples: npt.NDArray[np.int16] | npt.NDArray[np.float64]
    rate: int
    subtype: str


def read_audio(path: Path, rate: int = SAMPLE_RATE) -> Samples:
    """Read a sound file as (samples,) int16 mono at `rate` Hz.

    16-bit mono at `rate` is passed on untouched. Other widths, floats, several channels (averaged) and other rates
    (resampled with soxr, high quality) are converted, rounded to nearest and saturated.

    Raises KilovoxError as `read_sound` does, and for a file shorter than a sample at `rate`.
    """
    sound = read_sound(path)
    converted = to_int16_mono(sound.samples, sound.rate, rate)
    if len(converted) == 0:
        count = len(sound.samples)
        raise KilovoxError(f"{path}: {count} samples at {sound.rate} Hz are less than one at {rate} Hz; expected at least one")
    return converted


def read_sound(path: Path) -> Sound:
    """Read a sound file as it is.

    Raises KilovoxError for a missing, unreadable, truncated or empty file and for samples that are not numbers.
    """
    import soundfile

    _check_whole(path)
    try:
        with soundfile.SoundFile(path) as file:
            rate, subtype, declared = file.samplerate, file.subtype, file.frames
            samples = file.read(dtype="int16" if subtype == "PCM_16" else "float64", always_2d=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).removeprefix(f"Error opening {str(path)!r}: ").rstrip(".")
        raise KilovoxError(
            f"{path}: not a readable sound file ({reason}); expected WAV, FLAC, Ogg or another format of libsndfile"
        ) from None
    if len(samples) == 0:
        raise KilovoxError(f"{path}: 0 samples; expected at least one")
    if len(samples) < declared:
        raise KilovoxError(f"{path}: truncated, {len(samples)} of the {declared} samples its header announces are there")
    if samples.dtype == np.float64 and not np.isfinite(samples).all():
        raise KilovoxError(f"{path}: holds samples that are not numbers (NaN or infinity); expected -1 to 1")
    return Sound(samples, rate, subtype)


def to_int16_mono(samples: npt.NDArray[np.int16] | npt.NDArray[np.float64], own_rate: int, rate: int) -> Samples:
    """Convert (samples, channels), int16 or float in -1 ... 1, at `own_rate` Hz to (samples,) int16 at `rate` Hz."""
    if samples.dtype == np.int16 and samples.shape[1] == 1 and own_rate == rate:
        return np.ascontiguousarray(samples[:, 0], dtype=np.int16)
    mono = samples.mean(axis=1, dtype=np.float64)
    if samples.dtype != np.int16:
        mono *= 32768.0
    if own_rate != rate:
        import soxr

        mono = soxr.resample(mono, own_rate, rate, quality="HQ")
    converted: Samples = np.clip(np.rint(mono), -32768, 32767).astype(np.int16)
    return converted


def _check_whole(path: Path) -> None:
    """Raise KilovoxError where `path` is no file, cannot be opened, is empty, or is a WAV file cut short.

    libsndfile reads what is left of a cut RIFF file without a word, and calls a cut header an unknown format; so the lengths
    that the chunks announce are compared with the length of the file first.
    """
    if path.is_dir():
        raise KilovoxError(f"{path}: a folder; expected a sound file")
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            header = file.read(12)
            if not header:
                raise KilovoxError(f"{path}: 0 bytes; expected a sound file")
            if header[:4] != b"RIFF" or (len(header) == 12 and header[8:] != b"WAVE"):
                return
            while len(chunk := file.read(8)) == 8:
                length = int.from_bytes(chunk[4:], "little")
                left = size - file.tell()
                if chunk[:4] == b"data":
                    if left < length < _STREAMED:
                        raise KilovoxError(f"{path}: truncated, {left} of the {length} bytes its header announces are there")
                    return
                file.seek(length + length % 2, 1)
    except FileNotFoundError:
        raise KilovoxError(f"{path}: no such file") from None
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be read ({error.strerror})") from None
    raise KilovoxError(f"{path}: truncated, its {size} bytes end within the header of the WAV file; expected samples after it")
