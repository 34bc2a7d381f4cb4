"""FSDD by download: whole and verified, or not at all."""

import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.cache import cache_folder
from kilovox.corpus.downloads import UnusableError, answering, put_in_place, unpacking
from kilovox.corpus.fsdd import FILES_FINGERPRINT, files_fingerprint, is_fsdd_name, open_fsdd
from kilovox.errors import KilovoxError
from kilovox.files import make_folder

VERSION = "1.0.10"

_REPOSITORY = "Jakobovski/free-spoken-digit-dataset"

MIRRORS = (
    f"https://github.com/{_REPOSITORY}/archive/refs/tags/v{VERSION}.tar.gz",
    f"https://codeload.github.com/{_REPOSITORY}/tar.gz/refs/tags/v{VERSION}",
    f"https://github.com/{_REPOSITORY}/archive/refs/tags/v{VERSION}.zip",
    f"https://codeload.github.com/{_REPOSITORY}/zip/refs/tags/v{VERSION}",
)
"""Tried in order. GitHub may pack a tag differently any day, so what is inside is verified, not the archive."""

MAXIMUM_BYTES = 2**28
"""Of the archive, and of the recordings in it; FSDD has 17 and 22 million. More is not FSDD, and would only fill the disk."""

_MARKER = ".verified"


def fetch_fsdd(
    folder: Path | None = None,
    *,
    quiet: bool = False,
    mirrors: Sequence[str] = MIRRORS,
    fingerprint: str = FILES_FINGERPRINT,
    timeout: float = 30.0,
) -> Path:
    """The folder of FSDD's recordings, downloaded where it is not there yet.

    folder: where to put them; without one, a folder of the cache. quiet: no progress bar (there is none away from a
    terminal either). fingerprint: of the files, as `files_fingerprint`. timeout: seconds a mirror may be silent.

    The recordings are extracted beside `folder`, verified, and only then renamed into place: on any failure, and on an
    interrupt, nothing is left. Raises KilovoxError where no mirror gives the corpus (with the reason of each), and where
    `folder` holds something else or less.
    """
    folder = cache_folder() / f"fsdd-v{VERSION}" if folder is None else folder
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        _check_present(folder, fingerprint)
        return folder
    make_folder(folder.parent)
    reasons = []
    for url in mirrors:
        try:
            temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        except OSError as error:
            raise KilovoxError(f"{folder.parent}: cannot be written to ({error.strerror}); name a folder that can") from None
        try:
            _download(url, temporary / "archive", quiet, timeout)
            recordings = temporary / "recordings"
            _extract(temporary / "archive", recordings)
            _verify(recordings, fingerprint)
            put_in_place(recordings, folder, lambda: _check_present(folder, fingerprint))
            return folder
        except UnusableError as error:
            reasons.append(f"  {url}: {error}")
        except OSError as error:
            raise KilovoxError(f"{folder}: could not be written ({error.strerror}); nothing was kept") from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    raise KilovoxError(
        "\n".join([f"FSDD v{VERSION} could not be downloaded:", *reasons])
        + "\n  try again with a connection, or set KILOVOX_FSDD to a folder of its recordings"
    )


def _download(url: str, path: Path, quiet: bool, timeout: float) -> None:
    import pooch  # type: ignore[import-untyped]

    with path.open("wb") as file, _Progress(quiet) as progress, answering(timeout):
        pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=timeout)(url, file, None)


def _extract(archive: Path, folder: Path) -> None:
    """Take the files TOP/recordings/NAME.wav of a tar or zip archive, by their last names only: no path in it is followed."""
    folder.mkdir()
    total = 0
    with unpacking(), archive.open("rb") as file:
        for name, size, content in _members(archive, file):
            parts = PurePosixPath(name).parts
            if len(parts) != 3 or parts[1] != "recordings" or not (is_fsdd_name(parts[2]) and parts[2].endswith(".wav")):
                continue
            total += size
            if total > MAXIMUM_BYTES:
                raise UnusableError(f"its recordings are larger than {MAXIMUM_BYTES} bytes; this is not FSDD")
            with content, (folder / parts[2]).open("wb") as recording:
                shutil.copyfileobj(content, recording)


def _members(archive: Path, file: IO[bytes]) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size in bytes and opened content of every plain file in a tar or zip archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(file) as packed:
            for entry in packed.infolist():
                if not entry.is_dir():
                    yield entry.filename, entry.file_size, packed.open(entry)
    else:
        with tarfile.open(fileobj=file) as tape:
            for member in tape:
                if member.isreg() and (content := tape.extractfile(member)) is not None:
                    yield member.name, member.size, content


def _verify(recordings: Path, fingerprint: str) -> None:
    try:
        found = open_fsdd(recordings)
    except KilovoxError:
        raise UnusableError("no recordings in the archive") from None
    content = files_fingerprint(found)
    if content != fingerprint:
        raise UnusableError(f"{len(found)} recordings with fingerprint {content}; expected {fingerprint}")
    (recordings / _MARKER).write_text(_marker(found, fingerprint))


def _marker(corpus: RecordingCorpus, fingerprint: str) -> str:
    """What a verified folder looks like from outside, cheap to compare: a hash over the names and sizes of its files."""
    sizes = "".join(f"{entry.name} {entry.path.stat().st_size}\n" for entry in corpus.recordings if entry.path is not None)
    return f"{fingerprint}\n{hashlib.sha256(sizes.encode()).hexdigest()}\n"


def _check_present(folder: Path, fingerprint: str) -> None:
    """Raise KilovoxError where `folder` is not the corpus: by names and sizes if it was verified before, else by content."""
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: a file; expected a folder to put FSDD's recordings into")
    try:
        corpus = open_fsdd(folder)
    except KilovoxError as error:
        raise KilovoxError(f"{error}\n  name an empty or new folder to download FSDD into") from None
    marker = folder / _MARKER
    if marker.is_file() and marker.read_text(errors="replace") == _marker(corpus, fingerprint):
        return
    content = files_fingerprint(corpus)
    if content != fingerprint:
        raise KilovoxError(
            f"{folder}: {len(corpus)} recordings with fingerprint {content}; "
            f"expected FSDD v{VERSION}, {fingerprint}; delete the folder to download it again"
        )


class _Progress:
    """A rich progress bar on standard error, spoken to the way pooch speaks to tqdm; nothing away from a terminal."""

    def __init__(self, quiet: bool) -> None:
        self.total = 0
        self._received = 0
        self._quiet = quiet or not sys.stderr.isatty()

    def __enter__(self) -> "_Progress":
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns: list[Any] = [TextColumn("FSDD"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
        self._bar = Progress(*columns, console=Console(stderr=True), disable=self._quiet, transient=True)
        self._task = self._bar.add_task("FSDD", total=None)
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, count: int) -> None:
        """Another `count` bytes are there."""
        self._received += count
        if self._received > MAXIMUM_BYTES:
            raise UnusableError(f"sends more than {MAXIMUM_BYTES} bytes; this is not FSDD")
        self._bar.update(self._task, completed=self._received, total=self.total or None)

    def reset(self) -> None:
        """Called before the last update, which repeats the total."""
        self._received = 0

    def close(self) -> None:
        """Called at the end; the context manager closes the bar."""
