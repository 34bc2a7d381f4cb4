"""The C compiler of this machine: found, and run so that nothing it does can hold us up."""

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from kilovox.errors import KilovoxError

NAMES = ("cc", "gcc", "clang")
"""Looked for where CC names none, in this order."""

SECONDS = 60.0
"""A compiler that takes longer hangs: one second is usual."""


class NoCompilerError(KilovoxError):
    """There is no C compiler here; callers go on with NumPy."""


class CompilerHangsError(KilovoxError):
    """The compiler did not end in time."""


def compilers() -> Iterator[list[str]]:
    """Every C compiler here as the words of a command, its program as an absolute path: CC of the environment alone where it is
    set (split as a shell splits words), else those of NAMES.

    What lies in the current folder is never one: programs come from absolute folders of PATH, or are named by an absolute path.
    """
    wanted = os.environ.get("CC", "").strip()
    try:
        words = shlex.split(wanted)
    except ValueError:
        return
    known = set()
    for command in [words] if words else [[name] for name in NAMES]:
        program = _program(command[0])
        if program is not None and (real := os.path.realpath(program)) not in known:
            known.add(real)
            yield [program, *command[1:]]


def find_compiler() -> list[str]:
    """The first of `compilers`. Raises NoCompilerError where there is none."""
    for command in compilers():
        return command
    raise NoCompilerError(f"no C compiler ({os.environ.get('CC') or ', '.join(NAMES)}) on PATH; install one, or set CC")


def _program(name: str) -> str | None:
    if os.path.dirname(name):  # noqa: PTH120 (a Path would drop "./")
        return name if Path(name).is_absolute() and shutil.which(name) else None
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()]
    found = shutil.which(name, path=os.pathsep.join(folders)) if folders else None
    return found if found and Path(found).is_absolute() else None


def run_compiler(command: Sequence[str], where: Path, seconds: float | None = None) -> str:
    """What `command` printed, run in `where`.

    Raises KilovoxError, with what the compiler said, where it fails. Where it takes longer than `seconds` (SECONDS), it is
    ended with everything that it has started: CompilerHangsError.
    """
    seconds = SECONDS if seconds is None else seconds
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as printed:
        try:
            running = subprocess.Popen(  # noqa: S603 (the user's own compiler)
                command, cwd=where, stdin=subprocess.DEVNULL, stdout=printed, stderr=said, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise KilovoxError(f"{command[0]}: {error}") from None
        try:
            status = _wait(running, seconds)
        except subprocess.TimeoutExpired:
            raise CompilerHangsError(f"{command[0]}: did not end within {seconds:g} seconds") from None
        finally:
            if running.poll() is None:
                _end(running)
        printed.seek(0)
        said.seek(0)
        if status != 0:
            message = said.read().decode(errors="replace").strip()[-2000:]
            raise KilovoxError(f"{' '.join(command[:6])} ...: exit status {status}\n{message}")
        return printed.read().decode(errors="replace")


def _wait(running: "subprocess.Popen[bytes]", seconds: float) -> int:
    """As its `wait`, which looks every 50 ms (a small file takes less), but told by the system, where that is possible."""
    with contextlib.suppress(AttributeError, OSError):
        handle = os.pidfd_open(running.pid)
        try:
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            ended.poll(1000 * seconds)
        finally:
            os.close(handle)
        seconds = 0.0
    return running.wait(seconds)


def _end(running: "subprocess.Popen[bytes]") -> None:
    """The process and all it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
    running.wait()
