"""Recordings listed in a CSV file: path,label,speaker[,take]."""

import csv
import io
from pathlib import Path

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.errors import KilovoxError

REQUIRED = ("path", "label", "speaker")
OPTIONAL = ("take",)


def open_manifest(path: Path) -> RecordingCorpus:
    """The recordings that the CSV file `path` lists; a recording's name is its path as written.

    A header names the columns, in any order: path (relative to the CSV), label, speaker (empty where unknown) and, if known,
    take. UTF-8, with or without a byte-order mark. Other columns are an error, so that a misspelt one is not overlooked.

    Raises KilovoxError with file, line, value and what would be right for: a missing or misspelt column, a row of another
    length, a missing file, an empty label, a path listed twice, a take that is no number, text that is not UTF-8.
    """
    recordings: list[Recording] = []
    lines: dict[Path, int] = {}
    for line, row in _rows(path):
        where = f"{path}:{line}"
        if not row["path"]:
            raise KilovoxError(f"{where}: path is empty; expected a sound file")
        sound = path.parent / row["path"]
        if not sound.is_file():
            raise KilovoxError(f"{where}: {row['path']!r}: no such file; expected a path relative to {path.parent}")
        if not row["label"]:
            raise KilovoxError(f"{where}: label is empty; expected the word that {row['path']!r} holds")
        first = lines.setdefault(sound.resolve(), line)
        if first != line:
            raise KilovoxError(f"{where}: {row['path']!r} is listed in line {first} already; expected every file once")
        take = row.get("take", "")
        if take and not (take.isascii() and take.isdigit()):
            raise KilovoxError(f"{where}: take {take!r}; expected a number, 0 or more, or nothing")
        recordings.append(Recording(row["path"], row["label"], row["speaker"] or None, int(take) if take else None, sound))
    return RecordingCorpus(path.stem, recordings, str(path))


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of `path`, each with the line it ends in; values without the spaces around them."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
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
                rows.append((reader.line_num, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        raise KilovoxError(f"{path}:{reader.line_num}: not CSV ({error})") from None
    if not header:
        raise KilovoxError(f"{path}: empty; expected a header {','.join(REQUIRED)} and a line for each recording")
    return rows


def _check_header(where: str, header: list[str]) -> None:
    for column in REQUIRED:
        if column not in header:
            raise KilovoxError(f"{where}: no column {column!r} in {','.join(header)}; expected {','.join(REQUIRED)}[,take]")
    for column in header:
        if column not in REQUIRED + OPTIONAL or header.count(column) > 1:
            kind = "twice" if header.count(column) > 1 else "unknown"
            raise KilovoxError(f"{where}: column {column!r} is {kind}; expected {','.join(REQUIRED)}[,take]")


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be read ({error.strerror}); expected a CSV file") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise KilovoxError(f"{path}:{line}: {found}; expected the file saved as UTF-8") from None
