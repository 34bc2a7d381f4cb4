"""Libraries kept between runs, where nobody else can put one: what is loaded runs with the user's rights."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from kilovox.corpus.cache import cache_folder
from kilovox.errors import KilovoxError
from kilovox.files import write_bytes

LARGEST = 64 * 2**20
"""Bytes; no library of ours is as large."""

MOST_KEPT = 64
"""Libraries in a folder."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Untrusted(Exception):  # noqa: N818 (a finding, not an error of the user's)
    """Why a folder or file is not used. Its text is said to the user, in brackets."""


def trusted_folder(name: str) -> Path:
    """The folder `name` in the cache, made where it is not there yet.

    It and every folder above belong to the user or to root, and nobody else may write there (into a folder above, as /tmp,
    others may write if it is sticky: what is the user's stays there). Raises Untrusted for any other, and where none can be
    made.
    """
    if not hasattr(os, "getuid"):
        raise Untrusted("not a POSIX system")
    try:
        folder = cache_folder().absolute() / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        real = folder.resolve(strict=True)
        found = real.stat()
        if found.st_uid == os.getuid() and found.st_mode & _OTHERS_WRITE:
            real.chmod(0o700)
        for each in (real, *real.parents, folder, *folder.parents):
            _check_folder(each, real)
        if not os.access(real, os.W_OK):
            raise Untrusted(f"{real}: cannot be written to")
    except (OSError, RuntimeError, ValueError) as error:
        raise Untrusted(f"no cache: {error}") from None
    return real


def _check_folder(folder: Path, last: Path) -> None:
    found = folder.lstat()
    if found.st_uid not in (0, os.getuid()):
        raise Untrusted(f"{folder}: belongs to another user")
    if stat.S_ISLNK(found.st_mode):
        return  # where it leads to is looked at as well
    if not found.st_mode & _OTHERS_WRITE or (found.st_mode & stat.S_ISVTX and folder != last) or _private(found):
        return
    raise Untrusted(f"{folder}: others may write there")


def _private(found: os.stat_result) -> bool:
    """Whether only a group may write besides that is the user's alone, as many systems make one for every user."""
    if found.st_mode & stat.S_IWOTH:
        return False
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(found.st_gid), pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return group.gr_gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Write `content` to `name` in a trusted folder, and its SHA-256 beside it; each is whole or not there. The oldest go."""
    write_bytes(folder / name, content)
    write_bytes(folder / f"{name}.sha256", hashlib.sha256(content).hexdigest().encode())
    # Nobody else is to write to what was kept, whatever the umask says.
    for each in (folder / name, folder / f"{name}.sha256"):
        each.chmod(0o600)
    _forget_oldest(folder)
    return folder / name


def _forget_oldest(folder: Path) -> None:
    found = [path for path in folder.iterdir() if path.suffix != ".sha256" and not path.name.startswith(".")]
    with contextlib.suppress(OSError):  # another process forgets as well
        for path in sorted(found, key=lambda path: path.stat().st_mtime)[:-MOST_KEPT]:
            path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def kept(folder: Path, name: str) -> Path | None:
    """The file `name` of a trusted folder: regular, the user's own, what was written. None where it is not that."""
    try:
        content = _own(folder / name)
        expected = _own(folder / f"{name}.sha256").decode(errors="replace")
    except (OSError, Untrusted):
        return None
    return folder / name if content and hashlib.sha256(content).hexdigest() == expected else None


def _own(path: Path) -> bytes:
    """The content of a regular file that only the user may write. Raises OSError (a link among others) or Untrusted."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.getuid()) or found.st_mode & _OTHERS_WRITE:
            raise Untrusted(f"{path}: not a regular file that the user alone may write")
        if found.st_size > LARGEST:
            raise Untrusted(f"{path}: {found.st_size} bytes")
        return file.read(LARGEST + 1)


def keep_where_possible(folder: Path | None, name: str, content: bytes) -> Path | None:
    """As `keep`; None where there is no folder, a full disk and the like."""
    if folder is None:
        return None
    try:
        return keep(folder, name, content)
    except (KilovoxError, OSError):
        return None
