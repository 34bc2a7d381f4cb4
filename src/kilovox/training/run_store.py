"""Where a run is kept besides its folder: a folder that others see, or whatever fsspec reads, such as object storage.

It has what an interrupted run needs to go on, on another machine too, and in the end its models. Nothing there is ever
half-written: a file gets its name when it is whole.
"""

import contextlib
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from kilovox.errors import KilovoxError, not_installed
from kilovox.files import SUFFIX, write_bytes
from kilovox.text import printable
from kilovox.training.run_folder import (
    IDENTITY_FILE,
    LARGEST_IDENTITY,
    LOCK_FILE,
    MODEL_FILE,
    facts_in,
    facts_of,
    holds_a_run,
)
from kilovox.training.run_key import RunKey

LARGEST_FILE = 2**30
"""Bytes of a file of a run."""

_SECRET = re.compile(r"(?<=://)(?:[^/@:]*:.*|[^/@]*)@|(?<=\?).*")
"""Who opens a URL, up to the last @ where there is a password, which may hold anything; and what is asked of it."""


class RunStore:
    """The run at `url`: a path, or as fsspec names it, `s3://bucket/run`, `file:///shared/run`, ...

    Raises KilovoxError for one that fsspec does not know, and where it cannot be read or written. As text it is the URL without
    what opens it: names, passwords, tokens.
    """

    def __init__(self, url: str) -> None:
        if not url.strip("/"):
            raise KilovoxError(f"--state {url!r}: no folder of its own; expected one, or a URL that fsspec reads and writes")
        self.url = url.rstrip("/")
        self._known: dict[str, tuple[int, int]] = {}
        try:
            import fsspec  # type: ignore[import-untyped]
        except ImportError:
            raise not_installed("fsspec") from None
        with self._telling("opened"):
            self._files, self._root = fsspec.core.url_to_fs(self.url)

    def __str__(self) -> str:
        return printable(_SECRET.sub("...", self.url), 200)

    @property
    def holds_a_run(self) -> bool:
        """Whether there is anything. Raises KilovoxError where that is no run."""
        return bool(self._names())

    def fetch(self, folder: Path, key: RunKey | None = None) -> None:
        """Copy the run, if there is one, into `folder`; what lies there of the same run is replaced.

        Raises KilovoxError, and copies nothing, where `folder` holds another run, and where this is one of something else than
        `key`.
        """
        names = self._names()
        if not names:
            return
        theirs = facts_in(self._content(IDENTITY_FILE, LARGEST_IDENTITY))
        if theirs is None:
            raise KilovoxError(f"{self}: {IDENTITY_FILE} does not say of what it is a run; expected a run, or nothing")
        if holds_a_run(folder) and facts_of(folder) != theirs:
            raise KilovoxError(f"{self}: holds another run than {folder}; expected the same one, or another --state")
        if key is not None and RunKey(theirs).identity != key.identity:
            raise KilovoxError(
                f"{self}: holds a run of another configuration or corpus ({'; '.join(key.differences(theirs))}); expected the "
                "same one to resume, or another --state"
            )
        for name in names:
            write_bytes(folder / name, self._content(name))
            self._known[name] = _stamp(folder / name)

    def put(self, folder: Path) -> None:
        """Copy there what has changed in `folder` since it was fetched or put."""
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        for name in _in_order(name for name in files if _is_kept(name)):
            stamp = _stamp(files[name])
            if self._known.get(name) != stamp:
                self._put(name, files[name].read_bytes())
                self._known[name] = stamp

    def _put(self, name: str, data: bytes) -> None:
        target = self._at(name)
        parent, _, last = target.rpartition("/")
        temporary = f"{parent}/.{last}.{secrets.token_hex(4)}{SUFFIX}"
        with self._telling("written"):
            self._files.makedirs(parent, exist_ok=True)
            self._files.pipe_file(temporary, data)
            self._files.mv(temporary, target)

    def _names(self) -> list[str]:
        """Of the files that are there, in the order in which they are copied."""
        with self._telling("read"):
            self._files.invalidate_cache()
            if self._files.isfile(self._root):
                raise KilovoxError(f"{self}: is a file; expected a folder of a run, or nothing")
            if self._files.isdir(self._root):
                # Before all that is below is listed: it may be a whole disk.
                self._check([_last(path) for path in self._files.ls(self._root, detail=False)])
            found = [str(PurePosixPath(path).relative_to(PurePosixPath(self._root))) for path in self._files.find(self._root)]
        return self._check(found)

    def _check(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that are kept, in order. Raises KilovoxError where they are not of a run."""
        kept = _in_order(name for name in names if _is_kept(name))
        if kept and kept[0] != IDENTITY_FILE:
            raise KilovoxError(f"{self}: holds something else ({kept[0]}); expected a run, or nothing")
        return kept

    def _content(self, name: str, most: int | None = None) -> bytes:
        most = LARGEST_FILE if most is None else min(most, LARGEST_FILE)
        with self._telling("read"):
            data: bytes = self._files.cat_file(self._at(name), end=most + 1)
        if len(data) > most:
            raise KilovoxError(f"{self}: {name} has more than {most:,} bytes; expected a run, no file of which has")
        return data

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """File systems raise whatever their libraries do."""
        try:
            yield
        except KilovoxError:
            raise
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
            for secret in sorted(_secrets(self.url), key=len, reverse=True):
                reason = reason.replace(secret, "...")
            raise KilovoxError(
                f"{self}: cannot be {done} ({reason}); expected a folder, or a URL that fsspec reads and writes"
            ) from None


def _secrets(url: str) -> set[str]:
    """What of `url` is not shown, and the words of it: libraries repeat them one by one."""
    found = _SECRET.findall(url)
    words = {word for one in found for word in re.split(r"[:@?&=]", one)}
    return {one for one in (*found, *words) if len(one) > 3}


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _is_kept(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return ".." not in parts and not parts[-1].startswith(".") and name != LOCK_FILE


def _in_order(names: Iterable[str]) -> list[str]:
    """What says of what it is a run comes first, and the model last: what was broken off is taken for what it is."""
    return sorted(names, key=lambda name: ({IDENTITY_FILE: 0, MODEL_FILE: 2}.get(name, 1), name))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
