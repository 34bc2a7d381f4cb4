"""The integer front end in C: the bits of kilovox.frontend.fixed_point, which decides what is a frame, a word, and heard."""

import ctypes
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point, fixed_point_tables
from kilovox.frontend.fixed_point import Features, FixedPointMFCC, Samples
from kilovox.frontend.fixed_point_stages import Words
from kilovox.frontend.pipeline import IntegerNormalisation
from kilovox.native.library import Library, address

Array = npt.NDArray[Any]

_POINTERS = ("half_window", "sine", "bit_reverse", "mel_starts", "mel_weights", "log2_mantissa", "half_dct")
"""Of kv_front_end; half_dct is NULL where features are levels."""

LARGEST_DECAY = 1 << 16
"""A frame, Q8 octaves: levels have 16 bits, so nothing is left of a maximum after that."""


class _FrontEnd(ctypes.Structure):
    """kv_front_end."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in _POINTERS),
        ("hop", ctypes.c_uint32), ("bands", ctypes.c_uint32), ("coefficients", ctypes.c_uint32), ("floor", ctypes.c_int32),
        ("decay", ctypes.c_int32), ("absolute_floor", ctypes.c_int32), ("absolute", ctypes.c_uint32),
    ]  # fmt: skip


class _Normalisation(ctypes.Structure):
    """kv_normalisation."""

    _fields_ = [("offset", ctypes.c_void_p), ("multiplier", ctypes.c_void_p), ("shift", ctypes.c_uint32)]


def _tables(transform: FixedPointMFCC) -> dict[str, Array]:
    """The tables there are, each of the type and size that the kernels read. Raises KilovoxError for others."""
    tables, points = transform.tables(), fixed_point_tables.POINTS
    bands = transform.mel_bands
    bins = int(tables["mel_starts"][-1]) - int(tables["mel_starts"][0])
    expected: dict[str, tuple[Any, tuple[int, ...]]] = {
        "half_window": (np.int16, (points // 2,)),
        "sine": (np.int16, (points * 3 // 4,)),
        "bit_reverse": (np.uint8, (points // 2,)),
        "mel_starts": (np.uint8, (bands + 2,)),
        "mel_weights": (np.uint8, (bins,)),
        "log2_mantissa": (np.uint16, ((1 << fixed_point_tables.LOG_TABLE_BITS) + 1,)),
    }
    if transform.features == "cepstra":
        expected["half_dct"] = (np.int16, (transform.coefficients, bands // 2))
    for name, (kind, shape) in expected.items():
        if tables[name].dtype != kind or tables[name].shape != shape:
            raise KilovoxError(f"table {name}: {tables[name].dtype} {tables[name].shape}; expected {np.dtype(kind)} {shape}")
    return {name: np.ascontiguousarray(tables[name]) for name in expected}


class NativeMFCC(FixedPointMFCC):
    """`FixedPointMFCC` whose frames are computed in C."""

    @classmethod
    def of(cls, transform: FixedPointMFCC, library: Library) -> "NativeMFCC":
        """The same front end in `library`."""
        names = FixedPointMFCC.__dataclass_fields__
        native = cls(**{name: getattr(transform, name) for name in names})
        native.__dict__["_c"] = library  # frozen, but for this
        return native

    _c: Library

    @cached_property
    def pointer(self) -> Any:
        """To the kv_front_end of this front end, as an argument of C."""
        return self._front_end[0]

    @cached_property
    def _front_end(self) -> tuple[Any, _FrontEnd, dict[str, Array]]:
        """Pointer to the structure; the structure and the tables that it points to, which must live as long."""
        tables, floor = _tables(self), self.floor_level
        structure = _FrontEnd(
            *(tables[name].ctypes.data if name in tables else None for name in _POINTERS),
            self.hop, self.mel_bands, self.coefficients,
            fixed_point._RELATIVE_FLOOR if floor is None else -floor, min(self.decay_level, LARGEST_DECAY),
            fixed_point._ABSOLUTE_FLOOR, self.energy == "absolute",
        )  # fmt: skip
        return ctypes.byref(structure), structure, tables

    def _features_of(self, recordings: Sequence[Samples]) -> list[Features]:
        return [self._loudest_word(*self._recording(samples)) for samples in recordings]

    def _recording(self, recording: Samples) -> tuple[Features, Words]:
        """All frames of one recording: (frames, coefficients) and the level of each frame's loudest band, (frames,)."""
        samples = np.ascontiguousarray(self.between_silence(recording))
        if 0 < len(samples) < self.window:
            samples = np.pad(samples, (0, self.window - len(samples)))
        frames = self.frames(len(recording))
        features, loudest = np.empty((frames, self.coefficients), np.int16), np.empty(frames, np.int32)
        if frames:
            count, size = ctypes.c_size_t(len(samples)), ctypes.c_size_t(frames)
            _check(self._c.recording(self.pointer, address(samples), count, size, address(features), address(loudest)))
        return features, loudest

    def _levels(self, samples: Samples, starts: npt.NDArray[np.integer[Any]]) -> Words:
        own, begins = np.ascontiguousarray(samples), np.ascontiguousarray(starts, dtype=np.int64)
        levels = np.empty((self.mel_bands, len(begins)), np.int32)
        if len(begins):
            count, size = ctypes.c_size_t(len(own)), ctypes.c_size_t(len(begins))
            _check(self._c.levels(self.pointer, address(own), count, address(begins), size, address(levels)))
        return levels

    def _features(self, band_levels: Words, maxima: Words) -> Features:
        levels, highest = np.ascontiguousarray(band_levels, dtype=np.int32), np.ascontiguousarray(maxima, dtype=np.int32)
        if levels.shape != (self.mel_bands, len(highest)):
            raise KilovoxError(f"levels {levels.shape}; expected ({self.mel_bands}, {len(highest)})")
        features = np.empty((len(highest), self.coefficients), np.int16)
        if len(highest):
            size = ctypes.c_size_t(len(highest))
            _check(self._c.cepstra(self.pointer, address(levels), address(highest), size, address(features)))
        return features


