"""Recordings as a torch dataset of padded features and labels."""

import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, Sampler, SequentialSampler

from kilovox.audio import read_audio
from kilovox.config import AnyFrontEnd, FrontEnd
from kilovox.corpus.cache import cache_folder
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.open import open_corpus
from kilovox.errors import KilovoxError
from kilovox.files import expanded
from kilovox.frontend.corpus_features import blocks
from kilovox.frontend.pipeline import AnyNormalisation, Normalisation, as_floats, fit_normalisation, pad, raw_features

Pair = tuple[str, int]
Array = npt.NDArray[Any]

IN_MEMORY = 2**28
"""Bytes of features that are held in memory; more of them lie in a file."""

BLOCK_CLIPS = 4096
"""Clips that are normalised and padded at once."""


def prepare_data_label_pairs(data_path: str | Path | None = None) -> list[Pair]:
    """The (path, digit) pairs of a folder of FSDD recordings, sorted by name.

    Without a folder, as a configuration's dataset may be: of that which KILOVOX_FSDD names, or else of the download. Raises
    KilovoxError for a missing or empty folder and a name that does not fit.
    """
    corpus = open_corpus("fsdd") if data_path is None else open_fsdd(expanded(data_path))
    return [(str(recording.path), int(recording.label)) for recording in corpus.recordings]


class Group(NamedTuple):
    """Clips that a `share` of every batch is drawn from; where `classes` are given, one a clip, all of them equally often."""

    clips: int
    share: float
    classes: tuple[int, ...] | None = None

    def draws(self) -> Callable[[int], Tensor]:
        """What draws so many clips, their places in the group, by torch's global generator."""
        return _Balanced(self.classes) if self.classes is not None else lambda count: torch.randint(self.clips, (count,))


class _Balanced:
    """Draws clips of every class equally often: all classes in random order, again and again, and for each any of its clips."""

    def __init__(self, classes: Sequence[int]) -> None:
        _, numbers, counts = np.unique(np.array(classes), return_inverse=True, return_counts=True)
        self._order = torch.from_numpy(np.argsort(numbers, kind="stable"))
        self._counts = torch.from_numpy(counts)
        self._starts = torch.cumsum(self._counts, 0) - self._counts
        self._waiting = torch.zeros(0, dtype=torch.int64)

    def __call__(self, count: int) -> Tensor:
        while len(self._waiting) < count:
            self._waiting = torch.cat([self._waiting, torch.randperm(len(self._counts))])
        chosen, self._waiting = self._waiting[:count], self._waiting[count:]
        within = (torch.rand(count, dtype=torch.float64) * self._counts[chosen]).long()
        return self._order[self._starts[chosen] + torch.minimum(within, self._counts[chosen] - 1)]


