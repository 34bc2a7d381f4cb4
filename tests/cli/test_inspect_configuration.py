"""What `kilovox inspect` says of a configuration."""

import json

import pytest
import yaml

from kilovox.cli.main import main
from kilovox.config import check_configuration, find_configuration
from models import make_recordings


@pytest.fixture
def doorbell(tmp_path):
    """A name, a corpus of three words and a memory."""
    for word in ("yes", "no", "stop"):
        make_recordings(tmp_path / "words" / word, labels=[word], speakers=["ada"], takes=1)
    path = tmp_path / "doorbell.yaml"
    path.write_text(
        f"experiment: {{name: doorbell}}\ndataset: {{kind: folders, path: {tmp_path}/words}}\nbudget: {{memory: 36KB}}\n"
    )
    return path


def test_everything_that_follows_from_three_lines(runner, doorbell):
    result = runner.invoke(main, ["inspect", str(doorbell)])
    assert result.exit_code == 0, result.output
    assert "doorbell: 1 x LSTM 86, int8" in result.stdout
    assert "36,305 of 36,864 bytes (scope model), 559 bytes to spare" in result.stdout
    shown = yaml.safe_load(result.stdout.partition("doorbell: 1 x")[0])
    assert shown["model"]["output_dim"] == 3
    assert shown["training"]["augmentation"]["acoustics"]["noise"] == 0.45
    # What is shown is a configuration again, of the same meaning.
    assert check_configuration(shown, "shown").hidden == 86


def test_as_json(runner, doorbell):
    found = json.loads(runner.invoke(main, ["inspect", str(doorbell), "--json"]).stdout)
    assert (found["arithmetic"], found["hidden"], found["size"]["bytes"]) == ("int8", 86, 36305)
    assert sorted(found["labels"]) == ["no", "stop", "yes"]
    assert found["configuration"]["quantisation"]["arithmetic"] == "int8"


def test_without_the_corpus_the_bytes_are_not_guessed(runner, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: {name: x}\ndataset: {kind: folders, path: nowhere}\nbudget: {memory: 36KB}\n")
    result = runner.invoke(main, ["inspect", str(path)])
    assert result.exit_code == 0, result.output
    assert "bytes: unknown until the corpus is there (nowhere: " in result.stdout


def test_names(runner):
    """`digits` is a model and a configuration; `task-b` is a configuration alone."""
    assert "2 x LSTM 24, float32" in runner.invoke(main, ["inspect", "task-b"]).stdout
    assert "Metrics" in runner.invoke(main, ["inspect", "digits"]).stdout
    as_configuration = runner.invoke(main, ["inspect", "digits", "--config"]).stdout
    assert "epochs: 110" in as_configuration
    assert f"1 x LSTM {find_configuration('digits').hidden}, int8" in as_configuration


def test_a_front_end_that_cannot_be(runner, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: {name: x}\nfrontend: {kind: fixed_point, window: 512}\nbudget: {memory: 36KB}\n")
    result = runner.invoke(main, ["inspect", str(path)])
    assert result.exit_code == 2
    assert result.stderr == "kilovox: window: 512; expected 256, the length of the integer transform\n"
