"""A run's folder: one run, one process, nothing of another run mixed in."""

import json
import shutil

import pytest

from kilovox.config import find_configuration
from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.search.crossvalidate import crossvalidate
from kilovox.training import run_key
from kilovox.training.experiment import run_experiment
from kilovox.training.run_folder import IDENTITY_FILE, claimed, is_run_of
from kilovox.training.run_key import RunKeys
from models import make_recordings

CONFIG = find_configuration("task-b-int8").changed(
    training={"epochs": 1, "batch_size": 16, "augmentation": {"views": 1}},
    distillation={"hidden_dim": 4, "epochs": 1, "teachers": 1},
    quantisation={"epochs": 1}, model={"hidden_dim": 4, "output_dim": 3}, data_splitting={"validation_size": 0.0},
)  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    return make_recordings(tmp_path / "tones")


def relabelled(corpus):
    recordings = list(corpus.recordings)
    recordings[0] = Recording(**{**vars(recordings[0]), "label": "2"})
    return RecordingCorpus(corpus.name, recordings, corpus.where)


def train(corpus, folder, config=CONFIG, **options):
    return run_experiment(config, corpus, folder, progress=False, **options)


def test_resuming_with_other_labels_is_refused_and_names_them(corpus, tmp_path):
    run = tmp_path / "run"
    train(corpus, run)
    content = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(KilovoxError, match=r"another configuration or corpus \(corpus tones: labels\)"):
        train(relabelled(corpus), run, resume=True)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == content
    train(corpus, run, resume=True)


def test_teachers_of_other_labels_do_not_teach(corpus, tmp_path):
    train(corpus, tmp_path / "one")
    train(corpus, tmp_path / "again")
    assert not (tmp_path / "again" / "teacher-0").exists(), "the same teachers are not trained twice"
    train(relabelled(corpus), tmp_path / "two")
    assert (tmp_path / "two" / "teacher-0" / "log.jsonl").exists()
    assert (tmp_path / "one" / "model.safetensors").read_bytes() == (tmp_path / "again" / "model.safetensors").read_bytes()


def test_teachers_of_another_recipe_do_not_teach(corpus, tmp_path, monkeypatch):
    train(corpus, tmp_path / "one")
    monkeypatch.setattr(run_key, "RECIPE_VERSION", run_key.RECIPE_VERSION + 1)
    with pytest.raises(KilovoxError, match="version of recipe"):
        train(corpus, tmp_path / "one", resume=True)
    train(corpus, tmp_path / "two")
    assert (tmp_path / "two" / "teacher-0" / "log.jsonl").exists()


def test_folds_of_other_labels_are_not_kept(corpus, tmp_path):
    config = CONFIG.without("distillation", "quantisation")
    crossvalidate(config, corpus, tmp_path / "out", workers=1)
    model = tmp_path / "out" / "folds" / "ada" / "model.safetensors"
    stamp = model.stat().st_mtime_ns
    crossvalidate(config, corpus, tmp_path / "out", workers=1)
    assert model.stat().st_mtime_ns == stamp
    with pytest.raises(KilovoxError, match=r"folds/ada: holds a run of another .* \(corpus tones: labels\)"):
        crossvalidate(config, relabelled(corpus), tmp_path / "out", workers=1)
    assert model.stat().st_mtime_ns == stamp


def test_what_the_folder_says(corpus, tmp_path):
    train(corpus, tmp_path / "run")
    said = json.loads((tmp_path / "run" / IDENTITY_FILE).read_text())
    key = RunKeys(corpus).of(CONFIG)
    assert said["identity"] == key.identity
    assert said["run"] == key.facts
    assert said["corpora"] == [{"role": "corpus", "name": "tones", "where": str(tmp_path / "tones")}]
    assert is_run_of(key, tmp_path / "run")


def test_a_relative_place_is_found_from_another_folder(corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(RecordingCorpus("tones", corpus.recordings, "tones"), tmp_path / "run")
    said = json.loads((tmp_path / "run" / IDENTITY_FILE).read_text())
    assert said["corpora"][0]["where"] == str(tmp_path / "tones")


@pytest.mark.parametrize("content", ['{"identity": "0123"}', "", "[]", '{"run": 3}', "[" * 9999])
def test_a_run_of_an_older_kilovox_or_a_damaged_one_is_another(corpus, tmp_path, content):
    train(corpus, tmp_path / "run")
    (tmp_path / "run" / IDENTITY_FILE).write_text(content)
    with pytest.raises(KilovoxError, match="does not say of what, as runs of an older kilovox"):
        train(corpus, tmp_path / "run", resume=True)


def test_a_moved_corpus_is_the_same_run(corpus, tmp_path):
    train(corpus, tmp_path / "run")
    before = (tmp_path / "run" / "float.safetensors").read_bytes()
    shutil.move(tmp_path / "tones", tmp_path / "moved")
    moved = [Recording(**{**vars(one), "path": tmp_path / "moved" / one.name}) for one in corpus.recordings]
    train(RecordingCorpus("tones", moved, str(tmp_path / "moved")), tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "float.safetensors").read_bytes() == before
    said = json.loads((tmp_path / "run" / IDENTITY_FILE).read_text())
    assert said["corpora"][0]["where"] == str(tmp_path / "moved")


def test_one_process_at_a_time_and_the_true_reason(corpus, tmp_path):
    keys = RunKeys(corpus)
    key, uses, folder = keys.of(CONFIG), keys.uses(CONFIG), tmp_path / "run"
    with (
        claimed(folder, key, uses, resume=False),
        pytest.raises(KilovoxError, match="another process works there"),
        claimed(folder, key, uses, resume=True),
    ):
        pass
    (tmp_path / "other" / "lock").mkdir(parents=True)
    with pytest.raises(KilovoxError, match="cannot be locked"), claimed(tmp_path / "other", key, uses, resume=True):
        pass


def test_what_a_killed_run_left_half_written_is_removed(corpus, tmp_path):
    run = tmp_path / "run"
    (run / "quantised").mkdir(parents=True)
    left = [run / ".model.safetensors.abc_12xy", run / "quantised" / ".checkpoint.safetensors.abcdefgh"]
    kept = [run / ".notes", run / ".vimrc.swp", run / "quantised" / "mine.txt"]
    for path in left + kept:
        path.write_text("x")
    train(corpus, run)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


def test_what_cannot_be_trained_leaves_the_folder_free(corpus, tmp_path):
    with pytest.raises(KilovoxError, match="expected model"):
        train(corpus, tmp_path / "run", CONFIG.changed(model={"output_dim": 4}))
    train(corpus, tmp_path / "run")
