"""From corpora to what a network is trained on: split, features, normalisation, views."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.splits import Indices, Split, make_split
from kilovox.corpus.synthetic import licences, open_synthetic
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import Sequences
from kilovox.frontend.corpus_features import CorpusSamples, corpus_features
from kilovox.frontend.pipeline import AnyNormalisation, fit_normalisation
from kilovox.integer.model_file import Source
from kilovox.training.augmentation import augmented_features
from kilovox.training.dataset import AudioFeaturesDataset, padded_views


@dataclass(frozen=True)
class Prepared:
    """What the network is trained on: datasets, and what the model file must say of them."""

    labels: tuple[str, ...]
    split: Split
    train: AudioFeaturesDataset
    validation: AudioFeaturesDataset | None
    normalisation: AnyNormalisation
    besides: tuple[Source, ...] = ()


def prepare(config: Configuration, corpus: Corpus, synthetic: Corpus | None = None) -> Prepared:
    """Split, features, normalisation and augmentation as `config` asks for them.

    synthetic: the corpus that section `synthetic` means, where it is opened already.
    Raises KilovoxError where the corpus does not fit the network: other labels or other coefficients.
    """
    labels = corpus.labels
    if len(labels) != config.model.output_dim:
        found = f"{len(labels)} labels ({', '.join(labels)})"
        raise KilovoxError(f"{corpus.where}: has {found}; expected model.output_dim, {config.model.output_dim}")
    splitting = config.data_splitting
    split = make_split(corpus, splitting.split, splitting.test_size, splitting.random_state, splitting.validation_size)
    raw = corpus_features(corpus, config.frontend)
    if raw[0].shape[1] != config.model.input_dim:
        raise KilovoxError(
            f"{corpus.where}: has {raw[0].shape[1]} coefficients a frame; expected model.input_dim, {config.model.input_dim}"
        )
    train = [raw[index] for index in split.train]
    normalisation = fit_normalisation(config.frontend, train)
    classes = np.array([labels.index(recording.label) for recording in corpus.recordings])

    views: list[Iterable[Sequences]] = [chain([train], _augmented(config, corpus, split.train))]
    targets = [classes[split.train]]
    besides: tuple[Source, ...] = ()
    if config.synthetic is not None and isinstance(corpus, RecordingCorpus):
        added = synthetic if isinstance(synthetic, RecordingCorpus) else open_synthetic(config.synthetic.path)
        _check_words(added, labels)
        everything = np.arange(len(added), dtype=np.int64)
        views.append(chain([corpus_features(added, config.frontend)], _augmented(config, added, everything)))
        targets.append(np.array([labels.index(recording.label) for recording in added.recordings]))
        besides = (Source(corpus=added.name, fingerprint=added.fingerprint, recordings=len(added), licences=licences(added)),)
    count = 1 + (config.training.augmentation.views if isinstance(corpus, RecordingCorpus) else 0)
    held = padded_views(zip(*views, strict=True), normalisation, config.frontend, count)
    dataset = AudioFeaturesDataset.of_features(held, np.concatenate(targets))
    if config.synthetic is not None and besides:
        dataset.mixed(len(targets[1]), config.synthetic.share)
    validation = None
    if len(split.validation):
        held_out = padded_views([[[raw[index] for index in split.validation]]], normalisation, config.frontend)
        validation = AudioFeaturesDataset.of_features(held_out, classes[split.validation])
    return Prepared(labels, split, dataset, validation, normalisation, besides)


def _check_words(added: Corpus, labels: tuple[str, ...]) -> None:
    strange = sorted(set(added.labels) - set(labels))
    if strange:
        raise KilovoxError(f"{added.where}: words {', '.join(strange)}; expected only {', '.join(labels)}")


def _augmented(config: Configuration, corpus: Corpus, indices: Indices) -> Iterator[Sequences]:
    """The augmented views of the recordings at `indices`, one after another."""
    if not isinstance(corpus, RecordingCorpus):
        # Without samples there is nothing to change but the features, which is done batch by batch.
        return iter(())
    recordings = CorpusSamples(corpus, config.frontend.sample_rate, indices.tolist())
    hashes = [corpus.hashes[index] for index in indices]
    return augmented_features(recordings, hashes, config.training.augmentation, config.frontend, config.experiment.seed)
