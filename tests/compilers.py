"""A C compiler, and the libraries that tests of the firmware share."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from firmware.models import random_listener, random_model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification import toolchain
from kilovox.verification.host import HostRecogniser, NoCompilerError, find_compiler

Pair = tuple[HostRecogniser, Recogniser]


@pytest.fixture(scope="session")
def compiler() -> str:
    try:
        return find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def compilers(compiler: str) -> list[str]:
    """gcc and clang, those that are here."""
    return sorted({found for name in (compiler, "gcc", "clang") if (found := shutil.which(name))})


@pytest.fixture(scope="session")
def pair(compiler: str, common_folder: Path) -> Callable[..., Pair]:
    """The same random model in C and in NumPy, compiled once a session, whichever of its processes asks first."""
    made: dict[str, Pair] = {}

    def make(arithmetic: str, units: int, layers: int = 2, listens: bool = False, **front_end: object) -> Pair:
        key = repr((arithmetic, units, layers, listens, sorted(front_end.items())))
        if key not in made:
            model = (random_listener if listens else random_model)(arithmetic, units, layers, **front_end)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KILOVOX_CACHE", str(common_folder / "libraries"))
                made[key] = HostRecogniser(model, compiler), Recogniser(model)
        return made[key]

    return make


@pytest.fixture(scope="session")
def object_files(common_folder: Path) -> Callable[[Sequence[str], Path], str]:
    """Runs a compiler as kilovox.verification.toolchain does, but for what has been compiled in this session already: the same
    C file beside the same headers by the same command."""
    folder, run_compiler = common_folder / "objects", toolchain.run_compiler
    folder.mkdir(exist_ok=True)

    def run(command: Sequence[str], where: Path) -> str:
        if "-c" not in command:
            return run_compiler(command, where)
        texts = [(path.name, path.read_text()) for path in sorted(where.glob("*.h"))]
        key = repr((list(command), (where / command[-1]).read_text(), texts)).encode()
        kept, made = folder / hashlib.sha256(key).hexdigest(), where / command[command.index("-o") + 1]
        if kept.exists():
            made.write_bytes(kept.read_bytes())
            return ""
        printed = run_compiler(command, where)
        whole = folder / f"{kept.name}-{os.getpid()}-{made.parent.name}"
        whole.write_bytes(made.read_bytes())
        whole.replace(kept)
        return printed

    return run
