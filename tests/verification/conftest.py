"""Fixtures of this room's tests."""

from collections.abc import Callable, Iterator

import pytest

from compilers import compiler, compilers, object_files, pair
from kilovox.verification import toolchain

__all__ = ["compiler", "compilers", "object_files", "pair"]


@pytest.fixture(scope="module", autouse=True)
def _compiled_once(object_files: Callable[..., str]) -> Iterator[None]:
    """Several tests look at one model, one of them at a wrong weight in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toolchain, "run_compiler", object_files)
        yield
