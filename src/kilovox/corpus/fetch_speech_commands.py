"""Speech Commands v0.02 by download: its 105,829 recordings, and the test set of the 12 classes; whole and verified, or not.

An archive of gigabytes is taken up again where it broke off; its SHA-256 is compared before anything of it is used. Extracted
are recordings, lists and texts, a folder a word; no other path in an archive is followed.
"""

import contextlib
import hashlib
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kilovox.corpus.cache import cache_folder
from kilovox.corpus.downloads import UnusableError, answering, put_in_place, unpacking
from kilovox.errors import KilovoxError
from kilovox.files import make_folder


@dataclass(frozen=True)
class Archive:
    """One that can be downloaded from any of `urls`: `size` in bytes; `unpacked`: most that its files may have together."""

    name: str
    urls: tuple[str, ...]
    size: int
    sha256: str
    unpacked: int


_HOSTS = ("https://storage.googleapis.com/download.tensorflow.org/data", "http://download.tensorflow.org/data")

RECORDINGS = Archive(
    "speech_commands_v0.02",
    tuple(f"{host}/speech_commands_v0.02.tar.gz" for host in _HOSTS),
    2_428_923_189,
    "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    4 * 10**9,
)
"""SHA-256 as in torchaudio and TensorFlow Datasets."""

TEST_SET = Archive(
    "speech_commands_test_set_v0.02",
    tuple(f"{host}/speech_commands_test_set_v0.02.tar.gz" for host in _HOSTS),
    112_563_277,
    "cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df",
    2 * 10**8,
)
"""The 4,890 recordings that figures of 12 classes are of."""

MARKER = ".verified"

CHUNK = 1 << 16
_SOUND = re.compile(r"[A-Za-z0-9_]{1,64}/[A-Za-z0-9_.-]{1,128}\.wav")
_TEXT = re.compile(r"(?:[A-Za-z0-9_]{1,64}/)?(?:LICENSE|README\.md|validation_list\.txt|testing_list\.txt)")


def fetch_archive(archive: Archive, folder: Path | None = None, *, quiet: bool = False, timeout: float = 60.0) -> Path:
    """The folder with what is in `archive`, downloaded where it is not there yet.

    folder: where to put it; without one, a folder of the cache. quiet: no progress bar (there is none away from a terminal
    either). timeout: seconds a server may be silent. What is downloaded already stays beside `folder` after an interrupt or a
    lost connection, and the next call goes on from there; it takes as much room as the archive, until that is extracted.

    Raises KilovoxError where no address gives the archive (with the reason of each), and where `folder` holds something else.
    """
    folder = (cache_folder() / archive.name if folder is None else folder).absolute()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        _check_present(folder, archive)
        return folder
    make_folder(folder.parent)
    part = folder.parent / f".{folder.name}.{archive.sha256[:8]}.part"
    try:
        _download(archive, part, quiet, timeout)
        _unpack(archive, part, folder)
    except OSError as error:
        raise KilovoxError(f"{folder}: could not be written ({error.strerror}); {_kept(part)}") from None
    part.unlink(missing_ok=True)
    return folder


def _kept(part: Path) -> str:
    there = part.stat().st_size if part.exists() else 0
    return f"{there:,} bytes are kept in {part}: the same command goes on from there" if there else "nothing was kept"


def _download(archive: Archive, part: Path, quiet: bool, timeout: float) -> None:
    """The whole archive at `part`, verified."""
    reasons = []
    for url in archive.urls:
        try:
            _append(archive, url, part, quiet, timeout)
            _verify(archive, part)
            return
        except UnusableError as error:
            reasons.append(f"  {url}: {error}")
    reasons.append(f"  {_kept(part)}")
    again = "try again with a connection, or name a folder that has it: its kind is speech_commands"
    raise KilovoxError("\n".join([f"{archive.name} could not be downloaded:", *reasons]) + f"\n  {again}")


def _append(archive: Archive, url: str, part: Path, quiet: bool, timeout: float) -> None:
    """Download what `part` lacks of the archive, and no byte more than the archive has."""
    import requests

    there = part.stat().st_size if part.exists() else 0
    if there >= archive.size:
        return
    wanted = {"Range": f"bytes={there}-"} if there else {}
    with answering(timeout), requests.get(url, headers=wanted, stream=True, timeout=timeout) as answer:
        answer.raise_for_status()
        # A server that does not know of ranges sends the whole.
        resumed = answer.status_code == 206
        with part.open("ab" if resumed else "wb") as file, _progress(archive, there if resumed else 0, quiet) as advance:
            total = there if resumed else 0
            for chunk in answer.iter_content(CHUNK):
                total += len(chunk)
                if total > archive.size:
                    break
                file.write(chunk)
                advance(len(chunk))
    if total > archive.size:
        part.unlink()
        raise UnusableError(f"sends more than {archive.size:,} bytes; this is not {archive.name}")
    if total < archive.size:
        raise UnusableError(f"the connection was lost after {total:,} of {archive.size:,} bytes")


def _verify(archive: Archive, part: Path) -> None:
    """Raise, and remove it, where the file at `part` is not the archive."""
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        part.unlink()
        raise UnusableError(f"SHA-256 {found}; expected {archive.sha256}")


def _unpack(archive: Archive, part: Path, folder: Path) -> None:
    """Extract the archive beside `folder`, then rename."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _extract(archive, part, temporary)
        (temporary / MARKER).write_text(f"{archive.sha256}\n")
        temporary.chmod(0o755)
        put_in_place(temporary, folder, lambda: _check_present(folder, archive))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _extract(archive: Archive, part: Path, folder: Path) -> None:
    """Take recordings, lists and texts out of the tar archive at `part`, word/NAME.wav at the most deep."""
    total = count = 0
    try:
        with unpacking(), tarfile.open(part, "r:*") as tape:
            for member in tape:
                name = str(PurePosixPath(member.name))
                if not member.isreg() or not (_SOUND.fullmatch(name) or _TEXT.fullmatch(name)):
                    continue
                total += member.size
                if total > archive.unpacked:
                    raise KilovoxError(f"{part}: more than {archive.unpacked:,} bytes in it; this is not {archive.name}")
                content = tape.extractfile(member)
                if content is None:
                    continue
                (folder / name).parent.mkdir(exist_ok=True)
                with content, (folder / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
                count += name.endswith(".wav")
    except UnusableError as error:
        part.unlink(missing_ok=True)
        raise KilovoxError(f"{archive.name}: {error}; try again") from None
    if not count:
        part.unlink(missing_ok=True)
        raise KilovoxError(f"{archive.name}: no recordings in the archive; expected word/NAME.wav")


def _check_present(folder: Path, archive: Archive) -> None:
    """Raise KilovoxError where `folder` is not what an earlier download made."""
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: a file; expected a folder to put {archive.name} into")
    marker = folder / MARKER
    if not marker.is_file() or marker.read_text(errors="replace").strip() != archive.sha256:
        raise KilovoxError(
            f"{folder}: holds something that no download of {archive.name} left there; expected an empty or new folder"
        )


@contextlib.contextmanager
def _progress(archive: Archive, there: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """What is to be told of so many bytes more."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn(archive.name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, disable=quiet or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("", total=archive.size, completed=there)
        yield lambda count: bar.advance(task, count)
