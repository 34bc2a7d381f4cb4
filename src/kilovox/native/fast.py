"""The fast path on this machine: a model's C where there is a compiler, else NumPy; the same bits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.frontend.fixed_point import is_heard
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream
from kilovox.verification.host import HostRecogniser, HostStream, NoCompilerError

Array = npt.NDArray[Any]


class FastRecogniser(Recogniser):
    """A recogniser whose front end and network run in C. Raises NoCompilerError where there is no compiler."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._c = HostRecogniser(model)
        self._no_frames = np.zeros((0, self.network.input_dim), np.int16)

    def raw_features(self, recordings: Sequence[Samples]) -> list[Array]:
        if self.finds_words:
            return [self._c.word(samples) for samples in recordings]
        return [
            self._c.cepstra(samples) if is_heard(samples, self.front_end.window, self.front_end.hop) else self._no_frames
            for samples in recordings
        ]

    def _decide(self, sequences: list[Array]) -> tuple[Array, Array, Array]:
        decisions = self._c.decide([np.ascontiguousarray(sequence) for sequence in sequences])
        return decisions.indices, decisions.confidence, decisions.logits


def fast_stream(recogniser: Recogniser) -> HostStream | RecogniserStream:
    """One live recording through `recogniser`, in C where there is a compiler. Raises KilovoxError for a float model."""
    if recogniser.engine is not None:
        try:
            return HostStream(HostRecogniser(recogniser.model))
        except NoCompilerError:
            pass
    return RecogniserStream(recogniser)


def open_fast_recogniser(text: str) -> Recogniser:
    """The recogniser of the model that `text` means (a file, or a bundled model's name), as fast as this machine can.

    Raises KilovoxError, naming the file, for one that cannot be used.
    """
    return as_fast_as_possible(open_recogniser(text))


def as_fast_as_possible(recogniser: Recogniser) -> Recogniser:
    """The same recogniser in C, where it computes in integers and there is a compiler."""
    if recogniser.engine is None:
        return recogniser
    try:
        return FastRecogniser(recogniser.model)
    except NoCompilerError:
        return recogniser
