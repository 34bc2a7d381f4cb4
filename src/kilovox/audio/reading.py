"""Sound files, pipes and standard input, opened and read block by block."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from kilovox.audio.bounds import MAXIMUM_SECONDS, MAXIMUM_VALUES, SAMPLE_RATE, Block, RawFormat, Samples
from kilovox.audio.conversion import Converter
from kilovox.audio.lengths import check_whole, is_sound
from kilovox.audio.pcm import PlainReader, raw_reader, read_header
from kilovox.audio.scale import ScaleCheck
from kilovox.errors import KilovoxError

if TYPE_CHECKING:
    from kilovox.audio.libsndfile import Decoder

Where = Path | BinaryIO
"""A sound file, named pipe or the like; or an open binary stream, such as sys.stdin.buffer."""

MAXIMUM_PIPED = 2**31
"""Bytes. What comes through a pipe and cannot be decoded as it comes is kept in a temporary file, at most as much as this."""


@dataclass(frozen=True)
class Sound:
    """What a sound file holds: samples (samples, channels), int16 where the file has 16 bits, else float64 in -1 ... 1.

    rate: Hz; subtype: width and coding of a sample in the file, in libsndfile's words (PCM_16, FLOAT, VORBIS, ...).
    """

    samples: npt.NDArray[np.int16] | npt.NDArray[np.float64]
    rate: int
    subtype: str


@dataclass(frozen=True)
class OpenSound:
    """A sound to be read once, from its beginning to its end, in memory that does not depend on its length."""

    name: str
    rate: int
    channels: int
    subtype: str
    _reader: "Decoder | PlainReader"

    @property
    def frames(self) -> int | None:
        """Samples of a channel that the header announces, None where it says nothing that can be relied on."""
        return self._reader.frames

    def blocks(self, patient: bool = False) -> Iterator[Block]:
        """(samples, channels) after one another: int16 where the sound has 16 bits, else float64 in -1 ... 1.

        Raises KilovoxError for a sound that cannot be decoded or ends before it should, has no samples, or samples that are not
        numbers or in another scale; `patient`: the latter not before the end, when the peak is known.
        """
        count, scale = 0, ScaleCheck(self.name, self.subtype, patient)
        while len(block := self._reader.read()):
            count += len(block)
            if scale.look(block):
                yield block
        declared = self.frames
        if declared is not None and count < declared:
            raise KilovoxError(f"{self.name}: truncated, {count} of the {declared} samples its header announces are there")
        if count == 0:
            raise KilovoxError(f"{self.name}: 0 samples; expected at least one")
        scale.finish()


@contextlib.contextmanager
def open_sound(where: Where, raw: RawFormat | None = None) -> Iterator[OpenSound]:
    """Open a sound file, a pipe, or a stream; `raw` says what samples without a header are.

    Raises KilovoxError for what is missing, unreadable, no sound, cut short, or beyond the bounds of kilovox.audio.bounds.
    """
    name = str(where) if isinstance(where, Path) else "standard input"
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(_opened(where)) if isinstance(where, Path) else where
            piped = _is_pipe(file, name) or file is where
            if raw is not None:
                reader: Decoder | PlainReader = raw_reader(name, raw, _as_it_comes(file))
            else:
                reader = _pipe_reader(file, name, stack) if piped else _file_reader(file, name)
        except OSError as error:
            raise _unreadable(name, error) from None
        stack.callback(reader.close)
        yield OpenSound(name, reader.rate, reader.channels, reader.subtype, reader)


def sound_seconds(where: Path, raw: RawFormat | None = None) -> float:
    """How long a sound is: by its header where that says it, else by reading it. Raises KilovoxError as `read_sound` does."""
    with open_sound(where, raw) as sound:
        frames = sound.frames
        if frames is None:
            frames = sum(len(block) for block in sound.blocks(patient=True))
        return frames / sound.rate


def read_sound(where: Where, raw: RawFormat | None = None) -> Sound:
    """Read a sound as it is; `raw` says what samples without a header are.

    Raises KilovoxError as `open_sound` and `OpenSound.blocks` do, and for one of more than MAXIMUM_VALUES.
    """
    with open_sound(where, raw) as sound:
        blocks: list[npt.NDArray[Any]] = []
        values = 0
        for block in sound.blocks(patient=True):
            blocks.append(block)
            values += block.size
            if values > MAXIMUM_VALUES:
                raise KilovoxError(
                    f"{sound.name}: longer than {MAXIMUM_VALUES} samples of all channels; expected a recording of one word"
                )
        return Sound(np.concatenate(blocks), sound.rate, sound.subtype)


def read_audio(where: Where, rate: int = SAMPLE_RATE, raw: RawFormat | None = None) -> Samples:
    """Read a sound as (samples,) int16 mono at `rate` Hz.

    16-bit mono at `rate` is passed on untouched. Other widths, floats, several channels (averaged) and other rates
    (resampled with soxr, high quality) are converted, rounded to nearest and saturated.

    Raises KilovoxError as `open_sound` and `OpenSound.blocks` do, for a sound shorter than a sample at `rate`, and for one of
    more than MAXIMUM_SECONDS.
    """
    parts, count = [], 0
    for part in _converted(where, rate, raw, patient=True):
        parts.append(part)
        count += len(part)
        if count > MAXIMUM_SECONDS * rate:
            name = where if isinstance(where, Path) else "standard input"
            raise KilovoxError(
                f"{name}: longer than {MAXIMUM_SECONDS} seconds; expected at most that, or kilovox listen --file"
            )
    return np.concatenate(parts)


def stream_audio(where: Where, rate: int, size: int, raw: RawFormat | None = None) -> Iterator[Samples]:
    """The samples that `read_audio` reads, of any length, as they come: (`size`,) int16 each, the last less.

    Raises KilovoxError as `read_audio` does, some of it not before the end.
    """
    rest = np.zeros(0, np.int16)
    for part in _converted(where, rate, raw):
        rest = np.concatenate([rest, part])
        whole = len(rest) // size * size
        for start in range(0, whole, size):
            yield rest[start : start + size]
        rest = rest[whole:]
    if len(rest):
        yield rest


def _converted(where: Where, rate: int, raw: RawFormat | None, patient: bool = False) -> Iterator[Samples]:
    with open_sound(where, raw) as sound:
        converter, heard, made = Converter(sound.rate, rate), 0, 0
        for block in sound.blocks(patient):
            part = converter.push(block)
            heard, made = heard + len(block), made + len(part)
            yield part
        part = converter.finish()
        if made + len(part) == 0:
            raise KilovoxError(
                f"{sound.name}: {heard} samples at {sound.rate} Hz are less than one at {rate} Hz; expected at least one"
            )
        yield part


def _opened(path: Path) -> BinaryIO:
    """Unbuffered: libsndfile reads on from the same descriptor."""
    if path.is_dir():
        raise KilovoxError(f"{path}: a folder; expected a sound file")
    return path.open("rb", buffering=0)


def _unreadable(name: str, error: OSError) -> KilovoxError:
    if isinstance(error, FileNotFoundError):
        return KilovoxError(f"{name}: no such file")
    return KilovoxError(f"{name}: cannot be read ({error.strerror or error})")


def _is_pipe(file: BinaryIO, name: str) -> bool:
    """Whether the open `file` cannot be read to and fro. Raises KilovoxError for a terminal, or a disk."""
    if file.isatty():
        raise KilovoxError(f"{name}: a terminal; expected sound from a file or a pipe")
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):  # a stream in memory
        return True
    if stat.S_ISBLK(mode):
        raise KilovoxError(f"{name}: a device; expected a sound file")
    return not stat.S_ISREG(mode)


def _file_reader(file: BinaryIO, name: str) -> "Decoder":
    from kilovox.audio.libsndfile import Decoder

    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise KilovoxError(f"{name}: 0 bytes; expected a sound file")
    return Decoder(file, check_whole(file, size, name), name)


def _as_it_comes(stream: BinaryIO) -> Callable[[int], bytes]:
    """Reads at most so many bytes, those that are there already, but one at least before the end."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read


def _pipe_reader(stream: BinaryIO, name: str, stack: contextlib.ExitStack) -> "Decoder | PlainReader":
    """Plain WAV is read as it comes; all else when it is there to the end, from a temporary file."""
    head, plain = read_header(stream)
    if plain is not None:
        return PlainReader(name, plain, _as_it_comes(stream))
    if not head:
        raise KilovoxError(f"{name}: 0 bytes; expected a sound file")
    if not is_sound(head):
        raise KilovoxError(
            f"{name}: not a readable sound file (begins with {head[:4]!r}); expected WAV, FLAC, Ogg or another format of "
            "libsndfile, or raw samples and their --rate"
        )
    kept = stack.enter_context(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
    count = 0
    while head:
        count += kept.write(head)
        if count > MAXIMUM_PIPED:
            raise KilovoxError(f"{name}: more than {MAXIMUM_PIPED} bytes; expected fewer, or WAV of plain samples")
        head = stream.read(1 << 16)
    return _file_reader(kept, name)
