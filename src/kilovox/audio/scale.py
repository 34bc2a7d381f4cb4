"""Whether samples of floats are in the scale of sound: -1 to 1."""

import numpy as np

from kilovox.audio.bounds import Block
from kilovox.errors import KilovoxError

LOUDEST = 4.0
"""12 dB above full scale. Less is a loud recording, and is clipped; more was never in the scale of -1 to 1."""

_SCALES = {2**15: "int16", 2**23: "int24", 2**31: "int32"}


class ScaleCheck:
    """Looks at the blocks of one sound. Integers are in their scale by themselves.

    patient: a peak that is far too high is an error at the end only.
    """

    def __init__(self, name: str, subtype: str, patient: bool) -> None:
        self._patient = patient
        self._name, self._subtype, self._peak, self._whole = name, subtype, 0.0, True

    def look(self, block: Block) -> bool:
        """Whether the sound is worth hearing on, or only its peak.

        Raises KilovoxError where `block` holds no numbers, or far larger ones than -1 to 1.
        """
        if block.dtype == np.int16 or block.size == 0:
            return True
        if not np.isfinite(block).all():
            raise KilovoxError(f"{self._name}: holds samples that are not numbers (NaN or infinity); expected -1 to 1")
        self._peak = max(self._peak, float(np.abs(block).max()))
        if self._peak > LOUDEST and not self._patient:
            raise self._error()
        self._whole = self._whole and bool((block == np.rint(block)).all())
        return self._peak <= LOUDEST

    def finish(self) -> None:
        """Raise KilovoxError where it went far beyond 1, or beyond it in whole numbers: quiet, in the scale of integers."""
        if self._peak > LOUDEST or (self._peak > 1 and self._whole):
            raise self._error()

    def _error(self) -> KilovoxError:
        full = next((full for full in _SCALES if self._peak <= full), None)
        advice = "" if full is None else f": divide by {full} what is in the scale of {_SCALES[full]}"
        return KilovoxError(f"{self._name}: a peak of {self._peak:g} in samples of {self._subtype}; expected -1 to 1{advice}")
