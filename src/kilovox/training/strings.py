"""Running sound to train on: words one after another, utterances, noise alone. Each piece is a function of its number.

What a piece holds is drawn anew for every word: which label, whose recording, how fast, how loud and how far from the word
before it; then the room, the microphone and the noise of the whole. So nobody's way of recording goes with a label.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from kilovox import effects
from kilovox.audio import Samples
from kilovox.config.streams import Streams
from kilovox.corpus.vocabulary import NOTHING
from kilovox.training.acoustics import KNOTS_HZ
from kilovox.training.word_edges import cut_closely, spoken_end

VERSION = 5
"""To be raised when the same material begins to give other pieces, or other networks that were taught with them."""

TILTED_SHARE, TILT_DB, LARGEST_TILT_DB = 0.6, 4.0, 15.0
ROOM_SHARE, ROOM_SECONDS, ROOM_WET = 0.25, (0.08, 0.5), (0.1, 0.7)
QUIETEST_DB, LOUDEST_DB = -36.0, -1.0
"""Of the peak of a piece, below full scale."""
CLEAN_DB = 60.0
"""Noise of the pieces that are not noisy, below the speech."""
CLIPPED_SHARE, CLIPPED_DB = 0.08, 15.0
"""Of the pieces, those that go beyond full scale, by up to so much."""
AT_ONCE_SHARE, LATE_SHARE, LATEST, PAUSE_SHARE = 0.3, 0.35, 0.75, 0.1
"""Of the pieces with words, those that begin with one, and those that may say nothing for as long as this part of them; of the
gaps, those that may be as long: who has heard nothing for a while must expect a word as much as who has just heard one."""
TRIMMED_SHARE = 0.75
"""Of the pieces: their words are cut out closely; the others keep what silence they were recorded with."""
UTTERANCE_RATE = 0.15

MUSIC_SHARE = 0.15
"""Of the noises."""
RECORDED_SHARE = 0.5
"""Of the noises, where there are recordings that hold nothing else."""
BEGUN_SHARE = 0.6
"""Of the pieces without words, where there are such recordings, those in which one begins and ends as words do: else whatever
begins and ends is heard as one."""
BACKGROUNDS_VERSION = 2
"""As VERSION, of material with recordings that hold nothing."""
TELEPHONE_SHARE, LOW_HZ, HIGH_HZ = 0.12, (150.0, 350.0), (3000.0, 3600.0)
"""Of the pieces, heard through a narrow band, and half of these coded as mu-law."""
BABBLE_VOICES = 8


@dataclass(frozen=True)
class Voices:
    """Recordings that words are drawn from: `classes` of each, and how often this corpus is drawn beside the others."""

    sounds: Sequence[Samples]
    classes: npt.NDArray[np.int64]
    weight: float
    fingerprint: str

    @cached_property
    def places(self) -> dict[int, npt.NDArray[np.int64]]:
        """The recordings of each class."""
        return {int(label): np.flatnonzero(self.classes == label) for label in np.unique(self.classes)}


@dataclass(frozen=True)
class Sayings:
    """Whole utterances: `targets` of each, the classes of its words in order, and `ends`, in seconds, None where nobody knows;
    `weight`: as of Voices."""

    sounds: Sequence[Samples]
    targets: Sequence[Sequence[int]]
    ends: Sequence[Sequence[float | None]]
    weight: float
    fingerprint: str


class Piece(NamedTuple):
    """(samples,) int16, the classes of its words in order, and the samples after which each is over, -1 where nobody knows."""

    sound: Samples
    said: list[int]
    ends: list[int]


Said = tuple[effects.Sound, list[int], list[int]]
Source = TypeVar("Source", Voices, Sayings)


class Strings:
    """Draws piece after piece, at `rate` Hz.

    `other`: the class of words that are not asked for, drawn with their own share; None where there is none. Recordings of the
    class NOTHING are noise.
    """

    def __init__(
        self, settings: Streams, voices: Sequence[Voices], sayings: Sequence[Sayings], other: int | None, rate: int, seed: int
    ) -> None:
        self.settings, self.voices, self.rate, self.seed, self.other = settings, voices, rate, seed, other
        self.length = round(settings.seconds * rate)
        self.sayings = sayings
        self._fingerprints = [one.fingerprint for one in voices] + [one.fingerprint for one in sayings]
        self._backgrounds = [one for one in voices if NOTHING in one.places]
        classes = sorted({label for one in voices for label in one.places if label != NOTHING})
        self._asked = [label for label in classes if label != other]
        self._of_class = {label: [one for one in voices if label in one.places] for label in classes}

    @property
    def facts(self) -> dict[str, Any]:
        """All that a piece depends on, beside its number, as JSON."""
        weights = [one.weight for sources in (self.voices, self.sayings) for one in sources]
        said = self.settings.model_dump(mode="json", exclude={"count", "utterances"})
        version: dict[str, Any] = {"strings": VERSION}
        if self._backgrounds:
            version["backgrounds"] = BACKGROUNDS_VERSION
        material = hashlib.sha256(json.dumps([self._fingerprints, weights, self.other]).encode()).hexdigest()
        return {**version, "settings": said, "material": material, "rate": self.rate, "seed": self.seed}

    def __call__(self, number: int) -> Piece:
        """Piece `number`."""
        draw = np.random.default_rng([self.seed, number])
        asked = self.settings
        kind = draw.random()
        if kind < asked.nothing:
            sound, said, ends = self._nothing(draw), list[int](), list[int]()
        elif kind < asked.nothing + asked.spoken and self.sayings:
            sound, said, ends = self._utterance(draw)
        else:
            alone = kind < asked.nothing + asked.spoken + asked.single
            sound, said, ends = self._words(draw, alone)
        return Piece(self._recorded(sound, draw), said, ends)

    def _nothing(self, draw: np.random.Generator) -> effects.Sound:
        """Silence, or a recording that holds nothing, from anywhere in the piece."""
        sound = np.zeros(self.length)
        if self._backgrounds and draw.random() < BEGUN_SHARE:
            recorded = effects.resampled(self._background(draw), _factor(draw, self.settings.rate))[: self.length]
            start = int(draw.integers(self.length - len(recorded) + 1))
            sound[start : start + len(recorded)] = recorded
        return sound

    def _background(self, draw: np.random.Generator) -> Samples:
        """A recording that holds nothing."""
        background = _weighed(self._backgrounds, draw)
        places = background.places[NOTHING]
        return background.sounds[int(places[int(draw.integers(len(places)))])]

    def _utterance(self, draw: np.random.Generator) -> Said:
        """One of the utterances, from anywhere in the piece; of the words of one that is too long nothing is known."""
        saying = _weighed(self.sayings, draw)
        which = int(draw.integers(len(saying.targets)))
        factor = _factor(draw, UTTERANCE_RATE)
        spoken = effects.resampled(saying.sounds[which], factor)
        sound = np.zeros(self.length)
        if len(spoken) > self.length:
            return self._words(draw, alone=False)
        start = int(draw.integers(self.length - len(spoken) + 1))
        sound[start : start + len(spoken)] = spoken
        ends = [-1 if end is None else start + round(end * self.rate / factor) for end in saying.ends[which]]
        return sound, list(saying.targets[which]), ends

    def _words(self, draw: np.random.Generator, alone: bool) -> Said:
        """Words until the piece is full, or one alone; as many as fit in whole."""
        asked, sound, said, ends = self.settings, np.zeros(self.length), list[int](), list[int]()
        close, trimmed = draw.random() < asked.close, draw.random() < TRIMMED_SHARE
        place = self._lead(draw)
        while True:
            label, samples = self._word(draw)
            word = effects.resampled(cut_closely(samples, self.rate, draw) if trimmed else samples, _factor(draw, asked.rate))
            end = spoken_end(word, self.rate)
            word *= 10 ** (draw.uniform(-asked.level_db, asked.level_db) / 20) / max(float(np.abs(word).max(initial=0.0)), 1e-9)
            if place + len(word) > self.length:
                # The first word of a piece is always heard, from its beginning.
                if not said:
                    sound[:] = word[: self.length] if len(word) > self.length else np.pad(word, (0, self.length - len(word)))
                    said.append(label)
                    ends.append(min(end, self.length))
                return sound, said, ends
            sound[place : place + len(word)] += word
            said.append(label)
            ends.append(place + end)
            if alone:
                return sound, said, ends
            place = max(0, place + len(word) + self._gap(draw, close))

    def _lead(self, draw: np.random.Generator) -> int:
        """Samples before the first word."""
        kind = draw.random()
        if kind < AT_ONCE_SHARE:
            return 0
        return self._silence(draw, long=kind < AT_ONCE_SHARE + LATE_SHARE)

    def _gap(self, draw: np.random.Generator, close: bool) -> int:
        """Samples from a word to the next; less than none where they overlap."""
        if not close:
            return self._silence(draw, long=draw.random() < PAUSE_SHARE)
        overlapping = draw.random() < 0.5
        return -int(draw.uniform(0, self.settings.overlap_ms * self.rate / 1000)) if overlapping else 0

    def _silence(self, draw: np.random.Generator, long: bool) -> int:
        """Samples without a word."""
        return int(draw.uniform(0, LATEST * self.length if long else self.settings.gap_ms * self.rate / 1000))

    def _word(self, draw: np.random.Generator) -> tuple[int, Samples]:
        """A label, each as often as the others, then a corpus that has it, then one of its recordings."""
        others = self.other in self._of_class and draw.random() < self.settings.others
        label = int(self.other if others and self.other is not None else self._asked[int(draw.integers(len(self._asked)))])
        return label, self._recording(label, draw)

    def _recording(self, label: int, draw: np.random.Generator) -> Samples:
        """Of this label, of some corpus."""
        voices = _weighed(self._of_class[label], draw)
        places = voices.places[label]
        return voices.sounds[int(places[int(draw.integers(len(places)))])]

    def _recorded(self, sound: effects.Sound, draw: np.random.Generator) -> Samples:
        """In a room, by a microphone, with noise, at some level."""
        heard = np.flatnonzero(sound)
        if len(heard):
            sound = sound / max(effects.root_mean_square(sound[heard]), 1e-9)
        if draw.random() < TILTED_SHARE:
            curve = np.cumsum(draw.normal(size=len(KNOTS_HZ)) * TILT_DB)
            curve = np.clip(curve - curve.mean(), -LARGEST_TILT_DB, LARGEST_TILT_DB)
            sound = effects.equalised(sound, self.rate, KNOTS_HZ, curve)
        if draw.random() < ROOM_SHARE:
            sound = effects.reverberated(sound, self.rate, draw.uniform(*ROOM_SECONDS), draw.uniform(*ROOM_WET), draw)
        ratio = draw.uniform(self.settings.noise_db, 45.0) if draw.random() < self.settings.noisy else CLEAN_DB
        sound = sound + self._noise(draw) * 10 ** (-ratio / 20)
        telephone = draw.random() < TELEPHONE_SHARE
        if telephone:
            sound = effects.band_limited(sound, self.rate, draw.uniform(*LOW_HZ), draw.uniform(*HIGH_HZ))
        peak = max(float(np.abs(sound).max()), 1e-9)
        level = draw.uniform(0.0, CLIPPED_DB) if draw.random() < CLIPPED_SHARE else draw.uniform(QUIETEST_DB, LOUDEST_DB)
        samples = effects.as_samples(sound * (32767.0 / peak * 10 ** (level / 20)))
        return effects.coded(samples, self.rate, "mu-law") if telephone and draw.random() < 0.5 else samples

    def _noise(self, draw: np.random.Generator) -> effects.Sound:
        """Of unit power: as it was recorded somewhere, of some kind, of other people who speak at once, or music."""
        if self._backgrounds and draw.random() < RECORDED_SHARE:
            return effects.looped(self._background(draw), self.length, draw)
        if draw.random() < MUSIC_SHARE:
            return effects.music(self.length, self.rate, draw)
        kind = effects.NOISE_KINDS[int(draw.integers(len(effects.NOISE_KINDS)))]
        voices: list[Samples] = []
        if kind == "babble" and self.other is not None and self.other in self._of_class:
            voices = [self._recording(self.other, draw) for _ in range(BABBLE_VOICES)]
        return effects.noise(kind, self.length, self.rate, draw, voices)


def padded_targets(said: Sequence[Sequence[int]], ends: Sequence[Sequence[int]], blank: int) -> npt.NDArray[np.int64]:
    """(pieces, 2 x most words): classes in order, filled up with `blank`, which no word is; then as many `ends`, and -1."""
    most = max(1, max(map(len, said), default=0))
    targets = np.full((len(said), 2, most), -1, np.int64)
    targets[:, 0] = blank
    for row, words, over in zip(targets, said, ends, strict=True):
        row[0, : len(words)] = words
        row[1, : len(words)] = over
    return targets.reshape(len(said), -1)


def _weighed(sources: Sequence[Source], draw: np.random.Generator) -> Source:
    """One of them, drawn by their weights; any where none has one."""
    weights = np.array([one.weight for one in sources]) + 1e-9
    return sources[int(draw.choice(len(sources), p=weights / weights.sum()))]


def _factor(draw: np.random.Generator, largest: float) -> float:
    """Of the rate, as often slower as faster."""
    limit = np.log1p(largest)
    return float(np.exp(draw.uniform(-limit, limit)))
