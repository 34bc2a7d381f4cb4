"""From Python: a configuration trained, and a float network turned into its integer twin."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kilovox.budget import Arithmetic
from kilovox.config import Configuration, FixedPointFrontEnd, find_configuration, parse_configuration, parse_front_end
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import open_first
from kilovox.errors import KilovoxError
from kilovox.files import expanded
from kilovox.frontend.pipeline import IntegerNormalisation, read_normalisation
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance, load_model
from kilovox.training.dataset import AudioFeaturesDataset, make_loader
from kilovox.training.experiment import run_experiment
from kilovox.training.network import LSTMClassifier
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.run_folder import FLOAT_FILE
from kilovox.training.trainer import ModelTrainer


@dataclass(frozen=True)
class Trained:
    """What a training gives. `float_twin`: of an integer network, the float network it was made of."""

    model: Model
    float_twin: Model | None = None


def train(
    config: Configuration | dict[str, Any] | str | Path,
    corpus: Corpus | str | Path | None = None,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    progress: bool = True,
) -> Trained:
    """Train `config`: a configuration, its sections as a dictionary, a YAML file, or the name of one that comes along.

    `corpus`: recordings, or where they are, instead of the configuration's own. `out`: the folder of the run, which `resume`
    takes up; without one nothing is left but what is returned. Raises KilovoxError as `kilovox train` does.
    """
    if isinstance(config, dict):
        config = parse_configuration(config, "configuration")
    elif not isinstance(config, Configuration):
        config = find_configuration(str(config))
    if not isinstance(corpus, Corpus):
        corpus = open_first(config, None if corpus is None else expanded(corpus))
    with tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
        folder = expanded(out) if out is not None else Path(scratch) / "run"
        model = run_experiment(config, corpus, folder, resume=resume, progress=progress)
        twin = load_model(folder / FLOAT_FILE) if config.quantisation is not None else None
    return Trained(model, twin)


def quantise(
    network: LSTMClassifier | Model,
    dataset: AudioFeaturesDataset | None = None,
    arithmetic: Arithmetic = "int8",
    *,
    epochs: int = 0,
    learning_rate: float = 0.002,
    labels: tuple[str, ...] | None = None,
    name: str | None = None,
) -> Model:
    """The integer twin of a float network: a model that `Recogniser`, `save_model` and `kilovox export` take.

    network: an LSTMClassifier trained on `dataset`, or the model of one (`Trained.float_twin`, or a file's), on the integer
    front end. dataset: an AudioFeaturesDataset made with a FixedPointFrontEnd; the network trains on for `epochs` with the
    integers simulated on it. labels: of the classes of an LSTMClassifier; their numbers where None. Raises KilovoxError for a
    network that integers cannot run, and says why.
    """
    if arithmetic not in ("int8", "pow2"):
        raise KilovoxError(f"arithmetic {arithmetic!r}; expected int8 or pow2")
    if epochs and dataset is None:
        raise KilovoxError(f"epochs is {epochs}; expected a dataset to train on")
    described = network if isinstance(network, Model) else _described(network, dataset, labels)
    metadata = described.metadata
    if metadata.arithmetic != "float32":
        raise KilovoxError(f"model {metadata.name}: {metadata.arithmetic}; expected a float32 model")
    front_end = parse_front_end(metadata.front_end)
    if not isinstance(front_end, FixedPointFrontEnd):
        raise KilovoxError(
            f"model {metadata.name}: front end {front_end.kind}; expected fixed_point: features of floats are not for integers"
        )
    shape = metadata.network
    sizes = (int(shape["input_dim"]), int(shape["hidden_dim"]), int(shape["num_layers"]), int(shape["output_dim"]))
    if (readout := shape.get("readout", "last_valid")) != "last_valid":
        raise KilovoxError(f"model {metadata.name}: readout {readout!r}; expected 'last_valid'")
    normalisation = read_normalisation(front_end, described.tensors, sizes[0])
    quantised = QuantisedLSTMClassifier(*sizes, arithmetic=arithmetic)
    quantised.take(_float_network(network, sizes))
    if epochs and dataset is not None:
        loader = make_loader(dataset, 64, shuffle=True)
        ModelTrainer(quantised, epochs, loader, "cpu", learning_rate, progress=False).train()
    changes = {"name": name or f"{metadata.name}-{arithmetic}", "arithmetic": arithmetic, "metrics": {}}
    return Model(
        metadata=Metadata.model_validate(metadata.model_dump() | changes),
        tensors={**quantised.integer_tensors(), **normalisation.tensors()},
    )


def _float_network(network: LSTMClassifier | Model, sizes: tuple[int, int, int, int]) -> nn.Module:
    if not isinstance(network, Model):
        return network.cpu()
    found = LSTMClassifier(*sizes)
    tensors = {name: torch.from_numpy(tensor) for name, tensor in network.tensors.items() if not name.startswith("front_end.")}
    try:
        found.load_state_dict(tensors)
    except RuntimeError:
        raise KilovoxError(f"model {network.metadata.name}: its tensors are not those of its layers") from None
    return found


def _described(network: LSTMClassifier, dataset: AudioFeaturesDataset | None, labels: tuple[str, ...] | None) -> Model:
    """A network as a model file would describe it."""
    if dataset is None or dataset.front_end is None:
        raise KilovoxError("an LSTMClassifier without the dataset that it was trained on; expected quantise(network, dataset)")
    if not isinstance(dataset.normalisation, IntegerNormalisation):
        raise KilovoxError(
            "dataset: features of floats; expected AudioFeaturesDataset(pairs, FixedPointFrontEnd(kind='fixed_point'))"
        )
    lstm = network.lstm
    labels = labels or tuple(str(index) for index in range(network.fc.out_features))
    if len(labels) != network.fc.out_features:
        raise KilovoxError(f"{len(labels)} labels; expected one for each of {network.fc.out_features} outputs")
    content = hashlib.sha256(dataset.features.numpy().tobytes())
    metadata = Metadata(
        format_version=FORMAT_VERSION, name="network", arithmetic="float32", labels=labels,
        front_end=dataset.front_end.model_dump(mode="json"),
        network={
            "input_dim": lstm.input_size, "hidden_dim": lstm.hidden_size, "num_layers": lstm.num_layers,
            "output_dim": network.fc.out_features, "readout": network.readout,
        },
        configuration={},
        trained_on=Provenance(
            corpus="recordings of a dataset in Python", fingerprint=content.hexdigest(), split="all", recordings=(),
            note="made in Python: which recordings it was trained on is not kept",
        ),
    )  # fmt: skip
    return Model(metadata=metadata, tensors=dataset.normalisation.tensors())
