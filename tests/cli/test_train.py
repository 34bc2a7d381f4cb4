"""kilovox train: what it leaves and what it says next."""

import json
import shlex

import pytest
import yaml
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.config import find_configuration
from models import make_recordings


@pytest.fixture
def folder(tmp_path):
    """Words in a folder each, at a path that a shell would take apart."""
    recordings = make_recordings(tmp_path / "tones")
    folder = tmp_path / "my words & more"
    for one in recordings.recordings:
        path = folder / one.label / f"{one.speaker}_nohash_{one.take}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.path.read_bytes())
    return folder


@pytest.fixture
def config_file(tmp_path):
    def write(**sections):
        config = find_configuration("task-b").changed(
            training={"epochs": 1, "batch_size": 8, "augmentation": {"views": 0}}, model={"hidden_dim": 4, "output_dim": 3},
            data_splitting={"validation_size": 0.2, **sections},
        )  # fmt: skip
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
        return str(path)

    return write


def run(*arguments):
    result = CliRunner().invoke(main, ["train", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


def test_the_last_line_is_a_command_that_judges_on_the_own_corpus(config_file, folder, tmp_path):
    printed = run(config_file(), "--corpus", folder, "--out", tmp_path / "a run").stdout
    command = shlex.split(printed.splitlines()[-1].removesuffix(" judges it on the test part"))
    assert command[:2] == ["kilovox", "evaluate"]
    judged = CliRunner().invoke(main, [*command[1:], "--json"])
    assert judged.exit_code == 0, judged.output
    assert json.loads(judged.stdout)["split"] == "random"
    assert json.loads(judged.stdout)["recordings"] == 5
    (corpus,) = json.loads((tmp_path / "a run" / "experiment.json").read_text())["corpora"]
    assert corpus["where"] == str(folder)


def test_the_same_in_json_and_curves_are_drawn(config_file, folder, tmp_path):
    found = json.loads(run(config_file(), "--corpus", folder, "--out", tmp_path / "run", "--json").stdout)
    expected = ["kilovox", "evaluate", str(tmp_path / "run" / "model.safetensors"), "--corpus", str(folder)]
    assert shlex.split(found["evaluate"]) == expected
    assert "<svg" in (tmp_path / "run" / "learning-curves.svg").read_text()


def test_where_nothing_is_left_to_judge_it_says_so(config_file, folder, tmp_path):
    printed = run(config_file(split="all"), "--corpus", folder, "--out", tmp_path / "run").stdout
    assert "no figure on it judges this model" in printed
    assert "judges it on the test part" not in printed
