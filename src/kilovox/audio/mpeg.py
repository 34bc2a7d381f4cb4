"""What an MPEG audio file (MP1, MP2, MP3) says of its length, where its encoder wrote that down.

The first frame then holds no sound but a header: Xing or Info (http://gabriel.mp3-tech.org/mp3infotag.html), or Fraunhofer's
VBRI. Without one the length is an estimate from the first frame's bit rate, and says nothing.
"""

from typing import BinaryIO

_BYTES_STATED = 2
"""The flag of a Xing header that tells the bytes."""


def is_frame(head: bytes) -> bool:
    """Whether the four bytes at the beginning can be the header of a frame: all of version, layer, bit rate and sample rate."""
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE0 == 0xE0
        and head[1] & 0x18 != 0x08
        and head[1] & 0x06 != 0
        and head[2] & 0xF0 != 0xF0
        and head[2] & 0x0C != 0x0C
    )


def skip_tag(file: BinaryIO) -> int:
    """Where the sound begins: after an ID3v2 tag, where there is one."""
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)


def stated_bytes(file: BinaryIO) -> tuple[int, int] | None:
    """Where the frames begin, and how many bytes of them an encoder counted; None where nothing says so."""
    begin = skip_tag(file)
    file.seek(begin)
    frame = file.read(256)
    if not is_frame(frame):
        return None
    first_version, mono = frame[1] & 0x18 == 0x18, frame[3] & 0xC0 == 0xC0
    side = (17 if mono else 32) if first_version else (9 if mono else 17)
    tag = 4 + side
    if frame[tag : tag + 4] in (b"Xing", b"Info"):
        flags = int.from_bytes(frame[tag + 4 : tag + 8], "big")
        at = tag + 8 + (4 if flags & 1 else 0)
        return (begin, int.from_bytes(frame[at : at + 4], "big")) if flags & _BYTES_STATED else None
    if frame[36:40] == b"VBRI":
        return begin, int.from_bytes(frame[46:50], "big")
    return None
