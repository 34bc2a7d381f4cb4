"""The gateware of a model in a simulator: what it computes of recordings, and in how many cycles."""

import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.gateware.emit import gateware_parts, gateware_sizes, sources
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.rtl_expected import Seen, expected
from kilovox.verification.simulator import compile_simulation

Array = npt.NDArray[Any]

TOP, LOADED = "kilovox", "kilovox_loaded"
"""The module with its weights in a memory that has contents when it wakes, and the one that they are loaded into."""
END = 1 << 16
"""Instead of a sample: the end of a recording."""
FEATURE, FRAME, STATE, LOGIT, DECISION, OUTPUT = range(6)
"""Kinds of events, as in kv_bench.cpp."""
PATIENCE = 1 << 30
"""Cycles that a transfer may take."""
PRESSURE = 96
"""How often, of 256, a side is not ready where it is to be now and then."""


class Rtl:
    """The gateware of `model`, compiled; `top`: TOP or LOADED.

    Raises KilovoxError for a model that is none, and where a tool is missing or fails.
    """

    def __init__(self, model: Model, top: str = TOP) -> None:
        self.parts = gateware_parts(model)
        self._recogniser = Recogniser(model)
        self.folder = Path(tempfile.mkdtemp(prefix="kilovox-rtl-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        code = sources(model)
        for name, text in code.items():
            (self.folder / name).write_text(text)
        bench = Path(str(files("kilovox.verification") / "rtl_bench" / "kv_bench.cpp"))
        (self.folder / bench.name).write_text(bench.read_text())
        bits = gateware_sizes(self.parts)["ACC_BITS"]
        defines = [f"KV_ACC_BITS={bits}", *(["KV_LOADED"] if top == LOADED else [])]
        simulation = compile_simulation(self.folder, top, bench.name, defines)
        self._program, self.version = str(simulation.program), simulation.made_with

    def run(self, recordings: Sequence[Samples], pressure: int = 0, seed: int = 1) -> tuple[list[Seen], int]:
        """What is seen of `recordings`, one after the other, and the cycles that all took.

        pressure: how often, of 256, either side is not ready. Raises KilovoxError where the gateware does not go on.
        """
        events = self.events(recordings, pressure, seed)
        last = np.flatnonzero((events[:, 0] == DECISION) & (events[:, 2] >> 16 == 1))
        return [self._seen(piece) for piece in np.split(events, last + 1)[: len(last)]], int(events[-1, 3])

    def events(self, recordings: Sequence[Samples], pressure: int = 0, seed: int = 1) -> Array:
        """(n, 4) int64: kind, two values, and the cycle, of all that `run` sees. Raises KilovoxError as it does."""
        words = [np.append(samples.astype("<i4"), np.int32(END)).astype("<i4") for samples in recordings]
        command = [self._program, str(pressure), str(seed), str(PATIENCE)]
        sound = np.concatenate(words).tobytes()
        result = subprocess.run(command, input=sound, capture_output=True, cwd=self.folder, check=False)  # noqa: S603 (ours)
        if result.returncode:
            raise KilovoxError(f"gateware in {self.version}: exit status {result.returncode}; a transfer was not taken in time")
        return np.frombuffer(result.stdout, "<i4").reshape(-1, 4).astype(np.int64)

    def _seen(self, events: Array) -> Seen:
        layers, inputs = self.parts.network.layers, self.parts.front_end.coefficients
        kinds = {kind: events[events[:, 0] == kind, 1:3] for kind in range(6)}
        features = kinds[FEATURE].reshape(-1, inputs, 2)
        states = kinds[STATE].reshape(-1, len(layers), layers[0].units, 2)
        outputs = len(self.parts.network.head.bias)
        # How many sets of logits there were before each decision.
        told = np.cumsum(events[:, 0] == LOGIT)[events[:, 0] == DECISION] // outputs
        label, rest = kinds[DECISION].T
        return Seen(
            features[..., 0], features[..., 1], kinds[FRAME][:, 0], kinds[OUTPUT][:, 0], states[..., 0], states[..., 1],
            kinds[LOGIT][:, 0].reshape(-1, outputs), np.stack([rest >> 16, label, rest & 255, rest >> 8 & 255, told], axis=1),
        )  # fmt: skip

    def expected(self, samples: Samples) -> Seen:
        """What the Python engine computes of one recording."""
        return expected(self._recogniser, samples)
