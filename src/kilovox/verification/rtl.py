"""The gateware of a model in Verilator: what it computes of recordings, and in how many cycles."""

import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointStream, of_word
from kilovox.frontend.word_finder import WordStream
from kilovox.gateware.emit import gateware_parts, gateware_sizes, sources
from kilovox.integer.model_file import Model
from kilovox.integer.network import confidence, logits
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING, judged
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.observation import Difference

Array = npt.NDArray[Any]

TOP, LOADED = "kilovox", "kilovox_loaded"
"""The module with its weights in a memory that has contents when it wakes, and the one that they are loaded into."""
END = 1 << 16
"""Instead of a sample: the end of a recording."""
FEATURE, FRAME, STATE, LOGIT, DECISION = range(5)
"""Kinds of events, as in kv_bench.cpp."""
PATIENCE = 1 << 30
"""Cycles that a transfer may take."""
PRESSURE = 96
"""How often, of 256, a side is not ready where it is to be now and then."""


@dataclass(frozen=True)
class Seen:
    """What the gateware computes of one recording, int64.

    cepstra, features: (frames, n); level: (frames,) of the loudest band; hidden, cell: (steps, layers, units) of every frame
    that went through the network; logits: (decisions, labels); decisions: (n, 4): whether it is the recording's, label,
    confidence, outcome; the last one is.
    """

    cepstra: Array
    features: Array
    level: Array
    hidden: Array
    cell: Array
    logits: Array
    decisions: Array


def verilator() -> str:
    """Where it is. Raises KilovoxError where it is not installed."""
    found = shutil.which("verilator")
    if found is None:
        raise KilovoxError("target rtl: verilator is not installed; expected it on the PATH (as of Debian's package)")
    return found


