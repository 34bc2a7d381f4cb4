"""A bare core in unicorn: the firmware run instruction by instruction, counted part by part.

Instructions are counted by basic block: each block is disassembled once; what IT skips within one counts. The stack is painted
before a call, and what has lost its paint after it was used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.integer.observation import Observation
from kilovox.integer.stream import WAITING
from kilovox.verification.costs import cycles, multiplies
from kilovox.verification.disassembly import disassembler, read_elf
from kilovox.verification.observation import DETECTION, Shape, State, cut
from kilovox.verification.toolchain import CORES, Image, need
from kilovox.verification.turns import Step, play

FLASH, FLASH_BYTES = 0x10000, 0x100000
STOP = 0x1000
"""Where a call returns to, and ends."""
RAM, RAM_BYTES = 0x20000000, 0x10000
STACK_BYTES = 0x4000
STACK = RAM + RAM_BYTES
"""The stack grows down from the end of RAM."""
SAMPLES, SAMPLES_BYTES = 0x20100000, 0x400000
PAINT = 0xA5

FRONT_END = "front_end"
CONVOLUTIONS = "convolutions"
HEAD = "head"
DECIMATOR = "decimator"
OTHER = "other"
ENTRIES = {
    "kv_decimate": DECIMATOR, "kv_front_end_frame": FRONT_END, "kv_quantise": FRONT_END, "kv_listen": CONVOLUTIONS,
    "kv_layer_step": "layer", "kv_head": HEAD, "kv_judge": HEAD, "kv_result": HEAD,
}  # fmt: skip
"""Functions at which another part begins, until they return. OTHER: taking samples, and going from part to part."""


@dataclass
class Counts:
    """What was executed, by part (decimator, front_end, convolutions, layer0, layer1 ..., head, other)."""

    instructions: dict[str, int] = field(default_factory=dict)
    cycles: int = 0
    multiplications: int = 0


class Core:
    """The firmware `image` on the core of `target`.

    counting: whether to count, which takes most of the time. Raises KilovoxError where unicorn, capstone or pyelftools is not
    installed.
    """

    def __init__(self, image: Image, target: str, shape: Shape, counting: bool = False) -> None:
        self._unicorn = need("unicorn", "unicorn")
        self._is_arm = CORES[target].is_arm
        self._elf = read_elf(image.linked)
        self._shape = shape
        self._machine = self._start(CORES[target].emulation)
        self._decode = disassembler(self._is_arm)
        self._layout = np.frombuffer(self._read("kv_target_layout", 16), np.uint32).tolist()
        self._marks = {self._address(name): part for name, part in ENTRIES.items() if name in self._elf.symbols}
        self._blocks: dict[str, dict[tuple[int, int], int]] = {}
        self._costs: dict[tuple[int, int], tuple[int, int, int]] = {}
        self._frames: list[State] = []
        self._cepstra: list[bytes] = []
        self.stack = 0
        self._part: dict[tuple[int, int], int] = {}
        self._callers: list[tuple[int, dict[tuple[int, int], int]]] = []
        unicorn, quantise = self._unicorn, self._address("kv_quantise")
        self._machine.hook_add(unicorn.UC_HOOK_CODE, self._on_quantise, begin=quantise, end=quantise)
        if counting:
            self._machine.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)

    def run(self, samples: Samples, chunks: Sequence[int]) -> Observation:
        """One recording, (samples,) int16, pushed in pieces of `chunks` samples. Raises KilovoxError where the core stops."""
        if 2 * len(samples) > SAMPLES_BYTES:
            raise KilovoxError(f"{len(samples)} samples; the emulated memory takes {SAMPLES_BYTES // 2}")
        ear, decision = self._address("kv_target_ear"), self._address("kv_target_decision")
        heard = self._decimated(ear, samples)
        self._frames, self._cepstra, self._blocks = [], [], {}
        self._machine.mem_write(SAMPLES, samples.astype("<i2").tobytes())
        self._machine.mem_write(STACK - STACK_BYTES, bytes([PAINT]) * STACK_BYTES)
        self.call("kv_reset", ear)
        frames, where = 0, SAMPLES
        words: list[bytes] = []
        for count in cut(len(samples), chunks):
            frames += self.call("kv_push", ear, where, count)
            where += 2 * count
            words += self._waiting()
        frames += self.call("kv_finish", ear)
        words += self._waiting()
        self.call("kv_result", ear, decision)
        painted = bytes(self._machine.mem_read(STACK - STACK_BYTES, STACK_BYTES))
        self.stack = max(self.stack, len(painted.lstrip(bytes([PAINT]))))
        # Each call of kv_quantise found the state after the frame before; the first, that after kv_reset.
        states = [*self._frames[1:], self._state()] if self._frames else []
        if frames != len(self._cepstra):
            raise KilovoxError(f"kv_push and kv_finish returned {frames} frames; {len(self._cepstra)} were computed")
        decided = self._read("kv_target_decision", self._shape.decision_bytes)
        # Pushed whole, no more words wait than can.
        all_words = words if chunks or len(words) < WAITING else None
        return self._shape.observation(self._cepstra, states, decided, all_words, heard)

    def longest_push(self, samples: Samples, hop: int) -> int:
        """The most instructions that a kv_push of `hop` samples of a recording takes. Needs `counting`."""
        self._machine.mem_write(SAMPLES, samples.astype("<i2").tobytes())
        ear, longest = self._address("kv_target_ear"), 0
        self.call("kv_reset", ear)
        for start in range(0, len(samples), hop):
            self._blocks = {}
            self.call("kv_push", ear, SAMPLES + 2 * start, min(hop, len(samples) - start))
            longest = max(longest, sum(self.counts().instructions.values()))
        return longest

    def _waiting(self) -> list[bytes]:
        """The kv_detections that wait; they come to where the decision is."""
        words = []
        ear, place = self._address("kv_target_ear"), self._address("kv_target_decision")
        while self._shape.listens and self.call("kv_detected", ear, place):
            words.append(self._read("kv_target_decision", DETECTION.itemsize))
        return words

    def _decimated(self, ear: int, samples: Samples) -> bytes | None:
        """The samples at the model's rate, where they are not."""
        if self._shape.factor == 1:
            return None
        self._machine.mem_write(SAMPLES, samples.astype("<i2").tobytes())
        made = self.call("kv_target_decimate", ear, SAMPLES, len(samples))
        return bytes(self._machine.mem_read(SAMPLES, 2 * made))

    def play(self, samples: Samples, steps: Sequence[Step]) -> tuple[list[int], list[Observation]]:
        """The frames and the decisions of kilovox.verification.turns."""
        self._machine.mem_write(SAMPLES, samples.astype("<i2").tobytes())
        ear, decision = self._address("kv_target_ear"), self._address("kv_target_decision")

        def read() -> Observation:
            decision = self._read("kv_target_decision", self._shape.decision_bytes)
            return self._shape.answer(decision, self._waiting())

        return play(self.call, ear, SAMPLES, decision, steps, read)

    def call(self, name: str, *arguments: int) -> int:
        """What the function `name` returns. Raises KilovoxError where the core stops on the way."""
        unicorn, machine = self._unicorn, self._machine
        arm, riscv = unicorn.arm_const, unicorn.riscv_const
        first = arm.UC_ARM_REG_R0 if self._is_arm else riscv.UC_RISCV_REG_A0
        for index, argument in enumerate(arguments):
            machine.reg_write(first + index, argument)
        machine.reg_write(arm.UC_ARM_REG_SP if self._is_arm else riscv.UC_RISCV_REG_SP, STACK)
        machine.reg_write(arm.UC_ARM_REG_LR if self._is_arm else riscv.UC_RISCV_REG_RA, STOP | self._is_arm)
        self._callers, self._part = [], self._blocks.setdefault(OTHER, {})
        try:
            machine.emu_start(self._address(name) | self._is_arm, STOP)
        except unicorn.UcError as error:
            counter = machine.reg_read(arm.UC_ARM_REG_PC if self._is_arm else riscv.UC_RISCV_REG_PC)
            raise KilovoxError(f"{name}: the core stopped at {counter:#x} ({error})") from None
        return int(machine.reg_read(first))

    def counts(self) -> Counts:
        """What the last run executed."""
        result = Counts()
        for part, blocks in self._blocks.items():
            total = 0
            for block, times in blocks.items():
                instructions, took, multiplications = self._cost(block)
                total += times * instructions
                result.cycles += times * took
                result.multiplications += times * multiplications
            result.instructions[part] = total
        return result

    def _start(self, emulation: str) -> Any:
        unicorn = self._unicorn
        for module in ("arm_const", "riscv_const"):
            need(f"unicorn.{module}", "unicorn")
        if self._is_arm:
            machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
            arm = unicorn.arm_const
            models = {"cortex-m0": arm.UC_CPU_ARM_CORTEX_M0, "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4}
            machine.ctl_set_cpu_model(models[emulation])
        else:
            machine = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        for start, size in ((0, FLASH), (FLASH, FLASH_BYTES), (RAM, RAM_BYTES), (SAMPLES, SAMPLES_BYTES)):
            machine.mem_map(start, size)
        for segment in self._elf.file.iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                machine.mem_write(segment["p_vaddr"], segment.data())
        return machine

    def _on_quantise(self, machine: Any, _address: int, _size: int, _data: object) -> None:
        first = self._unicorn.arm_const.UC_ARM_REG_R0 if self._is_arm else self._unicorn.riscv_const.UC_RISCV_REG_A0
        self._cepstra.append(bytes(machine.mem_read(machine.reg_read(first), 2 * self._shape.features)))
        self._frames.append(self._state())

    def _on_block(self, _machine: Any, address: int, size: int, _data: object) -> None:
        callers = self._callers
        if callers and callers[-1][0] == address:
            self._part = callers.pop()[1]
        elif address in self._marks:
            self._enter(self._marks[address])
        block = (address, size)
        self._part[block] = self._part.get(block, 0) + 1

    def _enter(self, part: str) -> None:
        arm, riscv, machine = self._unicorn.arm_const, self._unicorn.riscv_const, self._machine
        back = machine.reg_read(arm.UC_ARM_REG_LR if self._is_arm else riscv.UC_RISCV_REG_RA)
        if part == "layer":
            part = f"layer{machine.reg_read(arm.UC_ARM_REG_R1 if self._is_arm else riscv.UC_RISCV_REG_A1)}"
        self._callers.append((back & ~1, self._part))
        self._part = self._blocks.setdefault(part, {})

    def _cost(self, block: tuple[int, int]) -> tuple[int, int, int]:
        """Instructions, cycles and multiplications of a block."""
        if block not in self._costs:
            address, size = block
            code = bytes(self._machine.mem_read(address, size))
            found = [(name, operands) for _, _, name, operands in self._decode.disasm_lite(code, address)]
            took = sum(cycles(name, operands) for name, operands in found)
            self._costs[block] = len(found), took, sum(multiplies(name, self._is_arm) for name, _ in found)
        return self._costs[block]

    def _state(self) -> State:
        """xh, cell and what convolutions have heard, as they are."""
        ear, (_, xh, cell, newest), shape = self._address("kv_target_ear"), self._layout, self._shape
        places = ((xh, shape.xh_bytes), (cell, shape.cell_bytes), (newest, shape.heard_bytes))
        xh_found, cell_found, heard = (bytes(self._machine.mem_read(ear + place, size)) for place, size in places)
        return xh_found, cell_found, heard

    def _address(self, name: str) -> int:
        return self._elf.symbols[name][0]

    def _read(self, name: str, size: int) -> bytes:
        return bytes(self._machine.mem_read(self._address(name), size))


def memory(image: Image, table_bytes: int) -> tuple[dict[str, int], int, list[str]]:
    """Flash {code, front_end_tables, network} and static RAM of a linked image, in bytes; and the helpers linked into code.

    table_bytes: of the front end, from its definition. network: all other tables, and the labels. Static RAM is one recogniser
    and one decision. Raises KilovoxError where there is other static RAM.
    """
    elf = read_elf(image.linked)
    own = elf.symbols["kv_target_ear"][1] + elf.symbols["kv_target_decision"][1]
    ram = elf.section(".data") + elf.section(".bss")
    if ram > own + 8:  # what aligning them takes
        raise KilovoxError(f"{ram} bytes of static RAM; expected the caller's {own} alone")
    code, tables = elf.section(".text") + elf.section(".helpers"), elf.section(".rodata")
    helpers = [name for _, _, name in elf.functions if not name.startswith("kv_") and name.startswith(("__", "mem"))]
    return {"code": code, "front_end_tables": table_bytes, "network": tables - table_bytes}, ram, helpers
