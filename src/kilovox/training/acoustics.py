"""Other people, rooms, microphones and noises: random variants of training recordings, for words of strangers."""

from collections.abc import Sequence

import numpy as np

from kilovox import effects
from kilovox.audio import Samples
from kilovox.config import Acoustics

KNOTS_HZ = np.array([0.0, 150.0, 400.0, 900.0, 1600.0, 2400.0, 3200.0, 4000.0, 8000.0, 24_000.0])
CROPPED_SHARE, CLOSE_SHARE = 0.5, 0.35
OVERDRIVEN_SHARE, OVERDRIVE_DB, RANGE_DB = 0.15, 12.0, 40.0


def perturbed(
    samples: Samples, settings: Acoustics, sample_rate: int, generator: np.random.Generator, voices: Sequence[Samples],
    kind: effects.NoiseKind | None = None,
) -> Samples:  # fmt: skip
    """One random variant, (samples,) int16 -> (other samples,) int16.

    In this order: another vocal tract (speed, pitch and formants together), ends cut off, silence on either side or none at
    all, a microphone's frequency response, a band limit, a room, noise, a level or overdrive, a codec. Where the `kind` of
    noise is given, babble is all of `voices` at once; else kind and voices are drawn from `generator`.
    """
    largest = np.log(1.0 + settings.vocal_tract)
    word = effects.faster(samples, float(np.exp(generator.uniform(-largest, largest))))
    word = _cropped(word, settings, sample_rate, generator)
    word /= max(effects.root_mean_square(word), 1e-9)
    closely, silences = generator.random() < CLOSE_SHARE, generator.uniform(0, settings.silence_ms, 2)
    lead, trail = (0 if closely else int(silence * sample_rate / 1000) for silence in silences)
    sound = np.concatenate([np.zeros(lead), word, np.zeros(trail)])
    sound = _recorded(sound, settings, sample_rate, generator)
    sound /= max(effects.root_mean_square(sound[lead : lead + len(word)]), 1e-9)
    background = _background(kind, len(sound), sample_rate, generator, voices)
    loud = generator.random() < settings.noise
    signal_to_noise = generator.uniform(settings.noise_db, 45.0) if loud else 60.0
    sound += background * 10 ** (-signal_to_noise / 20)
    changed = _levelled(sound, generator)
    if generator.random() < settings.codec:
        changed = effects.coded(changed, sample_rate, effects.CODECS[int(generator.integers(len(effects.CODECS)))])
    return changed


def _background(
    kind: effects.NoiseKind | None, count: int, rate: int, generator: np.random.Generator, voices: Sequence[Samples]
) -> effects.Sound:
    if kind is None:
        kind = effects.NOISE_KINDS[int(generator.integers(len(effects.NOISE_KINDS)))]
        return effects.noise(kind, count, rate, generator, voices)
    if kind != "babble":
        return effects.noise(kind, count, rate, generator)
    total = sum((effects.looped(voice, count, generator) for voice in voices), start=np.zeros(count))
    if not total.any():
        total = generator.normal(size=count)
    return total / max(effects.root_mean_square(total), 1e-12)


def _cropped(word: effects.Sound, settings: Acoustics, rate: int, generator: np.random.Generator) -> effects.Sound:
    """Without its ends, as recordings are that were cut too short; at least half of it stays."""
    most = min(settings.crop_ms * rate / 1000, len(word) / 4)
    cropped, (before, after) = generator.random() < CROPPED_SHARE, (int(generator.uniform(0, most)) for _ in range(2))
    return word[before : len(word) - after] if cropped else word


def _recorded(sound: effects.Sound, settings: Acoustics, rate: int, generator: np.random.Generator) -> effects.Sound:
    steps = generator.normal(size=len(KNOTS_HZ)) * settings.equaliser_db
    curve = np.cumsum(steps) - np.cumsum(steps).mean()
    sound = effects.equalised(sound, rate, KNOTS_HZ, np.clip(curve, -15.0, 15.0))
    draw, cut = generator.random(), generator.uniform(0.5, 0.95) * rate / 2
    if draw < settings.band_limit / 2:
        sound = effects.band_limited(sound, rate, 300.0, min(3400.0, 0.45 * rate))
    elif draw < settings.band_limit:
        sound = effects.band_limited(sound, rate, 0.0, cut)
    seconds, wet = generator.uniform(0.08, 0.5), generator.uniform(0.1, 0.8)
    if generator.random() < settings.reverberation:
        sound = effects.reverberated(sound, rate, seconds, wet, generator)
    return sound


def _levelled(sound: effects.Sound, generator: np.random.Generator) -> Samples:
    peak = max(float(np.abs(sound).max(initial=0.0)), 1e-9)
    overdriven, draw = generator.random() < OVERDRIVEN_SHARE, generator.random()
    decibels = draw * OVERDRIVE_DB if overdriven else -1.0 - draw * (RANGE_DB - 1.0)
    return effects.as_samples(sound * (32767.0 / peak * 10 ** (decibels / 20)))
