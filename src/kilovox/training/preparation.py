"""From corpora to what a network is trained on: split, features, normalisation, views."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.mixture import Divided, Mixture, Part, Piece, open_mixture
from kilovox.corpus.splits import Indices, Split
from kilovox.corpus.synthetic import licences
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import Sequences
from kilovox.frontend.corpus_features import CorpusSamples, corpus_features
from kilovox.frontend.pipeline import AnyNormalisation, fit_normalisation
from kilovox.integer.model_file import Source
from kilovox.native.fast import fast_raw_features
from kilovox.text import LABEL_LENGTH, complaint
from kilovox.training.augmentation import augmented_features
from kilovox.training.dataset import AudioFeaturesDataset, Group, padded_views
from kilovox.workers import HERE, Workers


@dataclass(frozen=True)
class Prepared:
    """What the network is trained on: datasets, and what the model file must say of them.

    `recordings`: hashes of those trained and validated on, but for synthetic voices, which `besides` tells of as a whole.
    """

    labels: tuple[str, ...]
    aliases: dict[str, str]
    split: Split
    train: AudioFeaturesDataset
    validation: AudioFeaturesDataset | None
    normalisation: AnyNormalisation
    mixture: Mixture
    divided: Divided
    recordings: tuple[str, ...]
    besides: tuple[Source, ...] = ()


def prepare(config: Configuration, corpus: Corpus, mixture: Mixture | None = None, workers: Workers = HERE) -> Prepared:
    """Split, features, normalisation and augmentation as `config` asks for them; `corpus` is the first of its corpora.

    mixture: all of them, where they are opened already. workers: who computes features of recordings and of their variants.
    Raises KilovoxError where the corpora do not fit the network, other labels or other coefficients, or one another.
    """
    mixture = open_mixture(config, corpus) if mixture is None else mixture
    divided = checked(config, corpus, mixture)
    labels = divided.asked.labels
    raw = {part.name: _features(config, part, divided, workers) for part in mixture.parts if part.member.role != "judge"}
    for part in mixture.parts:
        coefficients = next(iter(raw[part.name].values())).shape[1] if part.name in raw else config.inputs
        if coefficients != config.inputs:
            raise KilovoxError(
                f"{part.corpus.where}: has {coefficients} coefficients a frame; expected model.input_dim, {config.inputs}"
            )

    def features(piece: Piece) -> Sequences:
        return [raw[piece.part.name][index] for index in piece.indices.tolist()]

    in_full = [piece for number, piece in enumerate(divided.train) if number == 0 or piece.part.member.share is None]
    drawn = divided.train[len(in_full) :]
    normalisation = fit_normalisation(config.frontend, [one for piece in in_full for one in features(piece)])

    views: list[Iterable[Sequences]] = [
        chain([features(piece)], _augmented(config, piece.part.corpus, piece.indices, workers)) for piece in divided.train
    ]
    count = 1 + (config.training.augmentation.views if isinstance(corpus, RecordingCorpus) else 0)
    held = padded_views(zip(*views, strict=True), normalisation, config.frontend, count)
    dataset = AudioFeaturesDataset.of_features(held, np.concatenate([piece.classes for piece in divided.train]))
    dataset.mixed([_group(piece) for piece in drawn])
    validation = None
    if divided.validation:
        held_out = padded_views([[features(piece) for piece in divided.validation]], normalisation, config.frontend)
        validation = AudioFeaturesDataset.of_features(held_out, np.concatenate([piece.classes for piece in divided.validation]))
    return Prepared(
        labels, divided.asked.aliases, divided.split, dataset, validation, normalisation, mixture, divided,
        recordings_of(divided), besides(config, divided),
    )  # fmt: skip


def checked(config: Configuration, corpus: Corpus, mixture: Mixture) -> Divided:
    """What trains and what validates. Raises KilovoxError where the labels do not fit the network or a model file."""
    divided = mixture.divided(config)
    labels = divided.asked.labels
    check_labels(labels, corpus.where)
    if len(labels) != config.outputs:
        found = f"{len(labels)} labels ({', '.join(labels)})"
        raise KilovoxError(f"{corpus.where}: has {found}; expected model.output_dim, {config.outputs}")
    return divided


def besides(config: Configuration, divided: Divided) -> tuple[Source, ...]:
    """The corpora that are trained on as a whole, beside the first."""
    return tuple(_source(config, piece) for piece in divided.train[1:] if piece.part.member.split is None)


def _features(config: Configuration, part: Part, divided: Divided, workers: Workers) -> dict[int, npt.NDArray[Any]]:
    """By place in the corpus: of all recordings, or where words are not asked for, of those that are used."""
    if not divided.others:
        return dict(enumerate(corpus_features(part.corpus, config.frontend, fast_raw_features, workers)))
    pieces = [piece.indices for piece in [*divided.train, *divided.validation] if piece.part is part]
    used = np.unique(np.concatenate(pieces)).tolist()
    features = corpus_features(part.corpus.subset(used), config.frontend, fast_raw_features, workers)
    return dict(zip(used, features, strict=True))


def _group(piece: Piece) -> Group:
    """How the clips of a piece are drawn from."""
    member = piece.part.member
    return Group(len(piece.indices), member.share or 0.0, tuple(piece.classes.tolist()) if member.balance == "words" else None)


def recordings_of(divided: Divided) -> tuple[str, ...]:
    """Hashes, part by part, each in the order of its corpus."""
    found: list[str] = []
    pieces = [piece for piece in [*divided.train, *divided.validation] if piece.part.member.kind != "synthetic"]
    for part in dict.fromkeys(piece.part for piece in pieces):
        used = np.sort(np.concatenate([piece.indices for piece in pieces if piece.part is part]))
        found += [part.corpus.hashes[index] for index in used]
    return tuple(found)


def check_labels(labels: tuple[str, ...], where: str) -> None:
    """Raise KilovoxError for a label that no model file may hold: before hours of training, not after."""
    for label in labels:
        if wrong := complaint(label, LABEL_LENGTH):
            raise KilovoxError(f"{where}: label {wrong}")


def _source(config: Configuration, piece: Piece) -> Source:
    corpus = piece.part.corpus
    name = corpus.name if config.corpora is None else piece.part.name
    return Source(
        corpus=name, fingerprint=corpus.fingerprint, recordings=len(piece.indices),
        licences=licences(corpus.speakers) if isinstance(corpus, RecordingCorpus) else {},
    )  # fmt: skip


def _augmented(config: Configuration, corpus: Corpus, indices: Indices, workers: Workers) -> Iterator[Sequences]:
    """The augmented views of the recordings at `indices`, one after another."""
    if not isinstance(corpus, RecordingCorpus):
        # Without samples there is nothing to change but the features, which is done batch by batch.
        return iter(())
    recordings = CorpusSamples(corpus, config.frontend.sample_rate, indices.tolist())
    hashes = [corpus.hashes[index] for index in indices]
    settings, seed = config.training.augmentation, config.experiment.seed
    return augmented_features(recordings, hashes, settings, config.frontend, seed, fast_raw_features, workers)
