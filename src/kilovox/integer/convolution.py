"""Convolutions before the LSTM in integers: the specification that training simulates.

Activations are int8 in Q2.5, as the features are, and after a rectifier 0 to 127. Weights of a row are int8 (or +-2^0 to
+-2^7) over 2^shift, batch normalisation folded in, so bringing a sum back to Q2.5 is that shift alone. Every layer is causal
in time and keeps the frames that its next output needs, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config.network import Network
from kilovox.integer.network import Int8, Int32, IntegerNetwork, checked_rows, logits
from kilovox.integer.operations import rounding_shift

LARGEST_PART = 2**20
"""Numbers that a layer multiplies at once, unless those of one frame are more."""
ROWS = 4
"""Rows are stored four by four, as the gates of a unit are."""


@dataclass(frozen=True)
class Convolution:
    """One layer: weights (rows, columns), bias and shift (rows,), all int32.

    depthwise: a row has the columns (frame, band) of its own channel; else those of all channels: (frame, band) of the one
    there is, or (channel) of a layer of 1 x 1. rectified: outputs are 0 at the least.
    """

    weights: Int32
    bias: Int32
    shift: Int32
    frames: int
    bands: int
    frame_stride: int
    band_stride: int
    depthwise: bool
    rectified: bool = True

    def outputs(self, heard: Int8, first: int) -> Int8:
        """(channels, frames, bands) with the past in front, the first output that of frame `first` + `frames` - 1 of it.

        -> (rows, outputs, bands / band_stride, rounded up).
        """
        beside = self.bands // 2
        padded = np.pad(heard, ((0, 0), (0, 0), (beside, beside)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.frames, self.bands), axis=(1, 2))
        windows = windows[:, first :: self.frame_stride, :: self.band_stride]
        found = np.empty((len(self.weights), *windows.shape[1:3]), np.int8)
        # Laid out one by one, the columns of a whole recording would fill a memory.
        together = max(1, LARGEST_PART // max(1, windows[:, :1].size))
        for start in range(0, windows.shape[1], together):
            part = windows[:, start : start + together]
            flat = part.reshape(*part.shape[:3], -1).astype(np.int32)
            if self.depthwise:
                total = np.einsum("ctbk,ck->ctb", flat, self.weights)
            else:
                total = np.einsum("ctbk,rck->rtb", flat, self.weights.reshape(len(self.weights), len(heard), -1))
            total = total + self.bias[:, None, None]
            found[:, start : start + together] = requantised(total, self.shift[:, None, None], self.rectified)
        return found


def requantised(total: Int32, shift: Int32, rectified: bool) -> Int8:
    """Rounded, saturated to int8 and, where it is `rectified`, not below 0."""
    result: Int8 = np.clip(rounding_shift(total, shift), 0 if rectified else -128, 127).astype(np.int8)
    return result


@dataclass(frozen=True)
class Convolutions:
    """All layers before the LSTM; the last, the projection, sees all channels and bands of one frame."""

    layers: tuple[Convolution, ...]
    projection: Convolution
    bands: int

    @property
    def heard(self) -> list[tuple[int, int]]:
        """The channels and bands that each of the layers hears and, last, those that the projection does."""
        found = [(1, self.bands)]
        for layer in self.layers:
            found.append((len(layer.weights), -(-found[-1][1] // layer.band_stride)))
        return found

    def start(self) -> list[tuple[Int8, int]]:
        """The state before the first frame: of each layer the frames before it, zeros, and how many to pass over."""
        return [
            (np.zeros((channels, layer.frames - 1, bands), np.int8), 0)
            for layer, (channels, bands) in zip(self.layers, self.heard[:-1], strict=True)
        ]

    def push(self, states: Sequence[tuple[Int8, int]], features: Int8) -> tuple[list[tuple[Int8, int]], Int8]:
        """(frames, bands) int8 -> the states after them, and (frames for the LSTM, projection) int8."""
        following, sound = [], features[None]
        for layer, (past, skip) in zip(self.layers, states, strict=True):
            heard = np.concatenate([past, sound], axis=1)
            kept = heard[:, heard.shape[1] - (layer.frames - 1) :]
            following.append((kept, (skip - sound.shape[1]) % layer.frame_stride))
            bands = -(-heard.shape[2] // layer.band_stride)
            nothing = np.zeros((len(layer.weights), 0, bands), np.int8)
            sound = layer.outputs(heard, skip) if sound.shape[1] > skip else nothing
        # Columns of the projection: by band, then by channel.
        channels, frames, bands = sound.shape
        flat = sound.transpose(1, 2, 0).reshape(frames, bands * channels)
        total = flat.astype(np.int32) @ self.projection.weights.T + self.projection.bias
        return following, requantised(total, self.projection.shift, rectified=False)


def build_convolutions(tensors: Mapping[str, npt.NDArray[Any]], arithmetic: str, network: Network, bands: int) -> Convolutions:
    """The convolutions of a model file's tensors, checked: types, shapes, and that no sum can overflow.

    conv{n}.weights, projection.weights: (rows / 4, columns, 4) int8, or packed codes, two columns a byte; .bias (rows / 4, 4)
    int32; .shift (rows / 4, 4) uint8. Raises KilovoxError for what does not fit.
    """
    layers: list[Convolution] = []
    inputs, left = 1, bands
    for place, block in enumerate(network.blocks):
        kernel = (block.frames, block.bands, block.frame_stride, block.band_stride)
        channels = inputs if place else block.channels
        taps = block.frames * block.bands
        rows = checked_rows(tensors, f"conv{len(layers)}", arithmetic, channels, taps)
        layers.append(Convolution(*rows, *kernel, depthwise=place > 0))
        if place:
            rows = checked_rows(tensors, f"conv{len(layers)}", arithmetic, block.channels, inputs)
            layers.append(Convolution(*rows, 1, 1, 1, 1, depthwise=False))
        inputs, left = block.channels, -(-left // block.band_stride)
    rows = checked_rows(tensors, "projection", arithmetic, network.projection or 0, inputs * left)
    projection = Convolution(*rows, 1, 1, 1, 1, depthwise=False, rectified=False)
    return Convolutions(tuple(layers), projection, bands)


class IntegerListener:
    """One live sound through an integer network of kind convolutional: features in, logits out, as they come."""

    def __init__(self, convolutions: Convolutions, network: IntegerNetwork) -> None:
        self._convolutions, self._network = convolutions, network
        self._past, self._states = convolutions.start(), network.start(1)

    def push(self, features: Int8) -> Int32:
        """(frames, bands) int8 -> logits (frames of the LSTM that they complete, outputs) int32."""
        outputs = np.zeros((0, len(self._network.head.bias)), np.int32)
        if not len(features):
            return outputs
        self._past, projected = self._convolutions.push(self._past, features)
        hidden = []
        for frame in projected:
            self._states = self._network.step(self._states, frame[None])
            hidden.append(self._states[-1].hidden)
        return logits(self._network.head, np.concatenate(hidden)) if hidden else outputs


def whole_sounds(convolutions: Convolutions, network: IntegerNetwork, sounds: Sequence[Int8]) -> list[Int32]:
    """The logits of each of `sounds`, (frames, bands) int8, as an IntegerListener of its own gives them; side by side."""
    past = convolutions.start()
    projected = [convolutions.push(past, features)[1] for features in sounds if len(features)]
    most = max(map(len, projected), default=0)
    # What is filled up comes after the end, where nothing is read.
    frames = np.zeros((len(projected), most, len(convolutions.projection.weights)), np.int8)
    for filled, sequence in zip(frames, projected, strict=True):
        filled[: len(sequence)] = sequence
    states, values = network.start(len(projected)), np.empty((len(projected), most, len(network.head.bias)), np.int32)
    for place in range(most):
        states = network.step(states, frames[:, place])
        values[:, place] = logits(network.head, states[-1].hidden)
    found = iter([one[: len(sequence)] for one, sequence in zip(values, projected, strict=True)])
    return [next(found) if len(features) else np.zeros((0, len(network.head.bias)), np.int32) for features in sounds]
