"""The C of c/ on this machine: one library for all models, compiled once for a version of the package, called by ctypes."""

import contextlib
import ctypes
import functools
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point_stages, fixed_point_tables
from kilovox.integer import activation, network
from kilovox.native.compiler import NAMES, CompilerHangsError, compilers, run_compiler
from kilovox.native.keeping import Untrusted, keep_where_possible, kept, trusted_folder

UNITS = ("kv_spectrum.c", "kv_front_end.c", "kv_pack.c", "kv_network.c", "kv_head.c", "kv_convolution.c", "kv_recognise.c")
"""Compiled as one, in this order: the compiler reads its own headers once."""

HEADERS = ("kv_native.h", "kv_lanes.h", "kv_spectrum.h", "kv_layer.h")

FLAGS = ("-std=c99", "-O3", "-march=native", "-fPIC", "-shared", "-fvisibility=hidden", "-Wno-psabi")
PORTABLE_FLAGS = tuple(flag for flag in FLAGS if flag != "-march=native")
"""Where a compiler does not know this processor."""

FOLDER = "native"

RETRY_SECONDS = 3600
"""A compiler that hung is not waited for again before."""


class NoLibraryError(KilovoxError):
    """There is no library here, and why; callers go on with NumPy."""


def formats() -> str:
    """kv_formats.h: the Q formats, as the rooms below define them."""
    tables = fixed_point_tables
    values = {
        "WINDOW": tables.POINTS,
        "TWIDDLE_BITS": tables.TWIDDLE_BITS,
        "WEIGHT_BITS": tables.WEIGHT_BITS,
        "LOG_TABLE_BITS": tables.LOG_TABLE_BITS,
        "LOG_ENTRY_BITS": tables.LOG_ENTRY_BITS,
        "LEVEL_BITS": tables.LEVEL_BITS,
        "DCT_BITS": tables.DCT_BITS,
        "FEATURE_BITS": tables.FEATURE_BITS,
        "LEVEL_EXPONENT": fixed_point_stages.LEVEL_EXPONENT,
        "LOWEST_LEVEL": fixed_point_stages.LOWEST_LEVEL,
        "TANH_STEP_BITS": activation.STEP_BITS,
        "HIDDEN_BITS": network.HIDDEN_BITS,
        "CELL_BITS": network.CELL_BITS,
        "GATE_BITS": network.GATE_BITS,
        "LOGIT_BITS": network.LOGIT_BITS,
        "LOG2_E": network.LOG2_E,
        "LARGEST_DIFFERENCE": network.LARGEST_DIFFERENCE,
        "POWER_BITS": network.POWER_BITS,
        "POWER_LINEAR": network.POWER_LINEAR,
        "POWER_SQUARE": network.POWER_SQUARE,
    }
    return "".join(f"#define KV_{name} ({value})\n" for name, value in values.items())


@functools.cache
def sources() -> dict[str, str]:
    """Every file that the library is compiled from, by name; kilovox.c is all of them. The same for every model."""
    folder = files("kilovox.native") / "c"
    found = {name: (folder / name).read_text(encoding="utf-8") for name in (*HEADERS, *UNITS)}
    return {**found, "kv_formats.h": formats(), "kilovox.c": "".join(f'#include "{name}"\n' for name in UNITS)}


def processor() -> str:
    """What this processor can do: a library made for it may not run on another that shares the cache."""
    uname = os.uname() if hasattr(os, "uname") else None
    machine = f"{uname.sysname} {uname.machine}" if uname else sys.platform
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            return machine + next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        return machine


def key_of(command: Sequence[str], flags: Sequence[str], content: Mapping[str, str]) -> str:
    """What a library is kept under: everything that its bytes depend on. The compiler is known by its file."""
    program = Path(command[0]).resolve()
    try:
        found = program.stat()
        identity = (str(program), found.st_size, found.st_mtime_ns)
    except OSError:
        identity = (str(program), 0, 0)
    everything = (sorted(content.items()), identity, tuple(command), tuple(flags), processor())
    return hashlib.sha256(repr(everything).encode()).hexdigest()


