"""What the README shows, and what was in it once, works as it stands there."""

import re
from pathlib import Path

from kilovox.config import read_configuration
from kilovox.integer.model_file import load_model

ROOT = Path(__file__).parents[1]
README, PYTHON = ROOT / "README.md", ROOT / "docs" / "how-to" / "python.md"


def test_python_example(synthetic_folder, tmp_path, monkeypatch, capsys):
    first, second = re.findall(r"```python\n(.*?)```", PYTHON.read_text(), re.DOTALL)
    (tmp_path / "recordings").symlink_to(synthetic_folder)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(first, str(PYTHON), "exec"), names)
    assert set(names["train"].labels.tolist()) == set(range(10))
    assert len(names["train"]) + len(names["test"]) == 90
    printed = capsys.readouterr().out
    assert "Total Parameters: 8,794" in printed
    assert re.search(r"Accuracy on test data: [\d.]+%", printed)
    exec(compile(second, str(PYTHON), "exec"), names)
    assert load_model(tmp_path / "twin.safetensors").metadata.arithmetic == "int8"


def test_the_shortest_configurations(tmp_path):
    (code,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "how-to" / "recordings.md").read_text(), re.DOTALL)
    (tmp_path / "several.yaml").write_text(code)
    several = read_configuration(tmp_path / "several.yaml")
    assert [member.role for member in several.corpora] == ["train", "train", "train", "validation"]
    assert [member.balance for member in several.corpora][1:3] == ["recordings", "words"]
    assert several.vocabulary.labels == ("yes", "no", "stop")
    (code,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "doorbell.yaml").write_text(code)
    config = read_configuration(tmp_path / "doorbell.yaml")
    assert config.quantisation.arithmetic == "int8"
    assert config.dataset.path == Path.home() / "recordings"


def test_it_is_short_and_what_it_shows_is_there():
    text = README.read_text()
    assert len(text.split("\n")) < 120
    linked = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)
    assert {"docs/pictures/demo-wide.png", "docs/pictures/listen.svg", "docs/results.md"} <= set(linked)
    assert all((ROOT / path).exists() for path in linked)
