"""Models that come with the package, and what a command's MODEL means: a file, or the name of one of them."""

import logging
from importlib.resources import files
from pathlib import Path

from kilovox.audio import is_sound
from kilovox.errors import KilovoxError
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser

SUFFIX = ".safetensors"

_LOG = logging.getLogger(__name__)


def bundled_folder() -> Path:
    """Where the bundled models are."""
    return Path(str(files("kilovox.integer") / "bundled"))


def bundled_models() -> dict[str, Path]:
    """The bundled models by name, sorted."""
    return {path.stem: path for path in sorted(bundled_folder().glob(f"*{SUFFIX}"))}


def resolve_model(text: str) -> Path:
    """The file that `text` means: itself where it is a model, else the bundled model of that name.

    Where both are there, a line of the log says which it is. Raises KilovoxError, with the names that there are, where it is
    neither.
    """
    path, bundled = Path(text), bundled_models()
    begin = _begin(path)
    if text in bundled and begin is not None:
        own = begin[8:9] == b"{"  # after the length of a JSON object, in eight bytes
        what = "the file here, not the bundled model" if own else "the bundled model, not the file here, which is no model"
        _LOG.warning("kilovox: %s: %s of that name", text, what)
        return path if own else bundled[text]
    if text in bundled:
        return bundled[text]
    if begin is not None and is_sound(begin):
        raise KilovoxError(f"{text}: a sound; expected a {SUFFIX} file or the name of a bundled model ({', '.join(bundled)})")
    if begin is not None:
        return path
    if path.is_dir():
        raise KilovoxError(f"{text}: is a folder; expected a {SUFFIX} file")
    known = f"a bundled model ({', '.join(bundled)})" if bundled else "a bundled model (none is installed)"
    raise KilovoxError(f"{text}: no model there; expected a {SUFFIX} file or the name of {known}")


def _begin(path: Path) -> bytes | None:
    """The first bytes of a file; None where there is none, or none that can be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(16)
    except (OSError, ValueError):
        return b""


def open_recogniser(text: str) -> Recogniser:
    """The recogniser of the model that `text` means. Raises KilovoxError, naming the file, for one that cannot be used."""
    path = resolve_model(text)
    try:
        return Recogniser(load_model(path))
    except KilovoxError as error:
        raise KilovoxError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
