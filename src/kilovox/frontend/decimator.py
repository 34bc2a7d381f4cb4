"""Sound at two, three, four or six times a model's rate made into sound at its rate, in integers.

docs/arithmetic.md has the filters, what they keep and suppress, and why no sum overflows; kv_decimate.c computes the same bits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import check_samples

TAP_BITS = 15


@dataclass(frozen=True)
class Stage:
    """A symmetric filter, and every `factor`-th sample of what it gives. taps: (n,) the middle one, then one side, in Q15.

    The filter is a sinc under a Kaiser window whose shape is `beta`: taps are round(2^15 sinc(d / factor) / factor x
    np.kaiser(2 n - 1, beta)), d = 0 ... n - 1, scaled to a sum of 1; what rounding leaves over goes to d = 1, the odd unit to
    d = 0. Constants pass as they are.
    """

    factor: int
    beta: float
    taps: tuple[int, ...]

    @property
    def length(self) -> int:
        """Samples that one result is made of."""
        return 2 * len(self.taps) - 1

    @property
    def step(self) -> int:
        """From one tap of a side to the next that is not 0: by two, all but the middle one of even distance are."""
        return 2 if self.factor == 2 else 1

    @property
    def window(self) -> npt.NDArray[np.int32]:
        """(length,) all taps in order."""
        return np.array([*self.taps[:0:-1], *self.taps], np.int32)


HALF = Stage(
    2, 5.65,
    (16384, 10386, 0, -3350, 0, 1881, 0, -1214, 0, 823, 0, -564, 0, 383, 0, -253, 0, 160, 0, -96, 0, 52, 0, -25, 0, 9),
)  # fmt: skip
THIRD = Stage(
    3, 5.8,
    (10922, 9016, 4483, 0, -2193, -1725, 0, 1179, 1003, 0, -750, -655, 0, 506, 446, 0, -347, -305, 0, 236, 207, 0, -157, -136,
     0, 100, 86, 0, -61, -51, 0, 34, 27, 0, -17, -13, 0, 6, 4),
)  # fmt: skip
"""To a model's rate: it keeps up to 0.425 of that, and suppresses what would fold there."""

FIRST_HALF = Stage(2, 6.0, (16376, 9856, 0, -2055, 0, 417, 0, -22))
FIRST_THIRD = Stage(3, 6.0, (10920, 8786, 4043, 0, -1433, -872, 0, 278, 135, 0, -13))
"""To twice a model's rate, for which HALF does the rest: between what is kept and what would fold there lies much room."""

STAGES = {1: (), 2: (HALF,), 3: (THIRD,), 4: (FIRST_HALF, HALF), 6: (FIRST_THIRD, HALF)}
"""By factor: what sound goes through."""


def factor_of(input_rate: int | None, rate: int) -> int:
    """How many samples at `input_rate` Hz (None: `rate`) make one at `rate` Hz. Raises KilovoxError for none of STAGES."""
    for factor in STAGES:
        if input_rate in (None, factor * rate):
            return factor
    supported = [str(factor * rate) for factor in STAGES]
    raise KilovoxError(
        f"input rate {input_rate} Hz; expected {', '.join(supported[:-1])} or {supported[-1]}, for the model hears {rate}"
    )


class Decimator:
    """A stream of sound at `factor` times a rate, made into sound at that rate: the same samples however it is cut.

    It begins after silence. n samples make n // factor, the last of which is made of the last full `factor`; what the filters
    still hold at the end, less than their length, is never given out. Raises KilovoxError for a factor that is none of STAGES.
    """

    def __init__(self, factor: int) -> None:
        if factor not in STAGES:
            raise KilovoxError(f"factor {factor}; expected one of {', '.join(map(str, STAGES))}")
        self._stages = STAGES[factor]
        self.reset()

    def reset(self) -> None:
        """Forget everything: silence was before the next sample."""
        self._held = [np.zeros(stage.length - stage.factor, np.int16) for stage in self._stages]

    def push(self, samples: Samples) -> Samples:
        """Hear (samples,) int16; returns the samples that are done, (n,) int16."""
        check_samples(samples)
        for index, stage in enumerate(self._stages):
            heard = np.concatenate([self._held[index], samples])
            done = max(0, (len(heard) - stage.length) // stage.factor + 1)
            self._held[index] = heard[done * stage.factor :]
            samples = _filtered(stage, heard, done)
        return samples


def decimated(samples: Samples, factor: int) -> Samples:
    """A whole recording, (samples,) int16 at `factor` times a rate, at that rate: (samples // factor,) int16."""
    return Decimator(factor).push(samples)


def _filtered(stage: Stage, heard: Samples, count: int) -> Samples:
    """`count` results, of which the first is made of the first stage.length samples of `heard`: rounded half up, saturated."""
    total = np.full(count, 1 << (TAP_BITS - 1), np.int32)
    for start, tap in enumerate(stage.window):
        if tap:
            total += heard[start : start + count * stage.factor : stage.factor] * tap
    saturated: Samples = np.clip(total >> TAP_BITS, -(1 << 15), (1 << 15) - 1).astype(np.int16)
    return saturated
