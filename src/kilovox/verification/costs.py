"""How many cycles an instruction takes on a Cortex-M0 and a Cortex-M4, as a model: exact counts times the manuals' figures.

Arm DDI 0432C (Cortex-M0) and DDI 0439B (Cortex-M4), memory without wait states. A conditional branch counts as taken: an upper
bound. Interrupts, flash wait states and the M4's overlapping of loads are left out.
"""

import re

LOAD_OR_STORE = re.compile(r"(ldr|str)\w*(\.w|\.n)?")
SEVERAL = re.compile(r"(ldm|stm|push|pop|vpush|vpop)\w*(\.w|\.n)?")
CALL = re.compile(r"blx?(\.w)?")
BRANCH = re.compile(r"(b|bx|cbn?z|b(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))(\.w|\.n)?|tb[bh]")
MULTIPLY = re.compile(r"(mul|mla|mls|sml|smu|smm|umu|uml|smulb|umaal)\w*(\.\w+)*")
RISCV_MULTIPLY = re.compile(r"(c\.)?mul\w*")


def cycles(mnemonic: str, operands: str) -> int:
    """Cycles of one Thumb instruction, multiplications taking one."""
    if SEVERAL.fullmatch(mnemonic):
        return 1 + registers(operands) + (3 if re.search(r"\bpc\b", operands) else 0)
    if LOAD_OR_STORE.fullmatch(mnemonic):
        return 3 if mnemonic.startswith(("ldrd", "strd")) else 2
    if CALL.fullmatch(mnemonic):
        return 4
    return 3 if BRANCH.fullmatch(mnemonic) else 1


def registers(operands: str) -> int:
    """How many registers a list in braces names."""
    return len(operands[operands.find("{") + 1 :].split(","))


def multiplies(mnemonic: str, is_arm: bool) -> bool:
    """Whether an instruction multiplies."""
    return bool((MULTIPLY if is_arm else RISCV_MULTIPLY).fullmatch(mnemonic))


CLOCKS = {"cortex-m0": 48.0, "cortex-m4": 168.0}
"""MHz of the cores that have a model, unless told otherwise."""


def modelled_milliseconds(
    target: str, clip_cycles: float, multiplications: float, clock: float | None = None
) -> dict[str, float]:
    """Modelled milliseconds at `clock` MHz (None: that of CLOCKS) by what the core is; empty for a target without a model."""
    if target not in CLOCKS:
        return {}
    megahertz = clock or CLOCKS[target]
    at = f"{megahertz:g} MHz"
    cycles_by_core = {at: clip_cycles}
    if target == "cortex-m0":
        slow = clip_cycles + 31 * multiplications
        cycles_by_core = {f"{at}, multiplier of 1 cycle": clip_cycles, f"{at}, multiplier of 32 cycles": slow}
    return {name: count / (1000 * megahertz) for name, count in cycles_by_core.items()}
