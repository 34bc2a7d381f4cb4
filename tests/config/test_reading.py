"""Names, files, and the dictionary that the notebook reads."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kilovox import read_yaml_file
from kilovox.config import bundled_configurations, find_configuration, read_configuration
from kilovox.errors import KilovoxError
from strangers import YAML_PIECES, configurations, edited


@pytest.mark.parametrize("name", bundled_configurations())
def test_the_keys_that_the_notebook_reads(name):
    values = read_yaml_file(bundled_configurations()[name])
    assert values["dataset"]["path"] is None
    assert 0 < values["data_splitting"]["test_size"] < 1
    assert values["experiment"]["seed"] == 42
    # What listens reads mel levels, and has a label for other words, but where all words are asked for.
    listens = name.startswith(("listening", "speech-commands"))
    outputs = 35 if name == "speech-commands-35" else 11
    assert (values["model"]["input_dim"], values["model"]["output_dim"]) == ((32, outputs) if listens else (13, 10))
    assert isinstance(values["model"]["hidden_dim"], int)
    assert values["model"]["num_layers"] in (1, 2)
    assert values["training"]["learning_rate"] > 0
    assert values["training"]["epochs"] > 0


def test_other_yaml_is_left_as_it_is(tmp_path):
    path = tmp_path / "x.yaml"
    for text, values in (("experiment: {seed: 42}\na: 1", {"experiment": {"seed": 42}, "a": 1}), ("[1, 2]", [1, 2])):
        path.write_text(text)
        assert read_yaml_file(path) == values


def test_a_name_is_a_name_and_a_path_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    (tmp_path / "task-a").write_text("experiment: {name: own}")
    assert find_configuration("digits").experiment.name == "digits"
    assert find_configuration("task-a").experiment.name == "fsdd-float32"
    assert find_configuration("./task-a").experiment.name == "own"
    with pytest.raises(KilovoxError, match=r"\./digits: is a folder; expected a YAML file or one of digits, "):
        find_configuration("./digits")


def test_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "x.yaml"
    path.write_text("experiment: {name: x}\ndataset: {kind: folders, path: ~/words}\nsynthetic: {path: ~}\n")
    config = read_configuration(path)
    assert config.dataset.path == tmp_path / "words"
    assert config.synthetic.path is None
    path.write_text("experiment: {name: x}\ndataset: {kind: folders, path: '~'}\n")
    assert read_configuration(path).dataset.path == tmp_path
    path.write_text("experiment: {name: x}\ndataset: {kind: folders, path: ~bob/words}\n")
    assert read_configuration(path).dataset.path == Path("~bob/words")
    assert find_configuration("~/x.yaml").experiment.name == "x"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=edited(configurations(), YAML_PIECES))
def test_a_configuration_that_was_edited(tmp_path, data):
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    try:
        config = read_configuration(path)
    except KilovoxError as error:
        said = str(error).splitlines()
        assert said
        assert all(line.startswith(str(path)) for line in said)
    else:
        assert config.of(3).of(3) == config.of(3)
