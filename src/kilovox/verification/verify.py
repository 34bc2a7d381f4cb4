"""Proves that the firmware of a model computes on every target the bits that the Python engine computes, and what it costs."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.firmware.layout import Parts, parts_of
from kilovox.firmware.sources import sources
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.costs import modelled_milliseconds
from kilovox.verification.emulator import Core, memory
from kilovox.verification.findings import findings
from kilovox.verification.host import compile_library, find_compiler, run_compiler
from kilovox.verification.library import SharedLibrary
from kilovox.verification.observation import Difference, Observation, Shape, expected, first_difference
from kilovox.verification.toolchain import Image, compile_core, compile_wasm, shims
from kilovox.verification.verification import Instructions, TargetReport, Verification
from kilovox.verification.wasm import WasmModule, module_sizes

TARGETS = ("host", "cortex-m0", "cortex-m4", "riscv32", "riscv32i", "wasm32")

EMULATED_CLIPS = 20
"""Clips on an emulated core, unless asked for otherwise."""

RAGGED = (1, 159, 7, 64, 160, 31, 2)
"""Lengths of the pieces, over and over."""

COUNTED_CLIPS = {"riscv32i": 1}
"""Clips whose instructions are counted; 3 on other targets. Without a multiplier there are ten times as many blocks."""

Clip = tuple[str, Samples]


class Target(Protocol):
    """What runs a recording."""

    def run(self, samples: Samples, chunks: Sequence[int]) -> Observation:
        """Pushed in pieces of `chunks` samples; none: whole."""


@dataclass
class Task:
    """A model, its C, and the clips that a target is to be judged on, with what the Python engine computes of them."""

    model: Model
    files: Mapping[str, str]
    clips: Sequence[Clip]
    use_gcc: bool = True
    _expected: dict[str, Observation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts: Parts = parts_of(self.model)
        self.shape = Shape.of(self.parts)
        self._recogniser = Recogniser(self.model)

    @property
    def longest(self) -> int:
        """Samples of the longest clip."""
        return max(len(samples) for _, samples in self.clips)

    def some(self, count: int | None) -> list[Clip]:
        """`count` of the clips, evenly spread; None: all."""
        every = len(self.clips)
        count = every if count is None else min(count, every)
        return [self.clips[index] for index in np.linspace(0, every - 1, count).round().astype(int)]

    def expected(self, clip: Clip) -> Observation:
        """What the Python engine computes, once."""
        name, samples = clip
        if name not in self._expected:
            self._expected[name] = expected(self._recogniser, samples)
        return self._expected[name]

    def difference(self, target: Target, clip: Clip) -> Difference | None:
        """The first on `clip`, whole or in ragged pieces."""
        name, samples = clip
        want = self.expected(clip)
        return first_difference(want, target.run(samples, ()), name, "whole") or first_difference(
            want, target.run(samples, RAGGED), name, "in ragged chunks"
        )

    def first_difference(self, target: Target, clips: Sequence[Clip]) -> Difference | None:
        """The first on `clips`."""
        return next((found for clip in clips if (found := self.difference(target, clip))), None)

    def frames(self, clips: Sequence[Clip]) -> int:
        """Of `clips` together."""
        return sum(self.parts.front_end.frames(len(samples)) for _, samples in clips)

    def steps(self, samples: Samples) -> int | None:
        """Frames of the words that the network is run on; None: all frames."""
        return len(self._recogniser.raw_features([samples])[0]) if self._recogniser.finds_words else None

    def instructions(self, counts: Sequence[Mapping[str, int]], clips: Sequence[Clip]) -> Instructions:
        """Of `counts`, one for each of `clips`."""
        seconds = sum(len(samples) for _, samples in clips) / self.parts.front_end.sample_rate
        return Instructions.of(counts, self.shape.layers, self.frames(clips), seconds)

    def findings(self, image: Image, target: str) -> tuple[str, ...]:
        """In the object files of the recogniser."""
        return tuple(findings(image.objects, target, self.parts.powers_of_two))


def verify(
    model: Model,
    targets: Sequence[str],
    recordings: Sequence[Clip],
    clips: int | None = None,
    about: str = "",
    use_gcc: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Verification:
    """Compile `model` for each of `targets`, run `recordings` there, and compare every stage with the Python engine.

    recordings: name and (samples,) int16; clips: how many of them, evenly spread; None: all on host and wasm32,
    EMULATED_CLIPS elsewhere; about: what the recordings are; use_gcc: whether bare cores are compiled with GCC where it is
    installed; tell: hears of each target as its turn comes. Raises KilovoxError for an unknown target, recordings without a
    sample, and where a compiler or an optional package is missing.
    """
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or not targets:
        raise KilovoxError(f"target {', '.join(unknown) or 'none'}; expected some of {', '.join(TARGETS)}")
    empty = [name for name, samples in recordings if len(samples) == 0]
    if empty or not recordings:
        raise KilovoxError(f"{empty[0] if empty else 'no recording'}: no samples; expected at least one")
    task = Task(model, sources(model), recordings, use_gcc)
    reports = {}
    for target in targets:
        tell(f"{target} ...")
        reports[target] = {"host": _host, "wasm32": _wasm}.get(target, _core)(task, target, clips)
    return Verification(model.metadata.name, about or f"{len(recordings)} recordings", reports)


def _host(task: Task, _: str, count: int | None) -> TargetReport:
    compiler, clips = find_compiler(), task.some(count)
    library = SharedLibrary(compile_library({**task.files, **shims()}, compiler), task.shape, task.longest)
    version = run_compiler([*shlex.split(compiler), "--version"], Path.cwd()).splitlines()[0]
    ram = library.layout[0] + task.shape.decision_bytes
    difference = task.first_difference(library, clips)
    return TargetReport(version, difference, len(clips), task.frames(clips) / len(clips), ram=ram)


def _wasm(task: Task, target: str, count: int | None) -> TargetReport:
    clips = task.some(count)
    image = compile_wasm(task.files)
    module = WasmModule(image, task.shape, task.longest)
    difference = task.first_difference(module, clips)
    counting, counted = WasmModule(image, task.shape, task.longest, counting=True), clips[: COUNTED_CLIPS.get(target, 3)]
    front_end = task.parts.front_end
    counts = [counting.counts(samples, front_end.window, front_end.hop, task.steps(samples)) for _, samples in counted]
    return TargetReport(
        image.compiler, difference, len(clips), task.frames(clips) / len(clips), task.instructions(counts, counted),
        module_sizes(image, task.parts.front_end.table_bytes), module.layout[0] + task.shape.decision_bytes,
        findings=task.findings(image, target),
    )  # fmt: skip


def _core(task: Task, target: str, count: int | None) -> TargetReport:
    clips = task.some(EMULATED_CLIPS if count is None else count)
    image = compile_core(task.files, target, task.use_gcc)
    core = Core(image, target, task.shape)
    difference = task.first_difference(core, clips)
    counting, counted = Core(image, target, task.shape, counting=True), clips[: COUNTED_CLIPS.get(target, 3)]
    counts, took, multiplications = [], 0, 0
    for name, samples in counted:
        observed = counting.run(samples, ())
        difference = difference or first_difference(task.expected((name, samples)), observed, name, "whole")
        found = counting.counts()
        counts.append(found.instructions)
        took, multiplications = took + found.cycles, multiplications + found.multiplications
    flash, ram, helpers = memory(image, task.parts.front_end.table_bytes)
    return TargetReport(
        image.compiler, difference, len(clips), task.frames(clips) / len(clips), task.instructions(counts, counted),
        flash, ram, max(core.stack, counting.stack), tuple(helpers), task.findings(image, target),
        modelled_milliseconds(target, took / len(counted), multiplications / len(counted)) or None,
    )  # fmt: skip
