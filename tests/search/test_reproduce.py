"""The main job, on small recordings."""

import json

import pytest
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.corpus.open import open_corpus_at
from kilovox.search import reproduce as module
from kilovox.search.plans import Plan, plans
from kilovox.search.reproduce import reproduce


def test_networks_of_the_tasks():
    found = {
        plan.name: (plan.task, plan.config.hidden, plan.config.model.num_layers, len(plan.seeds)) for plan in plans(("a", "b"))
    }
    assert found["2x128"] == ("a", 128, 2, 1)
    assert found["2x24"] == ("b", 24, 2, 3)
    assert found["1x40"] == ("b", 40, 1, 1)
    assert [plan.config.model.readout for plan in plans(("a", "b"), "seed")] == ["after_padding"] * 2
    assert all(plan.task == "b" for plan in plans(("b",)))


@pytest.fixture(params=[(1, 2)], ids=["two seeds"])
def tiny(request, monkeypatch):
    """The same job with networks that train in a moment; its seeds are the parameter."""
    config = find_configuration("task-b").changed(
        training={"epochs": 2, "batch_size": 16, "augmentation": {"views": 1}}, model={"hidden_dim": 6},
        data_splitting={"validation_size": 0.2},
    )  # fmt: skip
    monkeypatch.setattr(module, "plans", lambda *arguments: [Plan("b", "2x6", config, request.param)])


def test_from_recordings_to_a_report(tiny, synthetic_folder, tmp_path):
    arguments = ["reproduce", "--corpus", str(synthetic_folder), "--out", str(tmp_path)]
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    (row,) = found["rows"]
    assert (row["task"], row["network"], row["arithmetic"]) == ("b", "2 x LSTM 6", "float32")
    assert set(row["accuracy"]) == {"random", "official"}
    assert row["accuracy"]["random"] == pytest.approx(sum(row["seeds"]["random"].values()) / 2)
    assert json.loads((tmp_path / "summary.json").read_text()) == found
    assert "<html" in (tmp_path / "report.html").read_text()
    models = sorted((tmp_path / "networks").glob("*/model.safetensors"))
    assert len(models) == 4
    stamps = [model.stat().st_mtime_ns for model in models]
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.stderr
    assert [model.stat().st_mtime_ns for model in models] == stamps, "finished networks are not trained again"
    assert "2 x LSTM 6" in again.stdout, "a table for people"
    assert "report.html" in again.stdout


@pytest.mark.parametrize("tiny", [(1,)], indirect=True, ids=["one seed"])
def test_precomputed_features_have_no_takes(tiny, in_this_process, tmp_path):
    import numpy as np

    labels = np.arange(80) % 10
    lengths = np.full(80, 12)
    features = np.random.default_rng(0).normal(size=(12 * 80, 13)) + np.repeat(labels, 12)[:, None]
    np.savez(tmp_path / "features.npz", X=features, y=labels, lengths=lengths)
    report = reproduce(("b",), open_corpus_at(tmp_path / "features.npz"), tmp_path / "out")
    assert set(report.runs[0].evaluations) == {"random"}
    assert report.runs[0].latency is None


def test_one_speaker_is_enough_for_random_but_not_for_a_speaker_split(tiny, in_this_process, synthetic_corpus, tmp_path):
    name = synthetic_corpus.speakers[0]
    alone = synthetic_corpus.subset([i for i, r in enumerate(synthetic_corpus.recordings) if r.speaker == name])
    report = reproduce(("b",), alone, tmp_path)
    assert report.runs[0].evaluations["random"].recordings == 6


def test_folder_that_cannot_be(synthetic_folder, tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["reproduce", "--corpus", str(synthetic_folder), "--out", str(tmp_path / "file" / "x")])
    assert result.exit_code == 2
    assert "cannot be made a folder" in result.stderr


def test_quick_on_two_speakers_of_fsdd(fsdd_folder, in_this_process, tmp_path):
    """Every network is far better than chance; the minute that the option promises on all of FSDD is the benchmark's."""
    (tmp_path / "recordings").mkdir()
    for speaker in ("jackson", "theo"):
        for path in fsdd_folder.glob(f"*_{speaker}_*.wav"):
            (tmp_path / "recordings" / path.name).symlink_to(path)
    arguments = ["--corpus", str(tmp_path / "recordings"), "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(main, ["reproduce", "--quick", "--task", "b", *arguments])
    assert result.exit_code == 0, result.stderr
    for row in json.loads(result.stdout)["rows"]:
        assert row["accuracy"]["random"] > 0.8
