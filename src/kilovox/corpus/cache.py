"""Where downloads and computed features are kept between runs."""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from kilovox.errors import KilovoxError
from kilovox.files import private_folder
from kilovox.text import printable


def cache_folder() -> Path:
    """KILOVOX_CACHE, else the operating system's folder for caches (on Linux, ~/.cache/kilovox): a folder of the user's own.

    Where that cannot be made, or another user may have written to it, one within the folder for temporary files, which is
    said once on standard error.
    """
    named = os.environ.get("KILOVOX_CACHE")
    if not named:
        return _usable(platformdirs.user_cache_path("kilovox", ensure_exists=False))
    try:
        return _usable(Path(named).expanduser())
    except RuntimeError as error:  # nobody has that home: a folder of that name would lie wherever one happens to be
        return _instead(f"KILOVOX_CACHE {named}: {error}")


def _usable(wanted: Path) -> Path:
    try:
        folder = private_folder(wanted)
        # One that was filled before and cannot be written to now may still be read.
        if os.access(folder, os.W_OK) or any(folder.iterdir()):
            return folder
    except (KilovoxError, OSError) as error:
        return _instead(str(error))
    return _instead(f"{folder}: cannot be written to")


@cache
def _instead(reason: str) -> Path:
    """A folder for temporary files: the same for every process of this user, where nobody else was quicker to make it."""
    user = os.geteuid() if hasattr(os, "geteuid") else "user"
    try:
        folder = private_folder(Path(tempfile.gettempdir()) / f"kilovox-{user}")
    except KilovoxError:
        folder = Path(tempfile.mkdtemp(prefix="kilovox-"))
    print(f"kilovox: {printable(reason)}; using {folder}", file=sys.stderr)
    return folder
