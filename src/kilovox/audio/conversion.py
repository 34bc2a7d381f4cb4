"""Samples as they are in a file to what a model hears: int16, mono, at its rate; all at once or block by block."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio.bounds import Block, Samples
from kilovox.errors import KilovoxError


class Converter:
    """Blocks at `own_rate` Hz to int16 mono at `rate` Hz: the same samples however the sound is cut into blocks.

    Channels are averaged, other rates resampled by one soxr stream (high quality), results rounded to nearest and saturated.
    """

    def __init__(self, own_rate: int, rate: int) -> None:
        self._stream: Any = None
        if own_rate != rate:
            import soxr

            try:
                self._stream = soxr.ResampleStream(own_rate, rate, 1, dtype="float64", quality="HQ")
            except (RuntimeError, ValueError) as error:
                raise KilovoxError(f"{own_rate} Hz cannot be resampled to {rate} Hz ({error})") from None

    def push(self, block: Block) -> Samples:
        """Hear (samples, channels), int16 or float in -1 ... 1; returns what is done, (samples,)."""
        if self._stream is None:
            if block.dtype == np.int16 and block.shape[1] == 1:
                return np.ascontiguousarray(block[:, 0], dtype=np.int16)
            return _rounded(_mono(block))
        return _rounded(self._stream.resample_chunk(_mono(block)))

    def finish(self) -> Samples:
        """End the sound; returns what the resampler still held back."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        return _rounded(self._stream.resample_chunk(np.zeros(0), last=True))


def to_int16_mono(samples: Block, own_rate: int, rate: int) -> Samples:
    """Convert (samples, channels), int16 or float in -1 ... 1, at `own_rate` Hz to (samples,) int16 at `rate` Hz."""
    converter = Converter(own_rate, rate)
    converted = converter.push(samples)
    return converted if own_rate == rate else np.concatenate([converted, converter.finish()])


def _mono(block: Block) -> npt.NDArray[np.float64]:
    """The mean of the channels, in the scale of int16."""
    mono: npt.NDArray[np.float64] = block.mean(axis=1, dtype=np.float64)
    if block.dtype != np.int16:
        mono *= 32768.0
    return mono


def _rounded(values: npt.NDArray[np.float64]) -> Samples:
    rounded: Samples = np.clip(np.rint(values), -32768, 32767).astype(np.int16)
    return rounded
