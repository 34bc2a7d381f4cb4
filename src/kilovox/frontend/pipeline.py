"""From recordings to what a network reads: front end, normalisation, padding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FrontEnd
from kilovox.frontend.band_pass import band_pass
from kilovox.frontend.mfcc import MFCC

Sequence32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Normalisation:
    """Per coefficient: subtract `mean`, divide by `deviation`; both (coefficients,) float32."""

    mean: Sequence32
    deviation: Sequence32

    @classmethod
    def of(cls, sequences: Sequence[npt.NDArray[Any]]) -> "Normalisation":
        """The statistics over all frames of `sequences`; a coefficient that never changes is left as large as it is."""
        frames = np.concatenate(list(sequences)).astype(np.float64)
        deviation = frames.std(axis=0)
        return cls(frames.mean(axis=0).astype(np.float32), np.where(deviation > 0, deviation, 1.0).astype(np.float32))

    @classmethod
    def none(cls, coefficients: int) -> "Normalisation":
        """Changes nothing."""
        return cls(np.zeros(coefficients, np.float32), np.ones(coefficients, np.float32))

    def __call__(self, sequences: Sequence[npt.NDArray[Any]]) -> list[Sequence32]:
        return [(sequence.astype(np.float32) - self.mean) / self.deviation for sequence in sequences]


def raw_features(config: FrontEnd, recordings: Sequence[Samples]) -> list[npt.NDArray[Any]]:
    """Features before normalisation: each recording (samples,) int16 -> (frames, coefficients)."""
    if config.band_pass:
        recordings = [band_pass(samples, config.sample_rate) for samples in recordings]
    front_end = MFCC(config.sample_rate, config.window, config.hop, config.mel_bands, config.coefficients, config.top_db)
    return list(front_end(recordings))


def pad(sequences: Sequence[npt.NDArray[Any]], frames: int) -> npt.NDArray[Any]:
    """Stack `sequences` as (clips, frames, coefficients), trimmed at the end or padded there with zeros.

    A padding frame is exactly zero in every coefficient, which is how `valid_frames` knows it.
    """
    padded = np.zeros((len(sequences), frames, sequences[0].shape[1]), sequences[0].dtype)
    for clip, sequence in zip(padded, sequences, strict=True):
        clip[: len(sequence)] = sequence[:frames]
    return padded


def valid_frames(padded: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Frames of each clip of (clips, frames, coefficients) up to the last that is not all zeros; at least 1."""
    there = (padded != 0).any(axis=2)
    last: npt.NDArray[np.int64] = padded.shape[1] - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), last, 1)
