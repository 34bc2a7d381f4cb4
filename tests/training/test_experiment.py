"""From a configuration to a model file: determinism, resuming after a kill, and what does not fit."""

import pytest
import yaml
from click.testing import CliRunner

from killing import killed_once_there
from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.corpus.open import open_corpus_at
from kilovox.errors import KilovoxError
from kilovox.integer.model_file import load_model, short_hash
from kilovox.integer.recogniser import Recogniser
from kilovox.training.experiment import run_experiment


def small(**sections):
    changes = {
        "training": {"epochs": 4, "batch_size": 16, "augmentation": {"views": 1}},
        "model": {"hidden_dim": 8},
        "data_splitting": {"validation_size": 0.2},
    }
    for section, values in sections.items():
        changes[section] = {**changes.get(section, {}), **values}
    return find_configuration("task-b").changed(**changes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, synthetic_corpus):
    folder = tmp_path_factory.mktemp("run")
    run_experiment(small(), synthetic_corpus, folder, progress=False)
    return folder


def test_same_seed_same_bytes(trained, synthetic_corpus, tmp_path):
    run_experiment(small(), synthetic_corpus, tmp_path, progress=False)
    assert (tmp_path / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_another_seed_another_model(trained, synthetic_corpus, tmp_path):
    run_experiment(small(experiment={"seed": 7}), synthetic_corpus, tmp_path, progress=False)
    assert (tmp_path / "model.safetensors").read_bytes() != (trained / "model.safetensors").read_bytes()


def test_it_learns(synthetic_corpus, tmp_path):
    config = small(training={"epochs": 60, "batch_size": 16, "augmentation": {"views": 0}}, model={"hidden_dim": 16})
    model = run_experiment(config, synthetic_corpus, tmp_path, progress=False)
    assert model.metadata.metrics["split"] == "validation"
    recogniser = Recogniser(model)
    decisions = recogniser.decide(recogniser.corpus_features(synthetic_corpus))
    truth = [recogniser.labels.index(recording.label) for recording in synthetic_corpus.recordings]
    assert (decisions.indices == truth).mean() > 0.8
    assert (decisions.confidence > 0.1).all()


def test_provenance(trained, synthetic_corpus):
    metadata = load_model(trained / "model.safetensors").metadata
    assert metadata.trained_on.fingerprint == synthetic_corpus.fingerprint
    assert len(metadata.trained_on.recordings) == len(synthetic_corpus) - round(0.2 * len(synthetic_corpus))
    assert set(metadata.trained_on.recordings) <= set(map(short_hash, synthetic_corpus.hashes))
    assert metadata.aliases["seven"] == "7"


def test_killed_at_any_moment_resumes_to_the_same_model(trained, synthetic_folder, synthetic_corpus, tmp_path):
    config = tmp_path / "small.yaml"
    config.write_text(yaml.safe_dump(small().model_dump(mode="json")))
    run = tmp_path / "run"
    killed_once_there(run / "checkpoint.safetensors", small(), synthetic_corpus, run)
    assert not (run / "model.safetensors").exists()
    arguments = ["train", str(config), "--corpus", str(synthetic_folder), "--out", str(run), "--resume"]
    finished = CliRunner().invoke(main, arguments)
    assert finished.exit_code == 0, finished.stderr
    assert (run / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
    assert len((run / "log.jsonl").read_text().splitlines()) == 4


def test_what_lies_there_is_not_overwritten(trained, synthetic_corpus):
    with pytest.raises(KilovoxError, match="holds a training run already"):
        run_experiment(small(), synthetic_corpus, trained, progress=False)
    with pytest.raises(KilovoxError, match="of another configuration or corpus"):
        run_experiment(small(training={"epochs": 5}), synthetic_corpus, trained, resume=True, progress=False)


def test_a_damaged_checkpoint(trained, synthetic_corpus, tmp_path):
    for name in ("experiment.json", "checkpoint.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes()[: 5000 if name.startswith("check") else None])
    with pytest.raises(KilovoxError, match="not a checkpoint of this training"):
        run_experiment(small(), synthetic_corpus, tmp_path, resume=True, progress=False)


def test_early_stopping_keeps_the_best_epoch(synthetic_corpus, tmp_path):
    config = small(training={"epochs": 30, "batch_size": 16, "patience": 1, "learning_rate": 0.5, "augmentation": {"views": 0}})
    model = run_experiment(config, synthetic_corpus, tmp_path, progress=False)
    epochs = len((tmp_path / "log.jsonl").read_text().splitlines())
    assert epochs < 30
    assert model.metadata.metrics["epoch"] == epochs - 1


def test_other_labels(synthetic_corpus, tmp_path):
    without_nine = synthetic_corpus.subset([i for i, r in enumerate(synthetic_corpus.recordings) if r.label != "9"])
    with pytest.raises(KilovoxError, match=r"has 9 labels .* expected model\.output_dim, 10"):
        run_experiment(small(), without_nine, tmp_path, progress=False)


def test_precomputed_features(tmp_path):
    import numpy as np

    generator = np.random.default_rng(0)
    lengths = generator.integers(5, 30, 80)
    labels = np.arange(80) % 10
    means = generator.normal(0, 3, (10, 13))
    features = np.concatenate([generator.normal(means[label], 1.0, (n, 13)) for label, n in zip(labels, lengths, strict=True)])
    np.savez(tmp_path / "features.npz", X=features, y=labels, lengths=lengths)
    corpus = open_corpus_at(tmp_path / "features.npz")
    config = small(training={"epochs": 60, "batch_size": 4}, model={"hidden_dim": 24})
    recogniser = Recogniser(run_experiment(config, corpus, tmp_path / "run", progress=False))
    decisions = recogniser.decide(recogniser.corpus_features(corpus))
    assert (decisions.indices == [int(recording.label) for recording in corpus.recordings]).mean() > 0.9
