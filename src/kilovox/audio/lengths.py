"""Whether a sound file is whole: what its header says of its length, against the bytes that are there.

libsndfile reads what is left of a cut file without a word, and nothing of a file whose recorder was killed before it wrote the
length. So the lengths that a header states are looked at first. A length of nothing, or one that programs leave which write
into a pipe, means: to the end of the file.

Formats: RIFF, RIFX, RF64, BW64 (EBU Tech 3306), W64, AIFF and AIFF-C, 8SVX, AU, CAF, VOC, NIST SPHERE, AVR, WVE; Ogg (RFC
3533) marks its last page, MP3 has a length where an encoder wrote a Xing, Info or VBRI header. FLAC is counted when it is
read. IRCAM, PAF and PVF state no length.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from kilovox.audio import mpeg
from kilovox.errors import KilovoxError

Patches = dict[int, bytes]
"""Bytes to be read in place of those in the file, by their offset."""

STREAMED = {4: 0x7F000000, 8: 0x7FFFFFFF00000000}
"""From this length on (by the bytes of its field) it is none: ffmpeg leaves 0xFFFFFFFF, SoX 0x7FFFF000, in AIFF 0x7F000000."""

_MANY = 10_000
"""Chunks of a file that are looked at; one that has more before its samples is a trap."""

_MAGIC = (
    b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff", b"FORM", b".snd", b"dns.", b"caff", b"fLaC", b"OggS", b"ID3", b"NIST_1",
    b"2BIT", b"Creative Voi", b"ALawSoundFil", b"\x64\xa3", b" paf", b"fap ", b"PVF1",
)  # fmt: skip


@dataclass(frozen=True)
class _File:
    """An open file, the bytes it has, and how errors call it."""

    file: BinaryIO
    size: int
    name: str

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`, fewer where the file ends."""
        if offset >= self.size:
            return b""
        self.file.seek(offset)
        return self.file.read(count)

    def number(self, offset: int, count: int, order: str) -> int:
        """An unsigned number of `count` bytes."""
        return int.from_bytes(self.at(offset, count), "big" if order == "big" else "little")

    def cut(self, length: int, left: int) -> KilovoxError:
        """The error of samples that end early."""
        return KilovoxError(f"{self.name}: truncated, {left} of the {length} bytes its header announces are there")

    def need(self, begin: int, length: int) -> None:
        """Raise KilovoxError where fewer than `length` bytes follow `begin`."""
        if self.size - begin < length:
            raise self.cut(length, max(0, self.size - begin))

    def no_samples(self) -> KilovoxError:
        """The error of a header that is not followed by samples."""
        return KilovoxError(
            f"{self.name}: truncated, its {self.size} bytes end within the header of the file; expected samples after it"
        )


@dataclass(frozen=True)
class _Chunk:
    """`length` bytes at `body`; the number itself is at `field`."""

    name: bytes
    length: int
    field: int
    body: int


def is_sound(head: bytes) -> bool:
    """Whether a file that begins with these bytes (12 are enough) is of a kind that is read, and no model."""
    if head[8:9] == b"{":  # .safetensors: the length of a JSON object, in eight bytes, and the object
        return False
    return head.startswith(_MAGIC) or mpeg.is_frame(head) or head[2:4] == b"\xa3\x64"  # IRCAM, little-endian


def check_whole(file: BinaryIO, size: int, name: str) -> Patches:
    """What must be read otherwise than it is written, so that libsndfile reads the `size` bytes of `file` to their end.

    Raises KilovoxError where the file is cut: in its header, or before its samples end.
    """
    source = _File(file, size, name)
    head = source.at(0, 16)
    if len(head) < 12 and b"RIFF".startswith(head[:4]):
        raise source.no_samples()
    for magic, look in _LOOKS.items():
        if head.startswith(magic):
            return look(source)
    length = mpeg.stated_bytes(file)
    if length is not None and size - length[0] < length[1]:
        raise source.cut(length[1], size - length[0])
    return {}


