"""A recogniser that listens: any number of samples at a time, the same bits as the whole recording."""

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointStream
from kilovox.frontend.pipeline import fixed_point_mfcc
from kilovox.integer.network import confidence, logits
from kilovox.integer.recogniser import Recogniser


class RecogniserStream:
    """One live recording through an integer model. Raises KilovoxError for a float model."""

    def __init__(self, recogniser: Recogniser) -> None:
        if recogniser.engine is None or not isinstance(recogniser.front_end, FixedPointFrontEnd):
            raise KilovoxError(f"{recogniser.name}: float32; expected an integer model, int8 or pow2")
        self._recogniser, self._engine = recogniser, recogniser.engine
        self._samples = FixedPointStream(fixed_point_mfcc(recogniser.front_end))
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._samples.flush()
        self._states = self._engine.start(1)
        self.frames = 0

    def push(self, samples: Samples) -> int:
        """Hear (samples,) int16; returns the frames that they completed."""
        return self._advance(self._samples.push(samples))

    def finish(self) -> int:
        """End the recording: one shorter than a frame is filled up with zeros. Returns the frames that this completed."""
        return self._advance(self._samples.flush())

    def _advance(self, raw: npt.NDArray[np.int16]) -> int:
        (features,) = self._recogniser.normalised([raw])
        for frame in features:
            self._states = self._engine.step(self._states, frame[None])
        self.frames += len(features)
        return len(features)

    def result(self) -> tuple[str, int, npt.NDArray[np.int32]]:
        """Label, confidence (0 to 255) and logits (labels,) int32 of what was heard so far.

        Raises KilovoxError before the first whole frame.
        """
        if self.frames == 0:
            raise KilovoxError("no whole frame heard yet; expected at least one")
        values = logits(self._engine.head, self._states[-1].hidden)
        return self._recogniser.labels[int(values[0].argmax())], int(confidence(self._engine.head, values)[0]), values[0]
