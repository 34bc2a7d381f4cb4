"""Larger networks, and what a run learns from their decisions."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.config import Configuration, Distillation
from kilovox.corpus.base import Corpus
from kilovox.files import make_folder
from kilovox.frontend.cache import cached
from kilovox.training.network import LSTMClassifier
from kilovox.training.preparation import Prepared
from kilovox.training.run_folder import teacher_folder
from kilovox.training.seeding import derive_seed, set_seed
from kilovox.training.stages import device, train
from kilovox.training.teacher import ConvolutionalTeacher

CACHE_VERSION = 1
"""Of the teachers' decisions: to be raised when training begins to give others."""


def learn_from_teachers(
    config: Configuration, asked: Distillation, corpus: Corpus, prepared: Prepared, folder: Path, options: dict[str, bool]
) -> None:
    """Train larger networks, and let their decisions soften the labels of the training part, view by view; cached."""

    def compute() -> list[npt.NDArray[Any]]:
        total = sum(_teach(config, asked, number, prepared, folder, options) for number in range(asked.teachers))
        return list((total / asked.teachers).numpy())  # type: ignore[union-attr]

    # Everything that the teachers depend on: networks of other sizes with the same teachers need not train them again.
    values = config.model_dump(mode="json", include={"data_splitting", "frontend", "training", "distillation"})
    values["data"] = prepared.divided.fingerprint
    sizes = [config.model.input_dim, config.model.output_dim]
    key = values | {"seed": config.experiment.seed, "network": sizes, "version": CACHE_VERSION}
    shares = torch.from_numpy(np.stack(cached(key, compute)))
    true = nn.functional.one_hot(prepared.train.labels, config.model.output_dim)
    prepared.train.soften(asked.weight * shares + (1 - asked.weight) * true)


def _teach(
    config: Configuration, asked: Distillation, number: int, prepared: Prepared, folder: Path, options: dict[str, bool]
) -> Tensor:
    """Train one teacher; its softmax of every view of the training part, (views, clips, labels)."""
    set_seed(derive_seed(config.experiment.seed, "teacher", number))
    teacher = _teacher(config, asked)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    train(teacher, config, settings, prepared, make_folder(folder / teacher_folder(number)), **options)
    teacher.eval()
    with torch.no_grad():
        views = [
            torch.cat([teacher(batch.to(device())).cpu() for batch in view.split(512)]) for view in prepared.train.features
        ]
    return torch.softmax(torch.stack(views) / asked.temperature, dim=2)


def _teacher(config: Configuration, asked: Distillation) -> nn.Module:
    model = config.model
    if asked.kind == "convolution":
        return ConvolutionalTeacher(model.input_dim, asked.hidden_dim, model.output_dim, asked.dropout)
    return LSTMClassifier(
        model.input_dim, asked.hidden_dim, asked.num_layers, model.output_dim, asked.dropout, model.readout
    )  # fmt: skip
