"""What people say in a row, transcribed: utterances of several words, some of which somebody has found in the sound."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from kilovox.audio import RawFormat, Samples, read_audio, sound_seconds
from kilovox.corpus.base import LeftOut, Part, Recording, RecordingCorpus, check_names, check_texts
from kilovox.corpus.cuts import TOLERANCE
from kilovox.corpus.sound_hash import sound_hash
from kilovox.corpus.splits import Indices, judging_indices
from kilovox.corpus.table import Columns, is_file, rows, seconds
from kilovox.corpus.transcripts import Listed, listed_by_sphinx, listed_in_table, sphinx_lists, spoken_words
from kilovox.errors import KilovoxError
from kilovox.text import shown

TABLE, SEGMENTS = "utterances.csv", "segments.csv"

COLUMNS = Columns(("utterance", "speaker", "word", "start", "end"))

_ROUNDING = 1e-9
_EXAMPLES = 3


@dataclass(frozen=True)
class SpokenWord:
    """A word of an utterance, in lower case. start, end: seconds from the beginning of the sound, None where nobody knows."""

    word: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Utterance:
    """What somebody says at once. `name` identifies it within its corpus; `words` is all of it, in order.

    raw: what the samples of a file without a header are; part: of the split that the corpus came with.
    """

    name: str
    speaker: str | None
    path: Path
    words: tuple[SpokenWord, ...]
    raw: RawFormat | None = None
    part: Part | None = None

    @property
    def transcript(self) -> str:
        """The words, with a space between them."""
        return " ".join(one.word for one in self.words)


class UtteranceCorpus:
    """Utterances in order of their names. left_out: what their reader did not take.

    Raises KilovoxError for none, a name that occurs twice, and text that cannot be shown in a line.
    """

    def __init__(self, name: str, utterances: Sequence[Utterance], where: str, left_out: Sequence[LeftOut] = ()) -> None:
        if not utterances:
            raise KilovoxError(f"{where}: no utterances; expected at least one")
        self.name = name
        self.where = where
        self.left_out = tuple(left_out)
        self.utterances = tuple(sorted(utterances, key=lambda one: one.name))
        check_names(where, [one.name for one in self.utterances])
        check_texts(where, "word", {word.word: one.name for one in self.utterances for word in one.words})
        check_texts(where, "speaker", {one.speaker: one.name for one in self.utterances if one.speaker is not None})

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers that are named, sorted."""
        return tuple(sorted({one.speaker for one in self.utterances if one.speaker is not None}))

    @property
    def words(self) -> tuple[str, ...]:
        """The words that occur, sorted."""
        return tuple(sorted({word.word for one in self.utterances for word in one.words}))

    def knowing(self, hashes: Sequence[str]) -> "UtteranceCorpus":
        """The same corpus, whose `hashes` are known already: no file is read for them again."""
        self.__dict__["hashes"] = tuple(hashes)
        return self

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of the decoded sound of each, in order. Raises KilovoxError where one cannot be read."""
        return tuple(sound_hash(one.path, one.raw) for one in self.utterances)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over a line of JSON an utterance, in order: name, hash, speaker, words with their times."""
        digest = hashlib.sha256()
        for one, content in zip(self.utterances, self.hashes, strict=True):
            words = [[word.word, word.start, word.end] for word in one.words]
            digest.update(json.dumps([one.name, content, one.speaker, words]).encode() + b"\n")
        return digest.hexdigest()

    def samples(self, index: int, rate: int) -> Samples:
        """The samples of utterance `index`: (samples,) int16 mono at `rate` Hz."""
        one = self.utterances[index]
        return read_audio(one.path, rate, one.raw)

    @property
    def sounds(self) -> RecordingCorpus:
        """The same, each a recording of which nothing is said but whose it is, for splits and for what reads samples."""
        recordings = [Recording(one.name, "utterance", one.speaker, path=one.path, raw=one.raw) for one in self.utterances]
        return RecordingCorpus(self.name, recordings, self.where).knowing(self.hashes)

    def judging(self, split: str, random_state: int) -> Indices:
        """Those that judge under `split`, as kilovox.corpus.splits has them: all, speaker:NAME or fold:K/N."""
        return judging_indices(self.sounds, split, random_state=random_state)

    def subset(self, indices: Sequence[int]) -> "UtteranceCorpus":
        """The corpus of only the utterances at `indices`, sorted by name again."""
        order = sorted(indices, key=lambda index: self.utterances[index].name)
        part = UtteranceCorpus(self.name, [self.utterances[index] for index in order], self.where)
        return part.knowing([self.hashes[index] for index in order]) if "hashes" in self.__dict__ else part


def open_utterances(path: Path) -> UtteranceCorpus:
    """The utterances in the folder `path`.

    It holds utterances.csv (path,speaker,transcript), or it is laid out as CMU's AN4: etc/*.fileids, etc/*.transcription and
    the sound in wav/. Where segments.csv (utterance,speaker,word,start,end; seconds) lies there too, it says where words are
    in the sound; those of one utterance are in order, and each is taken for the first word of the transcript that it can be.
    A segment that is none of its transcript's words is counted in `left_out`. By cuts.TOLERANCE a word may reach beyond the
    end of the sound, and into the word after it.

    Raises KilovoxError with file, line, value and what would be right for everything that does not fit.
    """
    if not path.is_dir():
        raise KilovoxError(f"{path}: no such folder; expected one with {TABLE}, or with etc/*.fileids as AN4")
    table, by_sphinx = path / TABLE, bool(sphinx_lists(path))
    if table.exists() and by_sphinx:
        raise KilovoxError(f"{path}: both {TABLE} and etc/*.fileids; expected one of the two: move the other away")
    if not table.exists() and not by_sphinx:
        raise KilovoxError(f"{path}: neither {TABLE} nor etc/*.fileids in it; expected one of the two")
    listed = listed_by_sphinx(path) if by_sphinx else listed_in_table(table)
    utterances = {one.name: _utterance(one) for one in listed}
    left_out: list[LeftOut] = []
    if (path / SEGMENTS).exists():
        left_out = _place_words(utterances, path / SEGMENTS)
    return UtteranceCorpus(path.absolute().name, list(utterances.values()), str(path), left_out)


