"""Convolutions over mel bands before the LSTM: the network that listens to running sound.

Depthwise and pointwise convolutions after one full one, as in DS-CNN (Y. Zhang et al., "Hello Edge", arXiv 1711.07128), every
one causal in time, each followed by batch normalisation (S. Ioffe and C. Szegedy, 2015) and a rectifier that saturates where
the integers of the device do; a projection; LSTM layers; a linear head with one output a label and one for the blank.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from kilovox.config.network import Block
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import LARGEST_NORMALISED, LEAST_NORMALISED

MOMENTUM = 0.02
"""Of the running statistics: a mean over some fifty batches."""


class _Convolution(nn.Module):
    """A convolution, causal in time and centred in bands, normalised and rectified: (clips, channels, frames, bands)."""

    def __init__(
        self, inputs: int, channels: int, frames: int, bands: int, frame_stride: int = 1, band_stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.past = frames - 1
        self.convolution = nn.Conv2d(
            inputs, channels, (frames, bands), (frame_stride, band_stride), (0, bands // 2), groups=groups, bias=False
        )
        self.normalisation = nn.BatchNorm2d(channels, momentum=MOMENTUM)

    def forward(self, sound: Tensor) -> Tensor:
        past = functional.pad(sound, (0, 0, self.past, 0))
        # What torch calls hardtanh: the same values as clamp, with a gradient in one pass instead of five.
        return functional.hardtanh(self.normalisation(self.convolution(past)), 0.0, LARGEST_NORMALISED)


class ConvolutionalClassifier(nn.Module):
    """Convolutions, a projection, LSTM layers and a head; logits of every frame that is left after the strides.

    `blocks`: the first is a full convolution, the others depthwise and pointwise. A frame's output depends on it and the
    frames before it alone. Raises KilovoxError for no block.
    """

    def __init__(
        self, bands: int, blocks: Sequence[Block], projection: int, hidden_dim: int, num_layers: int, outputs: int,
        dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        if not blocks:
            raise KilovoxError("no block of convolutions; expected at least one")
        first, *others = blocks
        layers: list[nn.Module] = [
            _Convolution(1, first.channels, first.frames, first.bands, first.frame_stride, first.band_stride)
        ]
        channels, left = first.channels, -(-bands // first.band_stride)
        for block in others:
            layers += [
                _Convolution(channels, channels, block.frames, block.bands, block.frame_stride, block.band_stride, channels),
                _Convolution(channels, block.channels, 1, 1),
            ]
            channels, left = block.channels, -(-left // block.band_stride)
        # Channels last in memory: depthwise convolutions take a third of the time.
        self.convolutions = nn.Sequential(*layers)
        self.convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.projection = nn.Linear(channels * left, projection, bias=False)
        self.normalisation = nn.BatchNorm1d(projection, momentum=MOMENTUM)
        self.lstm = nn.LSTM(projection, hidden_dim, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(hidden_dim, outputs)
        self._open_forget_gates(hidden_dim)

    @torch.no_grad()
    def _open_forget_gates(self, units: int) -> None:
        """R. Jozefowicz et al., ICML 2015: a forget gate that starts open remembers from the start."""
        for name, bias in self.lstm.named_parameters():
            if "bias" in name:
                bias.zero_()
                if "bias_ih" in name:
                    bias[units : 2 * units] = 1.0

    def forward(self, features: Tensor) -> Tensor:
        """(clips, frames, bands) -> (clips, frames / strides, rounded up, outputs) logits, the last the blank's."""
        sound = self.convolutions(features[:, None])
        clips, channels, frames, bands = sound.shape
        flat = sound.permute(0, 2, 1, 3).reshape(clips * frames, channels * bands)
        projected = self.normalisation(self.projection(flat)).clamp(LEAST_NORMALISED, LARGEST_NORMALISED)
        states, _ = self.lstm(self.dropout(projected.view(clips, frames, -1)))
        logits: Tensor = self.fc(self.dropout(states))
        return logits

    @torch.no_grad()
    def float_tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """Weights and biases as they run, batch normalisation folded in; layers in order.

        conv{n}.weight: (channels, inputs, frames, bands), inputs 1 where it is depthwise; projection.weight: (projection,
        channels x bands); lstm.* and fc.*: as torch.nn has them. Every convolution and the projection has a bias.
        """
        found: dict[str, Tensor] = {}
        convolutions = [layer for layer in self.convolutions if isinstance(layer, _Convolution)]
        for number, layer in enumerate(convolutions):
            found |= _folded(f"conv{number}", layer.convolution.weight, layer.normalisation)
        found |= _folded("projection", self.projection.weight, self.normalisation)
        found |= {name: value for name, value in self.state_dict().items() if name.startswith(("lstm.", "fc."))}
        return {name: value.numpy().astype(np.float32) for name, value in found.items()}


def _folded(name: str, weight: Tensor, normalisation: nn.BatchNorm1d | nn.BatchNorm2d) -> dict[str, Tensor]:
    """A layer without bias, then `normalisation` by its running statistics, as one layer with a bias."""
    mean, variance = normalisation.get_buffer("running_mean"), normalisation.get_buffer("running_var")
    gain = normalisation.weight / torch.sqrt(variance + normalisation.eps)
    rows = gain.view(-1, *[1] * (weight.ndim - 1))
    return {f"{name}.weight": weight * rows, f"{name}.bias": normalisation.bias - mean * gain}
