"""libsndfile, one block after the other and never back: some of what it reads cannot seek (GSM 6.10)."""

import contextlib
import io
import os
from collections.abc import Callable
from typing import BinaryIO, TypeVar

import numpy as np
import soundfile

from kilovox.audio.bounds import Block, check_shape
from kilovox.audio.lengths import Patches
from kilovox.errors import KilovoxError

T = TypeVar("T")

_UNKNOWN = 2**62
"""More frames than any file has: what libsndfile answers where a FLAC file does not say."""

_FORMATS = (
    "AIFF", "AU", "AVR", "CAF", "FLAC", "IRCAM", "MP3", "NIST", "OGG", "PAF", "PVF", "RF64", "SVX", "VOC", "W64", "WAV",
    "WAVEX", "WVE",
)  # fmt: skip
"""Those whose length can be checked, or that state none."""

_ESTIMATED = ("MP3", "OGG")
"""Their length is an estimate, or was seen by the mark of its end."""

_BLOCK = 65536
"""Samples times channels of a block."""


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """Reads on without seeking to where it is already."""

    def seekable(self) -> bool:
        return False


class PatchedFile(io.RawIOBase):
    """A file that is read with other bytes here and there. An error is kept in `error`: callbacks of C must not raise."""

    def __init__(self, file: BinaryIO, patches: Patches) -> None:
        super().__init__()
        self._file, self._patches = file, patches
        self.error: BaseException | None = None

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As `io.RawIOBase.seek`; to where no file is, as damaged headers have it, nowhere."""
        with contextlib.suppress(OSError, ValueError):
            self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """As `io.RawIOBase.read`."""
        try:
            begin = self._file.tell()
            data = bytearray(self._file.read(size))
        except BaseException as error:
            self.error = error
            return b""
        for offset, patch in self._patches.items():
            for index, byte in enumerate(patch, offset - begin):
                if 0 <= index < len(data):
                    data[index] = byte
        return bytes(data)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As `io.RawIOBase.readinto`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Decoder:
    """A sound file that libsndfile knows. Raises KilovoxError where it knows none, and beyond the bounds.

    rate: Hz; frames: samples of a channel that the header announces and the file must hold, None where it says nothing.
    """

    def __init__(self, file: BinaryIO, patches: Patches, name: str) -> None:
        self._name, self._size = name, file.seek(0, os.SEEK_END)
        file.seek(0)
        self._file = file
        self._patched = PatchedFile(file, patches)
        # A descriptor is quicker, and Ctrl-C never meets a callback; on Windows it is not libsndfile's to use.
        direct = not patches and os.name == "posix"
        self._sound = self._guarded(lambda: _Forward(file.fileno() if direct else self._patched, closefd=False))
        try:
            self.rate, self.channels, self.subtype = self._sound.samplerate, self._sound.channels, str(self._sound.subtype)
            check_shape(name, self.rate, self.channels)
            kind = self._sound.format
            if kind not in _FORMATS:
                raise KilovoxError(f"{name}: a file of the kind {kind}; expected WAV, FLAC, Ogg, MP3, AIFF or the like")
            frames = None if self._sound.frames >= _UNKNOWN else self._sound.frames
        except KilovoxError:
            self.close()
            raise
        self._endless = kind == "FLAC" and frames is None
        self.frames = None if kind in _ESTIMATED else frames
        self._block = max(1, (1024 if self._endless else _BLOCK) // self.channels)
        self._dtype = "int16" if self.subtype == "PCM_16" else "float64"

    def read(self) -> Block:
        """The next samples, (samples, channels), int16 where the file has 16 bits, else float64; none at the end."""
        return self._guarded(self._next)

    def close(self) -> None:
        """Give libsndfile's memory back; the file stays open."""
        self._sound.close()

    def _next(self) -> Block:
        try:
            block: Block = self._sound.read(self._block, dtype=self._dtype, always_2d=True)
        except soundfile.LibsndfileError:
            # A recorder that was killed leaves FLAC without a length, and its last frame half-written.
            if self._endless and self._file.tell() >= self._size:
                return np.zeros((0, self.channels))
            raise
        return block

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            result = work()
        except (soundfile.SoundFileError, OSError, RuntimeError, ValueError, TypeError) as error:
            self._raise_kept()
            reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
            raise KilovoxError(
                f"{self._name}: not a readable sound file ({str(reason).removeprefix('Error : ').rstrip('.')}); expected WAV, "
                "FLAC, Ogg or another format of libsndfile"
            ) from None
        self._raise_kept()
        return result

    def _raise_kept(self) -> None:
        if self._patched.error is not None:
            error, self._patched.error = self._patched.error, None
            if isinstance(error, OSError):
                raise KilovoxError(f"{self._name}: cannot be read ({error.strerror})") from None
            raise error
