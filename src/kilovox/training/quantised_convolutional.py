"""The network that listens as the integer engine runs it, made trainable.

The forward pass computes the engine's integers, held in float32 where every one of them is exact: all sums stay below 2^24. The
backward pass takes rounding for the identity (straight-through estimator: Y. Bengio et al., arXiv 1308.3432), and saturation
for what it is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.config.network import Block
from kilovox.integer.convolution import ROWS
from kilovox.integer.power_of_two import EXPONENTS
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.quantised import (
    FEATURE_SCALE,
    LARGEST_BIAS,
    LARGEST_EXPONENT,
    QuantisedLSTMClassifier,
    as_array,
    nearest_powers,
    stored_weights,
)


class _StraightThrough(torch.autograd.Function):
    """One tensor forwards, exactly; the gradient goes to the other."""

    @staticmethod
    def forward(ctx: Any, real: Tensor, whole: Tensor) -> Tensor:
        return whole.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def straight_through(real: Tensor, whole: Tensor) -> Tensor:
    """`whole`, with the gradient of `real` (Y. Bengio et al., "Estimating or propagating gradients", arXiv 1308.3432)."""
    result: Tensor = _StraightThrough.apply(real, whole)  # type: ignore[no-untyped-call]
    return result


class _Rows(nn.Module):
    """Weights (rows, columns) and biases (rows,) of a convolution or the projection, each row in units of its own 2^-e.

    `largest`: (rows,) the largest exponent of power-of-two weights, of each row.
    """

    largest: Tensor

    def __init__(self, rows: int, columns: int, arithmetic: str) -> None:
        super().__init__()
        self.arithmetic = arithmetic
        self.weight, self.bias = nn.Parameter(torch.zeros(rows, columns)), nn.Parameter(torch.zeros(rows))
        self.register_buffer("largest", torch.zeros(rows))

    @torch.no_grad()
    def take(self, weight: Tensor, bias: Tensor) -> None:
        """Real weights (rows, columns) and biases, in the values that they stand for."""
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        self.largest.copy_(best_largest_exponents(weight))

    def exponent(self) -> Tensor:
        """e of every row, (rows,): what an integer is divided by is 2^e. It is the engine's shift too."""
        if self.arithmetic == "pow2":
            return (EXPONENTS - 1) - self.largest
        size = self.weight.detach().abs().amax(dim=1).clamp(min=1e-9)
        return torch.floor(torch.log2(127.0 / size)).clamp(0, LARGEST_EXPONENT)

    def integers(self) -> tuple[Tensor, Tensor, Tensor]:
        """Weights, biases and exponents as integers; the gradient of the first two is that of the real ones."""
        exponent = self.exponent()
        scale = torch.exp2(exponent)
        real = self.weight * scale[:, None]
        with torch.no_grad():
            whole = nearest_powers(real) if self.arithmetic == "pow2" else torch.round(real).clamp(-127, 127)
        bias = self.bias * (scale * FEATURE_SCALE)
        with torch.no_grad():
            whole_bias = torch.round(bias).clamp(-LARGEST_BIAS, LARGEST_BIAS)
        return straight_through(real, whole), straight_through(bias, whole_bias), exponent

    def requantised(self, total: Tensor, exponent: Tensor, least: float) -> Tensor:
        """Sums (.., rows) to int8: rounded to nearest, halves up, and saturated."""
        real = total * torch.exp2(-exponent)
        return straight_through(real, torch.floor(real.detach() + 0.5)).clamp(least, 127.0)

    @torch.no_grad()
    def tensors(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """As a model file holds them; see kilovox.integer.convolution.build_convolutions."""
        weights, bias, exponent = self.integers()
        by_four = weights.view(len(weights) // ROWS, ROWS, -1).transpose(1, 2)
        return {
            f"{name}.weights": stored_weights(by_four, self.arithmetic),
            f"{name}.bias": as_array(bias.view(-1, ROWS), np.int32),
            f"{name}.shift": as_array(exponent.view(-1, ROWS), np.uint8),
        }


class _Convolution(nn.Module):
    """Causal in time, zeros beside the bands; see kilovox.integer.convolution.Convolution."""

    def __init__(self, rows: _Rows, block: Block | None, depthwise: bool) -> None:
        super().__init__()
        self.rows, self.depthwise = rows, depthwise
        self.frames, self.bands = (block.frames, block.bands) if block else (1, 1)
        self.strides = (block.frame_stride, block.band_stride) if block else (1, 1)

    def forward(self, sound: Tensor) -> Tensor:
        """(clips, channels, frames, bands) integers -> the same of the next layer."""
        weights, bias, exponent = self.rows.integers()
        channels = sound.shape[1]
        kernel = weights.view(len(weights), -1, self.frames, self.bands)
        past = nn.functional.pad(sound, (0, 0, self.frames - 1, 0))
        # Sums of integers below 2^24 are exact in any order of addition; the tests hold the kernels to it.
        total = nn.functional.conv2d(
            past, kernel, bias, self.strides, (0, self.bands // 2), groups=channels if self.depthwise else 1
        )
        return self.rows.requantised(total, exponent[:, None, None], 0.0)


class QuantisedConvolutionalClassifier(nn.Module):
    """The integer network that listens, as a module of real weights: what it outputs is what the engine outputs."""

    def __init__(
        self, bands: int, blocks: Sequence[Block], projection: int, hidden_dim: int, num_layers: int, outputs: int,
        arithmetic: str, dropout: float = 0.0, per_row: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[_Convolution] = []
        channels, left = 1, bands
        for place, block in enumerate(blocks):
            rows = channels if place else block.channels
            layers.append(_Convolution(_Rows(rows, block.frames * block.bands, arithmetic), block, depthwise=place > 0))
            if place:
                layers.append(_Convolution(_Rows(block.channels, channels, arithmetic), None, depthwise=False))
            channels, left = block.channels, -(-left // block.band_stride)
        self.layers = layers
        self.convolutions = nn.ModuleList(layers)
        self.projection = _Rows(projection, channels * left, arithmetic)
        self.recurrent = QuantisedLSTMClassifier(projection, hidden_dim, num_layers, outputs, arithmetic, dropout, per_row)

    @torch.no_grad()
    def take(self, network: ConvolutionalClassifier) -> None:
        """Start from a float network of the same size, batch normalisation folded in."""
        folded = {name: torch.from_numpy(value) for name, value in network.float_tensors().items()}
        for number, layer in enumerate(self.layers):
            weight = folded[f"conv{number}.weight"]
            layer.rows.take(weight.flatten(1), folded[f"conv{number}.bias"])
        weight = folded["projection.weight"]
        channels = len(folded[f"conv{len(self.convolutions) - 1}.weight"])
        # Columns by band, then by channel, as the engine keeps them.
        by_band = weight.view(len(weight), channels, -1).transpose(1, 2).flatten(1)
        self.projection.take(by_band, folded["projection.bias"])
        self.recurrent.take(network)

    def forward(self, features: Tensor) -> Tensor:
        """(clips, frames, bands) = int8 / 32 -> logits (clips, frames of the LSTM, outputs), real values."""
        sound = torch.round(features * FEATURE_SCALE)[:, None]
        for layer in self.layers:
            sound = layer(sound)
        weights, bias, exponent = self.projection.integers()
        total = sound.permute(0, 2, 3, 1).flatten(2) @ weights.t() + bias
        return self.recurrent.outputs(self.projection.requantised(total, exponent, -128.0))

    @torch.no_grad()
    def integer_tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The tensors of the model file."""
        tensors = self.recurrent.integer_tensors() | self.projection.tensors("projection")
        for number, layer in enumerate(self.layers):
            tensors |= layer.rows.tensors(f"conv{number}")
        return tensors


def best_largest_exponents(weights: Tensor) -> Tensor:
    """Of each row the largest exponent with which powers of two come nearest to it in the mean square. (rows,) float."""
    top = torch.ceil(torch.log2(weights.abs().amax(dim=1).clamp(min=1e-9)))
    candidates = torch.stack([top - step for step in range(3)]).clamp(EXPONENTS - 1 - LARGEST_EXPONENT, EXPONENTS - 1)
    scales = torch.exp2((EXPONENTS - 1) - candidates)[..., None]
    errors = ((nearest_powers(weights * scales) / scales - weights) ** 2).sum(dim=2)
    best = errors.argmin(dim=0)
    return candidates.gather(0, best[None])[0]
