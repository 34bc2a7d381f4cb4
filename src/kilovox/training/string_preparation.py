"""From corpora to running sound that a network learns to read, as features; kept in the cache, block by block."""

import functools
import hashlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from kilovox.config import Configuration
from kilovox.config.streams import Streams
from kilovox.config.vocabulary import UNKNOWN
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.mixture import Divided, Mixture, Piece
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import cached
from kilovox.frontend.corpus_features import CorpusSamples, settings_of
from kilovox.frontend.pipeline import fit_normalisation
from kilovox.native.fast import fast_raw_features
from kilovox.training.dataset import AudioFeaturesDataset, padded_views
from kilovox.training.preparation import Prepared, besides, checked, recordings_of
from kilovox.training.seeding import derive_seed
from kilovox.training.strings import Strings, Voices, padded_targets

BLOCK = 512
"""Pieces that are drawn, transformed and kept together."""
VALIDATION_SHARE = 16
"""One piece of validation people's words for so many to train on."""

Features = list[npt.NDArray[Any]]
Said = list[list[int]]


def prepare_strings(config: Configuration, streams: Streams, corpus: Corpus, mixture: Mixture) -> Prepared:
    """What a network that listens is trained on: pieces of running sound and, of people that validate, fewer of them.

    Labels are (pieces, most words) classes in order, filled up with the blank, which is the class after the last label.
    Raises KilovoxError as `prepare` does.
    """
    divided = checked(config, corpus, mixture)
    blank = len(divided.asked.labels)

    def dataset(said: Said, features: Features) -> AudioFeaturesDataset:
        views = padded_views([[features]], normalisation, config.frontend)
        return AudioFeaturesDataset.of_features(views, padded_targets(said, blank))

    raw, said = _all(_strings(config, streams, divided.train, divided, "strings"), config, streams.count)
    normalisation = fit_normalisation(config.frontend, raw)
    train, validation = dataset(said, raw), None
    if divided.validation:
        strings = _strings(config, streams, divided.validation, divided, "validation strings")
        raw, said = _all(strings, config, max(1, streams.count // VALIDATION_SHARE))
        validation = dataset(said, raw)
    return Prepared(
        divided.asked.labels, divided.asked.aliases, divided.split, train, validation, normalisation, mixture, divided,
        recordings_of(divided), besides(config, divided),
    )  # fmt: skip


def _strings(config: Configuration, streams: Streams, pieces: Sequence[Piece], divided: Divided, purpose: str) -> Strings:
    labels = divided.asked.labels
    other = labels.index(UNKNOWN) if divided.asked.vocabulary.others == "unknown" else None
    shares = [piece.part.member.share for piece in pieces]
    unsaid = sum(share is None for share in shares)
    left = 1 - sum(share for share in shares if share is not None)
    voices = [
        _voices(piece, config.frontend.sample_rate, left / unsaid if share is None else share)
        for piece, share in zip(pieces, shares, strict=True)
    ]
    seed = derive_seed(config.experiment.seed, purpose)
    return Strings(streams, voices, (), other, config.frontend.sample_rate, seed)


def _voices(piece: Piece, rate: int, weight: float) -> Voices:
    corpus = piece.part.corpus
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, to make strings of words of")
    digest = hashlib.sha256("".join(piece.hashes).encode() + piece.classes.astype("<i8").tobytes()).hexdigest()
    return Voices(CorpusSamples(corpus, rate, piece.indices.tolist()), piece.classes, weight, digest)


def _all(strings: Strings, config: Configuration, count: int) -> tuple[Features, Said]:
    features: Features = []
    said: Said = []
    facts = {"part": "strings", **strings.facts, "features": settings_of(config.frontend)}
    for first in track(range(0, count, BLOCK), "strings", disable=not sys.stderr.isatty(), transient=True):
        numbers = range(first, min(first + BLOCK, count))
        key = {**facts, "pieces": [numbers[0], numbers[-1]]}
        *sequences, words = cached(key, functools.partial(_block, strings, config, numbers))
        features += sequences
        said += [[label for label in row if label >= 0] for row in words.tolist()]
    return features, said


def _block(strings: Strings, config: Configuration, numbers: range) -> list[npt.NDArray[Any]]:
    """Features of the pieces and, last, their words: (pieces, most words) int16, filled up with -1."""
    pieces = [strings(number) for number in numbers]
    features = fast_raw_features(config.frontend, [sound for sound, _ in pieces])
    return [*features, padded_targets([said for _, said in pieces], -1).astype(np.int16)]