class Rtl:
    """The gateware of `model`, compiled; `top`: TOP or LOADED.

    Raises KilovoxError for a model that is none, and where a tool is missing or fails.
    """

    def __init__(self, model: Model, top: str = TOP) -> None:
        self.parts = gateware_parts(model)
        self._recogniser = Recogniser(model)
        program = verilator()
        self.folder = Path(tempfile.mkdtemp(prefix="kilovox-rtl-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        code = sources(model)
        for name, text in code.items():
            (self.folder / name).write_text(text)
        bench = Path(str(files("kilovox.verification") / "rtl_bench" / "kv_bench.cpp"))
        (self.folder / bench.name).write_text(bench.read_text())
        bits = gateware_sizes(self.parts)["ACC_BITS"]
        flags = ["-O2", f"-DKV_ACC_BITS={bits}", *(["-DKV_LOADED"] if top == LOADED else [])]
        self._program = str(self.folder / "build" / f"V{top}")
        modules = sorted(name for name in code if name.endswith(".v"))
        run_tool([
            program, "--cc", "--exe", "--build", "-O3", "--top-module", top, "+define+KV_POISON", "-CFLAGS", " ".join(flags),
            "-Mdir", "build", *modules, bench.name,
        ], self.folder)  # fmt: skip
        self.version = run_tool([program, "--version"], self.folder).strip()

    def run(self, recordings: Sequence[Samples], pressure: int = 0, seed: int = 1) -> tuple[list[Seen], int]:
        """What is seen of `recordings`, one after the other, and the cycles that all took.

        pressure: how often, of 256, either side is not ready. Raises KilovoxError where the gateware does not go on.
        """
        words = [np.append(samples.astype("<i4"), np.int32(END)).astype("<i4") for samples in recordings]
        command = [self._program, str(pressure), str(seed), str(PATIENCE)]
        sound = np.concatenate(words).tobytes()
        result = subprocess.run(command, input=sound, capture_output=True, cwd=self.folder, check=False)  # noqa: S603 (ours)
        if result.returncode:
            raise KilovoxError(f"gateware in Verilator: exit status {result.returncode}; a transfer was not taken in time")
        events = np.frombuffer(result.stdout, "<i4").reshape(-1, 4).astype(np.int64)
        last = np.flatnonzero((events[:, 0] == DECISION) & (events[:, 2] >> 16 == 1))
        return [self._seen(piece) for piece in np.split(events, last + 1)[: len(last)]], int(events[-1, 3])

    def _seen(self, events: Array) -> Seen:
        layers, inputs = self.parts.network.layers, self.parts.front_end.coefficients
        kinds = {kind: events[events[:, 0] == kind, 1:3] for kind in range(5)}
        features = kinds[FEATURE].reshape(-1, inputs, 2)
        states = kinds[STATE].reshape(-1, len(layers), layers[0].units, 2)
        label, rest = kinds[DECISION].T
        return Seen(
            features[..., 0], features[..., 1], kinds[FRAME][:, 0], states[..., 0], states[..., 1],
            kinds[LOGIT][:, 0].reshape(-1, len(self.parts.thresholds)),
            np.stack([rest >> 16, label, rest & 255, rest >> 8 & 255], axis=1),
        )  # fmt: skip

    def expected(self, samples: Samples) -> Seen:
        """What the Python engine computes of one recording."""
        return expected(self._recogniser, samples)


def expected(recogniser: Recogniser, samples: Samples) -> Seen:
    """What the Python engine computes of one recording, as the gateware tells it."""
    stream = FixedPointStream(recogniser.transform())
    cepstra, levels = stream.push(samples), stream.loudest
    cepstra, levels = np.concatenate([cepstra, stream.flush()]), levels + stream.loudest
    (features,) = recogniser.normalised([cepstra])
    steps: list[tuple[Array, Array]] = []
    values: list[Array] = []
    decisions: list[tuple[int, int, int, int]] = []
    best, peak = (1, 0, 0, NOTHING), 0
    for sequence, loud in _heard(recogniser, cepstra, levels, stream.heard):
        found = _through(recogniser, sequence)
        steps += found[0]
        if not stream.heard:
            continue
        values.append(found[1])
        decisions.append((0, *_decision(recogniser, found[1])))
        if best[3] == NOTHING or loud > peak:
            best, peak = (1, *decisions[-1][1:]), loud
    if not recogniser.finds_words:
        decisions.clear()
    layers, units = len(recogniser.engine.layers), recogniser.hidden  # type: ignore[union-attr]
    hidden, cell = (np.array([step[part] for step in steps], np.int64).reshape(-1, layers, units) for part in (0, 1))
    return Seen(
        cepstra.astype(np.int64), features.astype(np.int64), np.array(levels, np.int64), hidden, cell,
        np.array(values, np.int64).reshape(-1, len(recogniser.labels)), np.array([*decisions, best], np.int64),
    )  # fmt: skip


def first_difference(want: Seen, have: Seen, clip: str, pushed: str) -> Difference | None:
    """In the order in which things are computed."""
    for field in fields(Seen):
        left, right = getattr(want, field.name), getattr(have, field.name)
        if left.shape != right.shape:
            return Difference(f"number of {field.name}", clip, pushed, None, (), len(left), len(right))
        wrong = np.argwhere(left != right)
        if len(wrong):
            frame, *index = wrong[0].tolist()
            place = frame, *index
            return Difference(field.name, clip, pushed, frame, tuple(index), int(left[place]), int(right[place]))
    return None


def run_tool(command: Sequence[str], folder: Path) -> str:
    """What a tool prints. Raises KilovoxError, with the end of what it said, where it fails."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603 (tools on the PATH)
    if result.returncode:
        raise KilovoxError(f"{Path(command[0]).name} failed: {(result.stderr or result.stdout).strip()[-2000:]}")
    return result.stdout


def _heard(recogniser: Recogniser, cepstra: Array, levels: list[int], heard: bool) -> list[tuple[Array, int]]:
    """What goes through the network: of each word its int16 features and its peak; or the whole recording."""
    finder = recogniser.transform().words
    if finder is None:
        return [(cepstra, 0)] if len(cepstra) else []
    stream = WordStream(finder)
    words = [stream.push(level) for level in levels] + [stream.finish() if heard else None]
    return [(of_word(cepstra, np.array(levels, np.int32), word), word.peak) for word in words if word is not None]


def _through(recogniser: Recogniser, raw: Array) -> tuple[list[tuple[Array, Array]], Array]:
    """Hidden and cell states (layers, units) after each frame; the logits (labels,) after the last."""
    engine = recogniser.engine
    assert engine is not None  # noqa: S101 (of integers)
    states, seen = engine.start(1), []
    for frame in recogniser.normalised([raw])[0]:
        states = engine.step(states, frame[None])
        seen.append((np.stack([state.hidden[0] for state in states]), np.stack([state.cell[0] for state in states])))
    return seen, logits(engine.head, states[-1].hidden)[0]


def _decision(recogniser: Recogniser, values: Array) -> tuple[int, int, int]:
    """Label, confidence and outcome."""
    engine = recogniser.engine
    assert engine is not None  # noqa: S101 (of integers)
    label, sure = values[None].argmax(axis=1), confidence(engine.head, values[None])
    outcome = judged(label, sure / FULL_CONFIDENCE, recogniser.thresholds)
    return int(label[0]), int(sure[0]), int(outcome[0])
