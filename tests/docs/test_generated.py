"""The pages that are made of code and models say all of it, and what is written beside them is still true."""

import importlib
import json
import re
import sys

import pytest
import yaml

from blocks import ROOT
from kilovox.config import Configuration
from kilovox.integer.bundled import bundled_models, open_recogniser
from kilovox.verification.verify import TARGETS

HOOKS = ROOT / "docs" / "hooks"


@pytest.fixture(scope="module")
def hooks():
    """The module that makes a page, by its name."""
    sys.path.insert(0, str(HOOKS))
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(HOOKS))


def test_every_key_is_described(hooks):
    """Each key of each section: neither more nor fewer than the models have."""
    schema = Configuration.model_json_schema()
    described = yaml.safe_load((HOOKS / "keys.yaml").read_text())
    assert {name: sorted(keys) for name, keys in described["keys"].items()} == {
        name: sorted(section["properties"]) for name, section in schema["$defs"].items()
    }
    assert {model for model, _ in described["sections"].values()} == set(schema["$defs"])
    assert {name.split(".")[0].split(" ")[0] for name in described["sections"]} == set(schema["properties"])
    page = hooks("page_keys").page()
    for section in schema["$defs"].values():
        for key in section["properties"]:
            assert re.search(rf"^\| `{key}` \|", page, re.MULTILINE), key


@pytest.mark.parametrize(
    ("row"),
    [
        "| `name` | text, of letters, digits and `_.-`, at most 100 | required |",
        "| `seed` | whole number, &ge; 0, < 4,294,967,296 | `42` |",
        "| `memory` | whole number, > 0, &le; 2,147,483,647 | `36864` |",
        "| `floor_db` | number or null, > 0, &le; 192.66 | `60` |",
        "| `arithmetic` | `int8`, `pow2` | required |",
        "| `words` | section or null | null |",
        "| `hidden_dim` | whole number or `fit`, > 0, &le; 4,096 | `128` |",
        "| `quantisation.epochs` | `20` | `3` |",
    ],
)
def test_rows_of_keys(hooks, row):
    assert row in hooks("page_keys").page()


def test_every_function_of_the_header(hooks):
    """Functions and types are counted in the header by other means than those of the page."""
    page_c = hooks("page_c")
    text = re.sub(r"/\*.*?\*/", "", page_c.HEADER.read_text(), flags=re.DOTALL)
    functions = re.findall(r"^[a-z]\w*[\w ]*?\**\b(kv_\w+)\(", text, re.MULTILINE)
    types = re.findall(r"^\} (kv_\w+);", text, re.MULTILINE)
    assert len(functions) > 15
    entries = {name: entry for entry in page_c.entries(page_c.HEADER.read_text()) for name in entry.names}
    assert {name for name, entry in entries.items() if entry.kind == "function"} == set(functions)
    assert {name for name, entry in entries.items() if entry.kind == "type"} == set(types)
    assert entries["kv_detected"].condition == "KV_LISTENS"
    assert entries["kv_push"].comment == "Take `count` samples. Returns the number of frames that they completed."
    assert entries["kv_quantise"].comment.startswith("cepstra -> features")
    assert entries["kv_decision"].comment == ""
    page = page_c.page()
    for name in (*functions, *types, "kv_labels", "KV_ENDED"):
        assert re.search(rf"^### .*`{name}`", page, re.MULTILINE), name


def test_every_model_has_a_page(hooks):
    pages = hooks("page_models").pages()
    assert set(pages) == {"models/index.md", *(f"models/{name}.md" for name in bundled_models())}
    navigation = (ROOT / "mkdocs.yml").read_text()
    for name in bundled_models():
        recogniser = open_recogniser(name)
        metadata, size = recogniser.model.metadata, recogniser.size
        page = pages[f"models/{name}.md"]
        assert f"| bytes of the network | {size.bytes:,} |" in page
        assert f"| all | {size.parameters:,} | {size.bytes:,} |" in page
        assert f"{len(metadata.trained_on.recordings):,}" in page
        for source in metadata.trained_on.besides:
            assert f"| {source.corpus} | {source.recordings:,} |" in page
        assert ("<svg" in page) == (metadata.detection_errors is not None)
        assert f"models/{name}.md" in navigation
        assert f"`{name}`" in pages["models/index.md"]


def test_the_curve_is_that_of_the_file(hooks):
    page = hooks("page_models").pages()["models/listening.md"]
    errors = open_recogniser("listening").model.metadata.detection_errors
    for level, missed, false in zip(errors.levels, errors.missed, errors.per_hour, strict=True):
        assert re.search(rf"\| \**{level}\** \| [\d.]+ \| {missed:.1%} \| {false:,.1f} \|", page), level


def test_figures_are_those_of_the_results(hooks):
    """What models.yaml says was measured stands in docs/results.md, figure and interval."""
    results = (ROOT / "docs" / "results.md").read_text()
    for name, said in hooks("page_models").said_of_models().items():
        for what, figure, interval, _ in said["figures"]:
            assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d,])", results), f"{name}: {what}: {figure}"
            numbers = re.match(r"[\d./; -]*(?: to [\d.]+)?", interval)[0].strip()
            if re.search(r"\d(-| to )\d", numbers):
                assert numbers in results, f"{name}: {what}: {interval}"


def test_costs_are_of_every_model():
    """docs/hooks/costs.py measured the models that there are, on cores that there are, and found no difference."""
    costs = json.loads((HOOKS / "costs.json").read_text())
    integers = {name for name in bundled_models() if open_recogniser(name).engine is not None}
    assert set(costs) == integers
    for one in costs.values():
        assert one["passed"]
        assert set(one["targets"]) == {"cortex-m0", "cortex-m4", "riscv32", "riscv32i"} <= set(TARGETS)


def test_pages_of_commands_and_python(site):
    """What other plugins make is there: every command, and every public name."""
    import kilovox
    from kilovox.cli.main import COMMANDS

    commands = (site / "reference" / "commands.html").read_text()
    for name in COMMANDS:
        assert f'id="kilovox-{name}"' in commands or f">{name}<" in commands, name
    python = (site / "reference" / "python.html").read_text()
    for name in kilovox.__all__:
        assert re.search(rf'id="kilovox[\w.]*\.{name}"', python), name


def test_rooms_are_those_of_contributing(hooks):
    rooms = hooks("site_hook").rooms()
    for room in sorted(path.name for path in (ROOT / "src" / "kilovox").iterdir() if (path / "__init__.py").exists()):
        assert f"| `{room}/` | " in rooms or room in ("audio", "web"), room
    assert "decider and detections, outcome, model file, recogniser" in rooms
    assert (ROOT / "docs" / "explanation" / "design.md").read_text().count("<!-- rooms -->") == 1
