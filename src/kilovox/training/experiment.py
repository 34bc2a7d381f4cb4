"""One configuration from a corpus to a model file."""

from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch

from kilovox.config import Configuration, Quantisation
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import Mixture, settled
from kilovox.files import make_folder
from kilovox.integer.model_file import Model, save_model
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.description import Description
from kilovox.training.network import LSTMClassifier
from kilovox.training.preparation import Prepared, prepare
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier
from kilovox.training.run_folder import FLOAT_FILE, MODEL_FILE, PTQ_FILE, QUANTISED_FOLDER, claimed, refuse_unless_free
from kilovox.training.run_key import RunKey, RunKeys
from kilovox.training.seeding import derive_seed, set_seed
from kilovox.training.stages import train
from kilovox.training.string_preparation import prepare_strings
from kilovox.training.teaching import learn_from_teachers


def run_experiment(
    config: Configuration,
    corpus: Corpus,
    folder: Path,
    *,
    resume: bool = False,
    progress: bool = True,
    tensorboard: bool = False,
    mixture: Mixture | None = None,
) -> Model:
    """Train the network of `config` on `corpus`; the model is also written to `folder`/model.safetensors.

    mixture: all corpora of `config`, where they are opened already. A killed run goes on with `resume`, to the same bytes.
    Raises KilovoxError where `folder` holds a run already and `resume` is not asked for, or a run of something else.
    """
    torch.set_num_threads(config.training.threads)
    keys = RunKeys(corpus) if mixture is None else RunKeys.knowing(config, mixture)
    config, uses, key = settled(config, corpus), keys.uses(config), keys.of(config)
    refuse_unless_free(folder, key, resume)
    if config.streams is None:
        prepared = prepare(config, corpus, keys.mixture(config))
    else:
        prepared = prepare_strings(config, config.streams, corpus, keys.mixture(config))
    with claimed(folder, key, uses, resume):
        return _run(config, corpus, key, prepared, folder, resume=resume, progress=progress, tensorboard=tensorboard)


def _run(config: Configuration, corpus: Corpus, key: RunKey, prepared: Prepared, folder: Path, **options: bool) -> Model:
    if config.distillation is not None:
        learn_from_teachers(config, config.distillation, key, prepared, folder, options)
    set_seed(derive_seed(config.experiment.seed, "weights"))
    if config.streams is not None:
        return _run_listening(config, Description(config, corpus, prepared), folder, options)
    network = LSTMClassifier(
        config.inputs, config.hidden, config.model.num_layers, config.outputs,
        config.model.dropout, config.model.readout,
    )  # fmt: skip
    history = train(network, config, config.training, prepared, folder, **options)
    describe = Description(config, corpus, prepared)
    model = describe.model(_tensors(network), history)
    if config.quantisation is not None:
        save_model(describe.model(_tensors(network), history, "-float"), folder / FLOAT_FILE)
        model = _quantise(network, describe, config.quantisation, folder, options)
    save_model(model, folder / MODEL_FILE)
    return model


def _run_listening(config: Configuration, describe: Description, folder: Path, options: dict[str, bool]) -> Model:
    model = config.model
    network = ConvolutionalClassifier(
        config.inputs, model.blocks, model.projection or 0, config.hidden, model.num_layers, config.outputs + 1, model.dropout
    )
    history = train(network, config, config.training, describe.prepared, folder, **options)
    network = network.cpu()
    if config.quantisation is None:
        result = describe.model(network.folded(), history)
    else:
        save_model(describe.model(network.folded(), history, "-float"), folder / FLOAT_FILE)
        result = _quantise_listening(network, describe, config.quantisation, folder, options)
    save_model(result, folder / MODEL_FILE)
    return result


def _quantise_listening(
    network: ConvolutionalClassifier, describe: Description, asked: Quantisation, folder: Path, options: dict[str, bool]
) -> Model:
    config = describe.config
    model, arithmetic = config.model, asked.arithmetic
    quantised = QuantisedConvolutionalClassifier(
        config.inputs, model.blocks, model.projection or 0, config.hidden, model.num_layers, config.outputs + 1,
        arithmetic, asked.dropout, asked.per_row,
    )  # fmt: skip
    quantised.take(network)
    save_model(describe.model(quantised.integer_tensors(), None, "-ptq", arithmetic), folder / PTQ_FILE)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    history = train(quantised, config, settings, describe.prepared, make_folder(folder / QUANTISED_FOLDER), **options)
    return describe.model(quantised.integer_tensors(), history, "", arithmetic)


def _quantise(
    network: LSTMClassifier, describe: Description, asked: Quantisation, folder: Path, options: dict[str, bool]
) -> Model:
    """Quantise the trained float network at once (ptq.safetensors), then train on as the integers (the model)."""
    config = describe.config
    quantised = QuantisedLSTMClassifier(
        config.inputs, config.hidden, config.model.num_layers, config.outputs,
        asked.arithmetic, asked.dropout, asked.per_row,
    )  # fmt: skip
    quantised.take(network.cpu())
    save_model(describe.model(quantised.integer_tensors(), None, "-ptq", asked.arithmetic), folder / PTQ_FILE)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    history = train(quantised, config, settings, describe.prepared, make_folder(folder / QUANTISED_FOLDER), **options)
    return describe.model(quantised.integer_tensors(), history, "", asked.arithmetic)


def _tensors(network: LSTMClassifier) -> dict[str, npt.NDArray[Any]]:
    return {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
