"""What a corpus is: named, labelled recordings (or precomputed features), in a fixed order, with a fingerprint."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from kilovox.audio import RawFormat, Samples, Sound, read_audio, read_sound, to_int16_mono
from kilovox.corpus.cuts import cut_name, cut_sound, scaled
from kilovox.corpus.sound_hash import hash_of_sound, sound_hash
from kilovox.errors import KilovoxError
from kilovox.text import LINE_LENGTH, complaint

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """One spoken word. `name` identifies it within its corpus; `speaker` and `take` are None where nobody wrote them down.

    start, end: seconds of the file at `path` between which it is, None for the beginning and the end of the file; raw: what the
    samples of a file without a header are; gain: of a part of a file, what its samples are multiplied by, at most 1.
    """

    name: str
    label: str
    speaker: str | None = None
    take: int | None = None
    path: Path | None = None
    start: float | None = None
    end: float | None = None
    raw: RawFormat | None = None
    gain: float = 1.0

    @property
    def is_cut(self) -> bool:
        """Whether it is a part of its file."""
        return self.start is not None or self.end is not None

    @property
    def where(self) -> str:
        """Its file, and of what part of it, for errors."""
        return cut_name(str(self.path), self.start, self.end)

    @property
    def sound(self) -> Sound:
        """What is in its file, between start and end. Raises KilovoxError where that cannot be read."""
        if not self.is_cut:
            return read_sound(_path(self), self.raw)
        sound = cut_sound(_path(self), self.start, self.end, self.raw)
        return sound if self.gain == 1.0 else scaled(sound, self.gain)


Part = Literal["train", "validation", "test"]
OfficialSplit = Callable[[Recording], Part]
"""The part of a corpus' own split that a recording belongs to; a function of a module, so that a corpus can be pickled."""


@dataclass(frozen=True)
class LeftOut:
    """What a reader found and did not take: why, how many, and the first of them by name."""

    reason: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.count:,} {self.reason} ({', '.join(self.examples)}{more})"


class Corpus(ABC):
    """Recordings in order of their names.

    official: the split that the corpus came with, if it came with one. left_out: what its reader did not take.
    """

    def __init__(
        self,
        name: str,
        recordings: Sequence[Recording],
        where: str,
        *,
        official: OfficialSplit | None = None,
        left_out: Sequence[LeftOut] = (),
    ) -> None:
        if not recordings:
            raise KilovoxError(f"{where}: no recordings; expected at least one")
        self.name = name
        self.where = where
        self.official = official
        self.left_out = tuple(left_out)
        self.recordings = tuple(sorted(recordings, key=lambda recording: recording.name))
        check_names(where, [one.name for one in self.recordings])
        check_texts(where, "label", {one.label: one.name for one in self.recordings})
        check_texts(where, "speaker", {one.speaker: one.name for one in self.recordings if one.speaker is not None})

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers that are named, sorted."""
        return tuple(sorted({recording.speaker for recording in self.recordings if recording.speaker is not None}))

    @property
    @abstractmethod
    def hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of what each recording sounds like, in order; see `kilovox.corpus.sound_hash`."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over a line of JSON a recording, in order: name, hash, label, speaker, take."""
        digest = hashlib.sha256()
        for one, content in zip(self.recordings, self.hashes, strict=True):
            digest.update(json.dumps([one.name, content, one.label, one.speaker, one.take]).encode() + b"\n")
        return digest.hexdigest()

    @abstractmethod
    def subset(self, indices: Sequence[int]) -> "Corpus":
        """The corpus of only the recordings at `indices`."""


class RecordingCorpus(Corpus):
    """A corpus of sound files, or of parts of them."""

    def knowing(self, hashes: Sequence[str]) -> "RecordingCorpus":
        """The same corpus, whose `hashes` are known already: no file is read for them again."""
        self.__dict__["hashes"] = tuple(hashes)
        return self

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of the decoded sound of each recording. Raises KilovoxError where one cannot be read."""
        return tuple(
            hash_of_sound(recording.sound) if recording.is_cut else sound_hash(_path(recording), recording.raw)
            for recording in self.recordings
        )

    def samples(self, index: int, rate: int) -> Samples:
        """The samples of recording `index`: (samples,) int16 mono at `rate` Hz."""
        recording = self.recordings[index]
        if not recording.is_cut:
            return read_audio(_path(recording), rate, recording.raw)
        sound = recording.sound
        samples = to_int16_mono(sound.samples, sound.rate, rate)
        if not len(samples):
            found = f"{len(sound.samples)} samples at {sound.rate} Hz are less than one at {rate} Hz"
            raise KilovoxError(f"{recording.where}: {found}; expected at least one")
        return samples

    def subset(self, indices: Sequence[int]) -> "RecordingCorpus":
        """The corpus of only the recordings at `indices`, sorted by name again."""
        order = sorted(indices, key=lambda index: self.recordings[index].name)
        part = RecordingCorpus(self.name, [self.recordings[i] for i in order], self.where, official=self.official)
        return part.knowing([self.hashes[i] for i in order]) if "hashes" in self.__dict__ else part


class FeatureCorpus(Corpus):
    """A corpus of precomputed features: everything but the front end works on it."""

    def __init__(self, name: str, recordings: Sequence[Recording], features: Sequence[Features], where: str) -> None:
        super().__init__(name, recordings, where)
        if len(features) != len(recordings):
            raise KilovoxError(f"{where}: {len(features)} feature sequences for {len(recordings)} labels; expected as many")
        by_name = dict(zip((recording.name for recording in recordings), features, strict=True))
        self.features = tuple(by_name[recording.name] for recording in self.recordings)

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of each sequence as little-endian float32, frame by frame."""
        return tuple(hashlib.sha256(np.ascontiguousarray(sequence, "<f4").tobytes()).hexdigest() for sequence in self.features)

    def subset(self, indices: Sequence[int]) -> "FeatureCorpus":
        """The corpus of only the sequences at `indices`."""
        recordings, features = [self.recordings[i] for i in indices], [self.features[i] for i in indices]
        return FeatureCorpus(self.name, recordings, features, self.where)


def check_names(where: str, names: Sequence[str]) -> None:
    """Raise KilovoxError where one of the sorted `names` cannot be written down, or occurs twice."""
    for name in names:
        if not _is_utf8(name):
            raise KilovoxError(f"{where}: name {name!r} is not UTF-8; expected names that can be written down")
    for before, name in pairwise(names):
        if before == name:
            raise KilovoxError(f"{where}: {name} is listed more than once")


def check_texts(where: str, what: str, texts: Mapping[str, str]) -> None:
    """Raise KilovoxError where one of `texts`, each with the name of the first that has it, is not to be shown in a line."""
    for text, first in texts.items():
        wrong = complaint(text, LINE_LENGTH)
        if wrong is not None:
            raise KilovoxError(f"{where}: {what} of {first!r}: {wrong}")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(recording: Recording) -> Path:
    if recording.path is None:
        raise KilovoxError(f"{recording.name}: has no sound file")
    return recording.path
