"""The notebooks as they lie there: executed, readable, nobody's machine in them. `make notebooks` runs them anew."""

import ast
import base64
import importlib
import json
import re
import struct
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
LARGEST = 400_000
"""Bytes of a notebook."""

PICTURES = {
    "0-map": 0, "1-recordings": 5, "2-task-a": 3, "3-task-b": 4, "4-task-c": 3, "5-strangers": 4, "6-microcontroller": 1,
}  # fmt: skip
"""Each has at least so many."""

QUICK = ["2-task-a", "3-task-b", "4-task-c", "5-strangers"]
"""Those that train."""

OURS_AND = {"kilovox", "matplotlib", "numpy", "torch", "pathlib", "sys", "tempfile"}

FIRST_NOTEBOOK = (
    "LSTM for Spoken Digit Classification", "Load Model Configuration from YAML",
    "Load and Split Dataset for Training and Evaluation", "Transform Raw Data into PyTorch Dataset Objects",
    "Create DataLoaders for Batch Processing", "LSTM Model Definition", "Training Loop", "Evaluation & Visualization",
    "Task B: Retrain Under Memory Constraints", "Model Parameter Breakdown for 2 Layers LSTM", "LSTM Layer Parameters",
    "Fully Connected (Linear) Layer", "Total Parameters", "Designing a 2-Layer LSTM Under a 36 KB Memory Constraint",
    "Floating Point Restriction (Task B Continued)", "Total Parameters for 1-Layer LSTM",
)  # fmt: skip
"""The headings of the notebook that this began with, in order."""

ITS_NAMES = (
    "set_seed", "read_yaml_file", "prepare_data_label_pairs", "train_test_split", "AudioFeaturesDataset", "DataLoader",
    "LSTMClassifier", "ModelTrainer", "get_model_params_size", "ModelEvaluator", "quantize_dynamic",
)  # fmt: skip
"""What its cells call."""

MACHINE = re.compile(r"(?<![\w.])/(work|root|home|tmp|Users|var|opt|usr|private)/|[A-Z]:\\\\|kilovox-[a-z0-9_]{8}\b")


def notebook(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text())
    return content


def cells(name: str, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook(name)["cells"] if cell["cell_type"] == kind]


def source(name: str, kind: str) -> str:
    return "\n".join("".join(cell["source"]) for cell in cells(name, kind))


def python(name: str) -> ast.Module:
    """The code without the lines that only IPython reads."""
    return ast.parse(re.sub(r"^[%!].*", "", source(name, "code"), flags=re.MULTILINE))


def outputs(name: str) -> list[dict[str, Any]]:
    return [output for cell in cells(name, "code") for output in cell["outputs"]]


def test_all_notebooks_are_known():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_executed_in_order_without_an_error(name):
    code = cells(name, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs(name) if output["output_type"] == "error"]
    assert not [output for output in outputs(name) if output.get("name") == "stderr"]
    assert sum(bool(cell["outputs"]) for cell in code) >= 3


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_that_differs_from_run_to_run(name):
    found = notebook(name)
    assert set(found["metadata"]) == {"kernelspec", "language_info"}
    assert found["metadata"]["language_info"] == {"name": "python"}
    assert not [cell for cell in found["cells"] if cell["metadata"]]
    for cell in cells(name, "code"):
        streams = [output["output_type"] == "stream" for output in cell["outputs"]]
        assert not any(one and another for one, another in pairwise(streams)), "pieces of one stream"
    assert not re.search(r"object at 0x|\d+(\.\d+)? ?(s|seconds) (elapsed|took)", json.dumps(outputs(name)))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_read_on_any_background(name):
    pictures = [output["data"]["image/png"] for output in outputs(name) if "image/png" in output.get("data", {})]
    assert len(pictures) >= PICTURES[name]
    for picture in pictures:
        data = base64.b64decode(picture)
        width, height = struct.unpack(">II", data[16:24])
        assert 200 <= width <= 1000
        assert 100 <= height <= 1000
        # The first pixel, a corner, is opaque white: matplotlib writes RGBA.
        assert _corner(data) == (255, 255, 255, 255)


def _corner(png: bytes) -> tuple[int, ...]:
    pixel = imread(BytesIO(png), format="png")[0, 0]
    return tuple(round(255 * float(value)) for value in pixel)


@pytest.mark.parametrize("name", PICTURES)
def test_small_and_silent(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size <= LARGEST
    text = path.read_text()
    assert "audio/" not in text
    assert "<audio" not in text
    kinds = {kind for output in outputs(name) for kind in output.get("data", {})}
    assert kinds <= {"image/png", "text/plain"}


@pytest.mark.parametrize("name", PICTURES)
def test_nobody_s_machine(name):
    assert not MACHINE.search((FOLDER / f"{name}.ipynb").read_text())


@pytest.mark.parametrize("name", PICTURES)
def test_only_public_names(name):
    for node in ast.walk(python(name)):
        if isinstance(node, ast.Import):
            modules, names = [alias.name for alias in node.names], []
        elif isinstance(node, ast.ImportFrom):
            modules, names = [node.module or ""], [alias.name for alias in node.names]
        else:
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_") or node.attr == "__doc__" or node.attr == "__all__", node.attr
            continue
        for module in modules:
            assert module.split(".")[0] in OURS_AND, module
            assert not any(part.startswith("_") for part in [*module.split("."), *names])
            assert not module.startswith("torch") or names in ([], ["DataLoader"])
            if module.startswith("kilovox"):
                home = importlib.import_module(module)
                assert all(hasattr(home, one) for one in names)


@pytest.mark.parametrize("name", QUICK)
def test_quick_training_is_called_so(name):
    text = source(name, "markdown")
    assert "**Quick training:**" in text
    assert "docs/results.md" in text
    assert "kilovox reproduce --task" in text or "kilovox crossvalidate" in text


@pytest.mark.parametrize("name", PICTURES)
def test_both_kinds_of_recordings(name):
    code = source(name, "code")
    assert "prepare_data_label_pairs" not in code or "if sound:" in code
    assert name == "0-map" or "open_default_corpus(quiet=True)" in code


@pytest.mark.parametrize("name", PICTURES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", source(name, "markdown")):
        assert (FOLDER / target).exists(), target


def test_figures_are_those_of_the_results():
    """Every share with its counts that a page quotes stands in docs/results.md."""
    results = re.sub(r"\s+|\*", "", (ROOT / "docs" / "results.md").read_text())
    for name in QUICK:
        for right, total in re.findall(r"\((\d+)/(\d+)[;)]", source(name, "markdown")):
            assert f"{right}/{total}" in results, f"{name}: {right}/{total}"


def test_map_names_every_section_of_the_first_notebook():
    text = source("0-map", "markdown")
    rows = re.findall(r"^\| ([^|]+) \|", text, flags=re.MULTILINE)
    places = [rows.index(heading) for heading in FIRST_NOTEBOOK]
    assert places == sorted(places)
    for name in ITS_NAMES:
        assert name in text


def test_map_says_where_it_differs():
    text = source("0-map", "markdown")
    for point in (
        "order of files",
        "mean loss",
        "normalisation",
        "layer against model",
        "validation part",
        "state that is read",
        "integers only",
    ):
        assert re.search(rf"\*\*\w, {point}\.\*\*|\*\*\w, the {point}\.\*\*|\*\*\w, a {point}\.\*\*", text), point
    for name in PICTURES:
        assert name == "0-map" or f"({name}.ipynb)" in text
