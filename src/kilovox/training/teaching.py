"""Larger networks, and what a run learns from their decisions."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.config import Configuration, Distillation
from kilovox.files import make_folder
from kilovox.frontend.cache import cached
from kilovox.training.device import device_of
from kilovox.training.network import LSTMClassifier
from kilovox.training.preparation import Prepared
from kilovox.training.run_folder import teacher_folder
from kilovox.training.run_key import RunKey
from kilovox.training.seeding import derive_seed, set_seed
from kilovox.training.stages import Options, train
from kilovox.training.teacher import ConvolutionalTeacher


def learn_from_teachers(
    config: Configuration, asked: Distillation, key: RunKey, prepared: Prepared, folder: Path, options: Options
) -> None:
    """Train larger networks, and let their decisions soften the labels of the training part, view by view; cached."""

    def compute() -> list[npt.NDArray[Any]]:
        total = sum(_teach(config, asked, number, prepared, folder, options) for number in range(asked.teachers))
        return list((total / asked.teachers).numpy())  # type: ignore[union-attr]

    shares = torch.from_numpy(np.stack(cached(key.of_teachers(), compute)))
    true = nn.functional.one_hot(prepared.train.labels, config.outputs)
    prepared.train.soften(asked.weight * shares + (1 - asked.weight) * true)


def _teach(
    config: Configuration, asked: Distillation, number: int, prepared: Prepared, folder: Path, options: Options
) -> Tensor:
    """Train one teacher; its softmax of every view of the training part, (views, clips, labels)."""
    set_seed(derive_seed(config.experiment.seed, "teacher", number))
    teacher = _teacher(config, asked)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    train(teacher, config, settings, prepared, make_folder(folder / teacher_folder(number)), **options)
    device = device_of(settings.device)
    teacher.eval()
    with torch.no_grad():
        views = [
            torch.cat([teacher(batch.to(device)).cpu() for batch in prepared.train.batches(view, 512)])
            for view in range(prepared.train.views)
        ]
    return torch.softmax(torch.stack(views) / asked.temperature, dim=2)


def _teacher(config: Configuration, asked: Distillation) -> nn.Module:
    if asked.kind == "convolution":
        return ConvolutionalTeacher(config.inputs, asked.hidden_dim, config.outputs, asked.dropout)
    return LSTMClassifier(
        config.inputs, asked.hidden_dim, asked.num_layers, config.outputs, asked.dropout, config.model.readout
    )  # fmt: skip
