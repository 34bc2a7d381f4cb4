"""Samples as they come, without libsndfile: raw int16, and plain WAV through a pipe, which cannot go back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from kilovox.audio.bounds import Block, RawFormat, check_shape
from kilovox.audio.lengths import STREAMED, is_sound
from kilovox.errors import KilovoxError

_HEADER = 1 << 16
"""Bytes; a header that goes on beyond is none of those that programs write into a pipe."""

_BLOCK = 1 << 16
"""Bytes that are decoded at once, at most."""

_NOTES = 1 << 20
"""Bytes, at most, that are taken from a pipe after the samples: who writes there shall not find it closed."""

_EXTENSIBLE = 0xFFFE

_SCALES = {"PCM_U8": 2.0**-7, "PCM_24": 2.0**-31, "PCM_32": 2.0**-31}
_TYPES = {"PCM_U8": "u1", "PCM_16": "i2", "PCM_24": "i4", "PCM_32": "i4", "FLOAT": "f4", "DOUBLE": "f8"}
_WIDTHS = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_CODINGS = {(1, 8): "PCM_U8", (1, 16): "PCM_16", (1, 24): "PCM_24", (1, 32): "PCM_32", (3, 32): "FLOAT", (3, 64): "DOUBLE"}
"""By the format tag and the bits of a sample in a `fmt ` chunk."""


@dataclass(frozen=True)
class Plain:
    """Samples one after the other. order: `<` or `>`; length: bytes of all of them, None for up to the end."""

    rate: int
    channels: int
    subtype: str
    order: str = "<"
    length: int | None = None


class PlainReader:
    """Samples of a plain sound from `read`, which gives at most so many bytes, those that are there; none at the end."""

    def __init__(self, name: str, plain: Plain, read: Callable[[int], bytes]) -> None:
        check_shape(name, plain.rate, plain.channels)
        self.rate, self.channels, self.subtype = plain.rate, plain.channels, plain.subtype
        self.frames: int | None = None
        self._name, self._plain, self._source, self._got = name, plain, read, 0
        self._part = b""
        self._frame = _WIDTHS[plain.subtype] * plain.channels

    def read(self) -> Block:
        """The next samples, (samples, channels). Raises KilovoxError where fewer bytes came than the header announces."""
        length = self._plain.length
        block = b""
        while not block:
            wanted = _BLOCK if length is None else min(_BLOCK, length - self._got)
            data = self._source(wanted)
            self._got += len(data)
            if not data:
                break
            # Part of a sample waits for the rest of it, and keeps no whole one waiting.
            whole = (len(self._part) + len(data)) // self._frame * self._frame
            data = self._part + data
            block, self._part = data[:whole], data[whole:]
        if length is not None and self._got < length and not block:
            raise KilovoxError(f"{self._name}: truncated, {self._got} of the {length} bytes its header announces are there")
        if not block:
            filled(self._source, _NOTES)
        return decoded(block, self._plain)

    def close(self) -> None:
        """Nothing is held."""


def filled(read: Callable[[int], bytes], count: int) -> bytes:
    """`count` bytes of a stream that may give fewer at a time; fewer only at its end."""
    parts, got = [], 0
    while got < count and (part := read(count - got)):
        parts.append(part)
        got += len(part)
    return b"".join(parts)


def decoded(data: bytes, plain: Plain) -> Block:
    """Whole frames of bytes to (samples, channels), as libsndfile decodes them: int16, or float64 in -1 ... 1."""
    kind = np.dtype(plain.order + _TYPES[plain.subtype])
    if plain.subtype == "PCM_24":  # the upper three bytes of 32 bits
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        first = 1 if plain.order == "<" else 0
        wide[:, first : first + 3] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        values = wide.view(kind).reshape(-1, plain.channels)
    else:
        values = np.frombuffer(data, kind).reshape(-1, plain.channels)
    if plain.subtype == "PCM_16":
        return values.astype(np.int16)
    if plain.subtype == "PCM_U8":
        return (values.astype(np.float64) - 128.0) * _SCALES["PCM_U8"]
    with np.errstate(invalid="ignore"):  # what is no number is told of where the scale is checked
        return values.astype(np.float64) * _SCALES.get(plain.subtype, 1.0)


def raw_reader(name: str, raw: RawFormat, read: Callable[[int], bytes]) -> PlainReader:
    """Of samples without a header. Raises KilovoxError where there is one."""
    head = filled(read, 12)
    if is_sound(head) and not head.startswith(b"\xff"):
        raise KilovoxError(f"{name}: begins with {head[:4]!r}, as a sound file does; expected raw samples, or no rate for it")
    if not head:
        raise KilovoxError(f"{name}: 0 bytes; expected samples")
    rest = [head]

    def go_on(count: int) -> bytes:
        if rest[0]:
            part, rest[0] = rest[0][:count], rest[0][count:]
            return part
        return read(count)

    return PlainReader(name, Plain(raw.rate, raw.channels, "PCM_16", ">" if raw.big_endian else "<"), go_on)


def read_header(stream: BinaryIO) -> tuple[bytes, Plain | None]:
    """The bytes read from `stream`, and what they say where they are the header of a plain WAV, up to its samples.

    None for everything else: what has another coding, a length of nothing (to be looked at as a file), or no header at all.
    """
    head = filled(stream.read, 12)
    if head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
        return head, None
    order = "<" if head[:4] == b"RIFF" else ">"
    form: tuple[int, int, str] | None = None
    while len(head) < _HEADER:
        chunk = filled(stream.read, 8)
        head += chunk
        length = _number(chunk[4:], order)
        if len(chunk) < 8 or (chunk[:4] != b"data" and len(head) + length > _HEADER):
            break
        if chunk[:4] == b"data":
            if form is None or length == 0:
                break
            stated = None if length >= STREAMED[4] else length
            return head, Plain(form[0], form[1], form[2], order, stated)
        body = filled(stream.read, length + length % 2)
        head += body
        if chunk[:4] == b"fmt ":
            form = _form(body, order)
    return head, None


def _form(body: bytes, order: str) -> tuple[int, int, str] | None:
    """Rate, channels and coding in a `fmt ` chunk; None where the samples are not plain."""
    if len(body) < 16:
        return None
    tag, channels, rate, frame, bits = (
        _number(body[at : at + size], order) for at, size in ((0, 2), (2, 2), (4, 4), (12, 2), (14, 2))
    )
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = _number(body[24:26], order)
    coding = _CODINGS.get((tag, bits))
    if coding is None or frame != _WIDTHS[coding] * channels:
        return None
    return rate, channels, coding


def _number(data: bytes, order: str) -> int:
    return int.from_bytes(data, "little" if order == "<" else "big")
