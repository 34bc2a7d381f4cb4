"""One YAML experiment = one frozen model. A section is imported when it is asked for: what runs a model needs two of them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilovox.config.data import Dataset, DataSplitting, Experiment, Synthetic
    from kilovox.config.experiment import Configuration, parse_configuration
    from kilovox.config.front_end import AnyFrontEnd, FixedPointFrontEnd, FrontEnd, Words, parse_front_end
    from kilovox.config.network import Budget, Network
    from kilovox.config.reading import find_configuration, read_configuration, read_yaml_file
    from kilovox.config.training import Acoustics, Augmentation, Distillation, Quantisation, Training

__all__ = [
    "Acoustics",
    "AnyFrontEnd",
    "Augmentation",
    "Budget",
    "Configuration",
    "DataSplitting",
    "Dataset",
    "Distillation",
    "Experiment",
    "FixedPointFrontEnd",
    "FrontEnd",
    "Network",
    "Quantisation",
    "Synthetic",
    "Training",
    "Words",
    "find_configuration",
    "parse_configuration",
    "parse_front_end",
    "read_configuration",
    "read_yaml_file",
]

_HOMES = {
    "data": ("Dataset", "DataSplitting", "Experiment", "Synthetic"),
    "experiment": ("Configuration", "parse_configuration"),
    "front_end": ("AnyFrontEnd", "FixedPointFrontEnd", "FrontEnd", "Words", "parse_front_end"),
    "network": ("Budget", "Network"),
    "reading": ("find_configuration", "read_configuration", "read_yaml_file"),
    "training": ("Acoustics", "Augmentation", "Distillation", "Quantisation", "Training"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"kilovox.config.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