class NativeNormalisation:
    """`IntegerNormalisation` in C. Raises KilovoxError for tables that are not of `coefficients`."""

    def __init__(self, normalisation: IntegerNormalisation, coefficients: int, library: Library) -> None:
        self._c, self._coefficients = library, coefficients
        self._offset = np.ascontiguousarray(normalisation.offset, dtype=np.int16)
        self._multiplier = np.ascontiguousarray(normalisation.multiplier, dtype=np.int16)
        if not self._offset.shape == self._multiplier.shape == (coefficients,):
            found = f"{self._offset.shape}, {self._multiplier.shape}"
            raise KilovoxError(f"tensors front_end.offset, front_end.multiplier: {found}; expected ({coefficients},) both")
        fixed_point.check_multiplier(self._multiplier)
        self._structure = _Normalisation(self._offset.ctypes.data, self._multiplier.ctypes.data, normalisation.shift)
        self.pointer = ctypes.byref(self._structure)
        """To a kv_normalisation, as an argument of C."""

    def __call__(self, sequences: Sequence[Array]) -> list[Array]:
        """Each (frames, coefficients) int16 -> int8 of the same shape."""
        found = []
        for sequence in sequences:
            if sequence.dtype != np.int16 or sequence.ndim != 2 or sequence.shape[1] != self._coefficients:
                shape = f"{sequence.dtype} {sequence.shape}"
                raise KilovoxError(f"features {shape}; expected int16 (frames, {self._coefficients})")
            own, features = np.ascontiguousarray(sequence), np.empty(sequence.shape, np.int8)
            size, columns = ctypes.c_size_t(len(own)), ctypes.c_uint32(self._coefficients)
            _check(self._c.quantise(self.pointer, address(own), size, columns, address(features)))
            found.append(features)
        return found


def _check(done: int) -> None:
    if not done:
        raise KilovoxError("sizes that the C kernels do not take; this should have been noticed before")
