"""What the README shows works as it stands there."""

import re
from pathlib import Path

from kilovox.config import read_configuration
from kilovox.integer.model_file import load_model

README = Path(__file__).parents[1] / "README.md"


def test_python_example(synthetic_folder, tmp_path, monkeypatch, capsys):
    first, second = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "recordings").symlink_to(synthetic_folder)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(first, str(README), "exec"), names)
    assert set(names["train"].labels.tolist()) == set(range(10))
    assert len(names["train"]) + len(names["test"]) == 90
    printed = capsys.readouterr().out
    assert "Total Parameters: 8,794" in printed
    assert re.search(r"Accuracy on test data: [\d.]+%", printed)
    exec(compile(second, str(README), "exec"), names)
    assert load_model(tmp_path / "twin.safetensors").metadata.arithmetic == "int8"


def read_configuration_of(text, folder):
    (folder / "several.yaml").write_text(text)
    return read_configuration(folder / "several.yaml")


def test_the_shortest_configuration(tmp_path):
    code = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    several = read_configuration_of("experiment: {name: several}\n" + code[0], tmp_path)
    assert [member.role for member in several.corpora] == ["train", "train", "train", "validation"]
    assert [member.balance for member in several.corpora][1:3] == ["recordings", "words"]
    assert several.vocabulary.labels == ("yes", "no", "stop")
    (tmp_path / "doorbell.yaml").write_text(code[1])
    config = read_configuration(tmp_path / "doorbell.yaml")
    assert config.quantisation.arithmetic == "int8"
    assert config.dataset.path == Path.home() / "recordings"
