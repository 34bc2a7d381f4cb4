"""Where a word begins and ends in its recording, by its power."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples

EDGE_DB, EDGE_MS, LARGEST_MARGIN_MS = 30.0, 10, 50
"""A word is what lies between the first and the last 10 ms within 30 dB of its loudest."""
QUIET_SHARE, SMOOTHED_FRAMES, ABOVE_QUIET, EVEN_DB = 0.15, 5, 0.35, 3.0
"""A word is over after the last frame that is louder, over so many frames, than the quietest share of its recording by this
part of the way to the loudest, in decibels: a third of a crowd's recordings are noisy within EDGE_DB to their very end."""


def cut_closely(samples: Samples, rate: int, draw: np.random.Generator) -> Samples:
    """A recording without the silence around its word, but for a few hundredths of a second; less than a frame stays."""
    frame = rate * EDGE_MS // 1000
    first, last = spoken_part(samples, rate)
    before, after = (int(margin) * frame for margin in draw.integers(0, LARGEST_MARGIN_MS // EDGE_MS + 1, 2))
    return samples[max(0, first - before) : last + after]


def spoken_part(samples: npt.NDArray[Any], rate: int) -> tuple[int, int]:
    """From which sample to which there is a word in a recording of one, in whole frames; all of less than two frames."""
    power = _power(samples, rate)
    if len(power) < 2:
        return 0, len(samples)
    loud, frame = np.flatnonzero(power >= power.max() * 10 ** (-EDGE_DB / 10)), rate * EDGE_MS // 1000
    return int(loud[0]) * frame, int(loud[-1] + 1) * frame


def spoken_end(samples: npt.NDArray[Any], rate: int) -> int:
    """Sample after which the word of a recording is over, noisy as it may be; all of less than two frames."""
    power = _power(samples, rate)
    if len(power) < 2:
        return len(samples)
    window = np.ones(SMOOTHED_FRAMES)
    # The mean of the frames that there are: a word that its recording ends with is not quieter for that.
    smooth = (np.convolve(power, window, "same") / np.convolve(np.ones(len(power)), window, "same"))[: len(power)]
    level = 10 * np.log10(smooth + 1e-3)
    quiet, loudest = float(np.quantile(level, QUIET_SHARE)), float(level.max())
    # Of a sound that is nowhere quiet, the differences say nothing.
    least = max(loudest - EDGE_DB, min(quiet + ABOVE_QUIET * (loudest - quiet), loudest - EVEN_DB))
    return int(np.flatnonzero(level >= least)[-1] + 1) * (rate * EDGE_MS // 1000)


def _power(samples: npt.NDArray[Any], rate: int) -> npt.NDArray[np.float64]:
    """Of each whole frame."""
    frame = rate * EDGE_MS // 1000
    count = len(samples) // frame
    found: npt.NDArray[np.float64] = np.square(samples[: count * frame].reshape(count, frame), dtype=np.float64).mean(axis=1)
    return found
