"""What predict and listen share: which argument is a model and which a sound, standard input, and names that can be printed."""

import sys
from pathlib import Path
from typing import BinaryIO

from kilovox.audio import SUFFIXES, RawFormat, is_sound
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import SUFFIX, bundled_models

DEFAULT_MODEL, DEFAULT_LISTENER = "digits", "listening"
"""Of words that are handed over one by one, and of running sound."""
STANDARD_INPUT = "-"


def means_sound(text: str) -> bool:
    """Whether an argument where MODEL can be names a sound: by its content where it is a file, else by how its name ends."""
    path = Path(text)
    if text == STANDARD_INPUT:
        return True
    if text in bundled_models() or path.suffix.lower() == SUFFIX:
        return False
    if path.suffix.lower() in SUFFIXES or path.is_fifo():
        return True
    if not path.is_file():
        return text.startswith("/dev/")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return is_sound(head)


def source(path: Path) -> Path | BinaryIO:
    """The file `path`, or standard input where it is `-`. Raises KilovoxError where standard input is closed."""
    if str(path) != STANDARD_INPUT:
        return path
    if sys.stdin is None:
        raise KilovoxError("standard input: closed; expected sound piped into it")
    stream: BinaryIO = sys.stdin.buffer
    return stream


def raw_format(rate: int | None, channels: int | None) -> RawFormat | None:
    """What --rate and --channels say of raw samples. Raises KilovoxError beyond the bounds, and for channels alone."""
    if rate is None:
        if channels is not None:
            raise KilovoxError("--channels: says what raw samples are; expected --rate with it")
        return None
    return RawFormat(rate, 1 if channels is None else channels)


def shown(name: str | Path) -> str:
    """A file's name, or an error that has it, on one line: what controls a terminal is escaped."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(name))
