"""Trainings to be killed: each in a process of its own, forked from one that has imported torch once for all of them."""

import multiprocessing
import os
import time
from pathlib import Path

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus


def train(config: Configuration, corpus: Corpus, folder: Path, cache: str) -> None:
    """In the process: as `kilovox train --resume` does."""
    from kilovox.training.experiment import run_experiment

    os.environ["KILOVOX_CACHE"] = cache
    run_experiment(config, corpus, folder, resume=True, progress=False)


def killed_once_there(mark: Path, config: Configuration, corpus: Corpus, folder: Path) -> None:
    """Train until there is a file `mark`, and not a moment longer: SIGKILL."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kilovox.training.experiment"])
    process = context.Process(target=train, args=(config, corpus, folder, os.environ["KILOVOX_CACHE"]))
    process.start()
    deadline = time.monotonic() + 60
    while not mark.exists() and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.join()
    assert mark.exists()