class AudioFeaturesDataset(Dataset[tuple[Tensor, Tensor]]):
    """Padded features and labels: item = ((frames, coefficients) float32, () int64).

    Built from (path, label) pairs, it reads and transforms the recordings at once. Every clip is padded or trimmed to
    `front_end.frames`; a padding frame is exactly zero in every coefficient, and so tells where the clip ends.
    Normalised where `front_end.normalise` says so, with `normalisation` or, without it, with statistics of these very
    recordings: give a test set that of its training set. Several `views` of the same clips may be held; an item is then
    drawn from one of them at random (torch's generator). Features of an integer front end are held as int8 and become floats
    batch by batch; what is large is held on disk.
    """

    normalisation: AnyNormalisation
    front_end: AnyFrontEnd | None = None
    """That made the features, where they were not ready."""
    groups: tuple[Group, ...] = ()
    """Groups of clips that are drawn from; they are the last ones."""

    def __init__(
        self, pairs: Sequence[Pair], front_end: AnyFrontEnd | None = None, normalisation: AnyNormalisation | None = None
    ) -> None:
        front_end = self.front_end = front_end or FrontEnd()
        if not pairs:
            raise KilovoxError("no (path, label) pairs; expected at least one")
        read = partial(read_audio, rate=front_end.sample_rate)
        raw = [
            features
            for _, block in blocks(range(len(pairs)), lambda place: read(Path(pairs[place][0])))
            for features in raw_features(front_end, block)
        ]
        fitted = fit_normalisation(front_end, raw)
        as_they_are = isinstance(front_end, FrontEnd) and not front_end.normalise
        self.normalisation = fitted if normalisation is None or as_they_are else normalisation
        self._hold(padded_views([[raw]], self.normalisation, front_end), np.array([label for _, label in pairs]))

    @classmethod
    def of_features(cls, views: Sequence[Array] | Array, labels: npt.NDArray[np.int64]) -> "AudioFeaturesDataset":
        """Of features that are ready: `views` of (clips, frames, coefficients), `labels` (clips,).

        int8 features are in units of 2^-5 and are handed out as floats, see kilovox.frontend.pipeline.as_floats.
        """
        dataset = cls.__new__(cls)
        dataset.normalisation = Normalisation.none(views[0].shape[2])
        dataset._hold(views if isinstance(views, np.ndarray) else np.stack(list(views)), labels)
        return dataset

    def mixed(self, groups: Sequence[Group | tuple[int, float]]) -> None:
        """The last clips are groups, each of so many clips, that `make_loader` makes so large shares of every batch."""
        self.groups = tuple(Group(*group) for group in groups)

    @property
    def synthetic(self) -> int:
        """Clips of the groups that are drawn from."""
        return sum(group.clips for group in self.groups)

    def _hold(self, views: Array, labels: npt.NDArray[np.int64]) -> None:
        """views: (views, clips, frames, coefficients), int8 or floats."""
        self._views = views if views.dtype == np.int8 else views.astype(np.float32, copy=False)
        self.labels = self.truth = torch.from_numpy(labels.astype(np.int64))

    @property
    def views(self) -> int:
        """How many variants of every clip are held."""
        return len(self._views)

    @property
    def features(self) -> Tensor:
        """All of them at once, (views, clips, frames, coefficients) float32: for few clips only."""
        return torch.from_numpy(as_floats(self._views))

    @property
    def clips(self) -> Array:
        """Those of the first view as they are held, (clips, frames, coefficients), int8 or float32."""
        first: Array = self._views[0]
        return first

    def batches(self, view: int, size: int) -> Iterator[Tensor]:
        """The clips of one view in order, `size` at a time, float32."""
        for start in range(0, len(self), size):
            yield torch.from_numpy(as_floats(self._views[view, start : start + size]))

    def as_they_are(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The recordings (no synthetic clips, the first view) and their true labels in order, `size` at a time."""
        count = len(self) - self.synthetic
        for start in range(0, count, size):
            end = min(start + size, count)
            yield torch.from_numpy(as_floats(self._views[0, start:end])), self.truth[start:end]

    def __len__(self) -> int:
        return int(self._views.shape[1])

    def soften(self, targets: Tensor) -> None:
        """Put the probabilities of every label, `targets` (views, clips, labels), in the place of the labels."""
        self.labels = targets

    def __getitem__(self, index: int | list[int]) -> tuple[Tensor, Tensor]:
        """One item, or a batch of those in a list."""
        chosen = torch.as_tensor(index)
        views = torch.randint(self.views, chosen.shape) if self.views > 1 else torch.zeros_like(chosen)
        labels = self.labels[views, chosen] if self.labels.ndim == 3 else self.labels[chosen]
        return torch.from_numpy(as_floats(self._views[views.numpy(), chosen.numpy()])), labels


def padded_views(
    views: Iterable[Sequence[Sequence[Array]]], normalisation: AnyNormalisation, front_end: AnyFrontEnd, count: int = 1
) -> Array:
    """(views, clips, frames, coefficients) of `count` views, each some lists of sequences one after another; int8 or float32.

    A view is read, normalised and padded some thousand clips at a time; beyond IN_MEMORY bytes the result lies in a file that
    has no name and goes with it.
    """
    held: Array | None = None
    for number, parts in enumerate(views):
        place, clips = 0, sum(map(len, parts))
        for part in parts:
            for start in range(0, len(part), BLOCK_CLIPS):
                block = pad(normalisation(part[start : start + BLOCK_CLIPS]), front_end.frames)
                if held is None:
                    held = _room((count, clips, *block.shape[1:]), block.dtype)
                held[number, place : place + len(block)] = block
                place += len(block)
    if held is None:
        raise KilovoxError("no clips; expected at least one")
    return held


def _room(shape: tuple[int, ...], kind: np.dtype[Any]) -> Array:
    """Zeros, in memory or, where they are many, in a file."""
    if math.prod(shape) * kind.itemsize <= IN_MEMORY:
        return np.zeros(shape, kind)
    folder = cache_folder()
    try:
        # The cache lies on a disk; the system's folder for temporary files may be memory.
        with tempfile.TemporaryFile(dir=folder if folder.is_dir() else None) as file:
            if hasattr(os, "posix_fallocate"):
                # Else a full disk would be a bus error, later.
                os.posix_fallocate(file.fileno(), 0, math.prod(shape) * kind.itemsize)
            return np.asarray(np.memmap(file, kind, "r+", shape=shape))
    except OSError as error:
        size = math.prod(shape) * kind.itemsize
        raise KilovoxError(f"{folder}: no room for {size:,} bytes of features ({error.strerror})") from None


class MixedBatchSampler(Sampler[list[int]]):
    """Batches in which every recording comes once an epoch, filled up with clips of `groups` at random."""

    def __init__(self, recordings: int, groups: Sequence[Group | tuple[int, float]], batch_size: int) -> None:
        self.recordings, left = recordings, batch_size - 1
        self._drawn: list[tuple[int, Group, int]] = []
        first = recordings
        for group in (Group(*one) for one in groups):
            self._drawn.append((first, group, min(left, round(batch_size * group.share))))
            left -= self._drawn[-1][2]
            first += group.clips
        self._real = left + 1

    def __len__(self) -> int:
        return (self.recordings + self._real - 1) // self._real

    def __iter__(self) -> Iterator[list[int]]:
        groups = [(first, group.draws(), count) for first, group, count in self._drawn]
        for real in torch.split(torch.randperm(self.recordings), self._real):
            drawn = [draw(count) + first for first, draw, count in groups]
            yield torch.cat([real, *drawn]).tolist()


def make_loader(dataset: AudioFeaturesDataset, batch_size: int, shuffle: bool) -> DataLoader[tuple[Tensor, Tensor]]:
    """A loader that takes a batch at a time; shuffled by torch's global generator, so that a seed fixes the order."""
    order = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
    batches: Sampler[list[int]] = BatchSampler(order, batch_size, drop_last=False)
    if shuffle and dataset.groups:
        batches = MixedBatchSampler(len(dataset) - dataset.synthetic, dataset.groups, batch_size)
    return DataLoader(dataset, batch_size=None, sampler=batches)
