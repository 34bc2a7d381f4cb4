"""What every download of a corpus has in common: why an address did not give it, and how what came gets its place."""

import contextlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError)
"""What the standard library raises for an archive that is cut, tampered with or encrypted."""


class UnusableError(Exception):
    """Why an address did not give the corpus."""


@contextlib.contextmanager
def answering(timeout: float) -> Iterator[None]:
    """Raise UnusableError where a server does not give what it is asked for; `timeout`: seconds it may be silent."""
    import requests

    try:
        yield
    except requests.HTTPError as error:
        raise UnusableError(str(error).partition(" for url")[0]) from None
    except requests.Timeout:
        raise UnusableError(f"silent for {timeout:g} s") from None
    except requests.RequestException as error:
        raise UnusableError(_cause(error)) from None


@contextlib.contextmanager
def unpacking() -> Iterator[None]:
    """Raise UnusableError where an archive cannot be read to its end."""
    try:
        yield
    except _DAMAGED as error:
        raise UnusableError(f"truncated or damaged archive ({error})") from None
    except OSError as error:
        if error.errno is None:  # gzip says "not a gzipped file" and the like this way
            raise UnusableError(f"truncated or damaged archive ({error})") from None
        raise


def put_in_place(made: Path, folder: Path, check: Callable[[], None]) -> None:
    """Rename the folder `made` to `folder`, not there or empty; where another process was first, `check` what it put there."""
    with contextlib.suppress(OSError):
        folder.rmdir()  # only ever removes an empty folder
    try:
        made.rename(folder)  # atomic
    except OSError:
        if not folder.is_dir():
            raise
        check()


def _cause(error: BaseException) -> str:
    """The operating system's words for what requests and urllib3 wrap several times over, else the innermost words."""
    reason = f"connection failed ({type(error).__name__})"
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        if "IncompleteRead" in type(inner).__name__ or "RemoteDisconnected" in type(inner).__name__:
            reason = "the connection was lost before the end"
        inner = inner.__cause__ or inner.__context__
    return reason
