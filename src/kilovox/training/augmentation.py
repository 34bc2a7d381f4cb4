"""Random changes of training recordings: of the samples before the front end, of the features in the batch."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kilovox.audio import Samples
from kilovox.config import Acoustics, AnyFrontEnd, Augmentation
from kilovox.effects import NOISE_KINDS, NoiseKind
from kilovox.frontend.cache import Sequences, stored
from kilovox.frontend.corpus_features import Transform, blocks, settings_of, transformed
from kilovox.frontend.pipeline import raw_features
from kilovox.training.acoustics import perturbed
from kilovox.training.seeding import derive_seed
from kilovox.workers import HERE, Workers

VERSION = 4
"""Part of the cache's key: to be raised when the same seed begins to give other samples."""

TEMPOS = 8
"""Tempos that occur in one view."""

CLIPPED_SHARE = 0.25
"""Of the variants, where clipping is asked for at all."""


def augment_samples(samples: Samples, settings: Augmentation, sample_rate: int, generator: np.random.Generator) -> Samples:
    """One random variant of a recording, (samples,) int16 -> (other samples,) int16.

    Speed (and pitch with it) by linear interpolation, silence before the word, white noise at a random signal-to-noise
    ratio up to 40 dB above the lowest, gain with saturation, far beyond full scale for a quarter where `clip_db` asks for it.
    """
    rate = float(np.exp2(generator.uniform(-1.0, 1.0) * np.log2(1.0 + settings.speed)))
    positions = np.arange(max(1, int(len(samples) / rate))) * rate
    word = np.interp(positions, np.arange(len(samples)), samples.astype(np.float64))
    silence = generator.integers(0, int(settings.shift_ms * sample_rate / 1000) + 1)
    changed = np.concatenate([np.zeros(silence), word])
    signal_to_noise = settings.noise_db + generator.uniform(0.0, 40.0)
    level = np.sqrt(np.mean(word**2)) * 10.0 ** (-signal_to_noise / 20.0)
    changed += generator.normal(size=len(changed)) * level
    changed *= _gain(np.abs(changed).max(), settings, generator)
    result: Samples = np.clip(np.rint(changed), -32768, 32767).astype(np.int16)
    return result


def _gain(peak: float, settings: Augmentation, generator: np.random.Generator) -> float:
    """A factor within +-gain_db; for some recordings one that drives the peak up to clip_db beyond full scale."""
    gain = generator.uniform(-1.0, 1.0) * settings.gain_db
    overdriven, excess = generator.random() < CLIPPED_SHARE, generator.random() * settings.clip_db
    if overdriven and settings.clip_db > 0 and peak > 0:
        return float(32767.0 / peak * 10.0 ** (excess / 20.0))
    return float(10.0 ** (gain / 20.0))


def augmented_features(
    recordings: Sequence[Samples], hashes: Sequence[str], settings: Augmentation, front_end: AnyFrontEnd, seed: int,
    transform: Transform = raw_features, workers: Workers = HERE,
) -> Iterator[Sequences]:  # fmt: skip
    """`settings.views` lists of features, one after another, each with one random variant of every recording; cached on disk.

    hashes: SHA-256 of the content of each recording. What is drawn for a recording follows from the seed, the view and its
    hash alone, so that other recordings, or their order, change nothing; only voices in babble noise are other recordings.
    recordings: read one by one, and so may be read from disk when they are asked for. workers: who makes the variants; then
    recordings and `transform` can be pickled.
    """
    crowd = _Crowd(hashes)
    for view in range(settings.views):
        drawn = _View(recordings, hashes, settings, front_end, derive_seed(seed, "view", view), transform)
        yield drawn.features(crowd, workers)


class _Crowd:
    """Recordings around a circle in order of their hashes: any number in 63 bits means the one that comes next.

    A recording more or less moves only what meant itself or its neighbour.
    """

    def __init__(self, hashes: Sequence[str]) -> None:
        self._around = sorted((derive_seed(0, digest), digest, place) for place, digest in enumerate(hashes))

    def __call__(self, number: int) -> int:
        """The place of a recording in the list."""
        return self._around[bisect_left(self._around, (number,)) % len(self._around)][2]


@dataclass(frozen=True)
class _Draws:
    """What is decided of a variant before it is made: the number of its tempo, its noise, whose voices are in it."""

    tempo: int
    kind: NoiseKind
    voices: tuple[int, ...]

    @classmethod
    def of(cls, seed: int, crowd: _Crowd) -> Self:
        generator = np.random.default_rng(seed)
        tempo, kind = int(generator.integers(TEMPOS)), NOISE_KINDS[int(generator.integers(len(NOISE_KINDS)))]
        numbers = generator.integers(2**63, size=int(generator.integers(3, 9))) if kind == "babble" else ()
        return cls(tempo, kind, tuple(crowd(int(number)) for number in numbers))


