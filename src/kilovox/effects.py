"""What happens to speech on its way to a microphone: noise, rooms, telephones, other voices. Pure functions of a generator.

Sounds are one-dimensional float64; levels are relative, so the unit does not matter.
"""

import io
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Sound = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int16]

NoiseKind = Literal["white", "pink", "brown", "hum", "machine", "babble"]
NOISE_KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)

Codec = Literal["mu-law", "GSM", "MP3", "Vorbis", "Opus"]
CODECS: tuple[Codec, ...] = ("mu-law", "GSM")
"""Of telephones: those that training draws from."""
FILE_CODECS: tuple[Codec, ...] = ("MP3", "Vorbis", "Opus")
"""Of recordings that are kept, at FILE_RATES."""
FILE_RATES = (8000, 12000, 16000, 24000, 48000)
_FORMATS = {
    "mu-law": ("WAV", "ULAW"), "GSM": ("WAV", "GSM610"), "MP3": ("MP3", "MPEG_LAYER_III"), "Vorbis": ("OGG", "VORBIS"),
    "Opus": ("OGG", "OPUS"),
}  # fmt: skip

_SLOPES = {"white": 0.0, "pink": 0.5, "brown": 1.0}
"""Amplitude falls with this power of the frequency: 0, 3 and 6 dB an octave."""

LOWEST_HZ = 20.0
WHOLE = 1000.0
"""A sampling rate that stands for all: of two only their ratio counts."""


def noise(
    kind: NoiseKind, count: int, rate: int, generator: np.random.Generator, voices: Sequence[npt.NDArray[Any]] = ()
) -> Sound:
    """`count` samples of noise of unit power.

    white, pink, brown: the spectrum falls by 0, 3, 6 dB an octave. hum: harmonics of the mains or of a fan. machine: a
    random smooth spectrum, its level swaying 1 to 10 times a second. babble: three to eight of `voices` at once.
    """
    if kind == "hum":
        sound = _hum(count, rate, generator)
    elif kind == "babble":
        sound = _babble(count, generator, voices)
    else:
        sound = _coloured(kind, count, rate, generator)
    return sound / max(root_mean_square(sound), 1e-12)


