"""Where a run is kept besides its folder: a folder that others see, or whatever fsspec reads, such as object storage.

It has what an interrupted run needs to go on, on another machine too, and in the end its models. Nothing there is ever
half-written: a file gets its name when it is whole.
"""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from kilovox.errors import KilovoxError, not_installed
from kilovox.files import SUFFIX, write_bytes
from kilovox.training.run_folder import IDENTITY_FILE, LOCK_FILE, MODEL_FILE, facts_in, facts_of, holds_a_run

LARGEST_FILE = 2**30
"""Bytes of a file of a run."""


class RunStore:
    """The run at `url`: a path, or as fsspec names it, `s3://bucket/run`, `file:///shared/run`, ...

    Raises KilovoxError for one that fsspec does not know, and where it cannot be read or written.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._known: dict[str, tuple[int, int]] = {}
        try:
            import fsspec  # type: ignore[import-untyped]
        except ImportError:
            raise not_installed("fsspec") from None
        with self._telling("opened"):
            self._files, self._root = fsspec.core.url_to_fs(self.url)

    @property
    def holds_a_run(self) -> bool:
        """Whether there is anything. Raises KilovoxError where that is no run."""
        return bool(self._names())

    def fetch(self, folder: Path) -> None:
        """Copy the run, if there is one, into `folder`; what lies there of the same run is replaced.

        Raises KilovoxError where `folder` holds another run.
        """
        names = self._names()
        if not names:
            return
        theirs = facts_in(self._content(IDENTITY_FILE))
        if theirs is None:
            raise KilovoxError(f"{self.url}: {IDENTITY_FILE} does not say of what it is a run; expected a run, or nothing")
        if holds_a_run(folder) and facts_of(folder) != theirs:
            raise KilovoxError(f"{self.url}: holds another run than {folder}; expected the same one, or another --state")
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
            found = [str(PurePosixPath(path).relative_to(PurePosixPath(self._root))) for path in self._files.find(self._root)]
        kept = _in_order(name for name in found if _is_kept(name))
        if kept and kept[0] != IDENTITY_FILE:
            raise KilovoxError(f"{self.url}: holds something else ({kept[0]}); expected a run, or nothing")
        return kept

    def _content(self, name: str) -> bytes:
        with self._telling("read"):
            data: bytes = self._files.cat_file(self._at(name), end=LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise KilovoxError(f"{self.url}: {name} has more than {LARGEST_FILE:,} bytes; expected a run, no file of which has")
        return data

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """File systems raise whatever their libraries do."""
        try:
            yield
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
            raise KilovoxError(
                f"{self.url}: cannot be {done} ({reason}); expected a folder, or a URL that fsspec reads and writes"
            ) from None


def _is_kept(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return ".." not in parts and not parts[-1].startswith(".") and name != LOCK_FILE


def _in_order(names: Iterator[str]) -> list[str]:
    """What says of what it is a run comes first, and the model last: what was broken off is taken for what it is."""
    return sorted(names, key=lambda name: ({IDENTITY_FILE: 0, MODEL_FILE: 2}.get(name, 1), name))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
