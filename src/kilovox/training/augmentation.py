"""Random changes of training recordings: of the samples before the front end, of the features in the batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kilovox.audio import Samples
from kilovox.config import AnyFrontEnd, Augmentation
from kilovox.frontend import pipeline
from kilovox.frontend.cache import Sequences, cached
from kilovox.frontend.corpus_features import NOT_OF_RAW_FEATURES
from kilovox.native.fast import fast_raw_features
from kilovox.training.acoustics import perturbed
from kilovox.training.seeding import derive_seed

VERSION = 3
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
    recordings: Sequence[Samples], hashes: Sequence[str], settings: Augmentation, front_end: AnyFrontEnd, seed: int
) -> list[Sequences]:
    """`settings.views` lists of features, each with one random variant of every recording; cached on disk.

    `hashes`: SHA-256 of each recording, to know the cached features by.
    """
    return [_view(recordings, hashes, settings, front_end, derive_seed(seed, "view", view)) for view in range(settings.views)]


def _view(
    recordings: Sequence[Samples], hashes: Sequence[str], settings: Augmentation, front_end: AnyFrontEnd, seed: int
) -> Sequences:
    key: dict[str, Any] = {
        "recordings": list(hashes),
        "front_end": front_end.model_dump(mode="json", exclude=NOT_OF_RAW_FEATURES),
        "augmentation": settings.model_dump(mode="json", exclude={"views", "time_mask", "feature_mask"}),
        "version": [VERSION, pipeline.VERSION],
        "seed": seed,
    }

    def compute() -> Sequences:
        generator, rate = np.random.default_rng(seed), front_end.sample_rate
        acoustics = settings.acoustics
        if acoustics is None:
            changed = [augment_samples(samples, settings, rate, generator) for samples in recordings]
            return fast_raw_features(front_end, changed)
        changed = [perturbed(samples, acoustics, rate, generator, list(recordings)) for samples in recordings]
        return _at_tempos(changed, acoustics.tempo, front_end, generator)

    return cached(key, compute)


def _at_tempos(
    recordings: Sequence[Samples], largest: float, front_end: AnyFrontEnd, generator: np.random.Generator
) -> Sequences:
    """Features of each recording spoken up to `largest` slower or faster, at one of TEMPOS tempos spread evenly.

    The hop is the front end's, and a frame more or less often is the same word slower or faster.
    """
    result: list[Any] = [None] * len(recordings)
    drawn = generator.permutation(len(recordings)) % TEMPOS
    for number, place in enumerate(generator.uniform(0.0, 1.0, TEMPOS)):
        tempo = (1.0 + largest) ** (2 * (number + place) / TEMPOS - 1)
        hop = int(np.clip(round(front_end.hop / tempo), 1, front_end.window - 1))
        chosen = np.flatnonzero(drawn == number).tolist()
        features = fast_raw_features(front_end.model_copy(update={"hop": hop}), [recordings[index] for index in chosen])
        for index, sequence in zip(chosen, features, strict=True):
            result[index] = sequence
    return result


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
