"""The route in Python: from a configuration to a model, from a float network to its integers."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import kilovox
from kilovox import AudioFeaturesDataset, LSTMClassifier, ModelEvaluator, ModelTrainer, prepare_data_label_pairs, read_yaml_file
from kilovox.config import FixedPointFrontEnd, bundled_configurations
from kilovox.errors import KilovoxError
from kilovox.integer.model_file import load_model, save_model
from kilovox.integer.recogniser import Recogniser
from models import make_model, make_recordings

SHORT = {
    "experiment": {"name": "short"},
    "training": {"epochs": 2, "augmentation": {"views": 0}},
    "quantisation": {"epochs": 1},
    "model": {"hidden_dim": 6},
    "budget": {"memory": "36KB"},
}


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A folder with a folder a word: three words by two people, of one of whom takes judge."""
    folder = tmp_path_factory.mktemp("words")
    for word in ("yes", "no", "stop"):
        make_recordings(folder / word, labels=[word])
    return folder


@pytest.fixture(scope="module")
def trained(words):
    return kilovox.train(SHORT, words, progress=False)


def test_from_a_name_a_corpus_and_a_memory(trained):
    model = trained.model
    assert model.metadata.labels == ("no", "stop", "yes")
    assert model.metadata.arithmetic == "int8"
    assert model.metadata.network["output_dim"] == 3
    assert model.metadata.network["input_dim"] == 13
    assert trained.float_twin.metadata.arithmetic == "float32"
    assert Recogniser(model).finds_words


def test_a_run_with_a_folder_is_resumed(words, tmp_path, trained):
    again = kilovox.train(SHORT, str(words), tmp_path / "run", progress=False)
    resumed = kilovox.train(SHORT, words, tmp_path / "run", resume=True, progress=False)
    for model in (again.model, resumed.model, load_model(tmp_path / "run" / "model.safetensors")):
        assert model.metadata == trained.model.metadata
    with pytest.raises(KilovoxError, match="holds a training run already"):
        kilovox.train(SHORT, words, tmp_path / "run", progress=False)


def test_a_corpus_of_other_labels_is_another_run(words, tmp_path):
    kilovox.train(SHORT, words, tmp_path / "run", progress=False)
    make_recordings(tmp_path / "two" / "yes", labels=["yes"])
    make_recordings(tmp_path / "two" / "no", labels=["no"])
    with pytest.raises(KilovoxError, match="holds a run of another"):
        kilovox.train(SHORT, tmp_path / "two", tmp_path / "run", resume=True, progress=False)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_a_float_network_and_its_integer_twin(trained, arithmetic, tmp_path):
    twin = kilovox.quantise(trained.float_twin, arithmetic=arithmetic)
    assert twin.metadata.name == f"short-float-{arithmetic}"
    assert twin.metadata.trained_on == trained.model.metadata.trained_on
    save_model(twin, tmp_path / "twin.safetensors")
    integers, floats = Recogniser(load_model(tmp_path / "twin.safetensors")), Recogniser(trained.float_twin)
    sound = [np.random.default_rng(seed).integers(-9000, 9000, 4000).astype(np.int16) for seed in range(8)]
    found, expected = integers(sound), floats(sound)
    scale = 2.0 ** -(float(integers.model.tensors["head.shift"][0]) + 8)  # logits are in Q8 after the shift
    # Eight bits of weight and state are nearer than four.
    assert np.abs(found.logits * scale - expected.logits).max() < {"int8": 0.02, "pow2": 0.5}[arithmetic]


def test_the_twin_is_that_of_the_run(words, tmp_path, trained):
    """Quantised at once, the network is what a run leaves as ptq.safetensors."""
    kilovox.train(SHORT, words, tmp_path / "run", progress=False)
    expected = load_model(tmp_path / "run" / "ptq.safetensors")
    found = kilovox.quantise(load_model(tmp_path / "run" / "float.safetensors"))
    for name, tensor in expected.tensors.items():
        np.testing.assert_array_equal(found.tensors[name], tensor)


