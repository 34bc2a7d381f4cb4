"""Does the level matter? The same recordings quieter, and raised until their peaks reach full scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.integer.outcome import LABEL
from kilovox.integer.recogniser import Recogniser

QUIETER_DB = (-10.0, -20.0, -30.0)


@dataclass(frozen=True)
class LevelRow:
    """One level: share of decisions other than at the recordings' own level, and accuracy; fractions."""

    level: str
    changed: float
    accuracy: float


def scaled(samples: Samples, factor: float) -> Samples:
    """(samples,) int16 times `factor`, rounded to nearest and saturated."""
    result: Samples = np.clip(np.rint(samples * float(factor)), -32768, 32767).astype(np.int16)
    return result


def level_rows(recogniser: Recogniser, recordings: Sequence[Samples], truth: Sequence[int]) -> list[LevelRow]:
    """Decisions on `recordings`, each (samples,) int16, at several levels against those at their own."""
    own = _decided(recogniser, recordings)
    correct = np.array(truth)
    rows = [LevelRow("as recorded", 0.0, float((own == correct).mean()))]
    variants = {
        f"{decibels:.0f} dB": [scaled(samples, 10 ** (decibels / 20)) for samples in recordings] for decibels in QUIETER_DB
    }
    for name, excess in (("peak at full scale", 0.0), ("6 dB beyond full scale", 6.0), ("12 dB beyond full scale", 12.0)):
        variants[name] = [scaled(samples, 32767 * 10 ** (excess / 20) / max(1, _peak(samples))) for samples in recordings]
    for name, changed in variants.items():
        decided = _decided(recogniser, changed)
        rows.append(LevelRow(name, float((decided != own).mean()), float((decided == correct).mean())))
    return rows


def _decided(recogniser: Recogniser, recordings: Sequence[Samples]) -> npt.NDArray[np.int64]:
    """(recordings,) index of the label, -1 where none was taken."""
    decisions = recogniser(recordings)
    return np.where(decisions.outcomes == LABEL, decisions.indices, -1)


def _peak(samples: Samples) -> int:
    return int(np.abs(samples.astype(np.int32)).max())
