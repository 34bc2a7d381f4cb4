"""How long one clip takes, from samples to decision, on the machine at hand."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import FastRecogniser

PERCENTILES = (5, 50, 95, 99)


@dataclass(frozen=True)
class Percentiles:
    """Of times in milliseconds; `p50` is the median."""

    p5: float
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, nanoseconds: Sequence[int]) -> "Percentiles":
        """Interpolated linearly between the times measured."""
        return cls(*(float(value) / 1e6 for value in np.percentile(np.array(nanoseconds), PERCENTILES)))


@dataclass(frozen=True)
class Latency:
    """Times of one clip after another: `total` is measured from samples to decision, its parts separately within it.

    engine: what computed it, NumPy or C.
    """

    total: Percentiles
    front_end: Percentiles
    network: Percentiles
    clips: int
    repeats: int
    cpu: str
    threads: int
    engine: str = ""

    def as_json(self) -> dict[str, Any]:
        """All figures, times in milliseconds."""
        return asdict(self)


def measure_latency(recogniser: Recogniser, clips: Sequence[Samples], repeats: int = 5) -> Latency:
    """Time the decision on each of `clips`, (samples,) int16, alone, `repeats` times.

    A first pass over one clip is not counted: it pays for tables and memory. Raises KilovoxError without clips or repeats.
    """
    if not clips or repeats < 1:
        raise KilovoxError(f"{len(clips)} clips, {repeats} repeats; expected at least one of each")
    recogniser(clips[:1])
    front_end, network = [], []
    for _ in range(repeats):
        for clip in clips:
            start = perf_counter_ns()
            features = recogniser.raw_features([clip])
            between = perf_counter_ns()
            recogniser.decide(features)
            front_end.append(between - start)
            network.append(perf_counter_ns() - between)
    total = [first + second for first, second in zip(front_end, network, strict=True)]
    return Latency(
        Percentiles.of(total), Percentiles.of(front_end), Percentiles.of(network),
        len(clips), repeats, cpu_name(), thread_count(), "C" if isinstance(recogniser, FastRecogniser) else "NumPy",
    )  # fmt: skip


def cpu_name() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [value.strip() for key, _, value in (line.partition(":") for line in lines) if key.strip() == "model name"]
    return names[0] if names and names[0] else platform.processor() or platform.machine() or "unknown"


def thread_count() -> int:
    """Threads that NumPy's linear algebra may use: as the environment limits them, else one a core."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        value = os.environ.get(variable, "")
        if value.isdecimal() and len(value) < 10 and int(value) > 0:
            return int(value)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
