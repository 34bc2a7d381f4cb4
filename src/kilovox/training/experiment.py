"""One configuration from a corpus to a model file."""

from functools import partial
from pathlib import Path

import torch

from kilovox.config import Configuration, Quantisation
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import Mixture, settled
from kilovox.errors import KilovoxError
from kilovox.files import make_folder
from kilovox.integer.model_file import Model, save_model
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.description import Description
from kilovox.training.network import LSTMClassifier
from kilovox.training.parallel import ALONE, Alone
from kilovox.training.preparation import Prepared, prepare
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier
from kilovox.training.run_folder import FLOAT_FILE, MODEL_FILE, PTQ_FILE, QUANTISED_FOLDER, claimed, refuse_unless_free
from kilovox.training.run_key import RunKey, RunKeys
from kilovox.training.run_store import RunStore
from kilovox.training.seeding import derive_seed, set_seed
from kilovox.training.stages import Options, train
from kilovox.training.string_preparation import prepare_strings
from kilovox.training.teaching import learn_from_teachers
from kilovox.workers import HERE, Workers


def run_experiment(
    config: Configuration,
    corpus: Corpus,
    folder: Path,
    *,
    resume: bool = False,
    progress: bool = True,
    tensorboard: bool = False,
    mixture: Mixture | None = None,
    store: RunStore | None = None,
    patience: float = 0.0,
    member: Alone = ALONE,
    workers: Workers = HERE,
) -> Model:
    """Train the network of `config` on `corpus`; the model is also written to `folder`/model.safetensors.

    mixture: all corpora of `config`, where they are opened already. A killed run goes on with `resume`, to the same bytes.
    store: where the run is kept besides `folder`, epoch by epoch, and taken up from. patience: seconds that a process which
    works there is waited for. member: which of the processes this one is, where several train the network. workers: who
    prepares what is trained on.
    Raises KilovoxError where `folder` holds a run already and `resume` is not asked for, or a run of something else.
    """
    torch.set_num_threads(config.training.threads)
    keys = RunKeys(corpus) if mixture is None else RunKeys.knowing(config, mixture)
    config, uses, key = settled(config, corpus), keys.uses(config), keys.of(config).by(member.size)
    if store is not None:
        if not resume and store.holds_a_run:
            raise KilovoxError(f"{store}: holds a training run already; expected --resume, or another --state")
        store.fetch(folder, key)
    refuse_unless_free(folder, key, resume)
    if config.streams is None:
        prepared = prepare(config, corpus, keys.mixture(config), workers)
    else:
        prepared = prepare_strings(config, config.streams, corpus, keys.mixture(config), workers)
    with claimed(folder, key, uses, resume, patience):
        options = {"resume": resume, "progress": progress, "tensorboard": tensorboard, "member": member}
        if store is None:
            return _run(config, corpus, key, prepared, folder, options)
        model = _run(config, corpus, key, prepared, folder, {**options, "saved": partial(store.put, folder)})
        store.put(folder)
        return model


def _run(config: Configuration, corpus: Corpus, key: RunKey, prepared: Prepared, folder: Path, options: Options) -> Model:
    if config.distillation is not None:
        # Every process trains the teachers whole: their layers depend on how long the clips of a batch are.
        learn_from_teachers(config, config.distillation, key, prepared, folder, {**options, "member": ALONE})
    set_seed(derive_seed(config.experiment.seed, "weights"))
    network = _network(config)
    history = train(network, config, config.training, prepared, folder, **options)
    describe, tensors = Description(config, corpus, prepared), network.cpu().float_tensors()
    if config.quantisation is None:
        model = describe.model(tensors, history)
    else:
        save_model(describe.model(tensors, history, "-float"), folder / FLOAT_FILE)
        model = _quantise(network, describe, config.quantisation, folder, options)
    save_model(model, folder / MODEL_FILE)
    return model


def _network(config: Configuration) -> LSTMClassifier | ConvolutionalClassifier:
    """The float network that `config` describes, with random weights."""
    model = config.model
    if model.kind == "convolutional":
        # One output more: the blank.
        return ConvolutionalClassifier(
            config.inputs, model.blocks, model.projection or 0, config.hidden, model.num_layers, config.outputs + 1,
            model.dropout,
        )  # fmt: skip
    return LSTMClassifier(config.inputs, config.hidden, model.num_layers, config.outputs, model.dropout, model.readout)


def _integer_twin(
    network: LSTMClassifier | ConvolutionalClassifier, config: Configuration, asked: Quantisation
) -> QuantisedLSTMClassifier | QuantisedConvolutionalClassifier:
    """`network` in integers, as it is."""
    model, how = config.model, (asked.arithmetic, asked.dropout, asked.per_row)
    if isinstance(network, ConvolutionalClassifier):
        twin = QuantisedConvolutionalClassifier(
            config.inputs, model.blocks, model.projection or 0, config.hidden, model.num_layers, config.outputs + 1, *how
        )
        twin.take(network)
        return twin
    quantised = QuantisedLSTMClassifier(config.inputs, config.hidden, model.num_layers, config.outputs, *how)
    quantised.take(network)
    return quantised


def _quantise(
    network: LSTMClassifier | ConvolutionalClassifier, describe: Description, asked: Quantisation, folder: Path,
    options: Options,
) -> Model:  # fmt: skip
    """Quantise the trained float network at once (ptq.safetensors), then train on as the integers (the model)."""
    config = describe.config
    quantised = _integer_twin(network, config, asked)
    save_model(describe.model(quantised.integer_tensors(), None, "-ptq", asked.arithmetic), folder / PTQ_FILE)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    history = train(quantised, config, settings, describe.prepared, make_folder(folder / QUANTISED_FOLDER), **options)
    return describe.model(quantised.integer_tensors(), history, "", asked.arithmetic)
