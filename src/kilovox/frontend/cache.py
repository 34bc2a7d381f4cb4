"""Features computed once: kept on disk under the hash of what they were computed from."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.corpus.cache import cache_folder
from kilovox.errors import KilovoxError
from kilovox.files import replacing

Sequences = list[npt.NDArray[Any]]

MAXIMUM_BYTES = 2**30
"""Of all cached features together; the oldest go first."""


def cached(key: dict[str, Any], compute: Callable[[], Sequences]) -> Sequences:
    """The sequences, each (frames, coefficients), that `compute` gives, computed at most once for a `key`.

    `key` must hold everything the result depends on and be JSON. A cache that cannot be written or read is done without.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    path = cache_folder() / "features" / f"{digest}.npz"
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as archive:
            return np.split(archive["features"], np.cumsum(archive["lengths"])[:-1])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        sequences = compute()
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, features=np.concatenate(sequences), lengths=[len(sequence) for sequence in sequences])
        _evict(path.parent)
    except (KilovoxError, OSError):
        pass
    return sequences


def _evict(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > MAXIMUM_BYTES:
            file.unlink(missing_ok=True)
