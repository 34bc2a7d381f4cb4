"""One YAML experiment = one frozen model."""

from kilovox.config.data import Dataset, DataSplitting, Experiment, Member, Synthetic
from kilovox.config.experiment import Configuration, check_configuration, parse_configuration
from kilovox.config.front_end import AnyFrontEnd, FixedPointFrontEnd, FrontEnd, Words, parse_front_end
from kilovox.config.network import Budget, Network
from kilovox.config.reading import bundled_configurations, find_configuration, read_configuration, read_yaml_file
from kilovox.config.training import Acoustics, Augmentation, Distillation, Quantisation, Training
from kilovox.config.vocabulary import Vocabulary

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
    "Member",
    "Network",
    "Quantisation",
    "Synthetic",
    "Training",
    "Vocabulary",
    "Words",
    "bundled_configurations",
    "check_configuration",
    "find_configuration",
    "parse_configuration",
    "parse_front_end",
    "read_configuration",
    "read_yaml_file",
]
