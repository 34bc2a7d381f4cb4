"""Mel-frequency cepstral coefficients in floating point: the reference, and the front end of Task A.

Definitions: S. Davis and P. Mermelstein, "Comparison of Parametric Representations ...", IEEE ASSP-28 (1980); the mel scale
2595 log10(1 + f / 700) is that of HTK (S. Young et al., The HTK Book). The defaults equal librosa's
`feature.mfcc(sr=8000, n_mfcc=13, n_fft=400, hop_length=160, n_mels=40, htk=True, norm=None)` of centred, reflected frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError

Floats = npt.NDArray[np.float64]

_BATCH_FRAMES = 8192
"""Frames transformed at once: the work space (26 MB) stays near the caches and the memory in bounds."""


@dataclass(frozen=True)
class MFCC:
    """The front end. `window` and `hop` in samples, `top_db` in dB below the loudest mel band of the recording."""

    sample_rate: int = 8000
    window: int = 400
    hop: int = 160
    mel_bands: int = 40
    coefficients: int = 13
    top_db: float = 80.0

    @cached_property
    def _hann(self) -> Floats:
        """Periodic Hann window."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)

    @cached_property
    def _mel(self) -> Floats:
        return mel_filters(self.sample_rate, self.window, self.mel_bands)

    @cached_property
    def _dct(self) -> Floats:
        return dct_matrix(self.coefficients, self.mel_bands)

    def frames(self, samples: int) -> int:
        """Frames of a recording of `samples` samples."""
        return samples // self.hop + 1

    def __call__(self, recordings: Sequence[npt.NDArray[np.int16]]) -> list[npt.NDArray[np.float32]]:
        """MFCCs of each of `recordings`, (samples,) int16 -> (frames, coefficients) float32, frames in one batch.

        Raises KilovoxError for a recording too short to be reflected at its ends (window / 2 + 1 samples).
        """
        counts = [self.frames(len(samples)) for samples in recordings]
        decibels = np.empty((sum(counts), self.mel_bands))
        frames = np.empty((min(_BATCH_FRAMES + max(counts, default=0), sum(counts)), self.window))
        start = fill = 0
        for samples, count in zip(recordings, counts, strict=True):
            frames[fill : fill + count] = self._framed(samples)[:count]
            fill += count
            if fill >= _BATCH_FRAMES:
                self._decibels(frames[:fill], out=decibels[start : start + fill])
                start, fill = start + fill, 0
        self._decibels(frames[:fill], out=decibels[start:])
        bounds = np.cumsum([0, *counts])
        for first, last in pairwise(bounds):
            clip = decibels[first:last]
            np.maximum(clip, clip.max() - self.top_db, out=clip)
        cepstra = (decibels @ self._dct.T).astype(np.float32)
        return [cepstra[first:last] for first, last in pairwise(bounds)]

    def _framed(self, samples: npt.NDArray[np.int16]) -> Floats:
        half = self.window // 2
        if len(samples) <= half:
            raise KilovoxError(
                f"{len(samples)} samples are too short for a {self.window}-sample window; expected at least {half + 1}"
            )
        padded = np.pad(samples.astype(np.float64) / 32768.0, half, mode="reflect")
        return np.lib.stride_tricks.sliding_window_view(padded, self.window)[:: self.hop]

    def _decibels(self, frames: Floats, out: Floats) -> None:
        """Mel-band power of (n, window) frames in dB re full scale squared, into `out` (n, mel_bands); floor -100 dB."""
        frames *= self._hann
        spectrum = np.fft.rfft(frames, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        np.matmul(power, self._mel.T, out=out)
        np.maximum(out, 1e-10, out=out)
        np.log10(out, out=out)
        out *= 10.0


def hertz_to_mel(hertz: float) -> float:
    """The HTK mel scale."""
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def mel_to_hertz(mel: Floats) -> Floats:
    """Inverse of the HTK mel scale."""
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


def mel_filters(sample_rate: int, window: int, bands: int, low: float = 0.0, high: float | None = None) -> Floats:
    """Triangular filters (bands, window // 2 + 1), peaks of 1, corners equally spaced in mel between `low` and `high` Hz."""
    corners = mel_to_hertz(np.linspace(hertz_to_mel(low), hertz_to_mel(high or sample_rate / 2), bands + 2))
    bins = np.arange(window // 2 + 1) * sample_rate / window
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    filters: Floats = np.maximum(0.0, np.minimum(rising, falling))
    return filters


def dct_matrix(coefficients: int, bands: int) -> Floats:
    """Orthonormal DCT-II, (coefficients, bands) (N. Ahmed et al., IEEE Trans. Computers C-23, 1974)."""
    k = np.arange(coefficients)[:, None]
    matrix = np.sqrt(2.0 / bands) * np.cos(np.pi * k * (2 * np.arange(bands) + 1) / (2 * bands))
    matrix[0] /= np.sqrt(2.0)
    result: Floats = matrix
    return result
