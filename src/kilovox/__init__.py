"""Spoken-word recognisers that fit in kilobytes and run without a floating-point unit.

The names of the notebook this began with can be imported from here; torch is loaded only when one that needs it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilovox.config import read_yaml_file as read_yaml_file
    from kilovox.evaluation.torch_evaluator import ModelEvaluator as ModelEvaluator
    from kilovox.training.api import quantise as quantise
    from kilovox.training.api import train as train
    from kilovox.training.dataset import AudioFeaturesDataset as AudioFeaturesDataset
    from kilovox.training.dataset import prepare_data_label_pairs as prepare_data_label_pairs
    from kilovox.training.network import LSTMClassifier as LSTMClassifier
    from kilovox.training.network import get_model_params_size as get_model_params_size
    from kilovox.training.seeding import set_seed as set_seed
    from kilovox.training.trainer import ModelTrainer as ModelTrainer

__version__ = "0.1.0"

_HOMES = {
    "read_yaml_file": "kilovox.config",
    "set_seed": "kilovox.training.seeding",
    "prepare_data_label_pairs": "kilovox.training.dataset",
    "AudioFeaturesDataset": "kilovox.training.dataset",
    "LSTMClassifier": "kilovox.training.network",
    "get_model_params_size": "kilovox.training.network",
    "ModelTrainer": "kilovox.training.trainer",
    "train": "kilovox.training.api",
    "quantise": "kilovox.training.api",
    "ModelEvaluator": "kilovox.evaluation.torch_evaluator",
}

__all__ = [
    "AudioFeaturesDataset", "LSTMClassifier", "ModelEvaluator", "ModelTrainer", "get_model_params_size",
    "prepare_data_label_pairs", "quantise", "read_yaml_file", "set_seed", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kilovox' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
