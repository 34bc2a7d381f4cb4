"""From corpora to what a network is trained on: split, features, normalisation, views."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.splits import Indices, Split, make_split
from kilovox.corpus.synthetic import licences, open_synthetic
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import corpus_features
from kilovox.frontend.pipeline import AnyNormalisation, as_floats, fit_normalisation, pad
from kilovox.integer.model_file import Source
from kilovox.native.fast import fast_raw_features
from kilovox.training.augmentation import augmented_features
from kilovox.training.dataset import AudioFeaturesDataset


@dataclass(frozen=True)
class Prepared:
    """What the network is trained on: datasets, and what the model file must say of them."""

    labels: tuple[str, ...]
    split: Split
    train: AudioFeaturesDataset
    validation: AudioFeaturesDataset | None
    normalisation: AnyNormalisation
    besides: tuple[Source, ...] = ()


def prepare(config: Configuration, corpus: Corpus) -> Prepared:
    """Split, features, normalisation and augmentation as `config` asks for them.

    Raises KilovoxError where the corpus does not fit the network: other labels or other coefficients.
    """
    labels = corpus.labels
    if len(labels) != config.model.output_dim:
        found = f"{len(labels)} labels ({', '.join(labels)})"
        raise KilovoxError(f"{corpus.where}: has {found}; expected model.output_dim, {config.model.output_dim}")
    splitting = config.data_splitting
    split = make_split(corpus, splitting.split, splitting.test_size, splitting.random_state, splitting.validation_size)
    raw = corpus_features(corpus, config.frontend, fast_raw_features)
    if raw[0].shape[1] != config.model.input_dim:
        raise KilovoxError(
            f"{corpus.where}: has {raw[0].shape[1]} coefficients a frame; expected model.input_dim, {config.model.input_dim}"
        )
    train = [raw[index] for index in split.train]
    normalisation = fit_normalisation(config.frontend, train)
    classes = np.array([labels.index(recording.label) for recording in corpus.recordings])

    def padded(sequences: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return as_floats(pad(normalisation(sequences), config.frontend.frames))

    views = [padded(train)] + [padded(view) for view in _augmented(config, corpus, split.train)]
    dataset = AudioFeaturesDataset.of_features(views, classes[split.train])
    besides: tuple[Source, ...] = ()
    if config.synthetic is not None and isinstance(corpus, RecordingCorpus):
        added = open_synthetic(config.synthetic.path)
        _check_words(added, labels)
        raw_added = corpus_features(added, config.frontend, fast_raw_features)
        everything = np.arange(len(added), dtype=np.int64)
        added_views = [padded(raw_added)] + [padded(view) for view in _augmented(config, added, everything)]
        added_classes = np.array([labels.index(recording.label) for recording in added.recordings])
        dataset = AudioFeaturesDataset.of_parts(
            (views, classes[split.train]), (added_views, added_classes), config.synthetic.share
        )
        besides = (Source(corpus=added.name, fingerprint=added.fingerprint, recordings=len(added), licences=licences(added)),)
    validation = None
    if len(split.validation):
        held_out = padded([raw[index] for index in split.validation])
        validation = AudioFeaturesDataset.of_features([held_out], classes[split.validation])
    return Prepared(labels, split, dataset, validation, normalisation, besides)


def _check_words(added: Corpus, labels: tuple[str, ...]) -> None:
    strange = sorted(set(added.labels) - set(labels))
    if strange:
        raise KilovoxError(f"{added.where}: words {', '.join(strange)}; expected only {', '.join(labels)}")


def _augmented(config: Configuration, corpus: Corpus, indices: Indices) -> list[list[npt.NDArray[Any]]]:
    if not isinstance(corpus, RecordingCorpus):
        # Without samples there is nothing to change but the features, which is done batch by batch.
        return []
    rate = config.frontend.sample_rate
    recordings = [corpus.samples(int(index), rate) for index in indices]
    hashes = [corpus.hashes[index] for index in indices]
    return augmented_features(recordings, hashes, config.training.augmentation, config.frontend, config.experiment.seed)