def root_mean_square(sound: npt.NDArray[Any]) -> float:
    """0 of no samples."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0


def _hum(count: int, rate: int, generator: np.random.Generator) -> Sound:
    time = np.arange(count) / rate
    base = float(generator.choice([50.0, 60.0, 100.0, 120.0]))
    harmonics = np.arange(1, 12)[:, None]
    sizes = generator.uniform(0.2, 1.0, (11, 1)) / harmonics
    tones: Sound = (sizes * np.sin(2 * np.pi * (base * harmonics * time + generator.random((11, 1))))).sum(axis=0)
    return tones + 0.05 * generator.normal(size=count)


def _babble(count: int, generator: np.random.Generator, voices: Sequence[npt.NDArray[Any]]) -> Sound:
    total = np.zeros(count)
    for _ in range(int(generator.integers(3, 9)) if len(voices) else 0):
        total += looped(voices[int(generator.integers(len(voices)))], count, generator)
    return total if total.any() else generator.normal(size=count)


def music(count: int, rate: int, generator: np.random.Generator) -> Sound:
    """`count` samples like music, of unit power: one to three voices of notes with harmonics, plucked or held, and beats of
    noise in some."""
    total = np.zeros(count)
    for _ in range(int(generator.integers(1, 4))):
        length = int(generator.uniform(0.1, 0.6) * rate)
        root, harmonics = generator.uniform(80.0, 500.0), np.arange(1, 9)[:, None]
        sizes, fall = generator.uniform(0.1, 1.0, (8, 1)) / harmonics, generator.uniform(0.0, 12.0)
        for start in range(0, count, length):
            time = np.arange(min(length, count - start)) / rate
            pitch = root * 2 ** (float(generator.choice((0, 2, 4, 5, 7, 9, 11, 12))) / 12)
            heard = (harmonics * pitch < rate / 2) * sizes
            note = (heard * np.sin(2 * np.pi * harmonics * pitch * time)).sum(axis=0)
            total[start : start + len(time)] += note * np.exp(-fall * time) * (generator.random() < 0.8)
    if generator.random() < 0.5:
        beat = np.arange(count) % int(generator.uniform(0.2, 0.6) * rate) / rate
        total += generator.uniform(0.2, 1.5) * generator.normal(size=count) * np.exp(-generator.uniform(20.0, 80.0) * beat)
    return total / max(root_mean_square(total), 1e-12)


def looped(voice: npt.NDArray[Any], count: int, generator: np.random.Generator) -> Sound:
    """`count` samples of `voice` over and over, from anywhere in it, at unit power; silence of none."""
    start = int(generator.integers(max(1, len(voice))))
    if not len(voice):
        return np.zeros(count)
    again: Sound = np.resize(np.roll(voice.astype(np.float64), -start), count)
    return again / max(root_mean_square(voice), 1e-9)


def _coloured(kind: str, count: int, rate: int, generator: np.random.Generator) -> Sound:
    size = _power_of_two(max(count, 256))
    sound = generator.normal(size=size)
    if kind == "white":
        return sound[:count]
    spectrum = np.fft.rfft(sound)
    hertz = np.maximum(np.fft.rfftfreq(size, 1 / rate), LOWEST_HZ)
    slope = _SLOPES.get(kind)
    if slope is None:
        slope = generator.uniform(0.0, 0.8)
        knots = np.linspace(0, len(spectrum) - 1, 8)
        spectrum *= 10 ** (np.interp(np.arange(len(spectrum)), knots, generator.normal(size=8) * 8.0) / 20)
    sound = np.fft.irfft(spectrum / hertz**slope, size)[:count]
    if kind == "machine":
        swing, hertz_of_swing, phase = generator.uniform(0, 0.9), generator.uniform(1, 10), generator.random()
        sound *= 1 + swing * np.sin(2 * np.pi * (hertz_of_swing * np.arange(count) / rate + phase))
    return sound


def faster(sound: npt.NDArray[Any], factor: float) -> Sound:
    """Played `factor` times as fast: shorter, and higher in pitch and formants, as of a smaller speaker.

    Between samples it is linear, which dulls what is near half the sampling rate; `resampled` does not.
    """
    positions = np.arange(max(1, int(len(sound) / factor))) * factor
    played: Sound = np.interp(positions, np.arange(len(sound)), np.asarray(sound, np.float64))
    return played


def resampled(sound: npt.NDArray[Any], factor: float) -> Sound:
    """As `faster`, through the filter of a resampler: an "s" stays as sharp as it was."""
    played: Sound = soxr.resample(np.asarray(sound, np.float64), factor * WHOLE, WHOLE, "MQ")
    return played


def equalised(sound: Sound, rate: int, hertz: npt.NDArray[Any], decibels: npt.NDArray[Any]) -> Sound:
    """Through a filter of zero phase whose gain is `decibels` at `hertz`, linear between."""
    spectrum, frequencies, size = _spectrum(sound, rate)
    spectrum *= 10 ** (np.interp(frequencies, hertz, decibels) / 20)
    return np.fft.irfft(spectrum, size)[: len(sound)]


def band_limited(sound: Sound, rate: int, low_hz: float, high_hz: float) -> Sound:
    """Only low_hz to high_hz, with edges of a fourth-order (below) and eighth-order (above) Butterworth filter's size."""
    spectrum, frequencies, size = _spectrum(sound, rate)
    if low_hz > 0:
        spectrum /= np.sqrt(1 + (low_hz / np.maximum(frequencies, 1.0)) ** 8)
    spectrum /= np.sqrt(1 + (frequencies / high_hz) ** 16)
    return np.fft.irfft(spectrum, size)[: len(sound)]


def reverberated(sound: Sound, rate: int, seconds: float, wet: float, generator: np.random.Generator) -> Sound:
    """With the tail of a room: noise that falls by 60 dB in `seconds`, `wet` times as strong as the direct sound."""
    count = max(1, int(seconds * rate))
    tail = generator.normal(size=count) * 10 ** (-3 * np.arange(count) / count)
    tail *= wet / max(float(np.sqrt(np.sum(tail**2))), 1e-12)
    tail[0] = 1.0
    size = _power_of_two(len(sound) + count)
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]


def coded(samples: Samples, rate: int, codec: Codec) -> Samples:
    """Through a codec and back, by libsndfile as it does by default: (samples,) int16 -> the same number of int16."""
    container, subtype = _FORMATS[codec]
    with io.BytesIO() as file:
        soundfile.write(file, samples, rate, format=container, subtype=subtype)
        file.seek(0)
        decoded, _ = soundfile.read(file, dtype="int16")
    result = np.zeros_like(samples)
    result[: len(decoded)] = decoded[: len(samples)]
    return result


def as_samples(sound: npt.NDArray[np.floating[Any]]) -> Samples:
    """Rounded, saturated int16."""
    samples: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return samples


def _spectrum(sound: Sound, rate: int) -> tuple[npt.NDArray[np.complex128], npt.NDArray[Any], int]:
    # Room for the filter to ring out in, so that the end does not come round to the beginning.
    size = _power_of_two(len(sound) + rate // 8)
    return np.fft.rfft(sound, size), np.fft.rfftfreq(size, 1 / rate), size


def _power_of_two(count: int) -> int:
    return 1 << max(0, count - 1).bit_length()
