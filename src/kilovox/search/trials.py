"""Trials: one network trained for one length, known by what its run is a run of, and kept once it has ended."""

import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Self

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, read_small, write_json
from kilovox.search.executor import Executor
from kilovox.training.experiment import run_experiment
from kilovox.training.run_key import RunKeys
from kilovox.training.trainer import DivergedError

TRIALS = "trials"
LARGEST_RESULT = 2**16
"""Bytes of what is kept of one."""
MOST = 2**53
"""Of recordings and epochs: counts that are exact as floats."""


@dataclass(frozen=True)
class Result:
    """What came of a trial. accuracy: of its best epoch on people, or recordings, that validate, as a fraction (0 where the
    training diverged); recordings: how many those are; epoch: 0 where it diverged; seconds: what it took."""

    accuracy: float
    recordings: int
    epoch: int
    seconds: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Of its JSON. Raises KeyError, TypeError, ValueError or OverflowError for anything else."""
        found = cls(
            float(values["accuracy"]), int(values["recordings"]), int(values["epoch"]), float(values["seconds"])
        )  # fmt: skip
        counts = 0 <= found.epoch <= MOST and (0 < found.recordings <= MOST if found.epoch else found.recordings == 0)
        if not (counts and 0 <= found.accuracy <= 1 and 0 <= found.seconds < math.inf):
            raise ValueError(found)
        return found


def train_trial(corpus: Corpus, config: Configuration) -> Result:
    """Train `config` on `corpus`, in a worker: nothing is left on its disk but the cache of features."""
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="kilovox-trial-") as folder:
        try:
            metrics = run_experiment(config, corpus, Path(folder) / "run", progress=False).metadata.metrics
        except DivergedError:
            return Result(0.0, 0, 0, monotonic() - started)
    counted = int(metrics["pieces" if config.streams is not None else "recordings"])
    right = round(float(metrics["accuracy"]) * counted)  # which came as a float32
    return Result(right / counted, counted, int(metrics["epoch"]), monotonic() - started)


class Trials:
    """The trials of a search, kept in `folder`: what has ended there is not trained again.

    keys: of runs on `corpus`; ended: hears of each that ends.
    """

    def __init__(self, corpus: Corpus, keys: RunKeys, folder: Path, executor: Executor) -> None:
        self._keys, self._folder, self._executor = keys, make_folder(folder / TRIALS), executor
        self._train = partial(train_trial, corpus)
        self._known: dict[str, Result] = {}

    def train(self, configs: Sequence[Configuration], ended: Callable[[], None] = lambda: None) -> list[Result]:
        """Results in the order of `configs`, whoever trains them and whichever ends first; each network is trained once."""
        identities = [self._keys.of(config).identity for config in configs]
        waiting: dict[str, Configuration] = {}
        for identity, config in zip(identities, configs, strict=True):
            if self._kept(identity) is None:
                waiting.setdefault(identity, config)
            else:
                ended()
        names = list(waiting)
        for place, result in self._executor.run(self._train, list(waiting.values())):
            self._keep(names[place], waiting[names[place]], result)
            ended()
        return [self._known[identity] for identity in identities]

    def _path(self, identity: str) -> Path:
        return self._folder / f"{identity[:24]}.json"

    def _kept(self, identity: str) -> Result | None:
        """Of this very run, if it has ended; a file that was damaged counts for nothing."""
        if identity not in self._known:
            try:
                values = json.loads(read_small(self._path(identity), LARGEST_RESULT, "a result"))
                if values["identity"] != identity:
                    return None
                self._known[identity] = Result.of(values["result"])
            except (KilovoxError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
                return None
        return self._known[identity]

    def _keep(self, identity: str, config: Configuration, result: Result) -> None:
        self._known[identity] = result
        told = {"identity": identity, "result": asdict(result), "hidden": config.hidden, "epochs": config.epochs}
        write_json(self._path(identity), told)
