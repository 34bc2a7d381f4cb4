"""How long a batch takes on this machine."""

from time import perf_counter

import torch
from torch import nn

from kilovox.config import Configuration
from kilovox.training.network import LSTMClassifier

TIMED_BATCHES = 3


def seconds_a_batch(config: Configuration, hidden: int, layers: int) -> float:
    """Of an LSTM of that size in the training of `config`, with one thread, on numbers made up; rough."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            network = LSTMClassifier(config.inputs, hidden, layers, config.outputs)
            features = torch.ones(config.training.batch_size, config.frontend.frames, config.inputs)
            labels = torch.zeros(len(features), dtype=torch.int64)
            started = perf_counter()
            for repeat in range(TIMED_BATCHES + 1):
                if repeat == 1:
                    started = perf_counter()  # the first pays for memory
                nn.functional.cross_entropy(network(features), labels).backward()  # type: ignore[no-untyped-call]
            return (perf_counter() - started) / TIMED_BATCHES
    finally:
        torch.set_num_threads(threads)
