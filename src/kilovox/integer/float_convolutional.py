"""Convolutions before an LSTM in float32, by NumPy: runs a float model that listens, without torch.

The layers are those of kilovox.training.convolutional, batch normalisation folded in.
"""

import numpy as np
import numpy.typing as npt

from kilovox.config.network import Network
from kilovox.frontend.pipeline import LARGEST_NORMALISED, LEAST_NORMALISED
from kilovox.integer.float_network import layer_states
from kilovox.integer.stored import Tensors

Floats = npt.NDArray[np.float32]


class _Convolution:
    """A convolution of a stream: full where there is one input channel, else depthwise; then bias and rectifier.

    weight: (channels, inputs or 1, frames, bands). Output j is of frame j x stride and the frames before it.
    """

    def __init__(self, weight: Floats, bias: Floats, strides: tuple[int, int], inputs: int, bands: int) -> None:
        self._weight, self._bias, self._strides = weight[:, 0], bias[:, None, None], strides
        self._past = np.zeros((inputs, weight.shape[2] - 1, bands), np.float32)
        self._skip = 0

    def __call__(self, sound: Floats) -> Floats:
        """(inputs, frames, bands) -> (channels, frames', bands')."""
        if not sound.shape[1]:
            return sound
        every, band_stride = self._strides
        _, frames, bands = self._weight.shape
        heard = np.concatenate([self._past, sound], axis=1)
        self._past = heard[:, heard.shape[1] - frames + 1 :]
        start, self._skip = self._skip, (self._skip - sound.shape[1]) % every
        padded = np.pad(heard, ((0, 0), (0, 0), (bands // 2, bands // 2)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (frames, bands), axis=(1, 2))[:, start::every, ::band_stride]
        product = "tbij,cij->ctb" if len(sound) == 1 else "ctbij,cij->ctb"
        found = np.einsum(product, windows[0] if len(sound) == 1 else windows, self._weight, optimize=True)
        return _rectified(found, self._bias)


class FloatListener:
    """One live sound through a float network of kind convolutional: features in, logits out, as they come."""

    def __init__(self, tensors: Tensors, network: Network, bands: int) -> None:
        self._tensors, self._layers = tensors, network.num_layers
        self._blocks: list[tuple[_Convolution, tuple[Floats, Floats] | None]] = []
        number, inputs = 0, 1
        for block in network.blocks:
            weight, bias = tensors[f"conv{number}.weight"], tensors[f"conv{number}.bias"]
            strides = block.frame_stride, block.band_stride
            first = _Convolution(weight, bias, strides, inputs, bands)
            pointwise = None
            if number:
                number += 1
                pointwise = tensors[f"conv{number}.weight"][:, :, 0, 0], tensors[f"conv{number}.bias"][:, None, None]
            self._blocks.append((first, pointwise))
            number, inputs, bands = number + 1, block.channels, -(-bands // block.band_stride)
        units = tensors["lstm.weight_hh_l0"].shape[1]
        self._states = [(np.zeros((1, units), np.float32), np.zeros((1, units), np.float32)) for _ in range(self._layers)]

    def push(self, features: Floats) -> Floats:
        """(frames, bands) float32 -> logits (frames of the LSTM that they complete, outputs)."""
        if not len(features):
            return self._nothing()
        sound = features.astype(np.float32)[None]
        for convolution, pointwise in self._blocks:
            sound = convolution(sound)
            if pointwise is not None:
                sound = _rectified(np.tensordot(pointwise[0], sound, axes=1), pointwise[1])
        if not sound.shape[1]:
            return self._nothing()
        flat = sound.transpose(1, 0, 2).reshape(sound.shape[1], -1)
        projected = flat @ self._tensors["projection.weight"].T + self._tensors["projection.bias"]
        states = np.clip(projected, LEAST_NORMALISED, LARGEST_NORMALISED)[None]
        for layer in range(self._layers):
            states, self._states[layer] = layer_states(self._tensors, layer, states, self._states[layer])
        logits: Floats = states[0] @ self._tensors["fc.weight"].T + self._tensors["fc.bias"]
        return logits

    def _nothing(self) -> Floats:
        return np.zeros((0, len(self._tensors["fc.bias"])), np.float32)


def _rectified(sound: Floats, bias: Floats) -> Floats:
    result: Floats = np.clip(sound + bias, 0.0, LARGEST_NORMALISED).astype(np.float32, copy=False)
    return result
