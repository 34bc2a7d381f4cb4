"""The integer network in C: the bits of kilovox.integer.network."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.integer.network import Head, Int8, Int16, Int32, IntegerNetwork, Layer, State
from kilovox.native.library import Library, address

Array = npt.NDArray[Any]

ALIGNMENT = 64
"""Bytes: of the widest vector."""

MOST_COLUMNS = 4096
"""Of a layer's inputs, and of its units."""

LARGEST_WEIGHT = 128
"""A power of two of 8 exponents, or an int8."""


class _Layer(ctypes.Structure):
    """kv_layer."""

    _fields_ = [
        ("packed", ctypes.c_void_p),
        ("inputs", ctypes.c_uint32),
        ("units", ctypes.c_uint32),
        ("narrow", ctypes.c_uint32),
    ]


class _Network(ctypes.Structure):
    """kv_network."""

    _fields_ = [
        ("layers", ctypes.POINTER(_Layer)), ("tanh_table", ctypes.c_void_p), ("head_weights", ctypes.c_void_p),
        ("head_bias", ctypes.c_void_p), ("layer_count", ctypes.c_uint32), ("labels", ctypes.c_uint32),
        ("head_shift", ctypes.c_uint32),
    ]  # fmt: skip


class _Decision(ctypes.Structure):
    """kv_decision."""

    _fields_ = [("label", ctypes.c_uint32), ("confidence", ctypes.c_uint32)]


@dataclass(frozen=True)
class _Packed:
    """What C reads, and all the memory that it points to."""

    structure: _Network
    layers: ctypes.Array[_Layer]
    arrays: list[Array]


class NativeNetwork(IntegerNetwork):
    """`IntegerNetwork` whose frames are computed in C, its weights packed once.

    Raises KilovoxError for arrays that do not fit together. That no sum can overflow was checked when the network was built
    (integer.network.build_network).
    """

    _c: Library
    _packed: _Packed
    pointer: ClassVar[Any]
    """To the kv_network of this network, as an argument of C."""

    @classmethod
    def of(cls, network: IntegerNetwork, library: Library) -> "NativeNetwork":
        """The same network in `library`."""
        native = cls(network.layers, network.head, network.table)
        packed = _packed(network, library)
        native.__dict__.update(_c=library, _packed=packed, pointer=ctypes.byref(packed.structure))
        return native

    def run(self, clips: Sequence[Int8]) -> Int32:
        return self.decide(clips)[2]

    def decide(self, clips: Sequence[Int8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], Int32]:
        """Of each clip, (frames, features) int8, not empty: label and confidence (0 to 255), (clips,); logits, as `run`."""
        logits = np.empty((len(clips), len(self.head.bias)), np.int32)
        decisions = np.empty((len(clips), 2), np.uint32)
        if len(clips) == 0:
            raise KilovoxError("no clips; expected at least one")
        for clip, own_logits, decision in zip(clips, logits, decisions, strict=True):
            frames = self._checked(clip)
            if len(frames) == 0:
                raise KilovoxError("a clip of 0 frames; expected at least one")
            size = ctypes.c_size_t(len(frames))
            done = self._c.decide(self.pointer, address(frames), size, address(own_logits), address(decision))
            if not done:
                raise KilovoxError("no memory left for one clip through the network")
        return decisions[:, 0].astype(np.int64), decisions[:, 1].astype(np.uint8), logits

    def step(self, states: Sequence[State], frame: Int8) -> list[State]:
        clips = [self._checked(frame[clip : clip + 1]) for clip in range(len(frame))]
        hidden = np.concatenate([state.hidden for state in states], axis=1, dtype=np.int8)
        cell = np.concatenate([state.cell for state in states], axis=1, dtype=np.int16)
        if not hidden.shape == cell.shape == (len(clips), sum(layer.units for layer in self.layers)):
            raise KilovoxError(f"states of {hidden.shape}, {cell.shape}; expected those of {len(clips)} clips of this network")
        for clip, own_hidden, own_cell in zip(clips, hidden, cell, strict=True):
            done = self._c.advance(self.pointer, address(clip), ctypes.c_size_t(1), address(own_hidden), address(own_cell))
            if not done:
                raise KilovoxError("no memory left for one frame through the network")
        borders = np.cumsum([layer.units for layer in self.layers])[:-1]
        return [State(*parts) for parts in zip(np.split(hidden, borders, 1), np.split(cell, borders, 1), strict=True)]

    def _checked(self, clip: Int8) -> Int8:
        inputs = self.layers[0].inputs
        if clip.dtype != np.int8 or clip.ndim != 2 or clip.shape[1] != inputs:
            raise KilovoxError(f"features {clip.dtype} {clip.shape}; expected int8 (frames, {inputs})")
        return np.ascontiguousarray(clip)


