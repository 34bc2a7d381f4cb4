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
from kilovox.config import streams as config_streams
from kilovox.config.streams import Streams
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.mixture import Divided, Mixture, Piece
from kilovox.corpus.synthetic import licences
from kilovox.corpus.utterances import UtteranceCorpus, word_cuts
from kilovox.corpus.vocabulary import NOT_ASKED
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import cached, known
from kilovox.frontend.corpus_features import CorpusSamples, settings_of
from kilovox.frontend.pipeline import fit_normalisation
from kilovox.integer.model_file import Source
from kilovox.native.fast import fast_raw_features
from kilovox.training.dataset import AudioFeaturesDataset, padded_views
from kilovox.training.preparation import Prepared, besides, checked, recordings_of
from kilovox.training.seeding import derive_seed
from kilovox.training.strings import Sayings, Strings, Voices, padded_targets
from kilovox.workers import HERE, Workers

BLOCK = 512
"""Pieces that are drawn, transformed and kept together."""
VALIDATION_SHARE = 16
"""One piece of validation people's words for so many to train on."""

Features = list[npt.NDArray[Any]]
Numbers = list[list[int]]


def prepare_strings(
    config: Configuration, streams: Streams, corpus: Corpus, mixture: Mixture, workers: Workers = HERE
) -> Prepared:
    """What a network that listens is trained on: pieces of running sound and, of people that validate, fewer of them.

    Labels are those of `padded_targets`, in frames; the blank is the class after the last label. workers: who makes the pieces.
    Raises KilovoxError as `prepare` does.
    """
    divided = checked(config, corpus, mixture)
    _check_rejecting(streams, divided)
    sayings = taught_sayings(config, mixture, divided)
    blank = len(divided.asked.labels)

    def dataset(features: Features, said: Numbers, ends: Numbers) -> AudioFeaturesDataset:
        # All pieces are of one length; nothing is padded.
        whole = config.frontend.model_copy(update={"frames": len(features[0])})
        views = padded_views([[features]], normalisation, whole)
        return AudioFeaturesDataset.of_features(views, padded_targets(said, ends, blank))

    taught = _all(_strings(config, streams, divided.train, divided, "strings", sayings), config, streams.count, workers)
    normalisation = fit_normalisation(config.frontend, taught[0])
    train, validation = dataset(*taught), None
    if divided.validation:
        strings = _strings(config, streams, divided.validation, divided, "validation strings")
        held_out = _all(strings, config, max(1, streams.count // VALIDATION_SHARE), workers)
        validation = dataset(*held_out)
    return Prepared(
        divided.asked.labels, divided.asked.aliases, divided.split, train, validation, normalisation, mixture, divided,
        (*recordings_of(divided), *(digest for one in sayings for digest in one.hashes)),
        (*besides(config, divided), *map(_source, streams.utterances, sayings)),
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
        voices += _cut_out(taught, rate, source.share, divided) + _alone(taught, rate, source.share, divided)
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


def _source(source: config_streams.Source, corpus: UtteranceCorpus) -> Source:
    """What the model file says of these utterances."""
    known = licences(corpus.speakers) if source.path is None else {}
    return Source(corpus=source.name, fingerprint=corpus.fingerprint, recordings=len(corpus), licences=known)


def _cut_out(corpus: UtteranceCorpus, rate: int, weight: float, divided: Divided) -> list[Voices]:
    """The words that somebody found in utterances, as far as they are asked for or other words are a class."""
    if not weight or not any(word.start is not None for one in corpus.utterances for word in one.words):
        return []
    cuts = word_cuts(corpus)
    classes = divided.asked.classes_of([one.label for one in cuts.recordings])
    used = np.flatnonzero(classes != NOT_ASKED)
    sounds = CorpusSamples(cuts, rate, used.tolist())
    return [Voices(sounds, classes[used], weight, f"cuts {corpus.fingerprint}")] if len(used) else []


def _alone(corpus: UtteranceCorpus, rate: int, weight: float, divided: Divided) -> list[Voices]:
    """Utterances of one word, which nobody need cut out: of more other words than any list of recordings has."""
    single = [place for place, one in enumerate(corpus.utterances) if len(one.words) == 1 and one.words[0].start is None]
    classes = divided.asked.classes_of([corpus.utterances[place].words[0].word for place in single])
    used = np.flatnonzero(classes != NOT_ASKED)
    if not weight or not len(used):
        return []
    sounds = CorpusSamples(corpus.sounds, rate, [single[place] for place in used])
    return [Voices(sounds, classes[used], weight, f"alone {corpus.fingerprint}")]


def _spoken(corpus: UtteranceCorpus, rate: int, weight: float, divided: Divided) -> Sayings:
    """Of their other words nothing is told: in fluent speech nobody need count them."""
    classes = [divided.asked.classes_of([word.word for word in one.words]) for one in corpus.utterances]
    told = [[place for place, label in enumerate(row) if label not in (NOT_ASKED, divided.asked.other)] for row in classes]
    said = [row[places].tolist() for row, places in zip(classes, told, strict=True)]
    ends = [[one.words[place].end for place in places] for one, places in zip(corpus.utterances, told, strict=True)]
    return Sayings(CorpusSamples(corpus.sounds, rate, range(len(corpus))), said, ends, weight, corpus.fingerprint)


def _voices(piece: Piece, rate: int, weight: float) -> Voices:
    corpus = piece.part.corpus
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, to make strings of words of")
    digest = hashlib.sha256("".join(piece.hashes).encode() + piece.classes.astype("<i8").tobytes()).hexdigest()
    return Voices(CorpusSamples(corpus, rate, piece.indices.tolist()), piece.classes, weight, digest)


def _all(strings: Strings, config: Configuration, count: int, workers: Workers) -> tuple[Features, Numbers, Numbers]:
    """Features of so many pieces, the classes of their words, and the frames in which each is over."""
    features: Features = []
    said: Numbers = []
    ends: Numbers = []
    facts = {"part": "strings", **strings.facts, "features": settings_of(config.frontend)}
    blocks = [range(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK)]
    keys = [{**facts, "pieces": [numbers[0], numbers[-1]]} for numbers in blocks]
    found = {place: sequences for place, key in enumerate(keys) if (sequences := known(key)) is not None}
    missing = [place for place in range(len(blocks)) if place not in found]
    made = workers.run(functools.partial(_block, strings, config), [blocks[place] for place in missing])
    hidden = not missing or not sys.stderr.isatty()
    for which, sequences in track(made, "strings", total=len(missing), disable=hidden, transient=True):
        place = missing[which]
        # Kept by this process: no other machine's cache is relied upon.
        found[place] = cached(keys[place], functools.partial(list, sequences))
    for place, numbers in enumerate(blocks):
        *sequences, words = found[place]
        features += sequences
        for classes, over in _read_words(words, len(numbers)):
            said.append(classes)
            ends.append(over)
    return features, said, ends


def _block(strings: Strings, config: Configuration, numbers: range) -> list[npt.NDArray[Any]]:
    """Features of the pieces and, last, their words."""
    pieces = [strings(number) for number in numbers]
    features = fast_raw_features(config.frontend, [piece.sound for piece in pieces])
    hop = config.frontend.hop
    ends = [[end // hop if end >= 0 else end for end in piece.ends] for piece in pieces]
    words = padded_targets([piece.said for piece in pieces], ends, -1)
    return [*features, _written_words(words, features[0])]


def _written_words(words: npt.NDArray[np.int64], like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Targets of pieces in the columns and the type of features, for the cache keeps nothing else: how many columns they have
    themselves, then they, filled up with -1."""
    flat = np.concatenate([[words.shape[1]], words.reshape(-1)])
    columns = like.shape[1]
    return np.pad(flat, (0, -len(flat) % columns), constant_values=-1).reshape(-1, columns).astype(like.dtype)


def _read_words(written: npt.NDArray[Any], pieces: int) -> list[tuple[list[int], list[int]]]:
    """Of each piece the classes and the ends that `_written_words` made of them."""
    flat = written.reshape(-1).astype(np.int64)
    columns = int(flat[0])
    rows = flat[1 : 1 + columns * pieces].reshape(pieces, 2, columns // 2)
    counts = (rows[:, 0] >= 0).sum(axis=1).tolist()
    return [(row[0, :count].tolist(), row[1, :count].tolist()) for row, count in zip(rows, counts, strict=True)]
