"""After `--nbmake --overwrite`: what differs from run to run, and says nothing, is taken out of the notebooks again."""

from pathlib import Path

import nbformat
import pytest


def tidied(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without times of execution and the version of Python; pieces in which one stream came are put together."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    joined: list[nbformat.NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Once a notebook has been run and written."""
    if item.path.suffix == ".ipynb" and item.config.getoption("overwrite"):
        notebook = tidied(nbformat.read(item.path, as_version=4))
        text = nbformat.writes(notebook)
        Path(item.path).write_text(text + "\n" * (not text.endswith("\n")))