def _packed(network: IntegerNetwork, library: Library) -> _Packed:
    layers = (_Layer * len(network.layers))()
    arrays: list[Array] = []
    above = network.layers[0].inputs
    for layer, structure in zip(network.layers, layers, strict=True):
        if layer.inputs != above:
            raise KilovoxError(f"a layer of {layer.inputs} inputs; expected {above}, the units above it")
        arrays.append(_pack(layer, structure, library))
        above = layer.units
    head = [_head_weights(network.head, above), np.ascontiguousarray(network.head.bias, np.int32), _table(network.table)]
    arrays += head
    structure = _Network(
        layers, head[2].ctypes.data, head[0].ctypes.data, head[1].ctypes.data, len(layers), len(head[1]), network.head.shift
    )
    return _Packed(structure, layers, arrays)


def _pack(layer: Layer, structure: _Layer, library: Library) -> Array:
    """`layer` packed, and told of in `structure`. Returns the memory."""
    inputs, units = layer.inputs, layer.units
    if not (1 <= inputs <= MOST_COLUMNS and 1 <= units <= MOST_COLUMNS):
        raise KilovoxError(f"a layer of {inputs} inputs and {units} units; expected 1 to {MOST_COLUMNS} of each")
    rows = 4 * units
    if layer.weights.shape != (rows, inputs + units) or not layer.bias.shape == layer.shift.shape == (rows,):
        found = f"{layer.weights.shape}, {layer.bias.shape}, {layer.shift.shape}"
        raise KilovoxError(f"weights, bias, shift of {found}; expected ({rows}, {inputs + units}), ({rows},), ({rows},)")
    if np.abs(layer.weights).max() > LARGEST_WEIGHT or layer.shift.min() < 0 or layer.shift.max() > 24:
        raise KilovoxError(f"a layer's weights or shifts; expected weights within +-{LARGEST_WEIGHT} and shifts of 0 to 24")
    narrow = int(layer.weights.max() < LARGEST_WEIGHT)
    size = int(library.packed_bytes(inputs, units, narrow))
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    structure.inputs, structure.units, structure.narrow = inputs, units, narrow
    structure.packed = (memory.ctypes.data + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
    weights = np.ascontiguousarray(layer.weights, dtype=np.int16)
    bias, shift = np.ascontiguousarray(layer.bias, dtype=np.int32), np.ascontiguousarray(layer.shift, dtype=np.int32)
    done = size and library.pack(
        ctypes.c_void_p(structure.packed), ctypes.c_size_t(size), address(weights), address(bias), address(shift),
        ctypes.byref(structure),
    )  # fmt: skip
    if not done:
        raise KilovoxError(f"a layer of {inputs} inputs and {units} units that the C kernels do not take")
    return memory


def _head_weights(head: Head, units: int) -> Array:
    labels = len(head.bias)
    if head.weights.shape != (labels, units) or head.bias.shape != (labels,) or not 0 <= head.shift <= 24:
        found = f"{head.weights.shape}, {head.bias.shape}, {head.shift}"
        raise KilovoxError(
            f"head.weights, head.bias, head.shift of {found}; expected ({labels}, {units}), ({labels},), 0 to 24"
        )
    if np.abs(head.weights).max() > LARGEST_WEIGHT:
        raise KilovoxError(f"head.weights up to {np.abs(head.weights).max()}; expected at most {LARGEST_WEIGHT}")
    return np.ascontiguousarray(head.weights, dtype=np.int16)


def _table(table: Int16) -> Array:
    if table.dtype != np.int16 or table.shape != (129,):
        raise KilovoxError(f"tensor activation.tanh: {table.dtype} {table.shape}; expected int16 (129,)")
    return np.ascontiguousarray(table)
