"""From recordings to what a network reads: front end, normalisation, padding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import AnyFrontEnd, FixedPointFrontEnd, Words
from kilovox.errors import KilovoxError
from kilovox.frontend.band_pass import band_pass
from kilovox.frontend.fixed_point import FixedPointMFCC, check_multiplier, is_heard, quantisation, quantise
from kilovox.frontend.mfcc import MFCC
from kilovox.frontend.word_finder import WordFinder

Array = npt.NDArray[Any]

VERSION = 5
"""Part of the cache's key: to be raised when the same samples begin to give other features."""

_BLOCK = 4096
"""Sequences whose statistics are taken at once."""

NORMALISED_BITS = 5
"""int8 features in units of 2^-5: a standard deviation, where four of them reach 127."""
LEAST_NORMALISED, LARGEST_NORMALISED = -128 / (1 << NORMALISED_BITS), 127 / (1 << NORMALISED_BITS)
"""What int8 holds in these units."""


LEAST_DEVIATION_OF_LEVELS = 32.0
"""Of a mel level, Q7: a quarter of an octave, 0.75 dB. A band that never leaves the floor, or hardly ever, deviates less; taken
as it is, it would leave the multipliers of the others, which share its shift, few bits or none."""

_LARGEST_STATISTIC, _SMALLEST_DEVIATION = 1e9, 1e-12
"""Of features: beyond these a stranger's normalisation could make numbers that float32 does not hold."""


@dataclass(frozen=True)
class Normalisation:
    """Per coefficient: subtract `mean`, divide by `deviation`; both (coefficients,) float32."""

    mean: npt.NDArray[np.float32]
    deviation: npt.NDArray[np.float32]

    @classmethod
    def of(cls, sequences: Sequence[Array]) -> Self:
        """The statistics over all frames of `sequences`; a coefficient that never changes is left as large as it is."""
        mean, deviation = _statistics(sequences)
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    @classmethod
    def none(cls, coefficients: int) -> Self:
        """Changes nothing."""
        return cls(np.zeros(coefficients, np.float32), np.ones(coefficients, np.float32))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """As a model file holds it."""
        mean, deviation = _take(tensors, "front_end.mean"), _take(tensors, "front_end.deviation")
        fits = (
            mean.ndim == 1 and mean.size > 0 and mean.shape == deviation.shape and mean.dtype == deviation.dtype == np.float32
        )
        if not (fits and (np.abs(mean) <= _LARGEST_STATISTIC).all() and _between(np.abs(deviation), _SMALLEST_DEVIATION)):
            raise KilovoxError(
                "tensors front_end.*: expected mean and deviation, float32 of one size, neither beyond "
                f"{_LARGEST_STATISTIC:g}, no deviation below {_SMALLEST_DEVIATION:g}"
            )
        return cls(mean, deviation)

    def tensors(self) -> dict[str, Array]:
        """For a model file."""
        return {"front_end.mean": self.mean, "front_end.deviation": self.deviation}

    def __call__(self, sequences: Sequence[Array]) -> list[Array]:
        return [(sequence.astype(np.float32) - self.mean) / self.deviation for sequence in sequences]


@dataclass(frozen=True)
class IntegerNormalisation:
    """int16 features to int8: ((x - offset) multiplier + half) >> shift, saturated; see frontend.fixed_point.quantise."""

    offset: npt.NDArray[np.int16]
    multiplier: npt.NDArray[np.int16]
    shift: int

    @classmethod
    def of(cls, sequences: Sequence[Array], deviations: float, least: float = 0.0) -> Self:
        """`deviations` standard deviations over all frames of `sequences` reach +-127; none is taken for less than `least`."""
        mean, deviation = _statistics(sequences)
        return cls(*quantisation(mean, np.maximum(deviation, least), deviations))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """As a model file holds it."""
        offset, multiplier = _take(tensors, "front_end.offset"), _take(tensors, "front_end.multiplier")
        shift = _take(tensors, "front_end.shift")
        fits = offset.dtype == multiplier.dtype == np.int16 and shift.dtype == np.uint8 and shift.shape == (1,)
        fits = fits and offset.ndim == 1 and offset.size > 0 and offset.shape == multiplier.shape
        if not (fits and 1 <= shift[0] <= 24 and multiplier.min() > 0):
            raise KilovoxError(
                "tensors front_end.*: expected offset and multiplier > 0, int16 of one size, and a shift of 1 to 24"
            )
        check_multiplier(multiplier)
        return cls(offset, multiplier, int(shift[0]))

    def tensors(self) -> dict[str, Array]:
        """For a model file."""
        shift = np.array([self.shift], np.uint8)
        return {"front_end.offset": self.offset, "front_end.multiplier": self.multiplier, "front_end.shift": shift}

    def __call__(self, sequences: Sequence[Array]) -> list[Array]:
        return [quantise(sequence, self.offset, self.multiplier, self.shift) for sequence in sequences]


AnyNormalisation = Normalisation | IntegerNormalisation


def fit_normalisation(config: AnyFrontEnd, sequences: Sequence[Array]) -> AnyNormalisation:
    """The normalisation that `config` asks for, with the statistics of `sequences`."""
    if isinstance(config, FixedPointFrontEnd):
        least = LEAST_DEVIATION_OF_LEVELS if config.features == "levels" else 0.0
        return IntegerNormalisation.of(sequences, config.deviations, least)
    return Normalisation.of(sequences) if config.normalise else Normalisation.none(sequences[0].shape[1])


