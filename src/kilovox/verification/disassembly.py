"""What an ELF file of the firmware is made of: functions, instructions, what they call."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kilovox.verification.toolchain import need


@dataclass(frozen=True)
class Instruction:
    """One instruction of `function`. called: the symbol that it refers to and that lies elsewhere, or nothing."""

    function: str
    mnemonic: str
    operands: str
    called: str = ""


@dataclass(frozen=True)
class Elf:
    """A parsed ELF file. functions: (address, size, name), sorted by address; symbols: (address, size) by name; table: all."""

    file: Any
    table: tuple[Any, ...]
    functions: tuple[tuple[int, int, str], ...]
    symbols: dict[str, tuple[int, int]]

    def section(self, name: str) -> int:
        """Bytes of the section `name`, 0 where there is none."""
        found = self.file.get_section_by_name(name)
        return 0 if found is None else int(found["sh_size"])


def read_elf(data: bytes) -> Elf:
    """Raises KilovoxError where pyelftools is not installed."""
    need("elftools", "pyelftools")
    elffile: Any = need("elftools.elf.elffile", "pyelftools")
    file = elffile.ELFFile(io.BytesIO(data))
    symbols, functions = {}, []
    table = tuple(file.get_section_by_name(".symtab").iter_symbols())
    for symbol in table:
        kind, where, size = symbol["st_info"]["type"], symbol["st_value"], symbol["st_size"]
        if kind in ("STT_FUNC", "STT_OBJECT"):
            symbols[symbol.name] = (where & ~1 if kind == "STT_FUNC" else where, size)
        if kind == "STT_FUNC":
            functions.append((where & ~1, size, symbol.name))
    return Elf(file, table, tuple(sorted(functions)), symbols)


def disassembler(is_arm: bool) -> Any:
    """Capstone's, for Thumb or for RISC-V. Raises KilovoxError where capstone is not installed."""
    capstone: Any = need("capstone", "capstone")
    if is_arm:
        return capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    return capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)


def elf_instructions(data: bytes, is_arm: bool) -> Iterator[Instruction]:
    """Every instruction of the object file `data`, function by function. Data between them is passed over."""
    elf, decode = read_elf(data), disassembler(is_arm)
    file, symbols = elf.file, elf.table
    for index, section in enumerate(file.iter_sections()):
        if section["sh_type"] != "SHT_PROGBITS" or not section["sh_flags"] & 4:
            continue
        here = [symbol for symbol in symbols if symbol["st_shndx"] == index]
        functions = sorted((s["st_value"] & ~1, s.name) for s in here if s["st_info"]["type"] == "STT_FUNC")
        # $d begins data, $t and $x code (the ABIs of Arm and of RISC-V).
        marks = sorted((s["st_value"], s.name[1] != "d") for s in here if s.name[:2] in ("$t", "$x", "$d"))
        calls = _calls(file, section.name, symbols)
        content = section.data()
        bounds = [*marks, (len(content), False)] if marks else [(0, True), (len(content), False)]
        for (start, code), (end, _) in pairwise(bounds):
            address = start if code else end
            while address < end:
                for where, size, mnemonic, operands in decode.disasm_lite(content[address:end], address):
                    name = next((found for begin, found in reversed(functions) if begin <= where), section.name)
                    yield Instruction(name, mnemonic, operands, calls.get(where, ""))
                    address = where + size
                if address < end:  # not to be decoded: said as it is, and passed over
                    yield Instruction(section.name, "?", content[address : address + 2].hex())
                    address += 2


def _calls(file: Any, section: str, symbols: tuple[Any, ...]) -> dict[int, str]:
    """Names of undefined symbols by the offset in `section` of what refers to them."""
    found = {}
    for kind in (".rel", ".rela"):
        relocations = file.get_section_by_name(f"{kind}{section}")
        for relocation in relocations.iter_relocations() if relocations is not None else ():
            symbol = symbols[relocation["r_info_sym"]]
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name:
                found[int(relocation["r_offset"])] = str(symbol.name)
    return found
