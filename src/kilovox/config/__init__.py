"""One YAML experiment = one frozen model. A section is imported when it is asked for: what runs a model needs two of them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilovox.config.data import Dataset, DataSplitting, Experiment, Member, Synthetic
    from kilovox.config.experiment import Configuration, check_configuration, parse_configuration
    from kilovox.config.front_end import AnyFrontEnd, FixedPointFrontEnd, FrontEnd, Words, parse_front_end
    from kilovox.config.network import Budget, Network
    from kilovox.config.reading import bundled_configurations, find_configuration, read_configuration, read_yaml_file
    from kilovox.config.search import Range, Search
    from kilovox.config.training import Acoustics, Augmentation, Distillation, Quantisation, Training
    from kilovox.config.vocabulary import Vocabulary

__all__ = [
    "Acoustics", "AnyFrontEnd", "Augmentation", "Budget", "Configuration", "DataSplitting", "Dataset", "Distillation",
    "Experiment", "FixedPointFrontEnd", "FrontEnd", "Member", "Network", "Quantisation", "Range", "Search", "Synthetic",
    "Training", "Vocabulary", "Words", "bundled_configurations", "check_configuration", "find_configuration",
    "parse_configuration", "parse_front_end", "read_configuration", "read_yaml_file",
]  # fmt: skip

_HOMES = {
    "data": ("Dataset", "DataSplitting", "Experiment", "Member", "Synthetic"),
    "experiment": ("Configuration", "check_configuration", "parse_configuration"),
    "front_end": ("AnyFrontEnd", "FixedPointFrontEnd", "FrontEnd", "Words", "parse_front_end"),
    "network": ("Budget", "Network"),
    "reading": ("bundled_configurations", "find_configuration", "read_configuration", "read_yaml_file"),
    "search": ("Range", "Search"),
    "training": ("Acoustics", "Augmentation", "Distillation", "Quantisation", "Training"),
    "vocabulary": ("Vocabulary",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"kilovox.config.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
