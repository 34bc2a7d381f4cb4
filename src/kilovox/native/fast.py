"""The fast path on this machine: one C library for all models where it can be had, else NumPy; the same bits.

Nothing that a model says is compiled: its arrays are given to the kernels of c/.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import AnyFrontEnd, FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC, check_samples
from kilovox.frontend.fixed_point_stages import LOWEST_LEVEL
from kilovox.frontend.pipeline import IntegerNormalisation, fixed_point_mfcc, raw_features
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.detection import Detector, FrameDetector, WordDetector
from kilovox.integer.model_file import Model
from kilovox.integer.outcome import FULL_CONFIDENCE, judged
from kilovox.integer.recogniser import Decisions, Listener, Recogniser
from kilovox.integer.stream import RecogniserStream
from kilovox.native.front_end import NativeMFCC, NativeNormalisation
from kilovox.native.library import Library, NoLibraryError, address, library, say_once
from kilovox.native.listener import NativeConvolutions, NativeListener
from kilovox.native.network import NativeNetwork

Array = npt.NDArray[Any]


class FastRecogniser(Recogniser):
    """A recogniser whose front end and network run in C. Any number of threads may share one.

    Raises NoLibraryError where there is no C on this machine, KilovoxError for a float model.
    """

    def __init__(self, model: Model, c: Library | None = None) -> None:
        super().__init__(model)
        if self.engine is None or not isinstance(self._normalisation, IntegerNormalisation):
            raise KilovoxError(f"{self.name}: float32; expected an integer model, int8 or pow2")
        self._c = c = c or library()
        self.engine: NativeNetwork = NativeNetwork.of(self.engine, c)
        self._transform = NativeMFCC.of(super().transform(), c)
        self._quantise = NativeNormalisation(self._normalisation, self.inputs, c)
        self._native_convolutions = None if self.convolutions is None else NativeConvolutions.of(self.convolutions)

    def transform(self) -> FixedPointMFCC:
        return self._transform

    def __call__(self, recordings: Sequence[Samples]) -> Decisions:
        quickly = None if self.finds_words or self.listens else self._whole(recordings)
        return super().__call__(recordings) if quickly is None else quickly

    def _whole(self, recordings: Sequence[Samples]) -> Decisions | None:
        """From samples to decisions, one call of C each; None where it takes more to say whether anything was heard."""
        logits, decisions = np.empty((len(recordings), len(self.labels)), np.int32), np.empty((len(recordings), 2), np.uint32)
        loudest = ctypes.c_int32()
        for recording, own_logits, decision in zip(recordings, logits, decisions, strict=True):
            check_samples(recording)
            samples = np.ascontiguousarray(recording)
            heard = self._c.recognise(
                self._transform.pointer, self._quantise.pointer, self.engine.pointer, address(samples),
                ctypes.c_size_t(len(samples)), ctypes.byref(loudest), address(own_logits), address(decision),
            )  # fmt: skip
            if not heard or loudest.value <= LOWEST_LEVEL:
                return None
        indices, sure = decisions[:, 0].astype(np.int64), decisions[:, 1] / FULL_CONFIDENCE
        return Decisions(indices, sure, logits, judged(indices, sure, self.thresholds), indices)

    def listener(self) -> Listener:
        if self._native_convolutions is None:
            return super().listener()
        return NativeListener(self._native_convolutions, self.engine, self._c)

    def read_out(self, features: Sequence[Array]) -> list[Array]:
        return [self.listener().push(sequence) for sequence in features]

    def raw_features(self, recordings: Sequence[Samples]) -> list[Array]:
        return self._transform(recordings)

    def normalised(self, raw: Sequence[Array]) -> list[Array]:
        if all(sequence.dtype == np.int16 and sequence.shape[1] == self.inputs for sequence in raw):
            return self._quantise(raw)
        return super().normalised(raw)

    def _decide(self, sequences: list[Array]) -> tuple[Array, Array, Array]:
        indices, shares, logits = self.engine.decide(sequences)
        return indices, shares / FULL_CONFIDENCE, logits


def fast_stream(recogniser: Recogniser) -> RecogniserStream:
    """One live recording through `recogniser`, as fast as this machine can. Raises KilovoxError for a float model."""
    return RecogniserStream(as_fast_as_possible(recogniser))


def fast_detector(recogniser: Recogniser) -> Detector:
    """`recogniser` as it listens, as fast as this machine can. Raises KilovoxError for one that hears whole recordings."""
    fast = as_fast_as_possible(recogniser)
    return FrameDetector(fast) if fast.listens else WordDetector(fast)


def open_fast_recogniser(text: str) -> Recogniser:
    """The recogniser of the model that `text` means (a file, or a bundled model's name), as fast as this machine can.

    Raises KilovoxError, naming the file, for one that cannot be used.
    """
    return as_fast_as_possible(open_recogniser(text))


def as_fast_as_possible(recogniser: Recogniser) -> Recogniser:
    """The same recogniser in C, where it computes in integers and there is a library; said once where there is none."""
    if recogniser.engine is None or isinstance(recogniser, FastRecogniser):
        return recogniser
    c = _library()
    return recogniser if c is None else FastRecogniser(recogniser.model, c)


def fast_raw_features(config: AnyFrontEnd, recordings: Sequence[Samples]) -> list[Array]:
    """`kilovox.frontend.pipeline.raw_features`, the integer front end in C where there is a library."""
    if not isinstance(config, FixedPointFrontEnd):
        return raw_features(config, recordings)
    c = _library()
    return raw_features(config, recordings) if c is None else list(NativeMFCC.of(fixed_point_mfcc(config), c)(recordings))


def _library() -> Library | None:
    try:
        return library()
    except NoLibraryError as error:
        say_once(str(error))
        return None
