"""Imports only go down the list of rooms, and only one room imports torch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "kilovox"
ROOMS = (
    "cli", "web", "search", "evaluation", "verification", "gateware", "firmware", "training", "native", "integer", "frontend",
    "corpus", "config", "ground",
)  # fmt: skip
"""From the roof down; `ground` is every file that lies in no room: they know nothing above themselves."""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 and parts[0] in ROOMS else "ground"


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py" and path != PACKAGE / "__main__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    own = ROOMS.index(room(path))
    for name in imports(path):
        if not name.startswith("kilovox."):
            continue
        part = name.split(".")[1]
        other = ROOMS.index(part if part in ROOMS else "ground")
        assert own <= other, f"{room(path)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_has_one_room(path: Path) -> None:
    """`evaluation/torch_evaluator.py` uses the torch of the model that it is given."""
    if room(path) == "training" or path.name == "torch_evaluator.py":
        return
    assert not [name for name in imports(path) if name.split(".")[0] == "torch"]


def test_every_room_is_on_the_list() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders == (set(ROOMS) - {"ground"}) | {"audio"}
