"""Proves that a model's firmware and gateware compute the bits that the Python engine computes, and what it costs."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.firmware.decimation import decimation_bytes
from kilovox.firmware.emit import sizes
from kilovox.firmware.layout import Parts, parts_of
from kilovox.firmware.sources import sources
from kilovox.frontend.decimator import decimated, factor_of
from kilovox.integer.model_file import Model
from kilovox.integer.observation import Observation, expected
from kilovox.integer.recogniser import Recogniser
from kilovox.verification import turns
from kilovox.verification.avr import CHIP, CLIP_BYTES, MEGAHERTZ, Avr
from kilovox.verification.costs import modelled_milliseconds
from kilovox.verification.emulator import Core, memory
from kilovox.verification.findings import findings
from kilovox.verification.host import compile_library, find_compiler, run_compiler
from kilovox.verification.library import SharedLibrary
from kilovox.verification.observation import Difference, Shape, first_difference
from kilovox.verification.rtl import PRESSURE, Rtl
from kilovox.verification.rtl_expected import first_difference as first_difference_of_rtl
from kilovox.verification.toolchain import Image, compile_core, compile_wasm, shims
from kilovox.verification.verification import Instructions, TargetReport, Verification
from kilovox.verification.wasm import WasmModule, module_sizes

CODE_TARGETS = ("host", "cortex-m0", "cortex-m4", "riscv32", "riscv32i", "wasm32", "avr")
"""What runs the C."""

TARGETS = (*CODE_TARGETS, "rtl")

EMULATED_CLIPS = 20
"""Clips on an emulated core, unless asked for otherwise."""

AVR_CLIPS = 5
"""Clips on an AVR, unless asked for otherwise: each is two runs of a simulator that goes cycle by cycle."""

RTL_CLIPS = 20
"""Clips through the gateware, unless asked for otherwise."""

RAGGED = (1, 159, 7, 64, 160, 31, 2)
"""Lengths of the pieces, over and over."""

COUNTED_CLIPS = {"riscv32i": 1}
"""Clips whose instructions are counted; 3 on other targets. Without a multiplier there are ten times as many blocks."""

Clip = tuple[str, Samples]


class Target(Protocol):
    """What runs a recording."""

    def run(self, samples: Samples, chunks: Sequence[int]) -> Observation:
        """Pushed in pieces of `chunks` samples; none: whole."""


class Player(Protocol):
    """What plays recordings in turn."""

    def play(self, samples: Samples, steps: Sequence[turns.Step]) -> tuple[list[int], list[Observation]]:
        """The frames and the decisions of kilovox.verification.turns."""


@dataclass
class Task:
    """A model, its C, and the clips that a target is to be judged on, with what the Python engine computes of them."""

    model: Model
    files: Mapping[str, str]
    clips: Sequence[Clip]
    use_gcc: bool = True
    clock: float | None = None
    input_rate: int | None = None
    _expected: dict[str, Observation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts: Parts = parts_of(self.model)
        self.factor = factor_of(self.input_rate, self.parts.front_end.sample_rate)
        self.shape = Shape.of(self.parts, self.factor)
        self._recogniser = Recogniser(self.model)

    @property
    def rate(self) -> int:
        """The model's, Hz."""
        return self.parts.front_end.sample_rate

    @property
    def longest(self) -> int:
        """Samples of the longest clip."""
        return max(len(samples) for _, samples in self.clips)

    @property
    def table_bytes(self) -> int:
        """Of the tables of front end and decimator."""
        return self.parts.front_end.table_bytes + decimation_bytes(self.factor)

    def some(self, count: int | None, longest: int | None = None) -> list[Clip]:
        """`count` of the clips of at most `longest` samples, evenly spread; None: all. Raises KilovoxError for none."""
        clips = [clip for clip in self.clips if longest is None or len(clip[1]) <= longest]
        if not clips:
            raise KilovoxError(f"recordings of {self.longest} samples; expected some of at most {longest}")
        count = len(clips) if count is None else min(count, len(clips))
        return [clips[index] for index in np.linspace(0, len(clips) - 1, count).round().astype(int)]

    def expected(self, clip: Clip) -> Observation:
        """What the Python engine computes, once."""
        name, samples = clip
        if name not in self._expected:
            self._expected[name] = expected(self._recogniser, samples, self.factor)
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

    def difference_in_turn(self, target: Player, clips: Sequence[Clip]) -> Difference | None:
        """The first where recordings come in turn: parts of the first of `clips`, by kilovox.verification.turns."""
        name, samples = clips[0]
        samples = samples[: turns.LONGEST * self.factor]
        steps = turns.script(len(samples))
        frames, decisions = turns.expected_of(self._recogniser, samples, steps, self.input_rate)
        found_frames, found = target.play(samples, steps)
        if frames != found_frames:
            place = next(at for at, pair in enumerate(zip(frames, found_frames, strict=True)) if pair[0] != pair[1])
            return Difference("frames", name, f"in turn, call {place}", None, (), frames[place], found_frames[place])
        every = (
            first_difference(want, have, name, f"in turn, result {at}")
            for at, (want, have) in enumerate(zip(decisions, found, strict=True))
        )
        return next((difference for difference in every if difference), None)

    def frames(self, clips: Sequence[Clip]) -> int:
        """Of `clips` together."""
        return sum(self.parts.front_end.frames(len(samples) // self.factor) for _, samples in clips)

    def steps(self, samples: Samples) -> int | None:
        """Frames of the words that the network is run on; None: all frames."""
        heard = decimated(samples, self.factor)
        return len(self._recogniser.raw_features([heard])[0]) if self._recogniser.finds_words else None

    def instructions(
        self, counts: Sequence[Mapping[str, int]], clips: Sequence[Clip], longest_push: int | None = None
    ) -> Instructions:
        """Of `counts`, one for each of `clips`."""
        seconds = sum(len(samples) for _, samples in clips) / (self.parts.front_end.sample_rate * self.factor)
        return Instructions.of(counts, self.shape.layers, self.frames(clips), seconds, longest_push)

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
    clock: float | None = None,
    input_rate: int | None = None,
) -> Verification:
    """Compile `model` for each of `targets`, run `recordings` there, and compare every stage with the Python engine.

    recordings: name and (samples,) int16; clips: how many of them, evenly spread; None: all on host and wasm32, RTL_CLIPS in
    gateware, EMULATED_CLIPS elsewhere; about: what the recordings are; use_gcc: whether bare cores are compiled with GCC where
    it is installed; tell: hears of each target as its turn comes; clock: MHz of the modelled times, None: those of
    kilovox.verification.costs; input_rate: Hz of the recordings, which the firmware makes into the model's, None: that. Raises
    KilovoxError for an unknown target, recordings without a sample, a rate that is not supported, and where a compiler or an
    optional package is missing.
    """
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or not targets:
        raise KilovoxError(f"target {', '.join(unknown) or 'none'}; expected some of {', '.join(TARGETS)}")
    empty = [name for name, samples in recordings if len(samples) == 0]
    if empty or not recordings:
        raise KilovoxError(f"{empty[0] if empty else 'no recording'}: no samples; expected at least one")
    task = Task(model, sources(model, input_rate=input_rate), recordings, use_gcc, clock, input_rate)
    reports = {}
    for target in targets:
        tell(f"{target} ...")
        reports[target] = {"host": _host, "wasm32": _wasm, "avr": _avr, "rtl": _rtl}.get(target, _core)(task, target, clips)
    return Verification(model.metadata.name, about or f"{len(recordings)} recordings", reports)


def _host(task: Task, _: str, count: int | None) -> TargetReport:
    compiler, clips = find_compiler(), task.some(count)
    library = SharedLibrary(compile_library({**task.files, **shims()}, compiler), task.shape, task.longest)
    version = run_compiler([*shlex.split(compiler), "--version"], Path.cwd()).splitlines()[0]
    ram = library.layout[0] + task.shape.decision_bytes
    difference = task.first_difference(library, clips) or task.difference_in_turn(library, clips)
    return TargetReport(version, difference, len(clips), task.frames(clips) / len(clips), ram=ram)


def _wasm(task: Task, target: str, count: int | None) -> TargetReport:
    clips = task.some(count)
    image = compile_wasm(task.files)
    module = WasmModule(image, task.shape, task.longest)
    difference = task.first_difference(module, clips) or task.difference_in_turn(module, clips)
    counting, counted = WasmModule(image, task.shape, task.longest, counting=True), clips[: COUNTED_CLIPS.get(target, 3)]
    front_end = task.parts.front_end
    counts = [counting.counts(samples, front_end.window, front_end.hop, task.steps(samples)) for _, samples in counted]
    return TargetReport(
        image.compiler, difference, len(clips), task.frames(clips) / len(clips), task.instructions(counts, counted),
        module_sizes(image, task.table_bytes), module.layout[0] + task.shape.decision_bytes,
        findings=task.findings(image, target),
    )  # fmt: skip


def _avr(task: Task, _: str, count: int | None) -> TargetReport:
    clips = task.some(AVR_CLIPS if count is None else count, CLIP_BYTES // 2)
    chip = Avr(task.files, task.shape, sizes(task.parts, task.input_rate))
    difference, took = None, 0
    for clip in clips:
        difference = difference or task.difference(chip, clip)
        took += chip.cycles
    found, table_bytes = chip.sizes(), task.table_bytes
    return TargetReport(
        chip.compiler, difference, len(clips), task.frames(clips) / len(clips),
        flash={"code": found.code, "front_end_tables": table_bytes, "network": found.tables - table_bytes},
        ram=found.ram, stack=chip.stack, findings=chip.findings(),
        modelled_milliseconds={f"{CHIP}, {MEGAHERTZ} MHz": took / len(clips) / (1000 * MEGAHERTZ)},
    )  # fmt: skip


def _rtl(task: Task, _: str, count: int | None) -> TargetReport:
    if task.factor != 1:
        raise KilovoxError(f"input rate {task.input_rate} Hz; target rtl takes sound at the model's rate alone")
    clips, device = task.some(RTL_CLIPS if count is None else count), Rtl(task.model)
    recordings, seconds = [samples for _, samples in clips], sum(len(samples) for _, samples in clips) / task.rate
    whole, cycles = device.run(recordings)
    halting = device.run(recordings, PRESSURE)[0]
    found = (
        first_difference_of_rtl(device.expected(samples), seen[at], name, way)
        for at, (name, samples) in enumerate(clips)
        for way, seen in (("at once", whole), ("now and then", halting))
    )
    return TargetReport(
        device.version, next(filter(None, found), None), len(clips), task.frames(clips) / len(clips),
        cycles={"a_frame": round(cycles / task.frames(clips)), "a_second": round(cycles / seconds)},
    )  # fmt: skip


def _core(task: Task, target: str, count: int | None) -> TargetReport:
    clips = task.some(EMULATED_CLIPS if count is None else count)
    image = compile_core(task.files, target, task.use_gcc)
    core = Core(image, target, task.shape)
    difference = task.first_difference(core, clips) or task.difference_in_turn(core, clips)
    counting, counted = Core(image, target, task.shape, counting=True), clips[: COUNTED_CLIPS.get(target, 3)]
    counts, took, multiplications = [], 0, 0
    for name, samples in counted:
        observed = counting.run(samples, ())
        difference = difference or first_difference(task.expected((name, samples)), observed, name, "whole")
        found = counting.counts()
        counts.append(found.instructions)
        took, multiplications = took + found.cycles, multiplications + found.multiplications
    longest = counting.longest_push(counted[0][1], task.shape.hop)
    flash, ram, helpers = memory(image, task.table_bytes)
    return TargetReport(
        image.compiler, difference, len(clips), task.frames(clips) / len(clips), task.instructions(counts, counted, longest),
        flash, ram, max(core.stack, counting.stack), tuple(helpers), task.findings(image, target),
        modelled_milliseconds(target, took / len(counted), multiplications / len(counted), task.clock) or None,
    )  # fmt: skip
