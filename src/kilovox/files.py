"""Writing files so that nothing is ever half-written."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kilovox.errors import KilovoxError


def make_folder(path: Path) -> Path:
    """Create `path` and its parents. Raises KilovoxError where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be made a folder ({error.strerror}); name a folder that can be written") from None
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it vanishes.

    The rename is atomic (POSIX), so a reader sees the old file or the new one. Raises KilovoxError on a full disk, a
    read-only folder and the like.
    """
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise KilovoxError(
            f"{path.parent}: cannot be written to ({error.strerror}); name a folder that can be written"
        ) from None
    os.close(handle)
    temporary = Path(name)
    try:
        # mkstemp makes the file private; a result is as readable as any other file the user makes.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise KilovoxError(f"{path}: could not be written ({error.strerror}); what was there before is unchanged") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold `path`, a file that is made for it, against other processes. Raises KilovoxError where one holds it already."""
    with path.open("w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # not a POSIX system: no lock
        except OSError:
            raise KilovoxError(f"{path.parent}: another process works there; expected to be alone") from None
        yield


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
