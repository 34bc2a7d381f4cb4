"""Recordings listed in a CSV file: path,label,speaker[,take][,start][,end]."""

import os
from pathlib import Path

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.cuts import cut_name
from kilovox.corpus.table import Columns, rows, seconds, sound_of
from kilovox.errors import KilovoxError
from kilovox.text import shown

COLUMNS = Columns(("path", "label", "speaker"), ("take", "start", "end"))

_WHOLE = (None, None)


def open_manifest(path: Path) -> RecordingCorpus:
    """The recordings that the CSV file `path` lists; a recording's name is its path as written.

    A header names the columns, in any order: path, label, speaker (empty where unknown) and, if known, take, and start and end
    in seconds of a recording that is a part of its file (its name then says them, see cuts.cut_name). Separated by
    commas, semicolons or tabs, whichever the header uses; UTF-8, or UTF-16 with a byte-order mark, as spreadsheets write
    them. Other columns are an error, so that a misspelt one is not overlooked. A path is relative to the CSV, or absolute; it
    may lead anywhere: it is read as sound and as nothing else.

    Raises KilovoxError with file, line, value and what would be right for: a missing or misspelt column, a row of another
    length, a missing file, an empty label, a path listed twice (and not in parts), a take that is no number, times that are
    no seconds or not in order, text in another encoding, and a file that is too large. Whether a file is as long as its parts
    say is seen when it is read.
    """
    recordings: list[Recording] = []
    lines: dict[str, dict[tuple[float | None, float | None], int]] = {}
    for line, row in rows(path, COLUMNS):
        where = f"{path}:{line}"
        sound = sound_of(where, path.parent, row["path"])
        if not row["label"]:
            raise KilovoxError(f"{where}: label is empty; expected the word that {shown(row['path'])} holds")
        start, end = seconds(where, row)
        parts = lines.setdefault(os.path.normpath(sound), {})
        first = next(iter(parts.values()), None) if (start, end) == _WHOLE else parts.get((start, end), parts.get(_WHOLE))
        if first is not None:
            raise KilovoxError(f"{where}: {shown(row['path'])} is listed in line {first} already; expected every file once")
        parts[start, end] = line
        take = row.get("take", "")
        if take and not (take.isascii() and take.isdigit() and len(take) <= 9):
            raise KilovoxError(f"{where}: take {shown(take)}; expected a number, 0 or more, or nothing")
        name, number = cut_name(row["path"], start, end), int(take) if take else None
        recordings.append(Recording(name, row["label"], row["speaker"] or None, number, sound, start, end))
    return RecordingCorpus(path.stem, recordings, str(path))
