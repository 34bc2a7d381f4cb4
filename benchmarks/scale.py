"""Many trainings side by side: how much faster two workers are than one, and what a trial costs that is none of its own.

    python benchmarks/scale.py [--address local]

The peer is one worker that does the same. A trial here is a training of a one-layer LSTM of 85 units on features made up, by
one thread; trials by one and by two workers are timed in turn, so that what else the machine does falls on both. With an
address, the same on a Ray cluster. Then one network by one process and by two, each with half of every batch.
"""

import argparse
import time
from functools import partial
from statistics import median

import torch
from torch import nn

from kilovox.config import find_configuration
from kilovox.search.executor import Executor, open_executor
from kilovox.training.network import LSTMClassifier
from kilovox.training.pace import TIMED_BATCHES, seconds_a_batch
from kilovox.training.parallel import ALONE, Alone, joined, meeting_place

TRIALS, PAIRS, NOTHING, STEPS = 4, 3, 200, 30
UNITS, INPUTS, LABELS, FRAMES, BATCH = 85, 13, 10, 60, 64
RECORDINGS, MANY_TRIALS, VIEWS, EPOCHS = 10**6, 10**3, 6, 30
PREPARING = 0.001
"""Seconds of a core a recording and view: measured on FSDD, which the numbers made up here are not."""


def trained(steps: int, member: Alone = ALONE) -> float:
    """Seconds of so many steps."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network, labels = LSTMClassifier(INPUTS, UNITS, 1, LABELS, 0.0), torch.zeros(BATCH, dtype=torch.int64)
    features, optimizer = torch.randn(BATCH, FRAMES, INPUTS), torch.optim.AdamW(network.parameters())
    began = time.perf_counter()
    for _ in range(steps):
        inputs, own = member.part([features], labels)
        loss = nn.functional.cross_entropy(network(*inputs), own)
        optimizer.zero_grad()
        member.backward(loss, network)
        optimizer.step()
    return time.perf_counter() - began


def trained_together(place: str, rank: int) -> float:
    with joined(place, rank, 2) as member:
        return trained(STEPS, member)


def nothing(number: int) -> int:
    return number


def timed(executor: Executor, steps: int) -> float:
    began = time.perf_counter()
    list(executor.run(trained, [steps] * TRIALS))
    return time.perf_counter() - began


def said(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)})"


def speed_up(address: str | None, steps: int) -> None:
    """Of two workers over one, in pairs."""
    began = time.perf_counter()
    with open_executor(address, 2) as two:
        list(two.run(nothing, range(2)))
        started = time.perf_counter() - began
        timed(two, 1)  # every worker loads torch
        began = time.perf_counter()
        list(two.run(nothing, range(NOTHING)))
        each = (time.perf_counter() - began) / NOTHING
        where = "Ray" if address else "processes"
        print(f"{where}: {started:.1f} s until two workers are there; {1000 * each:.2f} ms a trial that does nothing")
        ratios = []
        with open_executor(None, 1) as one:
            timed(one, 1)
            for _ in range(PAIRS):
                alone, both = timed(one, steps), timed(two, steps)
                ratios.append(alone / both)
    print(f"{where}: two workers are {said(ratios)} times as fast as one")


def together() -> None:
    """Steps of two processes with half a batch each, over those of one with all of it."""
    ratios = []
    with open_executor(None, 2) as executor:
        for _ in range(PAIRS):
            (alone,) = (seconds for _, seconds in executor.run(trained, [STEPS]))
            with meeting_place(None) as place:
                both = max(seconds for _, seconds in executor.run(partial(trained_together, place), range(2)))
            ratios.append(alone / both)
    print(f"one network, batches of {BATCH}: two processes are {said(ratios)} times as fast as one")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address")
    parser.add_argument("--steps", type=int, default=40, help="of a trial")
    asked = parser.parse_args()
    config = find_configuration("task-b-int8")
    seconds_a_batch(config, UNITS, 1)  # the first pays for memory
    began = time.process_time()
    seconds_a_batch(config, UNITS, 1)
    batch = (time.process_time() - began) / (TIMED_BATCHES + 1)
    print(f"a batch of task-b-int8: {1000 * batch:.1f} ms of a core")
    speed_up(None, asked.steps)
    if asked.address:
        speed_up(asked.address, asked.steps)
    together()
    training = EPOCHS * RECORDINGS / BATCH * batch
    hours = RECORDINGS * VIEWS * PREPARING / 3600
    print(f"{RECORDINGS:,} recordings: {hours:.1f} core hours for {VIEWS} views, {training / 3600:.0f} for {EPOCHS} epochs")
    print(f"{MANY_TRIALS:,} such trials: {MANY_TRIALS * training / 3600:,.0f} core hours")


if __name__ == "__main__":
    main()
