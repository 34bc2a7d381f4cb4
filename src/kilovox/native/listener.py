"""The network that listens in C: the bits of kilovox.integer.convolution."""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError
from kilovox.integer.convolution import Convolution, Convolutions, IntegerListener
from kilovox.integer.network import Int8, Int32
from kilovox.native.library import Library, address
from kilovox.native.network import NativeNetwork

Array = npt.NDArray[Any]


class _Convolution(ctypes.Structure):
    """kv_convolution."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weights", "bias", "shift")),
        *((name, ctypes.c_uint32) for name in ("rows", "frames", "bands", "frame_stride", "band_stride")),
        *((name, ctypes.c_uint32) for name in ("channels", "heard_bands", "depthwise")),
        ("least", ctypes.c_int32),
    ]  # fmt: skip


class NativeConvolutions(Convolutions):
    """`Convolutions` whose arrays lie as C reads them."""

    _structures: "ctypes.Array[_Convolution]"
    _arrays: list[Array]
    kept: int
    """Bytes of the frames that all layers keep."""

    @classmethod
    def of(cls, convolutions: Convolutions) -> "NativeConvolutions":
        """The same layers, for C."""
        native = cls(convolutions.layers, convolutions.projection, convolutions.bands)
        structures = (_Convolution * (len(native.layers) + 1))()
        arrays: list[Array] = []
        *heard, (channels, bands) = native.heard
        # The projection hears all channels of all bands of one frame.
        layers = [*zip(native.layers, heard, strict=True), (native.projection, (channels * bands, 1))]
        for structure, (layer, sizes) in zip(structures, layers, strict=True):
            arrays += _filled(structure, layer, *sizes)
        kept = sum(layer.frames * channels * bands for layer, (channels, bands) in layers)
        native.__dict__.update(_structures=structures, _arrays=arrays, kept=kept)  # frozen, but for this
        return native

    def pointer(self) -> Any:
        """To the layers, the projection last, as an argument of C."""
        return ctypes.byref(self._structures)


def _filled(structure: _Convolution, layer: Convolution, channels: int, bands: int) -> list[Array]:
    """`structure` tells of `layer`, which hears so many channels and bands. Returns the memory that it points to."""
    rows = len(layer.weights)
    # Columns by frame and band, or by channel: C takes them one by one, all rows of each together.
    weights = np.ascontiguousarray(layer.weights.T, dtype=np.int16)
    bias = layer.bias.astype(np.int64) + ((1 << layer.shift.astype(np.int64)) >> 1)
    arrays: list[Array] = [weights, bias.astype(np.int32), np.ascontiguousarray(layer.shift, dtype=np.int32)]
    structure.weights, structure.bias, structure.shift = (array.ctypes.data for array in arrays)
    structure.rows, structure.frames, structure.bands = rows, layer.frames, layer.bands
    structure.frame_stride, structure.band_stride = layer.frame_stride, layer.band_stride
    structure.channels, structure.heard_bands, structure.depthwise = channels, bands, layer.depthwise
    structure.least = 0 if layer.rectified else -128
    return arrays


class NativeListener(IntegerListener):
    """`IntegerListener` whose frames are computed in C. Owns its state."""

    def __init__(self, convolutions: NativeConvolutions, network: NativeNetwork, c: Library) -> None:
        super().__init__(convolutions, network)
        self._layers, self._engine, self._c = convolutions, network, c
        units = sum(layer.units for layer in network.layers)
        self._heard, self._skip = np.zeros(convolutions.kept, np.int8), np.zeros(len(convolutions.layers) + 1, np.uint32)
        self._hidden, self._cell = np.zeros(units, np.int8), np.zeros(units, np.int16)

    def push(self, features: Int8) -> Int32:
        if features.dtype != np.int8 or features.ndim != 2 or features.shape[1] != self._layers.bands:
            expected = f"int8 (frames, {self._layers.bands})"
            raise KilovoxError(f"features {features.dtype} {features.shape}; expected {expected}")
        heard = np.ascontiguousarray(features)
        projected = np.empty((len(heard), len(self._layers.projection.weights)), np.int8)
        count, completed = ctypes.c_uint32(len(self._skip)), ctypes.c_size_t()
        done = self._c.convolve(
            self._layers.pointer(), count, address(heard), ctypes.c_size_t(len(heard)), address(self._heard),
            ctypes.c_size_t(len(self._heard)), address(self._skip), address(projected), ctypes.byref(completed),
        )  # fmt: skip
        logits = np.empty((completed.value, len(self._engine.head.bias)), np.int32)
        done = done and self._c.listen(
            self._engine.pointer, address(projected), completed, address(self._hidden), address(self._cell), address(logits)
        )
        if not done:
            raise KilovoxError("convolutions of sizes that the C kernels do not take, or no memory left for one frame")
        return logits
