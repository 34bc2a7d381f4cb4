"""kilovox search, with a real training or two."""

import json
import re

import pytest
import yaml

from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.search import search as module
from kilovox.search.trials import train_trial
from kilovox.training.trainer import DivergedError
from models import make_recordings


@pytest.fixture
def small(tmp_path):
    """A configuration of three people, of whom one validates, and networks that train in a moment."""
    make_recordings(tmp_path / "tones", speakers=("ada", "bo", "cy"), takes=2)
    values = {
        "experiment": {"name": "small"},
        "dataset": {"path": str(tmp_path / "tones")},
        "data_splitting": {"split": "speaker:cy", "validation_size": 0.5, "group": "speaker"},
        "frontend": {"kind": "fixed_point", "frames": 20},
        "model": {"num_layers": 1, "dropout": 0.0},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.02},
        "quantisation": {"arithmetic": "int8", "epochs": 1},
        "search": {"trials": 3, "generation": 3, "rungs": 2, "space": {"budget.memory": {"low": 700, "high": 2048}}},
    }
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_from_recordings_to_a_front(small, runner, tmp_path, monkeypatch):
    """A worker trains; a ready configuration trained by itself gives the very accuracy that the search says."""
    arguments = ["search", str(small), "--budget", "2KB", "--out", str(tmp_path / "out"), "--workers", "1"]
    first = runner.invoke(main, [*arguments, "--json"])
    assert first.exit_code == 0, first.stderr
    found = json.loads(first.stdout)
    assert (found["trials"], found["trainings"], found["budget"]) == (3, 4, {"memory": 2048, "scope": "model"})
    (row,) = found["front"]
    assert row["bytes"] <= 2048
    assert "kilovox: 3 networks, 4 trainings of them" in first.stderr
    assert "validation: 6 recordings of 1 people whom nothing was trained on" in first.stderr

    trained = runner.invoke(main, ["train", row["config"], "--out", str(tmp_path / "run"), "--json"])
    assert trained.exit_code == 0, trained.stderr
    metrics = json.loads(trained.stdout)["metrics"]
    assert (metrics["split"], metrics["epoch"]) == ("validation", row["epoch"])
    assert metrics["accuracy"] == pytest.approx(row["accuracy"], abs=1e-6)

    monkeypatch.setattr("kilovox.search.trials.train_trial", lambda *_: pytest.fail("trained again"))
    again = runner.invoke(main, arguments)
    assert again.exit_code == 0, again.stderr
    assert re.search(rf"1 x LSTM \d+, int8 +{row['bytes']:,} +{row['accuracy']:.2%}", again.stdout)
    assert "3 networks proposed by Optuna, 4 trainings, 1 of them in full" in again.stdout
    assert "small-1.yaml" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "2 stones"], "'2 stones' is not a size of memory"),
        (["--budget", "100"], "no network of the space fits"),
        (["--budget", "2KB", "--core", "z80"], "core 'z80': no counts of it; expected one of cortex-m0"),
        ([], "small: no budget; expected --budget"),
        (["--budget", "2048MB"], "small: a budget of 2,147,483,648 bytes; expected at most 2,147,483,647"),
        (["--budget", "2KB", "--trials", "9" * 400], "--trials"),
        (["--budget", "2KB", "--epochs", "9" * 400], "--epochs"),
        (["--budget", "2KB", "--instructions", "9" * 400], "--instructions"),
        (["--budget", "2KB", "--workers", "9" * 19], "is not in the range 1<=x<=1024"),
    ],
)
def test_bad_input_is_one_line(small, runner, tmp_path, arguments, said):
    done = runner.invoke(main, ["search", str(small), *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out" / "front").exists()


def test_what_it_leaves_has_a_place_before_anything_is_trained(small, runner, tmp_path, monkeypatch):
    monkeypatch.setattr("kilovox.search.trials.train_trial", lambda *_: pytest.fail("trained"))
    (tmp_path / "out" / "front").mkdir(parents=True)
    (tmp_path / "out" / "front" / "mine.txt").write_text("mine")
    done = runner.invoke(main, ["search", str(small), "--budget", "2KB", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "front: holds other files; name a folder that is empty" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["front"]


def test_interrupted_it_says_how_to_go_on(small, runner, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "halved", interrupted)
    done = runner.invoke(main, ["search", str(small), "--budget", "2KB", "--out", str(tmp_path / "out")])
    assert done.exit_code == 130
    assert "interrupted; the same command goes on where it stopped" in done.stderr


def test_a_training_that_diverges_has_no_accuracy_and_ends_no_search(tmp_path, monkeypatch):
    def diverging(*_, **__):
        raise DivergedError("epoch 1: loss nan")

    monkeypatch.setattr("kilovox.search.trials.run_experiment", diverging)
    found = train_trial(make_recordings(tmp_path / "tones"), find_configuration("task-b"))
    assert (found.accuracy, found.recordings, found.epoch) == (0.0, 0, 0)