def word_cuts(corpus: UtteranceCorpus) -> RecordingCorpus:
    """Every word of `corpus` that somebody found in its sound, as a recording of its own.

    It is called NAME/PLACE-WORD by the place of the word in its utterance. Words without times, and utterances in which there
    are no others, are counted in `left_out`.
    Raises KilovoxError where none has.
    """
    recordings: list[Recording] = []
    others: list[str] = []
    parts: dict[str, Part] = {}
    for one in corpus.utterances:
        for place, word in enumerate(one.words):
            name = f"{one.name}/{place:03d}-{word.word}"
            if word.start is None or word.end is None:
                others.append(name)
                continue
            if one.part is not None:
                parts[name] = one.part
            start, end = word.start, word.end
            recordings.append(Recording(name, word.word, one.speaker, path=one.path, start=start, end=end, raw=one.raw))
    if not recordings:
        raise KilovoxError(f"{corpus.where}: no word with start and end; expected some, in {SEGMENTS}")
    silent = [one.name for one in corpus.utterances if all(word.start is None or word.end is None for word in one.words)]
    left_out = [
        *corpus.left_out,
        *_counted("words that nobody found in the sound", others),
        *_counted(f"of {len(corpus):,} utterances, in which nobody found a word", silent),
    ]
    official = partial(_part_of, parts) if len(parts) == len(recordings) else None
    return RecordingCorpus(corpus.name, recordings, corpus.where, official=official, left_out=left_out)


def _part_of(parts: dict[str, Part], recording: Recording) -> Part:
    return parts[recording.name]


def is_utterances(folder: Path) -> bool:
    """Whether `folder` looks like one that `open_utterances` reads."""
    return is_file(folder / TABLE) or bool(sphinx_lists(folder))


def _utterance(one: Listed) -> Utterance:
    return Utterance(one.name, one.speaker, one.path, tuple(map(SpokenWord, one.words)), one.raw, one.part)


@dataclass
class _Alignment:
    """Of one utterance, as far as its segments were read. `next`: its first word that is still to be found."""

    length: float
    words: list[SpokenWord]
    next: int = 0
    end: float = 0.0


def _place_words(utterances: dict[str, Utterance], table: Path) -> list[LeftOut]:
    """Give the words of `utterances` the times that `table` has; returns what was no word of theirs."""
    aligned: dict[str, _Alignment] = {}
    others: list[str] = []
    for line, row in rows(table, COLUMNS):
        where = f"{table}:{line}"
        name = row["utterance"]
        one = utterances.get(name)
        if one is None:
            raise KilovoxError(f"{where}: utterance {shown(name)} is not listed; expected one of those that are")
        if row["speaker"] != (one.speaker or ""):
            raise KilovoxError(
                f"{where}: speaker {shown(row['speaker'])}; expected {shown(one.speaker or '')}, who says {name}"
            )
        if not row["word"]:
            raise KilovoxError(f"{where}: word is empty; expected the word that is said")
        if name not in aligned:
            aligned[name] = _Alignment(sound_seconds(one.path, one.raw), list(one.words))
        alignment = aligned[name]
        start, end = _times(where, row, alignment)
        alignment.end = end
        place = _place(alignment, spoken_words(row["word"]))
        if place is None:
            others.append(f"{name}: {row['word']}")
        else:
            alignment.words[place] = SpokenWord(alignment.words[place].word, start, end)
            alignment.next = place + 1
    for name, alignment in aligned.items():
        utterances[name] = replace(utterances[name], words=tuple(alignment.words))
    return _counted("segments that are no word of the transcript", others)


def _times(where: str, row: dict[str, str], alignment: _Alignment) -> tuple[float, float]:
    """Start and end of a word that comes after those of `alignment`."""
    start, end = seconds(where, row)
    if start is None or end is None:
        raise KilovoxError(f"{where}: no {'start' if start is None else 'end'}; expected seconds, such as 0.31")
    if end - alignment.length > TOLERANCE + _ROUNDING:
        raise KilovoxError(f"{where}: end {end:g}; expected at most {alignment.length:.3f}, the seconds of {row['utterance']}")
    if start >= alignment.length:
        raise KilovoxError(f"{where}: start {start:g}; expected less than {alignment.length:.3f}, the seconds of the sound")
    if alignment.end - start > TOLERANCE + _ROUNDING:
        raise KilovoxError(f"{where}: start {start:g}; expected {alignment.end:g} or more, where the word before it ends")
    return start, end


def _place(alignment: _Alignment, words: tuple[str, ...]) -> int | None:
    """Of the first word that is still to be found and is this one."""
    for place in range(alignment.next, len(alignment.words)):
        if words == (alignment.words[place].word,):
            return place
    return None


def _counted(reason: str, names: Iterable[str]) -> list[LeftOut]:
    found = list(names)
    return [LeftOut(reason, len(found), tuple(found[:_EXAMPLES]))] if found else []
