"""Where downloads and computed features are kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """KILOVOX_CACHE, else the operating system's folder for caches (on Linux, ~/.cache/kilovox)."""
    if folder := os.environ.get("KILOVOX_CACHE"):
        return Path(folder).expanduser()
    import pooch  # type: ignore[import-untyped]

    return Path(pooch.os_cache("kilovox"))
