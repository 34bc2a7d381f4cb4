"""What object code of the firmware must not hold, found by disassembly.

No floating-point instruction or soft-float call, no 64-bit multiplication, no division, and in the mat-vec kernels of a pow2
model no multiplication at all.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from kilovox.verification.disassembly import Instruction, elf_instructions
from kilovox.verification.toolchain import CORES
from kilovox.verification.wasm_code import wasm_instructions

KERNELS = frozenset({"kv_pow2_matvec.c", "kv_channels_pow2.c", "kv_depthwise_pow2.c"})
"""Files of the mat-vec kernels of a pow2 model, and of its convolutions."""

SOFT_FLOAT = re.compile(
    r"__aeabi_c?[fd](?!iv)\w+|__aeabi_[fd]div|__aeabi_u?[il]2[fd]|__aeabi_h2\w+"
    r"|__(add|sub|mul|div|neg|cmp|eq|ne|ge|gt|le|lt|unord|powi)[sdtx]f[23i]*"
    r"|__fixu?(ns)?[sdtx]f[sdt]i|__float(un)?[sdt]i[sdtx]f|__(extend|trunc)[hsdtx]f[hsdtx]f2"
)
WIDE_HELPER = re.compile(r"__aeabi_(lmul|u?ldivmod)|__mul[dt]i3|__u?(div|mod|divmod)[dt]i[34]|__mulv[dt]i3")
DIVISION_HELPER = re.compile(r"__aeabi_u?idiv(mod)?|__u?(div|mod|divmod)[qhs]i[34]")
MULTIPLY_HELPER = re.compile(r"__mulsi3|__riscv_mul\w*")

ARM = {
    "float": re.compile(r"v[a-z]\w*(\.\w+)*"),
    "wide": re.compile(r"[us]mull(s|\.\w+)*|[us]mlals?\w*|umaal\w*|smlsld\w*|smlald\w*"),
    "division": re.compile(r"[us]div(\.\w+)?"),
    "multiply": re.compile(r"muls?(\.\w+)?|ml[as]s?(\.\w+)?|smul\w+|smla\w+|smls\w+|smm\w+|smua\w+|smus\w+|[us]mull\w*|um\w+"),
}
RISCV = {
    "float": re.compile(r"(c\.)?f(?!ence)\w+(\.\w+)*"),
    "wide": re.compile(r"mulh\w*"),
    "division": re.compile(r"(div|rem)u?"),
    "multiply": re.compile(r"(c\.)?mul\w*"),
}
WASM = {
    "float": re.compile(r"float_\w+"),
    "wide": re.compile(r"i64\.(mul|div_[su]|rem_[su])"),
    "division": re.compile(r"i32\.(div|rem)_[su]"),
    "multiply": re.compile(r"i(32|64)\.mul"),
}
WORDS = {
    "float": "floating-point instruction",
    "wide": "64-bit multiplication or division",
    "division": "division",
    "multiply": "multiplication in a mat-vec kernel of powers of two",
}


def findings(objects: Mapping[str, bytes], target: str, powers_of_two: bool) -> list[str]:
    """Lines "FILE: FUNCTION: INSTRUCTION (what is wrong with it)", sorted; none where all is well.

    objects: object files by the name of their C file; target: one of CORES, or wasm32; powers_of_two: whether KERNELS must do
    without multiplications. Raises KilovoxError where capstone or pyelftools is not installed.
    """
    return sorted(
        f"{name}: {line}"
        for name, data in objects.items()
        for line in _of_object(data, target, powers_of_two and name in KERNELS)
    )


@lru_cache(maxsize=512)
def _of_object(data: bytes, target: str, kernel: bool) -> frozenset[str]:
    """Kept, for most object files are the same from model to model."""
    return frozenset(_of_file(_instructions(data, target), target, kernel))


def _instructions(data: bytes, target: str) -> Iterable[Instruction]:
    return wasm_instructions(data) if target == "wasm32" else elf_instructions(data, CORES[target].is_arm)


def _of_file(instructions: Iterable[Instruction], target: str, kernel: bool) -> Iterable[str]:
    patterns = WASM if target == "wasm32" else ARM if CORES[target].is_arm else RISCV
    for instruction in instructions:
        text = f"{instruction.function}: {instruction.mnemonic} {instruction.operands}".rstrip()
        if instruction.mnemonic == "?":
            yield f"{text} (cannot be disassembled)"
        for kind, pattern in patterns.items():
            if pattern.fullmatch(instruction.mnemonic) and (kind != "multiply" or kernel):
                yield f"{text} ({WORDS[kind]})"
        if wrong := wrong_call(instruction.called, kernel):
            yield f"{instruction.function}: {instruction.called} ({wrong})"


def wrong_call(called: str, kernel: bool) -> str:
    """What is wrong with calling the helper `called`, in a `kernel` of powers of two or elsewhere; nothing: all is well."""
    if SOFT_FLOAT.fullmatch(called):
        return "call of a soft-float helper"
    if WIDE_HELPER.fullmatch(called):
        return "call of a helper for 64-bit multiplication or division"
    if DIVISION_HELPER.fullmatch(called):
        return "call of a helper for division"
    if kernel and MULTIPLY_HELPER.fullmatch(called):
        return f"call of a helper for {WORDS['multiply']}"
    return ""
