"""Sections of a configuration: what it is called, and which recordings are used for what."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from kilovox.config.base import Section, Share


class Experiment(Section):
    """What it is called, and the seed of every random choice in training."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42


class Dataset(Section):
    """Where the recordings are; without `path`, KILOVOX_FSDD or a download (kind fsdd), or FSDD's own MFCCs (features)."""

    kind: Literal["fsdd", "folders", "manifest", "features"] = "fsdd"
    path: Annotated[Path | None, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)] = None


class DataSplitting(Section):
    """`validation_size` is a share of the training part; it chooses the epoch and nothing else."""

    split: Annotated[str, Field(pattern=r"^(random|official|all|speaker:.+|fold:[0-9]{1,6}/[0-9]{1,6})$")] = "random"
    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 42
    validation_size: Share = 0.1


class Synthetic(Section):
    """Recordings that nobody spoke, trained on besides the corpus: `share` of every batch; they never judge.

    `path`: a folder a word, as `kilovox data synthesise` makes it; without one, the folder of the cache that it makes.
    """

    path: Annotated[Path | None, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)] = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.4
