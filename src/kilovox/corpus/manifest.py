"""Recordings listed in a CSV file: path,label,speaker[,take]."""

import os
from pathlib import Path

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.table import Columns, is_file, rows
from kilovox.errors import KilovoxError
from kilovox.text import shown

COLUMNS = Columns(("path", "label", "speaker"), ("take",))


def open_manifest(path: Path) -> RecordingCorpus:
    """The recordings that the CSV file `path` lists; a recording's name is its path as written.

    A header names the columns, in any order: path, label, speaker (empty where unknown) and, if known, take. Separated by
    commas, semicolons or tabs, whichever the header uses; UTF-8, or UTF-16 with a byte-order mark, as spreadsheets write
    them. Other columns are an error, so that a misspelt one is not overlooked. A path is relative to the CSV, or absolute; it
    may lead anywhere: it is read as sound and as nothing else.

    Raises KilovoxError with file, line, value and what would be right for: a missing or misspelt column, a row of another
    length, a missing file, an empty label, a path listed twice, a take that is no number, text in another encoding, and a
    file that is too large.
    """
    recordings: list[Recording] = []
    lines: dict[str, int] = {}
    for line, row in rows(path, COLUMNS):
        where = f"{path}:{line}"
        if not row["path"]:
            raise KilovoxError(f"{where}: path is empty; expected a sound file")
        sound = path.parent / row["path"]
        if not is_file(sound):
            raise KilovoxError(f"{where}: {shown(row['path'])}: no such file; expected a path relative to {path.parent}")
        if not row["label"]:
            raise KilovoxError(f"{where}: label is empty; expected the word that {shown(row['path'])} holds")
        first = lines.setdefault(os.path.normpath(sound), line)
        if first != line:
            raise KilovoxError(f"{where}: {shown(row['path'])} is listed in line {first} already; expected every file once")
        take = row.get("take", "")
        if take and not (take.isascii() and take.isdigit() and len(take) <= 9):
            raise KilovoxError(f"{where}: take {shown(take)}; expected a number, 0 or more, or nothing")
        recordings.append(Recording(row["path"], row["label"], row["speaker"] or None, int(take) if take else None, sound))
    return RecordingCorpus(path.stem, recordings, str(path))
