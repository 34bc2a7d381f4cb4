"""Models that come with the package, and what a command's MODEL means: a file, or the name of one of them."""

from importlib.resources import files
from pathlib import Path

from kilovox.audio import is_sound
from kilovox.errors import KilovoxError
from kilovox.files import expanded
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser

SUFFIX = ".safetensors"


def bundled_folder() -> Path:
    """Where the bundled models are."""
    return Path(str(files("kilovox.integer") / "bundled"))


def bundled_models() -> dict[str, Path]:
    """The bundled models by name, sorted."""
    return {path.stem: path for path in sorted(bundled_folder().glob(f"*{SUFFIX}"))}


def resolve_model(text: str) -> Path:
    """The file that `text` means: the bundled model of that name, else itself.

    A name is a name, whatever lies in the present folder: ./digits is a file. Raises KilovoxError, with the names that there
    are, where it is neither.
    """
    bundled = bundled_models()
    if text in bundled:
        return bundled[text]
    path = expanded(text)
    if path.is_file():
        if _is_sound(path):
            expected = f"a {SUFFIX} file or the name of a bundled model ({', '.join(bundled)})"
            raise KilovoxError(f"{text}: a sound; expected {expected} before it, or a command that listens to it")
        return path
    if path.is_dir():
        raise KilovoxError(f"{text}: is a folder; expected a {SUFFIX} file")
    known = f"a bundled model ({', '.join(bundled)})" if bundled else "a bundled model (none is installed)"
    raise KilovoxError(f"{text}: no model there; expected a {SUFFIX} file or the name of {known}")


def _is_sound(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_sound(file.read(16))
    except OSError:
        return False


def open_recogniser(text: str) -> Recogniser:
    """The recogniser of the model that `text` means. Raises KilovoxError, naming the file, for one that cannot be used."""
    path = resolve_model(text)
    try:
        return Recogniser(load_model(path))
    except KilovoxError as error:
        raise KilovoxError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
