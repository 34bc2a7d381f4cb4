"""One network trained by two processes."""

import json
from functools import partial

import pytest
import torch
from click.testing import CliRunner

import members
from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.errors import KilovoxError
from kilovox.search import together
from kilovox.search.executor import open_executor
from kilovox.search.jobs import Job
from kilovox.search.together import train_together
from kilovox.training.experiment import run_experiment
from kilovox.training.parallel import Member, meeting_place

CLOSE = 1e-5


@pytest.fixture(scope="module")
def executor():
    with open_executor(workers=2) as opened:
        yield opened


def small(**model):
    return find_configuration("task-b").changed(
        training={"epochs": 3, "batch_size": 16, "augmentation": {"views": 1, "time_mask": 5, "feature_mask": 2}},
        model={"hidden_dim": 6, "num_layers": 1, "dropout": 0.2, **model}, data_splitting={"validation_size": 0.2},
    )  # fmt: skip


def curve(folder):
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in ("seconds", "accuracy_on")} for line in lines]


@pytest.fixture(scope="module")
def alone(synthetic_corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run_experiment(small(), synthetic_corpus, folder, progress=False)
    return curve(folder)


def test_the_loss_curve_is_that_of_one(executor, alone, synthetic_corpus, tmp_path):
    model = train_together(Job("two", small(), tmp_path / "run"), synthetic_corpus, executor, 2)
    found = curve(tmp_path / "run")
    assert found == [pytest.approx(figures, abs=CLOSE) for figures in alone]
    assert model.metadata.metrics["accuracy"] == pytest.approx(max(figures["validation_accuracy"] for figures in alone))
    with pytest.raises(KilovoxError, match="processes is not there, there it was 2"):
        run_experiment(small(), synthetic_corpus, tmp_path / "run", progress=False, resume=True)


def test_where_one_is_killed_all_go_on(executor, alone, synthetic_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(together, "Training", members.OneOfThemDies)
    train_together(Job("two", small(), tmp_path / "run"), synthetic_corpus, executor, 2)
    assert (tmp_path / "died").exists()
    assert curve(tmp_path / "run") == [pytest.approx(figures, abs=CLOSE) for figures in alone]


def test_normalisation_dropout_and_what_is_heard_are_of_the_whole_batch(executor):
    losses, weights = members.listened()
    with meeting_place(None) as place:
        both = [found for _, found in executor.run(partial(members.listened_together, place), range(2))]
    for found, theirs in both:
        assert found == [pytest.approx(figures, abs=CLOSE) for figures in losses]
        for name, values in weights.items():
            assert torch.allclose(torch.tensor(theirs[name]), torch.tensor(values), atol=1e-4), name
    assert both[0] == both[1]


@pytest.mark.parametrize("clips", [1, 2, 3, 16])
def test_every_clip_counts_once(clips):
    batch, labels = torch.arange(clips), torch.arange(clips)
    counted = torch.zeros(clips)
    for rank in range(3):
        member = Member(rank, 3)
        (inputs,), own = member.part([batch], labels)
        assert inputs.tolist() == own.tolist()
        assert len(own) > 0
        counted[own] += member.scale
    assert counted.tolist() == pytest.approx([1.0] * clips)


def test_what_cannot_be_trained_together(executor, synthetic_corpus, synthetic_folder, tmp_path):
    job = Job("two", small(num_layers=2), tmp_path / "run")
    with pytest.raises(KilovoxError, match="dropout between 2 LSTM layers"):
        train_together(job, synthetic_corpus, executor, 2)
    with pytest.raises(KilovoxError, match="--processes 3: expected at most 2"):
        train_together(Job("three", small(), tmp_path / "run"), synthetic_corpus, executor, 3)
    arguments = ["train", "task-b", "--corpus", str(synthetic_folder), "--processes", "2", "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, [*arguments, "--tensorboard"])
    assert result.exit_code == 2
    assert "expected no --processes with it" in result.stderr
    assert not (tmp_path / "run").exists()