def test_of_a_network_that_the_notebook_trains(synthetic_folder):
    pairs = prepare_data_label_pairs(synthetic_folder)
    train = AudioFeaturesDataset(pairs[:60], FixedPointFrontEnd(kind="fixed_point"))
    model = LSTMClassifier(input_dim=13, hidden_dim=8, num_layers=2, output_dim=10)
    ModelTrainer(model, 1, DataLoader(train, batch_size=32), "cpu", 0.01, progress=False).train()
    at_once = kilovox.quantise(model, train)
    assert at_once.metadata.labels == tuple("0123456789")
    further = kilovox.quantise(model, train, "pow2", epochs=1, labels=tuple("abcdefghij"), name="mine")
    assert (further.metadata.name, further.metadata.labels[9]) == ("mine", "j")
    for found in (at_once, further):
        assert Recogniser(found)([np.arange(3000, dtype=np.int16)]).indices.shape == (1,)


def test_what_cannot_be_quantised(trained, synthetic_folder):
    pairs = prepare_data_label_pairs(synthetic_folder)[:9]
    network = LSTMClassifier(13, 4, 1, 10)
    with pytest.raises(KilovoxError, match="float32 model"):
        kilovox.quantise(trained.model)
    with pytest.raises(KilovoxError, match="front end mfcc; expected fixed_point"):
        kilovox.quantise(make_model())
    with pytest.raises(KilovoxError, match=r"expected quantise\(network, dataset\)"):
        kilovox.quantise(network)
    with pytest.raises(KilovoxError, match="features of floats"):
        kilovox.quantise(network, AudioFeaturesDataset(pairs))
    with pytest.raises(KilovoxError, match="arithmetic 'int4'; expected int8 or pow2"):
        kilovox.quantise(trained.float_twin, arithmetic="int4")
    with pytest.raises(KilovoxError, match="expected a dataset to train on"):
        kilovox.quantise(trained.float_twin, epochs=3)
    with pytest.raises(KilovoxError, match="2 labels; expected one for each of 10 outputs"):
        kilovox.quantise(network, AudioFeaturesDataset(pairs, FixedPointFrontEnd(kind="fixed_point")), labels=("a", "b"))


def test_a_test_set_normalised_by_itself_is_noticed(synthetic_folder):
    pairs = prepare_data_label_pairs(synthetic_folder)
    train, alone = AudioFeaturesDataset(pairs[::2]), AudioFeaturesDataset(pairs[1::2])
    shared = AudioFeaturesDataset(pairs[1::2], normalisation=train.normalisation)
    model = LSTMClassifier(13, 4, 1, 10)
    ModelTrainer(model, 1, DataLoader(train, batch_size=32), "cpu", 0.01, progress=False).train()
    ModelEvaluator(model, DataLoader(shared, batch_size=32)).evaluate(verbose=False)
    ModelEvaluator(model, DataLoader(train, batch_size=32)).evaluate(verbose=False)
    with pytest.warns(UserWarning, match=r"other statistics .* normalisation=train\.normalisation"):
        ModelEvaluator(model, DataLoader(alone, batch_size=32)).evaluate(verbose=False)


def test_the_notebooks_own_lines(synthetic_folder, monkeypatch):
    """As they stand there, with a configuration of ours."""
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    model_config = read_yaml_file(bundled_configurations()["task-b"])
    data_path = model_config["dataset"]["path"]
    pairs = prepare_data_label_pairs(data_path)
    assert len(pairs) == 90
    model = LSTMClassifier(
        input_dim=model_config["model"]["input_dim"], hidden_dim=model_config["model"]["hidden_dim"],
        num_layers=model_config["model"]["num_layers"], output_dim=model_config["model"]["output_dim"],
    ).to(torch.device("cpu"))  # fmt: skip
    assert model.lstm.hidden_size == 24


@pytest.mark.parametrize("size", ["fit", 0, -1, 2.5, None])
def test_sizes_that_are_no_numbers(size):
    with pytest.raises(KilovoxError, match=r"hidden_dim .*; expected a number, 1 or more"):
        LSTMClassifier(13, size, 2, 10)
    with pytest.raises(KilovoxError, match=r"find_configuration\(\.\.\.\)\.hidden"):
        LSTMClassifier(13, "fit", 2, 10)
