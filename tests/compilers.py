"""A C compiler, and the libraries that tests of the firmware share."""

import os
import shutil
from collections.abc import Callable

import pytest

from firmware.models import random_listener, random_model
from kilovox.integer.recogniser import Recogniser
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
def pair(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pair]:
    """The same random model in C and in NumPy, compiled once a session, whichever of its processes asks first."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder /= "libraries"
    made: dict[str, Pair] = {}

    def make(arithmetic: str, units: int, layers: int = 2, listens: bool = False, **front_end: object) -> Pair:
        key = repr((arithmetic, units, layers, listens, sorted(front_end.items())))
        if key not in made:
            model = (random_listener if listens else random_model)(arithmetic, units, layers, **front_end)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KILOVOX_CACHE", str(folder))
                made[key] = HostRecogniser(model, compiler), Recogniser(model)
        return made[key]

    return make