def chunks(source: _File, begin: int, order: str, size_bytes: int, pad: int) -> Iterator[_Chunk]:
    """The chunks from `begin` on: a name of four bytes, a length, as many bytes, padding to a multiple of `pad`."""
    for _ in range(_MANY):
        header = source.at(begin, 4 + size_bytes)
        if len(header) < 4 + size_bytes:
            return
        length = int.from_bytes(header[4:], "big" if order == "big" else "little")
        yield _Chunk(header[:4], length, begin + 4, begin + 4 + size_bytes)
        begin += 4 + size_bytes + -(-length // pad) * pad


def _judged(source: _File, chunk: _Chunk, order: str, size_bytes: int, pad: int, empty: int = 0) -> Patches:
    """What the length of the samples' chunk means. `empty`: what it says, at most, where it holds no sample."""
    left = source.size - chunk.body
    unknown = chunk.length >= STREAMED[size_bytes] and left < chunk.length
    killed = chunk.length <= empty < left and not _only_chunks(source, chunk.body + chunk.length, order, size_bytes, pad)
    if not (unknown or killed):
        source.need(chunk.body, chunk.length)
        return {}
    return {chunk.field: min(left, 256**size_bytes - 1).to_bytes(size_bytes, "big" if order == "big" else "little")}


def _only_chunks(source: _File, begin: int, order: str, size_bytes: int, pad: int) -> bool:
    """Whether the file ends, from `begin` on, in whole chunks with printable names: notes after no samples at all."""
    end = begin
    for chunk in chunks(source, begin, order, size_bytes, pad):
        if not all(32 <= byte < 127 for byte in chunk.name):
            return False
        end = chunk.body + chunk.length
    return end <= source.size <= end + pad


def _riff(source: _File) -> Patches:
    order = "big" if source.at(0, 4) == b"RIFX" else "little"
    if source.at(8, 4) != b"WAVE":
        return {}
    wide: int | None = None  # where RF64 has the length of the samples, in 64 bits
    for chunk in chunks(source, 12, order, 4, 2):
        if chunk.name == b"ds64":
            wide = chunk.body + 8
        elif chunk.name == b"data" and wide is not None and chunk.length in (0, 0xFFFFFFFF):
            length = source.number(wide, 8, "little")
            return _judged(source, _Chunk(b"data", length, wide, chunk.body), order, 8, 2)
        elif chunk.name == b"data":
            return _judged(source, chunk, order, 4, 2)
    raise source.no_samples()


def _w64(source: _File) -> Patches:
    begin = 40  # after two GUIDs and a length
    for _ in range(_MANY):
        header = source.at(begin, 24)
        if len(header) < 24:
            break
        length = int.from_bytes(header[16:], "little")
        if header[:4] == b"data":
            if 24 < length < STREAMED[8]:
                source.need(begin, length)
            return {}
        begin += max(24, -(-length // 8) * 8)
    raise source.no_samples()


def _form(source: _File) -> Patches:
    samples = {b"AIFF": b"SSND", b"AIFC": b"SSND", b"8SVX": b"BODY", b"16SV": b"BODY"}.get(source.at(8, 4))
    if samples is None:
        return {}
    for chunk in chunks(source, 12, "big", 4, 2):
        if chunk.name == samples:
            return _judged(source, chunk, "big", 4, 2, empty=8 if samples == b"SSND" else 0)
    raise source.no_samples()


def _au(source: _File) -> Patches:
    order = "big" if source.at(0, 4) == b".snd" else "little"
    if source.size < 24:
        raise source.no_samples()
    begin, length = source.number(4, 4, order), source.number(8, 4, order)
    if length == 0 and source.size > begin:
        return {8: b"\xff\xff\xff\xff"}
    if length != 0xFFFFFFFF:
        source.need(begin, length)
    return {}


def _caf(source: _File) -> Patches:
    for chunk in chunks(source, 8, "big", 8, 1):
        if chunk.name == b"data":
            return _judged(source, chunk, "big", 8, 1, empty=4)
    raise source.no_samples()


def _voc(source: _File) -> Patches:
    begin, blocks = source.number(20, 2, "little"), 0
    for _ in range(_MANY):
        kind = source.at(begin, 1)
        if kind in (b"", b"\0"):
            break
        length = source.number(begin + 1, 3, "little")
        if kind in (b"\1", b"\2", b"\x09"):  # with samples
            source.need(begin + 4, length)
            blocks += 1
        begin += 4 + length
    if blocks > 1:  # libsndfile hears the headers of all but the first as samples
        raise KilovoxError(f"{source.name}: {blocks} blocks of samples; expected a VOC file of one")
    return {}


def _nist(source: _File) -> Patches:
    lines = source.at(0, 1024).split(b"end_head")[0].splitlines()
    fields = {line.split()[0]: line.split()[2] for line in lines if len(line.split()) == 3}
    try:
        begin = int(lines[1])
        count, width = int(fields[b"sample_count"]), int(fields[b"sample_n_bytes"])
        length = count * width * int(fields.get(b"channel_count", 1))
    except (IndexError, KeyError, ValueError):
        return {}
    source.need(begin, length)
    return {}


def _avr(source: _File) -> Patches:
    channels = 2 if source.number(12, 2, "big") else 1
    source.need(128, source.number(26, 4, "big") * channels * source.number(14, 2, "big") // 8)
    return {}


def _wve(source: _File) -> Patches:
    source.need(32, source.number(18, 4, "big"))
    return {}


def _sds(source: _File) -> Patches:
    # libsndfile prints about its damage on standard output.
    raise KilovoxError(f"{source.name}: a MIDI sample dump; expected WAV, FLAC, Ogg, MP3, AIFF or the like")


def _ogg(source: _File) -> Patches:
    """The last page must be whole and marked as the last of its stream."""
    begin = max(0, source.size - 2 * 65307)  # the longest page
    tail = source.at(begin, source.size - begin)
    page = tail.rfind(b"OggS\0")
    header = tail[page : page + 27]
    if page >= 0 and len(header) == 27:
        lacing = tail[page + 27 : page + 27 + header[26]]
        if len(lacing) == header[26] and page + 27 + len(lacing) + sum(lacing) <= len(tail) and header[5] & 4:
            return {}
    raise KilovoxError(f"{source.name}: truncated, its last page is not there; expected an Ogg file that ends its stream")


_LOOKS: dict[bytes, Callable[[_File], Patches]] = {
    b"RIFF": _riff, b"RIFX": _riff, b"RF64": _riff, b"BW64": _riff, b"riff": _w64, b"FORM": _form, b".snd": _au, b"dns.": _au,
    b"caff": _caf, b"Creative Voice": _voc, b"NIST_1": _nist, b"2BIT": _avr, b"ALawSoundFile": _wve, b"\xf0\x7e": _sds,
    b"OggS": _ogg,
}  # fmt: skip
