"""Features computed once: kept on disk under the hash of what they were computed from, recording by recording.

What was computed with the same settings lies in a folder of its own, in a few shards (see kilovox.frontend.shards), so that a
recording more or less does not compute the others again. Nothing here ever has to work: without a cache, or with a damaged
one, everything is computed.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy.typing as npt

from kilovox.corpus.cache import cache_folder
from kilovox.errors import KilovoxError
from kilovox.files import make_folder
from kilovox.frontend.shards import Shard, is_own, read_shard, write_shard
from kilovox.workers import HERE, Workers, in_order

Sequences = list[npt.NDArray[Any]]

MAXIMUM_BYTES = 4 * 2**30
"""Of all cached features together; what was used longest ago goes first, and nothing that somebody uses."""

GIVEN_AWAY = 64
"""Recordings that a worker is given at a time."""

SHARDS = 16
"""Files that the recordings of one folder are spread over, by hash."""

STALE_SECONDS = 3600.0
"""A temporary file older than this is of a process that was killed."""

PATIENCE_SECONDS = 600.0
"""How long another process, which computes the same, is waited for."""

_IN_USE = "in-use"


def stored(
    settings: dict[str, Any], keys: Sequence[str], compute: Callable[[list[int]], Sequences], workers: Workers = HERE
) -> Sequences:
    """The sequences of `keys`, in order, each (frames, columns) and read-only; what is not stored yet is computed.

    settings: everything but the recording itself that a sequence depends on, as JSON; keys: whatever names a recording's
    content; compute(places): the sequences of the keys at these places, which `workers` do, some keys at a time. Processes that
    need the same share the work.
    """
    purpose = _digest(settings)
    found: dict[int, npt.NDArray[Any]] = {}
    by_shard: dict[int, dict[int, bytes]] = {}
    for place, key in enumerate(keys):
        digest = hashlib.sha256(key.encode()).digest()
        by_shard.setdefault(digest[0] % SHARDS, {})[place] = digest
    by_workers = compute if workers is HERE else partial(_given_away, workers, compute)
    with _folder(purpose) as (folder, lease):
        waiting = []
        for number, wanted in sorted(by_shard.items()):
            path = folder / f"{number:02d}.shard" if folder else None
            shard = read_shard(path, purpose, lease) if path else None
            found |= _of(shard, wanted)
            if not found.keys() >= wanted.keys():
                waiting.append((path, wanted))
        # What another process is at comes last: by then it may be done.
        for patience in (0.0, PATIENCE_SECONDS):
            left = []
            for path, wanted in waiting:
                with _locked(path, patience) as free:
                    if free:
                        found |= _completed(path, purpose, wanted, by_workers, lease)
                    else:
                        left.append((path, wanted))
            waiting = left
        for path, wanted in waiting:
            found |= _completed(path, purpose, wanted, by_workers, lease)
    return [found[place] for place in range(len(keys))]


def _given_away(workers: Workers, compute: Callable[[list[int]], Sequences], places: list[int]) -> Sequences:
    parts = [places[start : start + GIVEN_AWAY] for start in range(0, len(places), GIVEN_AWAY)]
    return [sequence for part in in_order(workers.run(compute, parts)) for sequence in part]


def known(key: dict[str, Any]) -> Sequences | None:
    """What `cached` kept of `key`."""
    purpose = _digest(key)
    with _folder(purpose) as (folder, lease):
        shard = read_shard(folder / "all.shard", purpose, lease) if folder else None
    return list(shard.sequences.values()) if shard is not None else None


def cached(key: dict[str, Any], compute: Callable[[], Sequences]) -> Sequences:
    """The sequences, each (frames, columns), that `compute` gives, computed at most once for a `key`.

    `key` must hold everything the result depends on and be JSON. A cache that cannot be written or read is done without.
    """
    purpose = _digest(key)
    with _folder(purpose) as (folder, lease):
        path = folder / "all.shard" if folder else None
        shard = read_shard(path, purpose, lease) if path else None
        if shard is not None:
            return list(shard.sequences.values())
        sequences = compute()
        if path:
            _write(path, purpose, {number.to_bytes(32, "big"): sequence for number, sequence in enumerate(sequences)})
    return sequences


def _completed(
    path: Path | None, purpose: bytes, wanted: dict[int, bytes], compute: Callable[[list[int]], Sequences], lease: object
) -> dict[int, npt.NDArray[Any]]:
    """All of `wanted` (digest by place), computed as far as the shard at `path` lacks them, which then has them."""
    shard = read_shard(path, purpose, lease) if path else None
    found = _of(shard, wanted)
    missing = [place for place in wanted if place not in found]
    if not missing:
        return found
    found |= dict(zip(missing, compute(missing), strict=True))
    if path is None:
        return found
    sequences = {digest: found[place] for place, digest in wanted.items()}
    others = shard.sequences if shard else {}
    if shard and shard.nbytes + sum(found[place].nbytes for place in missing) <= MAXIMUM_BYTES // SHARDS:
        sequences = others | sequences
    _write(path, purpose, sequences)
    # Read again, so that it need not stay in memory.
    return found | _of(read_shard(path, purpose, lease), wanted)


def _of(shard: Shard | None, wanted: dict[int, bytes]) -> dict[int, npt.NDArray[Any]]:
    if shard is None:
        return {}
    return {place: shard.sequences[digest] for place, digest in wanted.items() if digest in shard.sequences}


def _write(path: Path, purpose: bytes, sequences: dict[bytes, npt.NDArray[Any]]) -> None:
    with contextlib.suppress(KilovoxError, OSError):
        write_shard(path, purpose, sequences)
        _tidy(path.parent.parent, path.parent)


def _digest(settings: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).digest()


@contextlib.contextmanager
def _folder(purpose: bytes) -> Iterator[tuple[Path | None, object]]:
    """The folder of `purpose`, and what keeps it from being evicted while it is referred to; None where there cannot be one."""
    folder: Path | None = None
    lease: _Lease | None = None
    with contextlib.suppress(KilovoxError, OSError):
        made = make_folder(cache_folder() / "features" / purpose.hex()[:40])
        if not is_own(made):
            made.chmod(0o700)  # fails where it is somebody else's
        folder = made
        lease = _Lease.of(folder)  # fails where nothing can be written; what lies there can still be read
    yield folder, lease


class _Lease:
    """Says to other processes, for as long as it lives, that `folder` is in use."""

    _held: ClassVar["weakref.WeakValueDictionary[Path, _Lease]"] = weakref.WeakValueDictionary()

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / _IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
        _flock(self._file, exclusive=False)

    @classmethod
    def of(cls, folder: Path) -> "_Lease":
        lease = cls._held.get(folder)
        if lease is None or not (folder / _IN_USE).exists():
            lease = cls._held[folder] = cls(folder)
        os.utime(folder / _IN_USE)
        return lease

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            with contextlib.suppress(OSError):
                os.close(self._file)


def _flock(file: int, exclusive: bool) -> bool:
    """Hold an open file against others, shared or alone; False where somebody is in the way. No lock where none can be had."""
    try:
        import fcntl
    except ImportError:
        return not exclusive
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _locked(path: Path | None, patience: float) -> Iterator[bool]:
    """Whether `path` is this process's to compute; where nothing can be locked, it is."""
    import filelock  # not where a model only runs

    lock = filelock.FileLock(path.with_suffix(".lock"), timeout=patience) if path else None
    try:
        if lock:
            lock.acquire()
    except filelock.Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        lock = None
    try:
        yield True
    finally:
        if lock:
            lock.release()


