"""Sound at another rate than a model's, as C: the constants and the taps of kilovox.frontend.decimator."""

import numpy as np
import numpy.typing as npt

from kilovox.frontend.decimator import STAGES, Stage, factor_of


def decimation_sizes(input_rate: int | None, rate: int) -> dict[str, int]:
    """The KV_ constants of a library that takes `input_rate` Hz for a model of `rate` Hz, by name; none where these are one.

    None: the model's rate. Raises KilovoxError for a rate that is not supported.
    """
    factor = factor_of(input_rate, rate)
    if factor == 1:
        return {}
    found = {"INPUT_RATE": factor * rate, "DECIMATE": factor}
    for name, stage in _named(factor).items():
        found |= {
            f"{name}_FACTOR": stage.factor,
            f"{name}_LENGTH": stage.length,
            f"{name}_STEP": stage.step,
            f"{name}_PAIRS": len(_stored(stage)) - 1,
        }
    return found


def decimation_tables(factor: int) -> dict[str, npt.NDArray[np.int16]]:
    """Tables by declarator: of each filter the taps of a side that are not left out, outermost first, then the middle one."""
    return {f"kv_{name.lower()}_taps[KV_{name}_PAIRS + 1]": _stored(stage) for name, stage in _named(factor).items()}


def decimation_bytes(factor: int) -> int:
    """Of these tables."""
    return sum(table.nbytes for table in decimation_tables(factor).values())


def _named(factor: int) -> dict[str, Stage]:
    stages = STAGES[factor]
    return dict(zip(("FIRST", "LAST")[-len(stages) :], stages, strict=True)) if stages else {}


def _stored(stage: Stage) -> npt.NDArray[np.int16]:
    return np.array([*stage.taps[1 :: stage.step][::-1], stage.taps[0]], np.int16)
