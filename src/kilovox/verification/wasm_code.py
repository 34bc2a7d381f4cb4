"""WebAssembly in its binary form, as much of it as the firmware is made of: sections, functions, instructions.

Names only what may be a finding: floating point, multiplication, division. Others are op_ and their code in hexadecimal. The
encoding is that of the WebAssembly Core Specification 2.0, chapter 5.
"""

from collections.abc import Iterator

from kilovox.verification.disassembly import Instruction

CODE = 10
"""Number of the section of functions."""

DATA = 11
"""Number of the section of constants."""

NAMES = {0x6C: "i32.mul", 0x7E: "i64.mul", 0x42: "i64.const"} | {
    first + index: f"i{bits}.{name}"
    for first, bits in ((0x6D, 32), (0x7F, 64))
    for index, name in enumerate(("div_s", "div_u", "rem_s", "rem_u"))
}

FLOAT = {0x2A, 0x2B, 0x38, 0x39, 0x43, 0x44, *range(0x5B, 0x67), *range(0x8B, 0xA7), *range(0xA8, 0xAC), *range(0xAE, 0xC0)}
"""Every instruction that reads or writes f32 or f64."""

ONE_NUMBER = {0x02, 0x03, 0x04, 0x0C, 0x0D, 0x10, *range(0x20, 0x27), 0x3F, 0x40, 0x41, 0x42, 0xD0, 0xD2}
TWO_NUMBERS = {0x11, *range(0x28, 0x3F)}
KNOWN = {*range(6), 0x0B, *range(0x0C, 0x12), 0x1A, 0x1B, *range(0x20, 0x27), *range(0x28, 0xC5), 0xD0, 0xD1, 0xD2}


def sections(data: bytes) -> dict[int, tuple[int, int]]:
    """(offset of the content, bytes) of every section of a module by its number; of custom ones the last."""
    found, offset = {}, 8
    while offset < len(data):
        number = data[offset]
        size, offset = _number(data, offset + 1)
        found[number] = (offset, size)
        offset += size
    return found


def wasm_instructions(data: bytes) -> Iterator[Instruction]:
    """Every instruction of a module or an object file; a function is named by its number.

    One that is not known is "?", and ends its function.
    """
    if CODE not in sections(data):
        return
    offset, _ = sections(data)[CODE]
    count, offset = _number(data, offset)
    for function in range(count):
        size, offset = _number(data, offset)
        end = offset + size
        groups, offset = _number(data, offset)
        for _ in range(groups):  # of local variables: how many, of which type
            offset = _number(data, offset)[1] + 1
        while offset < end:
            code = data[offset]
            following = _following(data, offset)
            if following is None:
                yield Instruction(f"function {function}", "?", data[offset : offset + 4].hex())
                break
            name = f"float_{code:02x}" if code in FLOAT else NAMES.get(code, f"op_{code:02x}")
            yield Instruction(f"function {function}", name, "")
            offset = following
        offset = end


def _following(data: bytes, offset: int) -> int | None:
    """Where the instruction after that at `offset` begins; None for one that is not known."""
    code, offset = data[offset], offset + 1
    if code == 0xFC:  # saturating conversions from floats are not known, on purpose; memory.copy and memory.fill are
        second, offset = _number(data, offset)
        return {10: offset + 2, 11: offset + 1}.get(second)
    if code not in KNOWN:
        return None
    if code == 0x0E:  # br_table: how many, then as many and one more
        count, offset = _number(data, offset)
        numbers = count + 1
    else:
        numbers = 1 if code in ONE_NUMBER else 2 if code in TWO_NUMBERS else 0
    for _ in range(numbers):
        offset = _number(data, offset)[1]
    return offset + {0x43: 4, 0x44: 8}.get(code, 0)


def _number(data: bytes, offset: int) -> tuple[int, int]:
    """An unsigned LEB128 number (of a signed one, only its end is of use), and where it ends."""
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 127) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 128:
            return value, offset
