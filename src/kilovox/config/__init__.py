"""One YAML experiment = one frozen model.

A name is imported when it is used: a model runs without most of them, and pydantic takes a tenth of a second to build all.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilovox.config.data import (
        Dataset as Dataset,
    )
    from kilovox.config.data import (
        DataSplitting as DataSplitting,
    )
    from kilovox.config.data import (
        Experiment as Experiment,
    )
    from kilovox.config.data import (
        Member as Member,
    )
    from kilovox.config.data import (
        Synthetic as Synthetic,
    )
    from kilovox.config.experiment import (
        Configuration as Configuration,
    )
    from kilovox.config.experiment import (
        check_configuration as check_configuration,
    )
    from kilovox.config.experiment import (
        parse_configuration as parse_configuration,
    )
    from kilovox.config.front_end import (
        AnyFrontEnd as AnyFrontEnd,
    )
    from kilovox.config.front_end import (
        FixedPointFrontEnd as FixedPointFrontEnd,
    )
    from kilovox.config.front_end import (
        FrontEnd as FrontEnd,
    )
    from kilovox.config.front_end import (
        Words as Words,
    )
    from kilovox.config.front_end import (
        parse_front_end as parse_front_end,
    )
    from kilovox.config.network import Budget as Budget
    from kilovox.config.network import Network as Network
    from kilovox.config.reading import (
        bundled_configurations as bundled_configurations,
    )
    from kilovox.config.reading import (
        find_configuration as find_configuration,
    )
    from kilovox.config.reading import (
        read_configuration as read_configuration,
    )
    from kilovox.config.reading import (
        read_yaml_file as read_yaml_file,
    )
    from kilovox.config.training import (
        Acoustics as Acoustics,
    )
    from kilovox.config.training import (
        Augmentation as Augmentation,
    )
    from kilovox.config.training import (
        Distillation as Distillation,
    )
    from kilovox.config.training import (
        Quantisation as Quantisation,
    )
    from kilovox.config.training import (
        Training as Training,
    )
    from kilovox.config.vocabulary import Vocabulary as Vocabulary

_HOMES = {
    "Acoustics": "training",
    "AnyFrontEnd": "front_end",
    "Augmentation": "training",
    "Budget": "network",
    "bundled_configurations": "reading",
    "check_configuration": "experiment",
    "Configuration": "experiment",
    "Dataset": "data",
    "DataSplitting": "data",
    "Distillation": "training",
    "Experiment": "data",
    "find_configuration": "reading",
    "FixedPointFrontEnd": "front_end",
    "FrontEnd": "front_end",
    "Member": "data",
    "Network": "network",
    "parse_configuration": "experiment",
    "parse_front_end": "front_end",
    "Quantisation": "training",
    "read_configuration": "reading",
    "read_yaml_file": "reading",
    "Synthetic": "data",
    "Training": "training",
    "Vocabulary": "vocabulary",
    "Words": "front_end",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kilovox.config' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"kilovox.config.{_HOMES[name]}"), name)
    return found
