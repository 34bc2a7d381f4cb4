"""Recordings as a torch dataset of padded features and labels."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, Sampler, SequentialSampler

from kilovox.audio import read_audio
from kilovox.config import AnyFrontEnd, FrontEnd
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.open import open_corpus
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import AnyNormalisation, Normalisation, as_floats, fit_normalisation, pad, raw_features

Pair = tuple[str, int]


def prepare_data_label_pairs(data_path: str | Path | None = None) -> list[Pair]:
    """The (path, digit) pairs of a folder of FSDD recordings, sorted by name.

    Without a folder, as a configuration's dataset may be: of that which KILOVOX_FSDD names, or else of the download. Raises
    KilovoxError for a missing or empty folder and a name that does not fit.
    """
    corpus = open_corpus("fsdd") if data_path is None else open_fsdd(Path(data_path).expanduser())
    return [(str(recording.path), int(recording.label)) for recording in corpus.recordings]


class AudioFeaturesDataset(Dataset[tuple[Tensor, Tensor]]):
    """Padded features and labels: item = ((frames, coefficients) float32, () int64).

    Built from (path, label) pairs, it reads and transforms the recordings at once. Every clip is padded or trimmed to
    `front_end.frames`; a padding frame is exactly zero in every coefficient, and so tells where the clip ends.
    Normalised where `front_end.normalise` says so, with `normalisation` or, without it, with statistics of these very
    recordings: give a test set that of its training set. Several `views` of the same clips may be held; an item is then
    drawn from one of them at random (torch's generator).
    """

    normalisation: AnyNormalisation
    front_end: AnyFrontEnd | None = None
    """That made the features, where they were not ready."""
    synthetic: int = 0
    """The last so many clips are synthetic."""
    synthetic_share: float = 0.0

    def __init__(
        self, pairs: Sequence[Pair], front_end: AnyFrontEnd | None = None, normalisation: AnyNormalisation | None = None
    ) -> None:
        front_end = self.front_end = front_end or FrontEnd()
        if not pairs:
            raise KilovoxError("no (path, label) pairs; expected at least one")
        raw = raw_features(front_end, [read_audio(Path(path), front_end.sample_rate) for path, _ in pairs])
        fitted = fit_normalisation(front_end, raw)
        as_they_are = isinstance(front_end, FrontEnd) and not front_end.normalise
        self.normalisation = fitted if normalisation is None or as_they_are else normalisation
        features = as_floats(pad(self.normalisation(raw), front_end.frames))
        self._hold([features], np.array([label for _, label in pairs]))

    @classmethod
    def of_features(cls, views: Sequence[npt.NDArray[Any]], labels: npt.NDArray[np.int64]) -> "AudioFeaturesDataset":
        """Of features that are ready: `views` of (clips, frames, coefficients), `labels` (clips,)."""
        dataset = cls.__new__(cls)
        dataset.normalisation = Normalisation.none(views[0].shape[2])
        dataset._hold(views, labels)
        return dataset

    @classmethod
    def of_parts(
        cls,
        real: tuple[Sequence[npt.NDArray[Any]], npt.NDArray[np.int64]],
        synthetic: tuple[Sequence[npt.NDArray[Any]], npt.NDArray[np.int64]],
        share: float,
    ) -> "AudioFeaturesDataset":
        """Of views and labels of recordings, and of synthetic ones, which `make_loader` makes a `share` of every batch."""
        views = [np.concatenate(pair) for pair in zip(real[0], synthetic[0], strict=True)]
        dataset = cls.of_features(views, np.concatenate([real[1], synthetic[1]]))
        dataset.synthetic, dataset.synthetic_share = len(synthetic[1]), share
        return dataset

    def _hold(self, views: Sequence[npt.NDArray[Any]], labels: npt.NDArray[np.int64]) -> None:
        self.features = torch.from_numpy(np.stack(list(views)).astype(np.float32))
        self.labels = torch.from_numpy(labels.astype(np.int64))

    def __len__(self) -> int:
        return self.features.shape[1]

    def soften(self, targets: Tensor) -> None:
        """Put the probabilities of every label, `targets` (views, clips, labels), in the place of the labels."""
        self.labels = targets

    def __getitem__(self, index: int | list[int]) -> tuple[Tensor, Tensor]:
        """One item, or a batch of those in a list."""
        chosen = torch.as_tensor(index)
        views = torch.randint(len(self.features), chosen.shape) if len(self.features) > 1 else 0
        labels = self.labels[views, chosen] if self.labels.ndim == 3 else self.labels[chosen]
        return self.features[views, chosen], labels


class MixedBatchSampler(Sampler[list[int]]):
    """Batches in which every recording comes once an epoch, filled up with synthetic clips drawn at random."""

    def __init__(self, recordings: int, synthetic: int, batch_size: int, share: float) -> None:
        self.recordings, self.synthetic = recordings, synthetic
        self._drawn = min(batch_size - 1, round(batch_size * share))
        self._real = batch_size - self._drawn

    def __len__(self) -> int:
        return (self.recordings + self._real - 1) // self._real

    def __iter__(self) -> Iterator[list[int]]:
        for real in torch.split(torch.randperm(self.recordings), self._real):
            drawn = torch.randint(self.synthetic, (self._drawn,)) + self.recordings
            yield torch.cat([real, drawn]).tolist()


def make_loader(dataset: AudioFeaturesDataset, batch_size: int, shuffle: bool) -> DataLoader[tuple[Tensor, Tensor]]:
    """A loader that takes a batch at a time; shuffled by torch's global generator, so that a seed fixes the order."""
    order = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
    batches: Sampler[list[int]] = BatchSampler(order, batch_size, drop_last=False)
    if shuffle and dataset.synthetic:
        batches = MixedBatchSampler(len(dataset) - dataset.synthetic, dataset.synthetic, batch_size, dataset.synthetic_share)
    return DataLoader(dataset, batch_size=None, sampler=batches)
