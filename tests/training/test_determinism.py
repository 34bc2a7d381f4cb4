"""The same configuration, seed and recordings: the same bytes, whatever the cache holds and however they are listed."""

import pytest

from kilovox.config import find_configuration
from kilovox.corpus.base import RecordingCorpus
from kilovox.training.experiment import run_experiment
from models import make_recordings

FILES = ("model.safetensors", "float.safetensors", "ptq.safetensors")


def config(acoustics):
    augmentation = {"views": 2, "feature_mask": 2, "acoustics": {"silence_ms": 50.0} if acoustics else None}
    return find_configuration("task-b-int8").changed(
        training={"epochs": 1, "batch_size": 8, "augmentation": augmentation}, quantisation={"epochs": 1},
        distillation={"hidden_dim": 4, "epochs": 1, "teachers": 1}, model={"hidden_dim": 4, "output_dim": 3},
        data_splitting={"validation_size": 0.2},
    )  # fmt: skip


@pytest.mark.parametrize("acoustics", [False, True])
def test_cold_cache_warm_cache_no_cache_and_another_order(tmp_path, monkeypatch, acoustics):
    corpus = make_recordings(tmp_path / "tones")
    turned = RecordingCorpus(corpus.name, corpus.recordings[::-1], corpus.where)
    (tmp_path / "file").write_text("")
    bytes_of = {}
    for name, cache, recordings in (
        ("cold", "one", corpus), ("warm", "one", corpus), ("none", "file/below", corpus), ("turned", "two", turned),
    ):  # fmt: skip
        monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / cache))
        run_experiment(config(acoustics), recordings, tmp_path / name, progress=False)
        bytes_of[name] = [(tmp_path / name / file).read_bytes() for file in FILES]
    for name, found in bytes_of.items():
        assert found == bytes_of["cold"], name


def test_a_cache_that_knows_more_recordings_changes_nothing(tmp_path, monkeypatch):
    """What a fold finds in the cache of all folds is what it would have computed alone."""
    corpus = make_recordings(tmp_path / "tones")
    part = corpus.subset([place for place, one in enumerate(corpus.recordings) if one.speaker == "ada"])
    found = []
    for cache, before in (("alone", None), ("shared", corpus)):
        monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / cache))
        if before is not None:
            run_experiment(config(True), before, tmp_path / cache / "all", progress=False)
        run_experiment(config(True), part, tmp_path / cache / "part", progress=False)
        found.append([(tmp_path / cache / "part" / file).read_bytes() for file in FILES])
    assert found[0] == found[1]
