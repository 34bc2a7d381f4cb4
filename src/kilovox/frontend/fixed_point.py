"""Mel-frequency cepstral coefficients, or mel levels, in integers: int16 in, int16 out, no floating point between.

This is the specification that the C kernel equals bit for bit; docs/arithmetic.md derives every width. A frame depends on its
own 256 samples and on the running maximum of the frames before it, so a stream gives what the whole recording gives.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point_tables as tables
from kilovox.frontend.fixed_point_stages import LOWEST_LEVEL, Words, cepstra, level_features, levels
from kilovox.frontend.word_finder import Word, WordFinder, loudest_word

Samples = npt.NDArray[np.int16]
Features = npt.NDArray[np.int16]

_BATCH_FRAMES = 1536
"""Frames transformed at once: few enough for the caches (4 MB), enough to make NumPy's calls cheap."""

_ABSOLUTE_FLOOR = -(45 << tables.LEVEL_BITS)
"""Lowest level under `energy="absolute"`: white noise of one unit lies there, in the lowest bands."""

_RELATIVE_FLOOR = -(64 << tables.LEVEL_BITS)
"""Lowest relative level without `floor_db`; the DCT is proved for no less."""

_LARGEST_DECAY = (1 << 15) - 1
"""Of the running maximum, a frame: as far as levels, which are int16, lie apart. Less it, the maximum stays within 2^16."""

_LARGEST_COUNT = 384_000
"""Of a parameter that counts something: the highest sample rate."""