def read_normalisation(config: AnyFrontEnd, tensors: Mapping[str, Array], inputs: int) -> AnyNormalisation:
    """The normalisation in a model file, of `inputs` coefficients a frame.

    Raises KilovoxError where there is none for this front end, one of another size, or more than one.
    """
    kind = IntegerNormalisation if isinstance(config, FixedPointFrontEnd) else Normalisation
    found = kind.from_tensors(tensors)
    for name, tensor in found.tensors().items():
        if name != "front_end.shift" and tensor.shape != (inputs,):
            raise KilovoxError(f"tensor {name}: {tensor.shape[0]} coefficients; expected network.input_dim, {inputs}")
    unknown = sorted(name for name in tensors if name.startswith("front_end.") and name not in found.tensors())
    if unknown:
        raise KilovoxError(f"tensor {unknown[0]}: unknown; expected {', '.join(found.tensors())}")
    return found


def raw_features(config: AnyFrontEnd, recordings: Sequence[Samples]) -> list[Array]:
    """Features before normalisation: each recording (samples,) int16 -> (frames, coefficients), float32 or int16.

    Of a recording in which nothing is heard (kilovox.frontend.fixed_point.is_heard) there are no frames.
    """
    return list(_transform(config)(recordings))


def check_front_end(config: AnyFrontEnd) -> None:
    """Raise KilovoxError for a front end that cannot be built, whatever its recordings are."""
    _transform(config)


def fixed_point_mfcc(config: FixedPointFrontEnd) -> FixedPointMFCC:
    """The integer front end of `config`. Raises KilovoxError for what it cannot do."""
    return FixedPointMFCC(
        config.sample_rate, config.window, config.hop, config.mel_bands, config.coefficients, config.low_hz, config.high_hz,
        config.floor_db, config.decay_db, config.energy, _word_finder(config.words), config.features,
    )  # fmt: skip


def _word_finder(words: Words | None) -> WordFinder | None:
    if words is None:
        return None
    return WordFinder(words.buffer, words.pause, words.margin, words.edge, words.depth_db, words.prominence_db, words.shortest)


def _transform(config: AnyFrontEnd) -> Callable[[Sequence[Samples]], Sequence[Array]]:
    if isinstance(config, FixedPointFrontEnd):
        return fixed_point_mfcc(config)
    mfcc = MFCC(config.sample_rate, config.window, config.hop, config.mel_bands, config.coefficients, config.top_db)

    def of_heard(recordings: Sequence[Samples]) -> Sequence[Array]:
        heard = [is_heard(samples, config.window, config.hop) for samples in recordings]
        kept = [samples for samples, there in zip(recordings, heard, strict=True) if there]
        found = iter(mfcc([band_pass(samples, config.sample_rate) for samples in kept] if config.band_pass else kept))
        nothing = np.zeros((0, config.coefficients), np.float32)
        return [next(found) if there else nothing for there in heard]

    return of_heard


def as_integers(config: FixedPointFrontEnd, sequence: Array) -> npt.NDArray[np.int16]:
    """Precomputed features, which are floats, as the integers that the integer network's normalisation takes."""
    scaled = np.rint(sequence.astype(np.float64) * (1 << config.feature_bits))
    result: npt.NDArray[np.int16] = np.clip(scaled, -(1 << 15), (1 << 15) - 1).astype(np.int16)
    return result


def pad(sequences: Sequence[Array], frames: int) -> Array:
    """Stack `sequences` as (clips, frames, coefficients), trimmed at the end or padded there with zeros.

    A padding frame is exactly zero in every coefficient, which is how `valid_frames` knows it.
    """
    padded = np.zeros((len(sequences), frames, sequences[0].shape[1]), sequences[0].dtype)
    for clip, sequence in zip(padded, sequences, strict=True):
        clip[: len(sequence)] = sequence[:frames]
    return padded


def as_floats(features: Array) -> npt.NDArray[np.float32]:
    """Features as a float network reads them: int8 in units of 2^-5, others as they are."""
    return features.astype(np.float32) / np.float32(1 << NORMALISED_BITS if features.dtype == np.int8 else 1)


def valid_frames(padded: Array) -> npt.NDArray[np.int64]:
    """Frames of each clip of (clips, frames, coefficients) up to the last that is not all zeros; at least 1."""
    there = (padded != 0).any(axis=2)
    last: npt.NDArray[np.int64] = padded.shape[1] - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), last, 1)


def _statistics(sequences: Sequence[Array]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation over all frames, each (coefficients,); some thousand sequences in memory at once."""
    blocks = [sequences[start : start + _BLOCK] for start in range(0, len(sequences), _BLOCK)]

    def added(of: Callable[[Array], Array]) -> npt.NDArray[np.float64]:
        parts = (of(np.concatenate(block).astype(np.float64)).sum(axis=0) for block in blocks)
        return sum(parts, start=np.zeros(sequences[0].shape[1]))

    count = sum(map(len, sequences))
    if count == 0:
        raise KilovoxError("no recording has a frame of features; expected recordings that are not silent")
    mean = added(lambda frames: frames) / count
    deviation = np.sqrt(added(lambda frames: (frames - mean) ** 2) / count)
    return mean, np.where(deviation > 0, deviation, 1.0)


def _between(values: Array, least: float) -> bool:
    """False for what is not a number, too."""
    return bool(((values >= least) & (values <= _LARGEST_STATISTIC)).all())


def _take(tensors: Mapping[str, Array], name: str) -> Array:
    if name not in tensors:
        raise KilovoxError(f"no tensor {name!r}; the model has {', '.join(sorted(tensors))}")
    return tensors[name]