def _tidy(root: Path, just_written: Path) -> None:
    """Remove what killed processes left, and of the rest what was used longest ago until MAXIMUM_BYTES are kept."""
    now = time.time()
    for temporary in root.glob("*/.*.shard.*"):
        with contextlib.suppress(OSError):
            if now - temporary.stat().st_mtime > STALE_SECONDS:
                temporary.unlink()
    entries = []
    for entry in root.iterdir():
        with contextlib.suppress(OSError):
            files = [file.stat() for file in entry.iterdir()] if entry.is_dir() else [entry.stat()]
            used = max((status.st_mtime for status in files), default=0.0)
            entries.append((used, sum(status.st_size for status in files), entry))
    total = sum(size for _, size, _ in entries)
    for _, size, entry in sorted(entries):
        if total <= MAXIMUM_BYTES:
            break
        if entry != just_written and _remove(entry):
            total -= size


def _remove(entry: Path) -> bool:
    """Remove an entry of the cache that nobody uses."""
    if not entry.is_dir():
        entry.unlink(missing_ok=True)
        return True
    try:
        file = os.open(entry / _IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return False
    try:
        if not _flock(file, exclusive=True):
            return False
        shutil.rmtree(entry, ignore_errors=True)
        return True
    finally:
        os.close(file)
