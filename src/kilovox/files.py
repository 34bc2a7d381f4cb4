"""Writing files so that nothing is ever half-written, and folders that only their user writes to."""

import contextlib
import json
import os
import re
import stat
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilovox.errors import KilovoxError

SUFFIX = ".kilovox-tmp"
"""Of the temporary beside a file that is being written."""

ABANDONED = 3600
"""Seconds without a change after which a temporary belongs to nobody: whoever wrote it was killed."""

LARGEST_LIST = 2**20
"""Bytes of a list of the files of a folder."""

_TEMPORARY = re.compile(rf"\..+\.[A-Za-z0-9_]{{8}}{re.escape(SUFFIX)}")

_cleaned: set[Path] = set()
"""Folders that were looked through for abandoned temporaries: once each process is enough."""


def expanded(text: str | Path) -> Path:
    """`text` with its ~ or ~NAME as the folder that it stands for; as it is where nobody is called that, as in a shell."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def make_folder(path: Path) -> Path:
    """Create `path` and its parents. Raises KilovoxError where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise KilovoxError(f"{path}: cannot be made a folder ({reason}); name a folder that can be written") from None
    return path


def check_place(folder: Path) -> None:
    """Raise KilovoxError where `folder` cannot be made, or nothing be written to it, as far as can be told without trying."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        found = "cannot be written to" if there.is_dir() else "is a file"
        raise KilovoxError(f"{there}: {found}; name a folder that can be written")


def check_file(path: Path) -> None:
    """Raise KilovoxError where a file cannot be written to `path`, as far as can be told without trying."""
    _check_replaceable(path)
    check_place(path.parent)


def _check_replaceable(path: Path) -> None:
    """Raise KilovoxError for what a file must not take the place of: a rename would put one where a device or a pipe was."""
    try:
        if path.exists() and not path.is_file():
            raise KilovoxError(f"{path}: is {'a folder' if path.is_dir() else 'a device or a pipe'}; name a file")
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be written to ({error.strerror}); name another") from None


def _check_within(where: Path, folder: Path) -> None:
    """Raise KilovoxError where `folder`, in `where`, is a file, or a link to somewhere else, whose files are not ours."""
    if folder.exists() and not folder.is_dir():
        raise KilovoxError(f"{folder}: is a file; expected a folder there, or nothing")
    if not folder.resolve().is_relative_to(where.resolve()):
        raise KilovoxError(f"{folder}: leads out of {where}; expected a folder in it, or nothing")


def umask() -> int:
    """What this process takes away from the modes of what it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def private_folder(path: Path) -> Path:
    """Create `path` and its parents, or take what is there where nobody else can have written to it.

    A folder of the user's own that others may write to is closed to them. Raises KilovoxError for one that cannot be made, and
    one of another user's (but root's): what lies in it may be planted.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = path.stat()
        if hasattr(os, "geteuid"):
            if about.st_uid not in (os.geteuid(), 0):
                raise KilovoxError(f"{path}: belongs to another user ({about.st_uid}); expected a folder of your own")
            if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                path.chmod(stat.S_IMODE(about.st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be made a folder of your own ({error.strerror}); name another") from None
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it vanishes.

    The rename is atomic, so a reader sees the old file or the new one. What killed processes left of such temporaries in that
    folder is removed when it is an hour old. Raises KilovoxError on a full disk, a read-only folder and the like.
    """
    _check_replaceable(path)
    make_folder(path.parent)
    _remove_abandoned(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", suffix=SUFFIX, dir=path.parent)
    except OSError as error:
        raise KilovoxError(
            f"{path.parent}: cannot be written to ({error.strerror}); name a folder that can be written"
        ) from None
    os.close(handle)
    temporary = Path(name)
    try:
        # mkstemp makes the file private; a result is as readable as any other file the user makes.
        temporary.chmod(0o666 & ~umask())
        yield temporary
        with temporary.open("r+b") as written:  # Windows flushes only what is open for writing
            os.fsync(written.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise KilovoxError(f"{path}: could not be written ({error.strerror}); what was there before is unchanged") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the rename outlast a power cut, where a folder can be flushed (not on Windows, not on every network)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    if folder in _cleaned:
        return
    _cleaned.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                ours = _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
                if ours and time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED:
                    Path(entry.path).unlink()


@contextlib.contextmanager
def lock(path: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold `path`, a file that is made for it, against other processes, which are waited for for `patience` seconds.

    Raises KilovoxError where one holds it already, and where it cannot be held at all: in a read-only folder, on a full disk,
    on a file system without locks.
    """
    from filelock import FileLock, Timeout

    held = FileLock(path, timeout=patience)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where there is no flock, a file that is made stands for the lock
            held.acquire()
    except Timeout:
        raise KilovoxError(f"{path.parent}: another process works there; expected to be alone") from None
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be locked ({error.strerror or error}); expected a folder that can be") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            held.release()


def read_small(path: Path, most: int, kind: str) -> bytes:
    """The content of a stranger's file, `most` bytes at most; `kind`: what is expected there, such as "a YAML file".

    Raises KilovoxError where it cannot be read or is larger.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise KilovoxError(f"{path}: cannot be read ({reason}); expected {kind}") from None
    if len(data) > most:
        raise KilovoxError(f"{path}: more than {most:,} bytes; expected {kind} of at most as many")
    return data


def read_lines(path: Path, most: int, kind: str) -> list[tuple[str, str]]:
    """Of a stranger's UTF-8 file of `most` bytes at most, what is on each line that is not empty, after "file, line number".

    Raises KilovoxError, naming `kind`, such as "words, one a line", where there is none, and as `read_small`.
    """
    try:
        lines = read_small(path, most, kind).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise KilovoxError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); expected {kind}") from None
    found = [(f"{path}, line {number}", line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise KilovoxError(f"{path}: empty; expected {kind}")
    return found


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically. Raises ValueError for numbers that JSON has not, such as NaN."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


@dataclass(frozen=True)
class Written:
    """Folders that are written as a whole, such as exports, and may be written again.

    `manifest`: the file that lists theirs; `kind`: what one is, such as "an export"; `name`: what files are called in one,
    where that is known: a list of others is refused.
    """

    manifest: str
    kind: str
    name: re.Pattern[str] | None = None

    def write(self, where: Path, files: Mapping[str, bytes], about: Mapping[str, str] | None = None) -> list[Path]:
        """Write `files` to the folder `where`, and the list of them with what is said `about` them. Returns them, sorted.

        Files of an earlier one are replaced, each at once, or removed where there is no such file now; broken off, it can be
        written again. Raises KilovoxError where the folder holds something else.
        """
        earlier, about = self._earlier(where), dict(about or {})
        for name in files:  # before any is written
            _check_within(where, (where / name).parent)
            _check_replaceable(where / name)
        make_folder(where)
        write_json(where / self.manifest, {**about, "files": sorted(earlier | files.keys())})
        for name, data in files.items():
            write_bytes(where / name, data)
        for name in sorted(earlier - files.keys()):
            (where / name).unlink(missing_ok=True)
        write_json(where / self.manifest, {**about, "files": sorted(files)})
        return sorted(where / name for name in files)

    def check(self, where: Path) -> None:
        """Raise KilovoxError where `write` would, because the folder holds something else."""
        self._earlier(where)

    def _earlier(self, where: Path) -> set[str]:
        """Files of an earlier one that `where` holds; none where it is empty or not there."""
        if not where.exists():
            return set()
        if not where.is_dir():
            raise KilovoxError(f"{where}: is a file; name a folder")
        manifest = where / self.manifest
        if not manifest.is_file():
            if any(where.iterdir()):
                raise KilovoxError(
                    f"{where}: holds other files; name a folder that is empty, not there, or an earlier {self.kind.split()[-1]}"
                )
            return set()
        try:
            names = json.loads(read_small(manifest, LARGEST_LIST, "a list of files"))["files"]
            if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
                raise TypeError
            if self.name and not all(self.name.fullmatch(name) for name in names):
                raise ValueError
            if any((where / name).is_dir() for name in names):
                raise ValueError
            inside = where.resolve()
            return {name for name in names if (where / name).resolve().is_relative_to(inside)}
        except (OSError, ValueError, KeyError, TypeError, RecursionError, KilovoxError):
            raise KilovoxError(f"{manifest}: not the list of {self.kind}; remove the folder, or name another") from None
