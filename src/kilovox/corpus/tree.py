"""Folders of recordings, looked at once: every entry is a recording, a folder, or counted among what is left out."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kilovox.audio import SUFFIXES
from kilovox.corpus.base import LeftOut
from kilovox.errors import KilovoxError
from kilovox.text import printable

MAXIMUM_ENTRIES = 2_000_000
"""Of the files and folders of one corpus; the largest collections of words have some millions in hundreds of languages."""

EXAMPLES = 3
"""Names that are shown of what is left out."""


@dataclass(frozen=True)
class Content:
    """What a folder holds, by name, sorted: folders, and files that are sound by their suffix."""

    folders: tuple[str, ...]
    sounds: tuple[str, ...]


@dataclass
class Tree:
    """A folder that is being read. What is not taken is counted by reason, but for files by the names in `used`."""

    root: Path
    used: frozenset[str] = frozenset()
    _counts: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, list[str]] = field(default_factory=dict)
    _seen: int = 0

    def look(self, place: str = "") -> Content:
        """The content of the folder `place` within the root ("" is the root itself).

        Left out and counted: what begins with ".", folders that begin with "_", other files, pipes and broken links, links
        back to a folder above.
        Raises KilovoxError for a folder that cannot be read and for more than MAXIMUM_ENTRIES.
        """
        folders, sounds = [], []
        for entry in self._entries(self.root / place):
            name = f"{place}/{entry.name}" if place else entry.name
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError:  # a link to itself
                is_folder = is_file = False
            if entry.name.startswith("."):
                self.leave_out("hidden", name)
            elif is_folder and entry.is_symlink() and self._leads_back(entry):
                self.leave_out("links to a folder above", name)
            elif is_folder and entry.name.startswith("_"):
                for sound in self.sounds_below(name):
                    self.leave_out('in folders that begin with "_"', sound)
            elif is_folder:
                folders.append(entry.name)
            elif not is_file:
                self.leave_out("no files (broken links, pipes, devices)", name)
            elif entry.name in self.used:
                continue
            elif not is_sound(entry.name):
                suffix = Path(entry.name).suffix.lower()
                self.leave_out(f"{suffix} files" if 1 < len(suffix) <= 8 else "other files", name)
            else:
                sounds.append(entry.name)
        return Content(tuple(sorted(folders)), tuple(sorted(sounds)))

    def sounds_below(self, place: str) -> Iterator[str]:
        """The sound files in the folder `place` and the folders in it, by name within the root; links are not followed."""
        waiting = [(place, iter(self._entries(self.root / place)))]
        while waiting:  # not one call a folder: strangers nest thousands
            folder, entries = waiting[-1]
            entry = next(entries, None)
            if entry is None:
                waiting.pop()
            elif entry.is_dir(follow_symlinks=False):
                name = f"{folder}/{entry.name}"
                waiting.append((name, iter(self._entries(self.root / name))))
            elif is_sound(entry.name) and Path(entry.path).is_file():  # no pipe, which would never end
                yield f"{folder}/{entry.name}"

    def leave_out(self, reason: str, name: str) -> None:
        """Count `name` as left out for `reason`."""
        self._counts[reason] += 1
        examples = self._examples.setdefault(reason, [])
        if len(examples) < EXAMPLES:
            examples.append(printable(name, 120))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """All that was left out so far, most first."""
        return tuple(LeftOut(reason, count, tuple(self._examples[reason])) for reason, count in self._counts.most_common())

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        entries = []
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    self._seen += 1
                    if self._seen > MAXIMUM_ENTRIES:
                        raise KilovoxError(
                            f"{self.root}: more than {MAXIMUM_ENTRIES:,} files; expected a corpus of at most as many"
                        )
                    entries.append(entry)
        except OSError as error:
            raise KilovoxError(f"{folder}: cannot be read ({error.strerror}); expected a folder of recordings") from None
        return sorted(entries, key=lambda entry: entry.name)

    @staticmethod
    def _leads_back(entry: os.DirEntry[str]) -> bool:
        target, here = Path(os.path.realpath(entry.path)), Path(os.path.realpath(Path(entry.path).parent))
        return here.is_relative_to(target)


def is_sound(name: str) -> bool:
    """Whether a file of this name is sound that libsndfile reads, as far as its suffix tells."""
    return f".{name.rpartition('.')[2].lower()}" in SUFFIXES
