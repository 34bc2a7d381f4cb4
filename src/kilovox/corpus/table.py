"""Tables that strangers write: CSV files with a header, read within bounds, every error with its file and line."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kilovox.errors import KilovoxError
from kilovox.files import read_small
from kilovox.text import printable, shown

MAXIMUM_BYTES = 2**28
"""Of a CSV file: more than a million lines."""

_SECONDS = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:e-[0-9]{1,2})?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """What a header names, in any order; what is `optional` may be left out, other columns are an error."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ",".join(self.required) + "".join(f"[,{column}]" for column in self.optional)


def seconds(where: str, row: dict[str, str]) -> tuple[float | None, float | None]:
    """Columns start and end of `row`, None where they are empty or not there.

    Raises KilovoxError, naming `where`, for what is not seconds, and an end that does not come after the start.
    """
    times: list[float | None] = []
    for column in ("start", "end"):
        value = row.get(column, "")
        if value and not _SECONDS.fullmatch(value):
            raise KilovoxError(f"{where}: {column} {shown(value)}; expected seconds, 0 or more, such as 0.31")
        times.append(float(value) if value else None)
    start, end = times
    if end is not None and end <= (start or 0.0):
        raise KilovoxError(f"{where}: start {start or 0:g}, end {end:g}; expected the end after the start")
    return start, end


def is_file(path: Path) -> bool:
    """False where the operating system cannot take the path at all, too (too long, NUL)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def rows(path: Path, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `path`, each with the line it ends in; values without the spaces around them.

    Separated by commas, semicolons or tabs, whichever the header uses; UTF-8, or UTF-16 with a byte-order mark, as
    spreadsheets write them. Raises KilovoxError for a missing, misspelt or repeated column, a row of another length, text in
    another encoding, and a file of more than MAXIMUM_BYTES.
    """
    text = text_of(path, "a CSV file")
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
                _check_header(where, header, columns)
            elif len(values) != len(header):
                raise KilovoxError(f"{where}: {len(values)} values; expected {len(header)}: {','.join(header)}")
            else:
                yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise KilovoxError(f"{path}:{reader.line_num}: not CSV ({error})") from None
    if not header:
        raise KilovoxError(f"{path}: empty; expected a header {','.join(columns.required)} and a line for each recording")


def sound_of(where: str, folder: Path, path: str) -> Path:
    """The sound file that a row names, relative to `folder`. Raises KilovoxError, naming `where`, for none."""
    if not path:
        raise KilovoxError(f"{where}: path is empty; expected a sound file")
    sound = folder / path
    if not is_file(sound):
        raise KilovoxError(f"{where}: {shown(path)}: no such file; expected a path relative to {folder}")
    return sound


def _separator(text: str) -> str:
    header = next((line for line in text.split("\n", 16) if line.strip()), "")
    return max(",;\t", key=header.count)


def _check_header(where: str, header: list[str], columns: Columns) -> None:
    expected = f"expected {columns}"
    for column in columns.required:
        if column not in header:
            raise KilovoxError(f"{where}: no column {column!r} in {printable(','.join(header), 200)}; {expected}")
    for column in header:
        if column not in columns.required + columns.optional or header.count(column) > 1:
            kind = "twice" if header.count(column) > 1 else "unknown"
            raise KilovoxError(f"{where}: column {shown(column)} is {kind}; {expected}")


def text_of(path: Path, kind: str) -> str:
    """The text of a stranger's file, as `rows` reads it; `kind`: what is expected there, such as "a CSV file"."""
    data = read_small(path, MAXIMUM_BYTES, kind)
    encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not {encoding.upper().removesuffix('-SIG')}"
        raise KilovoxError(f"{path}:{line}: {found}; expected the file saved as UTF-8") from None
