"""Words that a crowd said, as published: Multilingual Spoken Words, and Common Voice where a recording is one word.

    clips/WORD/common_voice_LANGUAGE_NUMBER.opus     and LANGUAGE_splits.csv, or LANGUAGE_{train,dev,test}.csv
    clips/common_voice_LANGUAGE_NUMBER.mp3           and {train,dev,test,validated}.tsv

Sources: M. Mazumder et al., "Multilingual Spoken Words Corpus", NeurIPS 2021, CC BY 4.0; R. Ardila et al., "Common Voice",
LREC 2020, CC0.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from kilovox.corpus.base import Part, Recording, RecordingCorpus
from kilovox.corpus.folders import found_instead
from kilovox.corpus.table import is_file
from kilovox.corpus.tree import Tree
from kilovox.errors import KilovoxError
from kilovox.text import LABEL_LENGTH, complaint, printable, shown

CLIPS = "clips"
PARTS: dict[str, Part] = {"train": "train", "dev": "validation", "test": "test"}
"""How both call the parts of their split."""
VALIDATED = "validated.tsv"

LONGEST_LINE = 2**16
"""Characters; a sentence, its speaker and what else is known of it take some hundreds."""
SPEAKER_LENGTH = 16
"""Of the hash that stands for a speaker: enough to tell any crowd apart."""

_ENDS = re.compile(r"^\W+|\W+$")


def is_spoken_words(folder: Path) -> bool:
    """Whether `folder` looks like one language of Multilingual Spoken Words."""
    return (folder / CLIPS).is_dir() and bool(_word_lists(folder))


def is_common_voice(folder: Path) -> bool:
    """Whether `folder` looks like one language of Common Voice."""
    return (folder / CLIPS).is_dir() and any((folder / f"{name}.tsv").is_file() for name in (*PARTS, "validated"))


def open_spoken_words(folder: Path) -> RecordingCorpus:
    """The recordings in the folders of clips/, one a word; its lists say who speaks, and are the official split.

    A part of the corpus keeps its lists: what is listed and is not there is passed over. Left out and counted: what is on no
    list, or is not valid by its list. Raises KilovoxError for a folder without clips or lists, for a list that is none, and
    where there is no recording.
    """
    lists = _word_lists(folder)
    if not (folder / CLIPS).is_dir() or not lists:
        raise KilovoxError(
            f"{folder}: no folder {CLIPS}, or no list beside it; expected clips/WORD/*.opus and LANGUAGE_splits.csv, or "
            "LANGUAGE_train.csv, LANGUAGE_dev.csv and LANGUAGE_test.csv"
        )
    tree = Tree(folder / CLIPS)
    top = tree.look()
    for name in top.sounds:
        tree.leave_out("beside the folders of words", name)
    there = {f"{word}/{name}": word for word in top.folders for name in tree.look(word).sounds}
    recordings, parts = [], dict[str, Part]()
    for part, name, speaker, valid in _listed_words(lists, there):
        if name in parts:
            continue
        parts[name] = part
        if not valid:
            tree.leave_out("not valid by their list", name)
            continue
        label = unicodedata.normalize("NFC", there[name])
        recordings.append(Recording(name, label, speaker, None, folder / CLIPS / name))
    for name in sorted(there.keys() - parts.keys()):
        tree.leave_out("on no list", name)
    return _corpus(folder, recordings, parts, tree)


def open_common_voice(folder: Path) -> RecordingCorpus:
    """The recordings of one word each that the lists name; the word in lower case, without punctuation around it, is the label.

    train.tsv, dev.tsv and test.tsv are the official split; what validated.tsv has besides trains, unless who speaks is in
    another part. Left out and counted: sentences of several words, and what is listed and is not there. Raises KilovoxError
    for a folder without clips or lists, for a list that is none, and where there is no recording.
    """
    if not is_common_voice(folder):
        raise KilovoxError(
            f"{folder}: no folder {CLIPS}, or no list beside it; expected clips/*.mp3 and train.tsv, dev.tsv and test.tsv, or "
            f"{VALIDATED}"
        )
    tree = Tree(folder)
    recordings, parts = dict[str, Recording](), dict[str, Part]()
    judging: set[str | None] = set()
    listed = [name for name in (*PARTS, "validated") if (folder / f"{name}.tsv").is_file()]
    for list_name in listed:
        of_list = set[str]()
        for where, row in _rows(folder / f"{list_name}.tsv", ("client_id", "path", "sentence"), "\t"):
            part, speaker = PARTS.get(list_name, "train"), _speaker(row["client_id"])
            name = row["path"] if "." in row["path"] else f"{row['path']}.mp3"
            word = _ENDS.sub("", unicodedata.normalize("NFC", row["sentence"])).lower()
            if name in of_list and name in recordings and recordings[name].label != word:
                before = recordings[name].label
                raise KilovoxError(
                    f"{where}: {shown(name)} says {shown(word)}, before {shown(before)}; expected one sentence of each"
                )
            if name in parts or (list_name == "validated" and speaker in judging):
                continue
            parts[name] = part
            of_list.add(name)
            if part != "train":
                judging.add(speaker)
            if "/" in name or "\\" in name or name in ("..", "."):
                raise KilovoxError(f"{where}: path {shown(name)}; expected the name of a file in {CLIPS}")
            if not word or any(character.isspace() for character in word) or complaint(word, LABEL_LENGTH):
                tree.leave_out("of several words, or of none", name)
            elif not is_file(folder / CLIPS / name):
                tree.leave_out("listed, and not there", name)
            else:
                recordings[name] = Recording(name, word, speaker, None, folder / CLIPS / name)
    return _corpus(folder, list(recordings.values()), parts, tree)


def _corpus(folder: Path, recordings: list[Recording], parts: dict[str, Part], tree: Tree) -> RecordingCorpus:
    if not recordings:
        raise KilovoxError(f"{folder}: no recordings of one word that are listed and there; expected some{found_instead(tree)}")
    used = {parts[one.name] for one in recordings}
    official = partial(_part_of, {one.name: parts[one.name] for one in recordings}) if len(used) > 1 else None
    name = folder.absolute().name
    return RecordingCorpus(name, recordings, str(folder), official=official, left_out=tree.left_out)


def _part_of(parts: dict[str, Part], recording: Recording) -> Part:
    return parts[recording.name]


def _word_lists(folder: Path) -> dict[Path, str | None]:
    """The lists of Multilingual Spoken Words, each with the name of its part; None where its lines say it."""
    whole = sorted(folder.glob("*_splits.csv"))
    if whole:
        return dict.fromkeys(whole)
    return {path: part for part in PARTS for path in sorted(folder.glob(f"*_{part}.csv"))}


def _listed_words(lists: dict[Path, str | None], there: dict[str, str]) -> Iterator[tuple[Part, str, str | None, bool]]:
    """Of every line that names one of `there`: part, name, speaker, and whether it is valid."""
    for path, of_list in lists.items():
        columns = ("LINK", "WORD", "VALID", "SPEAKER", *(() if of_list else ("SET",)))
        for where, row in _rows(path, columns, ","):
            part = (of_list or row["SET"]).lower()
            if part not in PARTS:
                raise KilovoxError(f"{where}: SET {shown(row['SET'])}; expected TRAIN, DEV or TEST")
            if row["LINK"] in there:
                yield PARTS[part], row["LINK"], _speaker(row["SPEAKER"]), row["VALID"].lower() != "false"


def _speaker(text: str) -> str | None:
    return None if text in ("", "NA", "NaN", "nan") else printable(text[:SPEAKER_LENGTH])


class _Tabs(csv.excel_tab):
    """Columns between tabs, where a quotation mark is a character like any other."""

    quoting = csv.QUOTE_NONE


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """Those of `file`, none so long that it would exhaust memory."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise KilovoxError(f"{path}: a line of more than {LONGEST_LINE:,} characters; expected the list as published")
        yield line


def _rows(path: Path, columns: tuple[str, ...], delimiter: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a list of millions, one after another, each with its file and line; other columns are passed over."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            dialect: type[csv.Dialect] = _Tabs if delimiter == "\t" else csv.excel
            reader = csv.reader(_lines(path, file), dialect)
            header = next(reader, [])
            for column in columns:
                if header.count(column) != 1:
                    found = printable(delimiter.join(header).replace("\t", " "), 200)
                    wrong = "two columns" if column in header else "no column"
                    raise KilovoxError(f"{path}:1: {wrong} {column!r} in {found!r}; expected {', '.join(columns)}")
            for row in reader:
                number = reader.line_num
                if not row:
                    continue
                if len(row) != len(header):
                    raise KilovoxError(f"{path}:{number}: {len(row)} values; expected {len(header)}")
                yield f"{path}:{number}", dict(zip(header, row, strict=True))
    except UnicodeDecodeError as error:
        raise KilovoxError(f"{path}: not UTF-8 after line {number} ({error.reason}); expected the list as published") from None
    except csv.Error as error:
        raise KilovoxError(f"{path}:{number + 1}: {error}; expected the list as published") from None
