"""From a configuration to an integer model: teacher, float twin, PTQ and QAT; killed anywhere, the same bytes."""

import numpy as np
import pytest

from killing import killed_once_there
from kilovox.budget import size_of
from kilovox.config import find_configuration
from kilovox.integer.description import exponents
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.training.experiment import run_experiment

FILES = ("model.safetensors", "float.safetensors", "ptq.safetensors")


def small(name, **sections):
    changes = {
        "training": {"epochs": 3, "batch_size": 16, "augmentation": {"views": 1}},
        "distillation": {"hidden_dim": 10, "epochs": 2, "teachers": 2},
        "quantisation": {"epochs": 3},
        "model": {"hidden_dim": 8},
        "data_splitting": {"validation_size": 0.2},
    }
    for section, values in sections.items():
        changes[section] = {**changes.get(section, {}), **values}
    return find_configuration(name).changed(**changes)


@pytest.fixture(scope="module", params=["task-b-int8", "task-c"])
def run(request, tmp_path_factory, synthetic_corpus):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILOVOX_CACHE", str(folder / "cache"))
        run_experiment(small(request.param), synthetic_corpus, folder, progress=False)
    return request.param, folder


def test_killed_again_and_again_it_ends_with_the_same_bytes(run, synthetic_corpus, tmp_path):
    name, folder = run
    for mark in ("teacher-1/checkpoint.safetensors", "checkpoint.safetensors", "quantised/checkpoint.safetensors"):
        killed_once_there(tmp_path / mark, small(name), synthetic_corpus, tmp_path)
    run_experiment(small(name), synthetic_corpus, tmp_path, resume=True, progress=False)
    for file in FILES:
        assert (tmp_path / file).read_bytes() == (folder / file).read_bytes(), file


def test_three_models_of_one_run(run, synthetic_corpus):
    name, folder = run
    arithmetic = "int8" if name == "task-b-int8" else "pow2"
    models = {file: load_model(folder / file) for file in FILES}
    assert [models[file].metadata.arithmetic for file in FILES] == [arithmetic, "float32", arithmetic]
    assert models["ptq.safetensors"].metadata.metrics == {}
    assert models["model.safetensors"].metadata.metrics["split"] == "validation"
    stored = {n: t for n, t in models["model.safetensors"].tensors.items() if not n.startswith("front_end")}
    assert sum(tensor.nbytes for tensor in stored.values()) == size_of(8, 1, arithmetic).bytes
    assert not any(tensor.dtype.kind == "f" for tensor in models["model.safetensors"].tensors.values())
    differing = [n for n in stored if not np.array_equal(stored[n], models["ptq.safetensors"].tensors[n])]
    assert differing, "training for integers changed nothing"
    if arithmetic == "pow2":
        assert sum(exponents(models["model.safetensors"])["lstm0"].values()) == 8 * 21 * 4
    for model in models.values():
        decisions = Recogniser(model).decide(Recogniser(model).corpus_features(synthetic_corpus))
        assert decisions.logits.shape == (90, 10)


def test_it_learns(synthetic_corpus, tmp_path):
    config = small(
        "task-b-int8",
        model={"hidden_dim": 16},
        training={"epochs": 60, "batch_size": 8, "averaging": 0.9, "augmentation": {"views": 1}},
        distillation={"hidden_dim": 16, "num_layers": 1, "epochs": 60, "teachers": 1},
        quantisation={"epochs": 10},
    )
    recogniser = Recogniser(run_experiment(config, synthetic_corpus, tmp_path, progress=False))
    decisions = recogniser.decide(recogniser.corpus_features(synthetic_corpus))
    truth = [recogniser.labels.index(recording.label) for recording in synthetic_corpus.recordings]
    assert (decisions.indices == truth).mean() > 0.8
