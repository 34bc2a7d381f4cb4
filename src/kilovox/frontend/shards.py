"""A shard: sequences by key in one file, which is checked before it is trusted and then read through a memory map.

The file: a header of HEADER.size bytes; the frames of all sequences, (frames, columns), one after another; the lengths of the
sequences, uint32; their keys, 32 bytes each. Nothing in it is executed or unpickled.
"""

import hashlib
import itertools
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.files import replacing

Array = npt.NDArray[Any]

MAGIC = b"KVSHARD\x01"
HEADER = struct.Struct("<8s32s32s8sQQQ24x")
"""Magic, SHA-256 of all that follows it, purpose, type of the numbers, sequences, frames, columns."""

_PURPOSE_AT = 40
KINDS = ("|i1", "<i2", "<i4", "<f4", "<f8")
_KEY, _LENGTH = 32, 4
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Shard:
    """Sequences, (frames, columns) each, by key (32 bytes), in the order in which they were written."""

    sequences: dict[bytes, Array]

    @property
    def nbytes(self) -> int:
        """Of the frames."""
        return sum(sequence.nbytes for sequence in self.sequences.values())


class _Map(mmap.mmap):
    """A memory map that keeps `lease` for as long as an array needs it."""

    lease: object = None


def is_own(path: Path) -> bool:
    """Whether nobody else can have written what lies at `path`; always so where the system does not know owners."""
    return _nobody_elses(path.stat())


def _nobody_elses(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def read_shard(path: Path, purpose: bytes, lease: object = None) -> Shard | None:
    """The shard at `path` that was written for `purpose` (32 bytes); None where there is none, or one not to be trusted.

    Not to be trusted is a file that is cut, changed, of another purpose or somebody else's. The arrays are read-only, and keep
    `lease`.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            header = file.read(HEADER.size)
            magic, digest, found, kind, count, frames, columns = HEADER.unpack(header)
            kind = kind.rstrip(b"\0").decode()
            if magic != MAGIC or found != purpose or kind not in KINDS or not _nobody_elses(status):
                return None
            size = frames * columns * np.dtype(kind).itemsize
            if status.st_size != HEADER.size + size + count * (_LENGTH + _KEY):
                return None
            hashed = hashlib.sha256(header[_PURPOSE_AT:])
            while chunk := file.read(_CHUNK):
                hashed.update(chunk)
            if hashed.digest() != digest:
                return None
            mapped = _Map(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError, struct.error):
        return None
    mapped.lease = lease
    numbers = np.frombuffer(mapped, kind, frames * columns, HEADER.size).reshape(frames, columns)
    lengths = np.frombuffer(mapped, "<u4", count, HEADER.size + size)
    keys = np.frombuffer(mapped, f"V{_KEY}", count, HEADER.size + size + count * _LENGTH)
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    if (ends[-1] if ends else 0) != frames:
        return None
    bounds = zip([0, *ends[:-1]], ends, strict=True)
    return Shard({key.tobytes(): numbers[start:end] for key, (start, end) in zip(keys, bounds, strict=True)})


def write_shard(path: Path, purpose: bytes, sequences: Mapping[bytes, Array]) -> None:
    """Write the shard atomically, for the user's own eyes. Raises KilovoxError where that is not possible.

    sequences: (frames, columns) each, of one type and as many columns, at least one; TypeError for others.
    """
    first = next(iter(sequences.values()))
    kind = first.dtype.newbyteorder("<").str
    if kind not in KINDS or any(s.dtype != first.dtype or s.shape[1:] != first.shape[1:] for s in sequences.values()):
        raise TypeError(f"{path}: sequences of {first.dtype}, or of several kinds; expected one of {', '.join(KINDS)}")
    frames = sum(map(len, sequences.values()))
    tail = HEADER.pack(MAGIC, bytes(32), purpose, kind.encode(), len(sequences), frames, first.shape[1])[_PURPOSE_AT:]
    hashed = hashlib.sha256()
    with replacing(path) as temporary, temporary.open("r+b") as file:
        temporary.chmod(0o600)
        file.seek(_PURPOSE_AT)
        lengths = np.array([len(sequence) for sequence in sequences.values()], "<u4")
        frames_as_bytes = (sequence.astype(kind, copy=False).tobytes() for sequence in sequences.values())
        for part in itertools.chain([tail], frames_as_bytes, [lengths.tobytes(), b"".join(sequences)]):
            hashed.update(part)
            file.write(part)
        file.seek(0)
        file.write(MAGIC + hashed.digest())
