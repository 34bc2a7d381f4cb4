"""Several corpora at once: what each is used for, and that none of them teaches what another judges."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kilovox.config import Configuration
from kilovox.config.data import Dataset, Member
from kilovox.config.streams import Source
from kilovox.config.vocabulary import UNKNOWN
from kilovox.corpus.base import Corpus, FeatureCorpus, LeftOut
from kilovox.corpus.open import open_corpus, open_corpus_at
from kilovox.corpus.sentences import open_sentences
from kilovox.corpus.splits import FEWEST_SPEAKERS, Indices, Split, kept_apart, make_split
from kilovox.corpus.synthetic import open_synthetic
from kilovox.corpus.utterances import UtteranceCorpus, open_utterances
from kilovox.corpus.vocabulary import NOT_ASKED, NOTHING, Asked, Classes
from kilovox.errors import KilovoxError
from kilovox.text import printable


@dataclass(frozen=True, eq=False)
class Part:
    """A corpus of a mixture, by name. `member`: what the configuration says of it."""

    member: Member
    corpus: Corpus

    @property
    def name(self) -> str:
        """Of the corpus within the mixture; a recording and a speaker are NAME/recording and NAME/speaker there."""
        return self.member.name


@dataclass(frozen=True, eq=False)
class Piece:
    """Recordings of a part that are used for one thing: `indices` into its corpus, sorted, and their classes."""

    part: Part
    indices: Indices
    classes: Classes

    @property
    def hashes(self) -> list[str]:
        """Of the recordings, in order."""
        known = self.part.corpus.hashes
        return [known[index] for index in self.indices]

    def without(self, sounds: set[str]) -> "Piece":
        """Those that do not sound the same as any of `sounds`."""
        kept = np.array([digest not in sounds for digest in self.hashes], bool)
        return Piece(self.part, self.indices[kept], self.classes[kept])


@dataclass(frozen=True, eq=False)
class Divided:
    """What one training makes of a mixture.

    `split`: of the first part. `train`: first the pieces of which every recording comes once an epoch, then those with a
    share. `copies`: recordings, by name, left out because they sound the same as one that judges or validates. `others`: how
    many are left out because their words are not asked for. `together`: how many people are named, where they should have been
    kept apart and are too few for it; None elsewhere.
    """

    asked: Asked
    split: Split
    train: tuple[Piece, ...]
    validation: tuple[Piece, ...]
    copies: tuple[str, ...]
    others: int
    together: int | None = None

    @property
    def repeated(self) -> tuple[tuple[str, ...], ...]:
        """Recordings, by name, that train and sound the same."""
        groups: dict[str, list[str]] = {}
        for digest, _, name in _sounds(self.train):
            groups.setdefault(digest, []).append(name)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    @property
    def notes(self) -> list[str]:
        """What a user should know of what is used and what is not, a line each."""
        lines = []
        if self.others:
            lines.append(f"{self.others:,} recordings of words that are not asked for are left out")
        if self.together is not None:
            lines.append(
                f"the same people train and judge, which flatters: {self.together:,} are named; {FEWEST_SPEAKERS} or more, and "
                "everybody named, are kept apart"
            )
        if self.copies:
            lines.append(
                f"{len(self.copies):,} copies of what judges or validates are left out of training: {_few(self.copies)}"
            )
        if repeated := self.repeated:
            lines.append(f"{len(repeated):,} sounds train more than once, such as {_few(repeated[0])}")
        return lines

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that is learnt from and chosen on: labels; part by part role, share, sounds and classes."""
        digest = hashlib.sha256(repr(self.asked.labels).encode())
        for role, pieces in (("train", self.train), ("validation", self.validation)):
            for piece in pieces:
                member = piece.part.member
                balance = "" if member.balance == "recordings" else f" {member.balance}"
                digest.update(f"\n{role} {member.share} {len(piece.indices)}{balance}\n".encode())
                digest.update("".join(piece.hashes).encode() + piece.classes.astype("<i8").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Mixture:
    """The corpora of a configuration, opened; the first is the one that `data_splitting` divides.

    sayings: transcribed utterances, for streams of sound.
    """

    parts: tuple[Part, ...]
    sayings: tuple[tuple[Source, UtteranceCorpus], ...] = ()

    @property
    def first(self) -> Corpus:
        """The corpus that is divided."""
        return self.parts[0].corpus

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What the readers did not take."""
        of_utterances = tuple(what for _, corpus in self.sayings for what in corpus.left_out)
        return tuple(what for part in self.parts for what in part.corpus.left_out) + of_utterances

    def described(self) -> list[dict[str, Any]]:
        """Of every part, as JSON, what it is and what it is used for."""
        return [
            {
                "name": part.name, "fingerprint": part.corpus.fingerprint, "role": part.member.role,
                "share": part.member.share, "split": part.member.split,
            } | ({} if part.member.balance == "recordings" else {"balance": part.member.balance})
            for part in self.parts
        ] + [
            {
                "name": source.name, "fingerprint": corpus.fingerprint, "role": "utterances", "share": source.share,
                "split": source.split,
            }
            for source, corpus in self.sayings
        ]  # fmt: skip

    def divided(self, config: Configuration) -> Divided:
        """Which recordings train and which choose the epoch, as `config` asks for it.

        Raises KilovoxError where words are not asked for, where a part has nothing left, where nothing trains a label, and
        where one sound stands under two labels.
        """
        asked = Asked.of(config.vocabulary, [self.first])
        classes = [asked.classes(part.corpus) for part in self.parts]
        train, validation, judged = [], [], set[str]()
        splits = []
        for number, (part, known) in enumerate(zip(self.parts, classes, strict=True)):
            everything = np.flatnonzero(known != NOT_ASKED).astype(np.int64)
            whole = Piece(part, everything, known[everything])
            _check_some(whole)
            if part.member.role == "judge":
                judged |= set(part.corpus.hashes)
            elif part.member.role == "validation":
                validation.append(whole)
            else:
                split = _split(config, part, number == 0, known != NOT_ASKED)
                splits.append(split)
                train.append(Piece(part, split.train, known[split.train]))
                if len(split.validation):
                    validation.append(Piece(part, split.validation, known[split.validation]))
                if len(split.test):
                    judged |= {part.corpus.hashes[index] for index in split.test}
        taught, chosen = _apart(train, validation, judged)
        _check_labels(asked, taught, explicit=config.vocabulary is not None and config.vocabulary.labels is not None)
        _check_contradictions([*taught, *chosen], asked.labels)
        lost = [name for split, piece in zip(splits, train, strict=True) for name in _names(piece.part, split.copies)]
        kept = {name for _, _, name in _sounds([*taught, *chosen])}
        lost += [name for _, _, name in _sounds([*train, *validation]) if name not in kept]
        others = sum(int((known == NOT_ASKED).sum()) for known in classes)
        apart = config.data_splitting.group != "auto" or config.data_splitting.split != "random"
        together = None if apart or kept_apart(self.first, "auto") else len(self.first.speakers)
        return Divided(asked, splits[0], tuple(taught), tuple(chosen), tuple(lost), others, together)


def settled(config: Configuration, first: Corpus) -> Configuration:
    """`config` with the sizes that follow from its first corpus: labels and, of precomputed features, coefficients a frame."""
    inputs = first.features[0].shape[1] if isinstance(first, FeatureCorpus) else None
    return config.of(len(Asked.of(config.vocabulary, [first]).labels), inputs)


def open_first(config: Configuration, place: Path | None = None) -> Corpus:
    """The corpus that `data_splitting` divides: the first of `corpora`, or `dataset`; what lies at `place` instead of it."""
    return _opened(config.first, False) if place is None else open_corpus_at(place, config.first.task)


def open_mixture(config: Configuration, first: Corpus | None = None, quiet: bool = False) -> Mixture:
    """All corpora of `config`; `first` in the place of its first one, where it is open already.

    `dataset` and `synthetic` are a mixture of two. Raises KilovoxError as the readers do, and for features without sound
    beside recordings.
    """
    members = config.corpora or _of_sections(config)
    opened = [first if first is not None else _opened(members[0], quiet)]
    if config.corpora is None and isinstance(opened[0], FeatureCorpus):
        members = members[:1]  # synthetic voices are sound
    opened += [_opened(member, quiet) for member in members[1:]]
    if len({isinstance(corpus, FeatureCorpus) for corpus in opened}) > 1:
        (wrong, *_) = [corpus for corpus in opened if isinstance(corpus, FeatureCorpus)]
        raise KilovoxError(f"{wrong.where}: features without sound beside recordings; expected corpora of one or the other")
    parts = tuple(Part(member, corpus) for member, corpus in zip(members, opened, strict=True))
    sources = config.streams.utterances if config.streams is not None else ()
    said = ((one, open_sentences() if one.path is None else open_utterances(one.path)) for one in sources)
    return Mixture(parts, tuple(said))


def _of_sections(config: Configuration) -> tuple[Member, ...]:
    asked = config.dataset
    first = Member(name=asked.kind, kind=asked.kind, path=asked.path, task=asked.task)
    if config.synthetic is None:
        return (first,)
    return first, Member(name="synthetic", kind="synthetic", path=config.synthetic.path, share=config.synthetic.share)


def _opened(member: Member | Dataset, quiet: bool) -> Corpus:
    if member.kind == "synthetic":
        return open_synthetic(member.path)
    return open_corpus(member.kind, member.path, quiet, member.task)


def _split(config: Configuration, part: Part, first: bool, used: Any) -> Split:
    asked = config.data_splitting
    name = part.member.split or (asked.split if first else "all")
    divided = first or part.member.split is not None
    share, group = (asked.validation_size, asked.group) if divided else (0.0, None)
    return make_split(part.corpus, name, asked.test_size, asked.random_state, share, group, used)


def _apart(train: list[Piece], validation: list[Piece], judged: set[str]) -> tuple[list[Piece], list[Piece]]:
    """Without what sounds the same as something that judges, or that validates; pieces with a share last."""
    chosen = [piece.without(judged) for piece in validation]
    validating = {digest for piece in chosen for digest in piece.hashes}
    taught = [piece.without(judged | validating) for piece in train]
    for piece in [*taught, *chosen]:
        _check_some(piece)
    # The first part fills the batch: its share is what the others leave.
    drawn = [piece for piece in taught[1:] if piece.part.member.share is not None]
    return [piece for piece in taught if piece not in drawn] + drawn, chosen


def _check_some(piece: Piece) -> None:
    if not len(piece.indices):
        what = "it has no word that is asked for, or sounds the same as what judges"
        raise KilovoxError(f"{piece.part.corpus.where}: no recording of it is left to use ({what}); expected at least one")


def _check_labels(asked: Asked, taught: list[Piece], explicit: bool) -> None:
    present = {label for piece in taught for label in piece.classes.tolist()}
    missing = [label for place, label in enumerate(asked.labels) if place not in present]
    if explicit and missing:
        hint = ""
        if UNKNOWN in missing and asked.other is not None:
            hint = " (unknown is every other word: record some, or kilovox data synthesise --others 40)"
        raise KilovoxError(f"vocabulary: no recording trains {', '.join(missing)}; expected some of every label{hint}")


def _check_contradictions(pieces: list[Piece], labels: tuple[str, ...]) -> None:
    first: dict[str, tuple[int, str]] = {}
    for digest, label, name in _sounds(pieces):
        before, earlier = first.setdefault(digest, (label, name))
        if before != label:
            said, other = ("nothing" if one == NOTHING else labels[one] for one in (before, label))
            raise KilovoxError(
                f"{earlier} and {name} are the same sound, labelled {said!r} and {other!r}; "
                "expected one label (kilovox data inspect lists all of them)"
            )


def _names(part: Part, indices: Indices) -> list[str]:
    return [f"{part.name}/{part.corpus.recordings[index].name}" for index in indices]


def _few(names: Sequence[str]) -> str:
    return ", ".join(map(printable, names[:5])) + (", ..." if len(names) > 5 else "")


def _sounds(pieces: Sequence[Piece]) -> Iterator[tuple[str, int, str]]:
    """Hash, class and name of every recording of `pieces`."""
    for piece in pieces:
        names = _names(piece.part, piece.indices)
        yield from zip(piece.hashes, piece.classes.tolist(), names, strict=True)