@dataclass(frozen=True)
class FixedPointMFCC:
    """The integer front end. Frame t covers samples [hop t, hop t + window); frames are not centred.

    floor_db: bands more than this below the running maximum are raised to it; None for no such floor.
    decay_db: decibels a second by which the running maximum of the loudest band falls.
    energy: "relative" takes every level relative to the running maximum, so that a recording shifted left by any number of
    bits gives the same features; "absolute" keeps the level, of cepstra in coefficient 0.
    words: a recording is reduced to its loudest word, and coefficient 0 is the loudest band's level relative to the loudest
    of the word's active frames; None for whole recordings.
    features: "cepstra" of the levels; or the "levels" of all bands themselves, one a coefficient, without words.

    Raises KilovoxError for parameters outside the proved bounds.
    """

    sample_rate: int = 8000
    window: int = tables.POINTS
    hop: int = 160
    mel_bands: int = 32
    coefficients: int = 13
    low_hz: float = 60.0
    high_hz: float = 4000.0
    floor_db: float | None = 60.0
    decay_db: float = 3.0
    energy: Literal["absolute", "relative"] = "relative"
    words: WordFinder | None = None
    features: Literal["cepstra", "levels"] = "cepstra"

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("sample_rate", "window", "hop", "mel_bands", "coefficients")}
        for name, count in counts.items():
            if not isinstance(count, int) or not 0 < count <= _LARGEST_COUNT:
                raise KilovoxError(f"{name}: {count!r}; expected a whole number, 1 to {_LARGEST_COUNT}")
        if self.window != tables.POINTS:
            raise KilovoxError(f"window: {self.window}; expected {tables.POINTS}, the length of the integer transform")
        if not 1 <= self.hop <= self.window:
            raise KilovoxError(f"hop: {self.hop}; expected 1 to {self.window}")
        if self.mel_bands % 2 or not 2 <= self.mel_bands <= 62:
            raise KilovoxError(f"mel_bands: {self.mel_bands}; expected an even number, 2 to 62")
        if not 1 <= self.coefficients <= self.mel_bands:
            raise KilovoxError(f"coefficients: {self.coefficients}; expected 1 to {self.mel_bands}, the number of mel bands")
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate / 2:
            raise KilovoxError(
                f"low_hz, high_hz: {self.low_hz:g}, {self.high_hz:g}; expected 0 <= low < high <= {self.sample_rate / 2:g}"
            )
        if self.words is not None and (self.coefficients < 2 or self.hop == self.window):
            raise KilovoxError(
                f"coefficients, hop: {self.coefficients}, {self.hop}; expected 2 or more, and a hop shorter than the window, "
                "where words are found"
            )
        self._check_features()
        if self.energy not in ("absolute", "relative"):
            raise KilovoxError(f'energy: {self.energy!r}; expected "absolute" or "relative"')
        self._check_levels()
        self.tables()

    def _check_features(self) -> None:
        if self.features not in ("cepstra", "levels"):
            raise KilovoxError(f'features: {self.features!r}; expected "cepstra" or "levels"')
        if self.features == "levels" and self.coefficients != self.mel_bands:
            raise KilovoxError(
                f"coefficients: {self.coefficients}; expected mel_bands, {self.mel_bands}, where features are levels"
            )
        if self.features == "levels" and self.words is not None:
            raise KilovoxError(
                'words: found by cepstra alone, whose coefficient 0 is the level in the word; expected features "cepstra", or '
                "no words"
            )

    def _check_levels(self) -> None:
        """Decibels as the kernel takes them: levels below 2^14 are what the DCT is proved for, and a decay fits int16."""
        decibel = tables.decibels_to_level(1000.0) / 1000.0
        if self.floor_db is not None:
            largest = math.floor(-_RELATIVE_FLOOR / decibel * 100) / 100
            if not (0 < self.floor_db <= largest + 1 and 1 <= (self.floor_level or 0) <= -_RELATIVE_FLOOR):
                raise KilovoxError(f"floor_db: {self.floor_db:g}; expected a level, more than 0 and at most {largest}, or None")
        largest_decay = _LARGEST_DECAY / decibel * self.sample_rate / self.hop
        if not (0 <= self.decay_db <= largest_decay + 1 and self.decay_level <= _LARGEST_DECAY):
            rate = self.sample_rate / self.hop
            raise KilovoxError(f"decay_db: {self.decay_db:g}; expected 0 to {largest_decay:.0f}, at {rate:g} frames a second")

    def tables(self) -> dict[str, npt.NDArray[np.integer[Any]]]:
        """Every table that the C kernel needs, in its type; half_dct only for cepstra."""
        return dict(self._tables)

    @cached_property
    def _tables(self) -> dict[str, npt.NDArray[np.integer[Any]]]:
        starts, weights = tables.mel(self.sample_rate, self.mel_bands, self.low_hz, self.high_hz)
        dct = {"half_dct": tables.half_dct(self.coefficients, self.mel_bands)} if self.features == "cepstra" else {}
        return {
            "half_window": tables.half_window(),
            "sine": tables.sine(),
            "bit_reverse": tables.bit_reverse(),
            "mel_starts": starts,
            "mel_weights": weights,
            "log2_mantissa": tables.log2_mantissa(),
            **dct,
        }

    @property
    def table_bytes(self) -> int:
        """Constant memory of the front end."""
        return sum(table.nbytes for table in self._tables.values())

    @property
    def state_bytes(self) -> int:
        """Working memory of the C kernel: samples, transform (powers take its place), levels; maximum and fill in int32."""
        return 2 * self.window + 4 * (self.window // 2) + 2 * self.mel_bands + 2 * 4

    @property
    def floor_level(self) -> int | None:
        """`floor_db` in Q8 octaves, the form the kernel takes."""
        return None if self.floor_db is None else tables.decibels_to_level(self.floor_db)

    @property
    def decay_level(self) -> int:
        """`decay_db` in Q8 octaves a frame."""
        return tables.decibels_to_level(self.decay_db * self.hop / self.sample_rate)

    def frames(self, samples: int) -> int:
        """Frames that a stream advances in a recording: 0 of no samples, 1 of less than a window, which zeros fill up.

        Where words are found, a hop of zeros comes before the recording and one after it.
        """
        return 0 if samples == 0 else max(samples + 2 * self.silence - self.window, 0) // self.hop + 1

    @property
    def silence(self) -> int:
        """Zeros before and after a recording, so that a word that was cut out closely begins and ends."""
        return 0 if self.words is None else self.hop

    def between_silence(self, samples: Samples) -> Samples:
        """`samples` with `silence` before and after them; none at all stay none."""
        return np.pad(samples, self.silence) if self.silence and len(samples) else samples

    def __call__(self, recordings: Sequence[Samples]) -> list[Features]:
        """Features of each of `recordings`, (samples,) int16 -> (frames, coefficients) int16 in Q7 octaves.

        A recording in which nothing is heard has no frames. Raises KilovoxError for samples that are not one-dimensional int16.
        """
        for samples in recordings:
            check_samples(samples)
        heard = [is_heard(samples, self.window, self.hop) for samples in recordings]
        features = iter(self._features_of([samples for samples, there in zip(recordings, heard, strict=True) if there]))
        nothing = np.zeros((0, self.coefficients), np.int16)
        return [next(features) if there else nothing for there in heard]

    def _features_of(self, recordings: Sequence[Samples]) -> list[Features]:
        """The same of recordings in which something is heard, so that each is a window at least."""
        if not recordings:
            return []
        pieces = [self.between_silence(samples) for samples in recordings]
        counts = np.array([self.frames(len(samples)) for samples in recordings])
        bounds = np.cumsum([0, *counts])
        offsets = np.cumsum([0, *map(len, pieces[:-1])]) - bounds[:-1] * self.hop
        all_levels = self._levels(np.concatenate(pieces), np.arange(bounds[-1]) * self.hop + np.repeat(offsets, counts))
        loudest = all_levels.max(axis=0)
        maxima = self._running_maximum(loudest, np.repeat(np.arange(len(counts)), counts))
        features = self._features(all_levels, maxima)
        clips = list(pairwise(bounds.tolist()))
        if self.words is None:
            return [features[first:last] for first, last in clips]
        return [self._loudest_word(features[first:last], loudest[first:last]) for first, last in clips]

    def _loudest_word(self, features: Features, loudest: Words) -> Features:
        """The word alone, of one recording. (frames, coefficients), (frames,) Q8 -> (frames of the word, coefficients)."""
        if self.words is None or not len(features):
            return features
        return of_word(features, loudest, loudest_word(self.words, loudest))

    def _levels(self, samples: Samples, starts: npt.NDArray[np.integer[Any]]) -> Words:
        """Levels of the frames of `samples` that begin at `starts`. -> (mel_bands, frames) int32, Q8."""
        result = np.empty((self.mel_bands, len(starts)), dtype=np.int32)
        windows = np.lib.stride_tricks.sliding_window_view(samples, self.window)
        for first in range(0, len(starts), _BATCH_FRAMES):
            batch = slice(first, first + _BATCH_FRAMES)
            result[:, batch] = self._frame_levels(windows[starts[batch]].T.astype(np.int32, order="C"))
        return result

    def _frame_levels(self, frames: Words) -> Words:
        """(window, frames) -> (mel_bands, frames)."""
        table = self._tables
        return levels(
            frames,
            half_window=table["half_window"],
            sine=table["sine"],
            bit_reverse=table["bit_reverse"],
            mel_starts=table["mel_starts"],
            mel_weights=table["mel_weights"],
            log2_mantissa=table["log2_mantissa"],
        )

    def _running_maximum(self, loudest: Words, clip: npt.NDArray[np.integer[Any]]) -> Words:
        """maximum[t] = max(loudest[t], maximum[t - 1] - decay), Q8, anew for each number in `clip`. (frames,) -> (frames,).

        Here as a maximum of sums (max-plus): levels span 2^15, so 2^16 more for each clip hides the clips before it.
        """
        climb = np.arange(len(loudest)) * self.decay_level + (clip << 16)
        return (np.maximum.accumulate(loudest + climb) - climb).astype(loudest.dtype)

    def _features(self, band_levels: Words, maxima: Words) -> Features:
        """Floors, and the DCT of cepstra. (mel_bands, n) Q8, running maxima (n,) Q8 -> (n, coefficients) int16, Q7."""
        features, dct = np.empty((len(maxima), self.coefficients), dtype=np.int16), self._tables.get("half_dct")
        floor = _RELATIVE_FLOOR if self.floor_level is None else -self.floor_level
        for first in range(0, len(maxima), _BATCH_FRAMES):
            batch = slice(first, first + _BATCH_FRAMES)
            relative = band_levels[:, batch] - maxima[batch]
            np.maximum(relative, floor, out=relative)
            if self.energy == "absolute":
                relative += maxima[batch]
                np.maximum(relative, _ABSOLUTE_FLOOR, out=relative)
            features[batch] = (cepstra(relative, dct) if dct is not None else level_features(relative)).T
        return features


def is_heard(samples: Samples, window: int, hop: int) -> bool:
    """Whether there is anything in a recording, (samples,), to decide on.

    There is where one of its frames (`window` samples, every `hop`; of its own samples, not of the silence put around them) has
    samples that are not all equal: where a band lies above LOWEST_LEVEL. Not in less than a window, nor in silence.
    """
    if len(samples) < window:
        return False
    # Neighbours that differ, and of each pair the last frame that begins with its first sample or before.
    first = np.flatnonzero(samples[1:] != samples[:-1])
    starts = np.minimum(first, len(samples) - window) // hop * hop
    return bool((first + 1 < starts + window).any())


class FixedPointStream:
    """The front end of one live recording: equal to `FixedPointMFCC` of the whole, however the samples are cut.

    Frames come whether or not anything is heard in them; `heard` says what `is_heard` says of the samples so far.
    """

    def __init__(self, front_end: FixedPointMFCC) -> None:
        self.front_end = front_end
        self._start()

    def _start(self) -> None:
        self._pending = np.zeros(self.front_end.silence, dtype=np.int16)
        self._maximum = LOWEST_LEVEL
        self._began = self._any = False
        self.heard = False
        self.loudest: list[int] = []
        """Levels of the loudest band, Q8 octaves, of the frames that the last push or flush completed."""

    def push(self, samples: Samples) -> Features:
        """Take any number of samples; the features of the frames that they complete, (frames, coefficients) int16, Q7."""
        check_samples(samples)
        if len(samples) and not self._any:
            self._any, self.heard = True, False
        self._pending = np.concatenate([self._pending, samples])
        # The first frame begins with the silence before the recording.
        others = int(self.front_end.silence > 0 and not self._began)
        features = self._whole_frames()
        self.heard |= any(level > LOWEST_LEVEL for level in self.loudest[others:])
        return features

    def _whole_frames(self) -> Features:
        hop, window = self.front_end.hop, self.front_end.window
        count = max((len(self._pending) - window) // hop + 1, 0)
        features = self._advance(count)
        self._pending = self._pending[count * hop :]
        return features

    def flush(self) -> Features:
        """End the recording: the frame that the zeros after it complete, or the one frame of a recording shorter than a window;
        else none. The next push starts another; until then `heard` tells of this one."""
        if self._any:
            self._pending = np.pad(self._pending, (0, self.front_end.silence))
            if not self._began and len(self._pending) < self.front_end.window:
                self._pending = np.pad(self._pending, (0, self.front_end.window - len(self._pending)))
        features = self._whole_frames() if self._any else self._advance(0)
        loudest, heard = self.loudest, self.heard
        self._start()
        self.loudest, self.heard = loudest, heard
        return features

    def _advance(self, count: int) -> Features:
        if count == 0:
            self.loudest = []
            return np.zeros((0, self.front_end.coefficients), dtype=np.int16)
        self._began = True
        front_end = self.front_end
        band_levels = front_end._levels(self._pending, np.arange(count) * front_end.hop)
        loudest = np.concatenate([[np.int32(self._maximum)], band_levels.max(axis=0)])
        self.loudest = loudest[1:].tolist()
        maxima = front_end._running_maximum(loudest, np.zeros_like(loudest))[1:]
        self._maximum = int(maxima[-1])
        return front_end._features(band_levels, maxima)


def of_word(features: Features, loudest: Words, word: Word) -> Features:
    """Features of the frames of `word`, coefficient 0 replaced: level less `word.peak`, Q7 octaves: above 0 only
    where `edge` takes in a louder click beside the word. Returns (frames, coefficients)."""
    result = features[word.first : word.end].copy()
    result[:, 0] = (loudest[word.first : word.end] - word.peak) >> (tables.LEVEL_BITS - tables.FEATURE_BITS)
    return result


def check_samples(samples: npt.NDArray[Any]) -> None:
    """Raise KilovoxError for samples that are not a one-dimensional int16 array."""
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
        found = f"{samples.dtype} {samples.shape}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise KilovoxError(f"samples: {found}; expected a one-dimensional int16 array")


_MULTIPLIER_BITS = 14
"""Multipliers lie below 2^14: (x - offset) has 17 bits, so the product stays below 2^30."""


def quantisation(
    mean: npt.NDArray[np.floating[Any]], std: npt.NDArray[np.floating[Any]], deviations: float
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], int]:
    """(offset, multiplier, shift) of `quantise` that map mean +- deviations x std to +-127.

    mean, std: (coefficients,) of the int16 features, in their units. Raises KilovoxError for a coefficient that is constant.
    """
    if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(std)) and np.all(std > 0) and 0 < deviations < math.inf):
        raise KilovoxError("quantisation of features: expected finite means, and deviations greater than 0")
    gain = 127.0 / (deviations * std)
    shift = int(np.clip(_MULTIPLIER_BITS - 1 - np.floor(np.log2(gain.max())), 1, 24))
    multiplier = np.clip(np.rint(gain * 2.0**shift), 1, (1 << _MULTIPLIER_BITS) - 1).astype(np.int16)
    return np.clip(np.rint(mean), -(1 << 15), (1 << 15) - 1).astype(np.int16), multiplier, shift


def check_multiplier(multiplier: npt.NDArray[np.int16]) -> None:
    """Raise KilovoxError for a multiplier with which a product could leave 32 bits."""
    limit = (1 << _MULTIPLIER_BITS) - 1
    if multiplier.max() > limit:
        raise KilovoxError(f"multiplier {multiplier.max()} of the features; expected at most {limit}")


def quantise(
    features: Features, offset: npt.NDArray[np.int16], multiplier: npt.NDArray[np.int16], shift: int
) -> npt.NDArray[np.int8]:
    """saturate8(((x - offset) multiplier + 2^(shift - 1)) >> shift). (.., coefficients) int16 -> the same shape, int8."""
    centred = features.astype(np.int32) - offset
    rounded = (centred * multiplier + (1 << (shift - 1))) >> shift
    result: npt.NDArray[np.int8] = np.clip(rounded, -128, 127).astype(np.int8)
    return result