@dataclass(frozen=True)
class _View:
    """One variant of every recording, wherever it is made."""

    recordings: Sequence[Samples]
    hashes: Sequence[str]
    settings: Augmentation
    front_end: AnyFrontEnd
    seed: int
    transform: Transform

    def features(self, crowd: _Crowd, workers: Workers) -> Sequences:
        acoustics = self.settings.acoustics
        key: dict[str, Any] = {
            **settings_of(self.front_end),
            "augmentation": self.settings.model_dump(mode="json", exclude={"views", "time_mask", "feature_mask"}),
            "version of augmentation": VERSION,
            "seed": self.seed,
        }
        if acoustics is None:
            return stored(key, self.hashes, self._plain, workers)
        draws = [_Draws.of(derive_seed(self.seed, digest, "noise"), crowd) for digest in self.hashes]
        hops = _hops(self.front_end, acoustics.tempo, np.random.default_rng(derive_seed(self.seed, "tempos")))
        keys = [
            " ".join((digest, *(self.hashes[voice] for voice in drawn.voices)))
            for digest, drawn in zip(self.hashes, draws, strict=True)
        ]
        return stored(key, keys, partial(self._perturbed, acoustics, draws, hops), workers)

    def _plain(self, places: list[int]) -> Sequences:
        rate = self.front_end.sample_rate

        def variant(place: int) -> Samples:
            return augment_samples(self.recordings[place], self.settings, rate, self._generator_of(place))

        return [one for _, block in blocks(places, variant) for one in transformed(self.front_end, block, self.transform)]

    def _perturbed(self, acoustics: Acoustics, draws: Sequence[_Draws], hops: list[int], places: list[int]) -> Sequences:
        rate = self.front_end.sample_rate

        def variant(place: int) -> Samples:
            voices = [self.recordings[voice] for voice in draws[place].voices]
            return perturbed(self.recordings[place], acoustics, rate, self._generator_of(place), voices, draws[place].kind)

        result: Sequences = []
        for chosen, block in blocks(places, variant):
            result += _at_hops(block, [hops[draws[place].tempo] for place in chosen], self.front_end, self.transform)
        return result

    def _generator_of(self, place: int) -> np.random.Generator:
        return np.random.default_rng(derive_seed(self.seed, self.hashes[place]))


def _hops(front_end: AnyFrontEnd, largest: float, generator: np.random.Generator) -> list[int]:
    """The hops of TEMPOS tempos, up to `largest` slower or faster, spread evenly.

    The network's hop is the front end's, and a frame more or less often is the same word slower or faster.
    """
    tempos = (1.0 + largest) ** (2 * (np.arange(TEMPOS) + generator.uniform(0.0, 1.0, TEMPOS)) / TEMPOS - 1)
    hops: list[int] = np.clip(np.rint(front_end.hop / tempos), 1, front_end.window - 1).astype(int).tolist()
    return hops


def _at_hops(recordings: list[Samples], hops: list[int], front_end: AnyFrontEnd, transform: Transform) -> Sequences:
    """Features of each recording at its own hop."""
    result: dict[int, npt.NDArray[Any]] = {}
    for hop in sorted(set(hops)):
        chosen = [place for place, its_hop in enumerate(hops) if its_hop == hop]
        at_hop = front_end.model_copy(update={"hop": hop})
        features = transformed(at_hop, [recordings[place] for place in chosen], transform)
        result |= dict(zip(chosen, features, strict=True))
    return [result[place] for place in range(len(recordings))]


def mask_features(batch: Tensor, settings: Augmentation) -> Tensor:
    """Blank one run of frames and one run of coefficients of each clip of (clips, frames, coefficients).

    Zero is the mean after normalisation. SpecAugment (D. Park et al., Interspeech 2019), on cepstra.
    """
    clips, frames, coefficients = batch.shape
    keep = torch.ones_like(batch)
    for size, limit, shape in (
        (frames, settings.time_mask, (clips, frames, 1)),
        (coefficients, settings.feature_mask, (clips, 1, coefficients)),
    ):
        if limit:
            width = torch.randint(0, limit + 1, (clips, 1))
            start = torch.randint(0, size, (clips, 1))
            position = torch.arange(size)
            blank = (position >= start) & (position < start + width)
            keep = keep * (~blank).to(batch).view(shape)
    return batch * keep
