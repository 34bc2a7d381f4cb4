"""Recordings listed in a CSV file: path,label,speaker[,take]."""

import codecs
import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.files import read_small
from kilovox.text import printable, shown

REQUIRED = ("path", "label", "speaker")
OPTIONAL = ("take",)

MAXIMUM_BYTES = 2**28
"""Of the CSV file: more than a million lines."""


def open_manifest(path: Path) -> RecordingCorpus:
    """The recordings that the CSV file `path` lists; a recording's name is its path as written.

    A header names the columns, in any order: path, label, speaker (empty where unknown) and, if known, take. Separated by
    commas, semicolons or tabs, whichever the header uses; UTF-8, or UTF-16 with a byte-order mark, as spreadsheets write
    them. Other columns are an error, so that a misspelt one is not overlooked. A path is relative to the CSV, or absolute; it
    may lead anywhere: it is read as sound and as nothing else.

    Raises KilovoxError with file, line, value and what would be right for: a missing or misspelt column, a row of another
    length, a missing file, an empty label, a path listed twice, a take that is no number, text in another encoding, and a
    file of more than MAXIMUM_BYTES.
    """
    recordings: list[Recording] = []
    lines: dict[str, int] = {}
    for line, row in _rows(path):
        where = f"{path}:{line}"
        if not row["path"]:
            raise KilovoxError(f"{where}: path is empty; expected a sound file")
        sound = path.parent / row["path"]
        if not _is_file(sound):
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


def _is_file(path: Path) -> bool:
    """False where the operating system cannot take the path at all, too (too long, NUL)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `path`, each with the line it ends in; values without the spaces around them."""
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    header: list[str] = []
    try:
        for row in reader:
            values = [value.strip() for value in row]
            where = f"{path}:{reader.line_num}"
            if not any(values):
                continue
            if not header:
                header = values
                _check_header(where, header)
            elif len(values) != len(header):
                raise KilovoxError(f"{where}: {len(values)} values; expected {len(header)}: {','.join(header)}")
            else:
                yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise KilovoxError(f"{path}:{reader.line_num}: not CSV ({error})") from None
    if not header:
        raise KilovoxError(f"{path}: empty; expected a header {','.join(REQUIRED)} and a line for each recording")


def _separator(text: str) -> str:
    header = next((line for line in text.split("\n", 16) if line.strip()), "")
    return max(",;\t", key=header.count)


def _check_header(where: str, header: list[str]) -> None:
    expected = f"expected {','.join(REQUIRED)}[,take]"
    for column in REQUIRED:
        if column not in header:
            raise KilovoxError(f"{where}: no column {column!r} in {printable(','.join(header), 200)}; {expected}")
    for column in header:
        if column not in REQUIRED + OPTIONAL or header.count(column) > 1:
            kind = "twice" if header.count(column) > 1 else "unknown"
            raise KilovoxError(f"{where}: column {shown(column)} is {kind}; {expected}")


def _text(path: Path) -> str:
    data = read_small(path, MAXIMUM_BYTES, "a CSV file")
    encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not {encoding.upper().removesuffix('-SIG')}"
        raise KilovoxError(f"{path}:{line}: {found}; expected the file saved as UTF-8") from None
