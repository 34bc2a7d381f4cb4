"""The firmware on an 8-bit AVR, whose int has 16 bits and whose flash is no part of its memory: avr-gcc and simavr."""

import re
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.firmware.export import avr_refusal
from kilovox.integer.observation import Observation
from kilovox.verification.disassembly import read_elf
from kilovox.verification.findings import wrong_call
from kilovox.verification.host import run_compiler
from kilovox.verification.observation import DETECTION, Shape, cut
from kilovox.verification.toolchain import compile_objects, own_files

CHIP = "atmega1284p"
"""128 KB of flash, 16 KB of RAM: the largest that has a two-byte program counter."""

MEGAHERTZ = 16
RUN_SECONDS = 600
TICK = 1024
"""Cycles of a tick of kv_avr.c."""

FLAGS = (
    f"-mmcu={CHIP}",
    "-std=gnu99",
    "-Os",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
)
"""Bits are those of GNU C where tables are read from flash."""

CLIP_BYTES = 0xE000
"""Of flash, which a recording may take: it comes after tables and code."""


def avr_missing() -> str:
    """What is not installed of what this needs; nothing where all is there."""
    missing = [program for program in ("avr-gcc", "simavr") if not shutil.which(program)]
    return f"avr needs {' and '.join(missing)}, not on PATH; Debian: apt install gcc-avr avr-libc simavr" if missing else ""


def avr_obstacle(constants: Mapping[str, int]) -> str:
    """Why a model of these KV_ `constants` does not run on an AVR here; nothing where it does."""
    refusal = avr_refusal(constants)
    return f"avr: {refusal}" if refusal else avr_missing()


@dataclass(frozen=True)
class AvrSizes:
    """Bytes: code, tables (both in flash), static RAM of a recogniser and a decision."""

    code: int
    tables: int
    ram: int


class Avr:
    """C `files` (kilovox.firmware.sources) on the simulated CHIP; every recording is a run of the simulator.

    constants: those of kilovox.firmware.emit.sizes. No piece is longer than a hop, so that each completes a frame at most.
    After a run, `cycles` is what it took, to within a tick a piece, and `stack` the deepest of all runs. Raises KilovoxError
    where something is not installed, or the model does not fit into the chip.
    """

    def __init__(self, files: Mapping[str, str], shape: Shape, constants: Mapping[str, int]) -> None:
        if wrong := avr_obstacle(constants):
            raise KilovoxError(wrong)
        self._shape, self._hop = shape, constants["HOP"]
        self.cycles = self.stack = self.ram = 0
        self._command = [str(shutil.which("avr-gcc")), *FLAGS]
        self.compiler = run_compiler([self._command[0], "--version"], Path.cwd()).splitlines()[0]
        self._build = build = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, build, ignore_errors=True)
        own = own_files("kv_avr.c")
        for name, text in {**files, **own}.items():
            (build / name).write_text(text)
        self.objects = compile_objects(self._command, [name for name in files if name.endswith(".c")], build)
        self._linked = [f"{name}.o" for name in self.objects | compile_objects(self._command, list(own), build)]

    def run(self, samples: Samples, chunks: Sequence[int]) -> Observation:
        """One recording, (samples,) int16, pushed in pieces of `chunks` samples; none: in hops. Cepstra are not looked at."""
        if 2 * len(samples) > CLIP_BYTES:
            raise KilovoxError(f"{len(samples)} samples; the flash of {CHIP} has room for {CLIP_BYTES // 2}")
        build = self._build
        pieces = [min(piece, self._hop) for piece in chunks or (self._hop,)]
        (build / "kv_clip.S").write_text(_assembly(samples, pieces))
        own = ["-Wl,--gc-sections", "-o", "linked.elf", "kv_clip.S", *self._linked]
        run_compiler([*self._command, *own], build)
        seen = _simulated(build / "linked.elf")
        shape = self._shape
        state = shape.xh_bytes + shape.cell_bytes + shape.heard_bytes
        told = seen["S"]
        states = [told[start : start + state] for start in range(0, len(told), state)]
        if "E" in seen and states:
            states[-1] = seen["E"]  # the end may have decided on a word
        self.cycles = TICK * int(np.frombuffer(seen["T"], "<u4")[0])
        self.stack = max(self.stack, int(np.frombuffer(seen["K"], "<u2")[0]))
        self.ram = int(np.frombuffer(seen["Z"], "<u4").sum())
        xh, cell = shape.xh_bytes, shape.xh_bytes + shape.cell_bytes
        decision = seen["D"].ljust(shape.decision_bytes, b"\0")  # nothing is aligned there
        words, size = seen.get("W", b""), DETECTION.itemsize
        detections = [words[start : start + size] for start in range(0, len(words), size)]
        return shape.observation(
            None, [(one[:xh], one[xh:cell], one[cell:]) for one in states], decision, detections, seen["X"]
        )

    def sizes(self) -> AvrSizes:
        """Of the recogniser's own files; `ram` is known after a run."""
        code = tables = 0
        for data in self.objects.values():
            for section in read_elf(data).file.iter_sections():
                code += section["sh_size"] if section.name.startswith(".text") else 0
                tables += section["sh_size"] if section.name.startswith((".progmem", ".rodata", ".data")) else 0
        return AvrSizes(code, tables, self.ram)

    def findings(self) -> tuple[str, ...]:
        """Calls of helpers for floating point, division and 64-bit products, which are calls here all of them."""
        found = set()
        for name, data in self.objects.items():
            for symbol in read_elf(data).file.get_section_by_name(".symtab").iter_symbols():
                if symbol["st_shndx"] == "SHN_UNDEF" and (wrong := wrong_call(symbol.name, False)):
                    found.add(f"{name}: {symbol.name} ({wrong})")
        return tuple(sorted(found))


def _assembly(samples: Samples, pieces: Sequence[int]) -> str:
    """A recording and the lengths of its pieces, as kv_avr.c finds them, after everything that a short pointer must reach."""
    lengths = pieces[: len(cut(len(samples), pieces))]
    lines = [
        '    .section .text.kv_clip,"ax",@progbits',
        "    .global kv_clip, kv_clip_count, kv_clip_pieces, kv_clip_pieces_count",
    ]
    lines += [
        "kv_clip:",
        *(f"    .short {sample}" for sample in samples.tolist()),
        "kv_clip_count:",
        f"    .long {len(samples)}",
    ]
    lines += ["kv_clip_pieces:", *(f"    .short {length}" for length in lengths)]
    return "\n".join([*lines, "kv_clip_pieces_count:", f"    .short {len(lengths)}", ""])


def _simulated(program: Path) -> dict[str, bytes]:
    """What the program told, by kind. Raises KilovoxError where it did not come to its end."""
    command = ["simavr", "-m", CHIP, "-f", str(MEGAHERTZ * 1_000_000), str(program)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=RUN_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KilovoxError(f"simavr: {error}") from None
    told = done.stdout + done.stderr
    seen: dict[str, bytes] = {}
    for kind, digits in re.findall(r"([A-Z]):([0-9a-f]+)\.", told):
        seen[kind] = seen.get(kind, b"") + bytes.fromhex(digits)
    if missing := {"D", "T", "K", "Z"} - seen.keys():
        raise KilovoxError(f"simavr: the program told nothing of {', '.join(sorted(missing))}: {told[-500:]}")
    return {"S": b"", "X": b"", **seen}