class Library:
    """A loaded library. Raises OSError where `path` cannot be loaded, or is of another version."""

    def __init__(self, path: Path, version: int) -> None:
        c = ctypes.CDLL(str(path))
        try:
            c.kv_native_version.restype = ctypes.c_uint32
            c.kv_packed_bytes.restype = ctypes.c_size_t
            c.kv_packed_bytes.argtypes = [ctypes.c_uint32] * 3
            if c.kv_native_version() != version:
                raise OSError(f"{path}: of another version")
            # Looked up once: a library without one of them is none of ours.
            self.levels, self.cepstra, self.recording = c.kv_levels, c.kv_cepstra, c.kv_recording
            self.quantise, self.packed_bytes, self.pack = c.kv_quantise, c.kv_packed_bytes, c.kv_pack
            self.advance, self.decide, self.recognise = c.kv_advance, c.kv_decide, c.kv_recognise
            self.listen, self.convolve = c.kv_listen, c.kv_convolve
        except AttributeError as error:
            raise OSError(f"{path}: {error}") from None


_lock = threading.Lock()
_found: list[Library | NoLibraryError] = []
"""Of this process, once it was looked for."""


def library() -> Library:
    """The library of this process, compiled where it was not yet. Raises NoLibraryError, whatever the reason is."""
    with _lock:
        if not _found:
            try:
                _found.append(build())
            except NoLibraryError as error:
                _found.append(error)
    if isinstance(_found[0], NoLibraryError):
        raise _found[0]
    return _found[0]


def build(flags: Sequence[str] | None = None) -> Library:
    """The library: kept from before, else compiled now; `flags` instead of FLAGS, for tests.

    Every compiler here is tried, with flags for any processor where those for this one do not do. Raises NoLibraryError.
    """
    try:
        folder: Path | None = trusted_folder(FOLDER)
        reason = ""
    except Untrusted as error:
        folder, reason = None, str(error)
    for command in compilers():
        for chosen in [tuple(flags)] if flags is not None else [FLAGS, PORTABLE_FLAGS]:
            try:
                return _built(folder, command, chosen)
            except OSError as error:  # nowhere to compile, or what was made cannot be loaded
                reason = str(error)
                break
            except CompilerHangsError as error:
                reason = str(error)
                break
            except KilovoxError as error:
                reason = str(error)
    raise NoLibraryError((reason or f"no C compiler: {os.environ.get('CC') or ', '.join(NAMES)}").strip().splitlines()[0])


def _built(folder: Path | None, command: Sequence[str], flags: Sequence[str]) -> Library:
    """Raises KilovoxError where it does not compile, OSError where it cannot be loaded."""
    content = sources()
    key = key_of(command, flags, content)
    name, version = f"{key}.so", int(key[:8], 16)
    before = None if folder is None else kept(folder, name)
    if before is not None:
        with contextlib.suppress(OSError):  # no execution there (noexec), or no library: compiled again
            return Library(before, version)
    _check_hung(folder, key)
    # A private folder (0700) of an unguessable name, which the library outlives once it is loaded.
    with tempfile.TemporaryDirectory(prefix="kilovox-") as temporary:
        build = Path(temporary)
        for file, text in content.items():
            (build / file).write_text(text, encoding="utf-8")
        try:
            run_compiler([*command, *flags, f"-DKV_VERSION={version}u", "-o", "library.so", "kilovox.c"], build)
        except CompilerHangsError as error:
            keep_where_possible(folder, f"{key}.hung", str(error).encode())
            raise
        stored = keep_where_possible(folder, name, (build / "library.so").read_bytes())
        if stored is not None:
            with contextlib.suppress(OSError):
                return Library(stored, version)
        return Library(build / "library.so", version)


def _check_hung(folder: Path | None, key: str) -> None:
    """Raise CompilerHangsError where the same compiler hung over the same files a short while ago."""
    if folder is not None and (path := kept(folder, f"{key}.hung")) is not None:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < RETRY_SECONDS:
                raise CompilerHangsError(path.read_text(errors="replace"))


def address(array: npt.NDArray[Any]) -> Any:
    """Where the first element of a contiguous array lies, as an argument of C; it holds the array."""
    try:
        return ctypes.byref(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type] # a third of the time of array.ctypes
    except (TypeError, ValueError):  # read-only, or empty
        return ctypes.c_void_p(array.ctypes.data)


@functools.cache
def say_once(reason: str) -> None:
    """One line on standard error: results are the same, but slower."""
    print(f"kilovox: going on without C, slower, with the same results ({reason})", file=sys.stderr)
