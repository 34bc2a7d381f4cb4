"""A cut: the part of a sound file from one time to another, as a recording of its own."""

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np

from kilovox.audio import RawFormat, Sound, read_sound
from kilovox.errors import KilovoxError

TOLERANCE = 0.05
"""Seconds that a cut may end after its file does: who finds words in sound counts in frames."""

KEPT_BYTES = 2**26
"""Of decoded files that stay in memory, for other cuts of the same file; the last one stays in any case."""


def cut_name(name: str, start: float | None, end: float | None) -> str:
    """`name`, and of what part of it, as W3C's Media Fragments URI writes seconds: a.wav#t=0.31,0.71."""
    if start is None and end is None:
        return name
    return f"{name}#t={'' if start is None else start}" + ("" if end is None else f",{end}")


def cut_sound(path: Path, start: float | None, end: float | None, raw: RawFormat | None = None) -> Sound:
    """The sound at `path` from `start` to `end` seconds (None: from its beginning, to its end), each to the nearest sample.

    Raises KilovoxError as `read_sound` does, and where the sound has no such part: it may end TOLERANCE before the cut does.
    """
    sound = _decoded(path, raw)
    length = len(sound.samples) / sound.rate
    first, last = 0.0 if start is None else start, length if end is None else end
    if not 0 <= first < last < np.inf or first >= length or last - length > TOLERANCE + 1e-9:
        where = cut_name(str(path), start, end)
        raise KilovoxError(f"{where}: the sound has {length:.3f} seconds; expected 0 <= start < end <= as many")
    samples = sound.samples[round(first * sound.rate) : round(last * sound.rate)].copy()
    if not len(samples):
        raise KilovoxError(f"{cut_name(str(path), start, end)}: no sample at {sound.rate} Hz; expected at least one")
    return replace(sound, samples=samples)


def scaled(sound: Sound, gain: float) -> Sound:
    """`sound` at another volume, `gain` of 0 to 1; samples of 16 bits stay such, to the nearest."""
    samples = sound.samples.astype(np.float64) * gain
    return replace(sound, samples=np.rint(samples).astype(np.int16) if sound.samples.dtype == np.int16 else samples)


class _Decoded:
    """Files as `read_sound` reads them, so that many cuts of one decode it once."""

    def __init__(self) -> None:
        self._sounds: OrderedDict[tuple[Path, RawFormat | None, int, int], Sound] = OrderedDict()
        self._bytes = 0

    def __call__(self, path: Path, raw: RawFormat | None) -> Sound:
        """The sound at `path`; a file that was written anew is another."""
        try:
            status = path.stat()
        except (OSError, ValueError):
            return read_sound(path, raw)  # which says why
        key = (path, raw, status.st_mtime_ns, status.st_size)
        if key in self._sounds:
            self._sounds.move_to_end(key)
            return self._sounds[key]
        sound = self._sounds[key] = read_sound(path, raw)
        self._bytes += sound.samples.nbytes
        while len(self._sounds) > 1 and self._bytes > KEPT_BYTES:
            self._bytes -= self._sounds.popitem(last=False)[1].samples.nbytes
        return sound


_decoded = _Decoded()
