"""Which utterances there are and what is said in each: a table, or the lists that CMU's Sphinx trains from.

Sources: SphinxTrain's etc/*.fileids and etc/*.transcription, as in the Census database AN4 (A. Acero, "Acoustical and
environmental robustness in automatic speech recognition", 1990; speech.cs.cmu.edu/databases/an4).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kilovox.audio import RawFormat
from kilovox.corpus.base import Part
from kilovox.corpus.table import Columns, is_file, rows, sound_of, text_of
from kilovox.errors import KilovoxError
from kilovox.text import LABEL_LENGTH, LINE_LENGTH, complaint, shown

COLUMNS = Columns(("path", "speaker", "transcript"))

RAW = RawFormat(16000, big_endian=True)
"""What AN4 is without headers (an4_raw.bigendian.tar.gz)."""

SUFFIXES = {".sph": None, ".wav": None, ".flac": None, ".raw": RAW}
"""How the sound of one of Sphinx's utterances may be kept, and what it is where it has no header."""

PARTS: dict[Part, str] = {"train": "train", "validation": "dev", "test": "test"}
"""How the lists of a part end: etc/NAME_train.fileids and so on."""

_NOISE = re.compile(r"<[^<>]*>|\+\+[^+]*\+\+|\[[^\[\]]*\]")
_PRONUNCIATION = re.compile(r"(?P<word>.+)\([0-9]+\)")
_SPHINX_LINE = re.compile(r"(?P<transcript>.*)\((?P<name>[^()\s]+)\)")


@dataclass(frozen=True)
class Listed:
    """An utterance as it is listed. `where`: file and line that say so; `part`: of the corpus' own split."""

    where: str
    name: str
    speaker: str | None
    path: Path
    words: tuple[str, ...]
    raw: RawFormat | None = None
    part: Part | None = None


def spoken_words(transcript: str) -> tuple[str, ...]:
    """The words of `transcript` in lower case: without marks of noise and silence (<sil>, ++noise++, [noise]).

    Another pronunciation, WORD(2), is the word.
    """
    words = []
    for token in transcript.split():
        if not _NOISE.fullmatch(token):
            match = _PRONUNCIATION.fullmatch(token)
            words.append((match["word"] if match else token).lower())
    return tuple(words)


def listed_in_table(table: Path) -> list[Listed]:
    """The utterances of a CSV file path,speaker,transcript; each is called as its file is, without folder and suffix.

    A path is relative to the CSV, or absolute; it may lead anywhere: it is read as sound and as nothing else. The speaker is
    empty where nobody knows.

    Raises KilovoxError with file, line, value and what would be right.
    """
    listed: list[Listed] = []
    paths: dict[str, int] = {}
    names: dict[str, int] = {}
    for line, row in rows(table, COLUMNS):
        where = f"{table}:{line}"
        sound = sound_of(where, table.parent, row["path"])
        first = paths.setdefault(os.path.normpath(sound), line)
        if first != line:
            raise KilovoxError(f"{where}: {shown(row['path'])} is listed in line {first} already; expected every file once")
        first = names.setdefault(sound.stem, line)
        if first != line:
            raise KilovoxError(f"{where}: {shown(sound.stem)} is the name of line {first} too; expected a name for each")
        if not row["transcript"]:
            raise KilovoxError(f"{where}: transcript is empty; expected the words that are said, or <sil> where there is none")
        listed.append(_checked(Listed(where, sound.stem, row["speaker"] or None, sound, spoken_words(row["transcript"]))))
    return listed


def sphinx_lists(folder: Path) -> dict[Part, Path]:
    """The lists of utterances in `folder`, by part: etc/NAME_train.fileids and its like.

    Raises KilovoxError for two of a part.
    """
    found: dict[Part, Path] = {}
    for part, ending in PARTS.items():
        lists = sorted((folder / "etc").glob(f"*_{ending}.fileids"))
        if len(lists) > 1:
            raise KilovoxError(f"{lists[1]}: a second list of the {part} part beside {lists[0].name}; expected one")
        if lists:
            found[part] = lists[0]
    return found


def listed_by_sphinx(folder: Path) -> list[Listed]:
    """The utterances of etc/*.fileids (speaker/name, a line each) and etc/*.transcription (<s> WORDS </s> (name)).

    Their sound is wav/speaker/name with one of SUFFIXES; who speaks is the folder that it is in.

    Raises KilovoxError with file, line, value and what would be right.
    """
    listed: list[Listed] = []
    seen: dict[str, str] = {}
    for part, path in sphinx_lists(folder).items():
        transcripts = _transcripts(path.with_suffix(".transcription"))
        for line, identifier in _lines(path):
            where = f"{path}:{line}"
            name = identifier.rpartition("/")[2]
            first = seen.setdefault(name, where)
            if first != where:
                raise KilovoxError(f"{where}: {shown(identifier)} is listed in {first} already; expected every utterance once")
            if name not in transcripts:
                raise KilovoxError(f"{where}: {shown(name)} has no line in {path.stem}.transcription; expected one of each")
            sound, raw = _sound(folder / "wav", identifier, where)
            speaker = identifier.rpartition("/")[0].rpartition("/")[2] or None
            listed.append(_checked(Listed(where, name, speaker, sound, transcripts.pop(name)[1], raw, part)))
        for name, (line, _) in transcripts.items():
            where = f"{path.with_suffix('.transcription')}:{line}"
            raise KilovoxError(
                f"{where}: {shown(name)} is not in {path.name}; expected a transcript of each that is, and no other"
            )
    return listed


def _transcripts(path: Path) -> dict[str, tuple[int, tuple[str, ...]]]:
    """By the name of an utterance, its line and its words."""
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for number, line in _lines(path):
        match = _SPHINX_LINE.fullmatch(line)
        if match is None:
            raise KilovoxError(f"{path}:{number}: {shown(line)}; expected <s> WORDS </s> (name)")
        first, _ = found.setdefault(match["name"], (number, spoken_words(match["transcript"])))
        if first != number:
            raise KilovoxError(f"{path}:{number}: {shown(match['name'])} is in line {first} already; expected it once")
    return found


def _sound(folder: Path, identifier: str, where: str) -> tuple[Path, RawFormat | None]:
    for suffix, raw in SUFFIXES.items():
        path = folder / f"{identifier}{suffix}"
        if is_file(path):
            return path, raw
    expected = ", ".join(SUFFIXES)
    raise KilovoxError(f"{where}: {shown(identifier)}: no such file in {folder}; expected it there as one of {expected}")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that say something, by number, without the spaces around them."""
    for number, line in enumerate(text_of(path, "a list of utterances").split("\n"), 1):
        if line.strip():
            yield number, line.strip()


def _checked(one: Listed) -> Listed:
    speaker = [] if one.speaker is None else [("speaker", one.speaker, LINE_LENGTH)]
    for what, text, limit in [("name", one.name, LINE_LENGTH), *speaker, *(("word", word, LABEL_LENGTH) for word in one.words)]:
        wrong = complaint(text, limit)
        if wrong is not None:
            raise KilovoxError(f"{one.where}: {what}: {wrong}")
    return one
