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
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.mixture import Divided, Mixture, Piece
from kilovox.corpus.utterances import UtteranceCorpus, word_cuts
from kilovox.corpus.vocabulary import NOT_ASKED
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import cached
from kilovox.frontend.corpus_features import CorpusSamples, settings_of
from kilovox.frontend.pipeline import fit_normalisation
from kilovox.native.fast import fast_raw_features
from kilovox.training.dataset import AudioFeaturesDataset, padded_views
from kilovox.training.preparation import Prepared, besides, checked, recordings_of
from kilovox.training.seeding import derive_seed
from kilovox.training.strings import Sayings, Strings, Voices, padded_targets

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
    _check_rejecting(streams, divided)
    sayings = taught_sayings(config, mixture, divided)
    blank = len(divided.asked.labels)

    def dataset(said: Said, features: Features) -> AudioFeaturesDataset:
        # All pieces are of one length; nothing is padded.
        whole = config.frontend.model_copy(update={"frames": len(features[0])})
        views = padded_views([[features]], normalisation, whole)
        return AudioFeaturesDataset.of_features(views, padded_targets(said, blank))

    raw, said = _all(_strings(config, streams, divided.train, divided, "strings", sayings), config, streams.count)
    normalisation = fit_normalisation(config.frontend, raw)
    train, validation = dataset(said, raw), None
    if divided.validation:
        strings = _strings(config, streams, divided.validation, divided, "validation strings")
        raw, said = _all(strings, config, max(1, streams.count // VALIDATION_SHARE))
        validation = dataset(said, raw)
    return Prepared(
        divided.asked.labels, divided.asked.aliases, divided.split, train, validation, normalisation, mixture, divided,
        (*recordings_of(divided), *(digest for taught in sayings for digest in taught.hashes)), besides(config, divided),
    )  # fmt: skip


def _check_rejecting(streams: Streams, divided: Divided) -> None:
    """Raise KilovoxError where nothing tells how much is rejected: before hours of training, not after."""
    asked = f"streams.rejected is {streams.rejected}"
    if streams.rejected is not None and not divided.validation:
        expected = "data_splitting.validation_size, an official split with a validation part, or a corpus of role validation"
        raise KilovoxError(f"{asked}, and nobody validates; expected {expected}")
    if streams.rejected is not None and divided.asked.other is None:
        raise KilovoxError(f"{asked}, and no label stands for other words; expected vocabulary.others: unknown")


def _strings(
    config: Configuration, streams: Streams, pieces: Sequence[Piece], divided: Divided, purpose: str,
    sayings: Sequence[UtteranceCorpus] = (),
) -> Strings:  # fmt: skip
    rate, other = config.frontend.sample_rate, divided.asked.other
    shares = [piece.part.member.share for piece in pieces]
    unsaid = sum(share is None for share in shares)
    left = 1 - sum(share for share in shares if share is not None)
    voices = [
        _voices(piece, rate, left / unsaid if share is None else share) for piece, share in zip(pieces, shares, strict=True)
    ]
    spoken: list[Sayings] = []
    for source, taught in zip(streams.utterances if sayings else (), sayings, strict=True):
        voices += _cut_out(taught, rate, source.share, divided)
        spoken.append(_spoken(taught, rate, source.share, divided))
    return Strings(streams, voices, spoken, other, rate, derive_seed(config.experiment.seed, purpose))


def taught_sayings(config: Configuration, mixture: Mixture, divided: Divided) -> list[UtteranceCorpus]:
    """Of every corpus of utterances those of the people who train; without what sounds the same as what judges or validates."""
    judges = [part.corpus.hashes for part in mixture.parts if part.member.role == "judge"]
    held_out = {digest for hashes in [*judges, *(piece.hashes for piece in divided.validation)] for digest in hashes}
    held_out |= {mixture.first.hashes[index] for index in divided.split.test}
    found = []
    for source, corpus in mixture.sayings:
        judging = set()
        if source.split != "all":
            judging = set(corpus.judging(source.split, config.data_splitting.random_state).tolist())
        silent = held_out | {corpus.hashes[index] for index in judging}
        taught = [place for place, digest in enumerate(corpus.hashes) if place not in judging and digest not in silent]
        if not taught:
            raise KilovoxError(f"{corpus.where}: split {source.split} leaves no utterance to train on; expected some")
        found.append(corpus.subset(taught))
    return found


def _cut_out(corpus: UtteranceCorpus, rate: int, weight: float, divided: Divided) -> list[Voices]:
    """The words that somebody found in utterances, as far as they are asked for or other words are a class."""
    if not weight or not any(word.start is not None for one in corpus.utterances for word in one.words):
        return []
    cuts = word_cuts(corpus)
    classes = divided.asked.classes_of([one.label for one in cuts.recordings])
    used = np.flatnonzero(classes != NOT_ASKED)
    sounds = CorpusSamples(cuts, rate, used.tolist())
    return [Voices(sounds, classes[used], weight, f"cuts {corpus.fingerprint}")] if len(used) else []


def _spoken(corpus: UtteranceCorpus, rate: int, weight: float, divided: Divided) -> Sayings:
    """Of their other words nothing is told: in fluent speech nobody need count them."""
    classes = [divided.asked.classes_of([word.word for word in one.words]) for one in corpus.utterances]
    unsaid = (NOT_ASKED, divided.asked.other)
    said = [[label for label in row.tolist() if label not in unsaid] for row in classes]
    return Sayings(CorpusSamples(corpus.sounds, rate, range(len(corpus))), said, weight, corpus.fingerprint)


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
        said += [[label for label in row if label >= 0] for row in words.reshape(len(numbers), -1).tolist()]
    return features, said


def _block(strings: Strings, config: Configuration, numbers: range) -> list[npt.NDArray[Any]]:
    """Features of the pieces and, last, their words: of each as many numbers, filled up with -1, in the columns and the type of
    features, for the cache keeps nothing else."""
    pieces = [strings(number) for number in numbers]
    features = fast_raw_features(config.frontend, [sound for sound, _ in pieces])
    columns = features[0].shape[1]
    words = padded_targets([said for _, said in pieces], -1)
    words = np.pad(words, ((0, 0), (0, -words.shape[1] % columns)), constant_values=-1)
    return [*features, words.reshape(-1, columns).astype(features[0].dtype)]
