"""One training of a run: the settings, the loaders, the device."""

from pathlib import Path
from typing import Any

from torch import nn

from kilovox.config import Configuration, Training
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.dataset import make_loader
from kilovox.training.device import device_of
from kilovox.training.listening import ListeningTrainer
from kilovox.training.network import LSTMClassifier
from kilovox.training.preparation import Prepared
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier
from kilovox.training.trainer import Figures, ModelTrainer

Options = dict[str, Any]
"""What a trainer is told besides: see ModelTrainer."""

PARTS = 3
"""Of a batch with synthetic clips, whose lengths differ widely. Recipes without them keep the bits they had in one part."""


def train(
    network: nn.Module, config: Configuration, settings: Training, prepared: Prepared, folder: Path, **options: Any
) -> list[Figures]:
    """Train `network` by `settings`; figures of each epoch. `folder` receives log and checkpoint.

    Without a validation part the last figures have `recordings_accuracy`: that on the recordings trained on, as they are.
    """
    batch = settings.batch_size
    if isinstance(network, (LSTMClassifier, QuantisedLSTMClassifier)):
        network.parts = PARTS if config.synthetic is not None or prepared.train.groups else 1
    listens = isinstance(network, ConvolutionalClassifier | QuantisedConvolutionalClassifier)
    kind = ListeningTrainer if listens else ModelTrainer
    trainer = kind(
        network, settings.epochs, make_loader(prepared.train, batch, shuffle=True), device_of(settings.device),
        settings.learning_rate,
        validation_loader=make_loader(prepared.validation, 256, shuffle=False) if prepared.validation else None,
        settings=settings, seed=config.experiment.seed, folder=folder, **options,
    )  # fmt: skip
    if isinstance(trainer, ListeningTrainer):
        trainer.other, trainer.stride = prepared.divided.asked.other, config.model.frame_stride
        trainer.led = isinstance(network, ConvolutionalClassifier)
    history = trainer.train()
    if prepared.validation is None:
        history[-1] |= {"recordings_accuracy": trainer.accuracy(prepared.train.as_they_are(256))}
    return history
