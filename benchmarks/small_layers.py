"""Layers of small networks that can be trained in floats and then go on in integers: int8 weights, a row in units of its own
power of two, and int8 in units of 1/32 between layers, as the recogniser's engine has them (docs/arithmetic.md)."""

from typing import Any

import torch
from isolated_words import LARGEST, LEAST
from torch import Tensor, nn
from torch.nn import functional

from kilovox.training.quantised_convolutional import straight_through

MOMENTUM = 0.02


def int8_rows(weight: Tensor) -> Tensor:
    """The nearest multiples, within +-127, of a power of two for each row."""
    with torch.no_grad():
        exponent = torch.floor(torch.log2(127.0 / weight.flatten(1).abs().amax(1).clamp(min=1e-9))).clamp(0, 20)
        scale = torch.exp2(exponent).view(-1, *[1] * (weight.ndim - 1))
        whole = torch.round(weight * scale).clamp(-127, 127) / scale
    return straight_through(weight, whole)


def int8_values(values: Tensor, least: float = LEAST) -> Tensor:
    """Multiples of 1/32, halves up, saturated."""
    return straight_through(values, torch.floor(values.detach() * 32 + 0.5) / 32).clamp(least, LARGEST)


class Unit(nn.Module):
    """A convolution and batch normalisation, rectified between 0 and 127/32: (clips, channels, frames, bands).

    apart: sub-bands that are normalised each for itself (S. Chang et al., "SubSpectral Normalization for Neural Audio Data
    Processing", ICASSP 2021); folded, each has weights of its own. causal: in time; else centred, unless `padding` is given.
    """

    def __init__(
        self, inputs: int, channels: int, kernel: tuple[int, int] = (1, 1), stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] | None = None, groups: int = 1, dilation: int = 1, causal: bool = False,
        rectified: bool = True, apart: int = 1, swish: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.past = (kernel[0] - 1) * dilation if causal else 0
        self.rectified, self.apart, self.swish = rectified, apart, swish
        centred = (0 if causal else (kernel[0] - 1) * dilation // 2, (kernel[1] - 1) // 2)
        self.convolution = nn.Conv2d(
            inputs, channels, kernel, stride, centred if padding is None else padding, (dilation, 1), groups, bias=False
        )
        self.normalisation = nn.BatchNorm2d(channels * apart, momentum=MOMENTUM)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()

    @torch.no_grad()
    def fold(self) -> None:
        """From here on in integers, batch normalisation folded in."""
        norm, channels = self.normalisation, self.convolution.out_channels
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        bias = (norm.bias - norm.running_mean * gain).view(channels, self.apart)
        for band in range(self.apart):
            rows = gain.view(channels, self.apart)[:, band].view(-1, 1, 1, 1)
            self.weights.append(nn.Parameter(self.convolution.weight * rows))
            self.biases.append(nn.Parameter(bias[:, band].clone()))

    def forward(self, sound: Tensor) -> Tensor:
        sound = functional.pad(sound, (0, 0, self.past, 0))
        if len(self.weights):
            total = self._whole(sound)
            return int8_values(functional.silu(total) if self.swish else total, 0.0 if self.rectified else LEAST)
        total = self._normalised(self.convolution(sound))
        if self.swish:
            return functional.silu(total)
        return functional.hardtanh(total, 0.0, LARGEST) if self.rectified else total

    def _whole(self, sound: Tensor) -> Tensor:
        how = self.convolution
        totals = [
            functional.conv2d(sound, int8_rows(weight), bias, how.stride, how.padding, how.dilation, how.groups)
            for weight, bias in zip(self.weights, self.biases, strict=True)
        ]
        size = totals[0].shape[3] // self.apart
        parts = [total[..., band * size : (band + 1) * size] for band, total in enumerate(totals)]
        return torch.cat(parts, 3) if self.apart > 1 else totals[0]

    def _normalised(self, total: Tensor) -> Tensor:
        if self.apart == 1:
            return self.normalisation(total)
        clips, channels, frames, bands = total.shape
        split = total.view(clips, channels, frames, self.apart, bands // self.apart).permute(0, 1, 3, 2, 4)
        normal = self.normalisation(split.reshape(clips, channels * self.apart, frames, -1))
        return normal.view(clips, channels, self.apart, frames, -1).permute(0, 1, 3, 2, 4).reshape(total.shape)


class Full(nn.Module):
    """A linear layer: with batch normalisation and saturation (a projection), or without (a head)."""

    def __init__(self, inputs: int, outputs: int, normalised: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=not normalised)
        self.normalisation = nn.BatchNorm1d(outputs, momentum=MOMENTUM) if normalised else None
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()

    @torch.no_grad()
    def fold(self) -> None:
        """From here on in integers."""
        weight, norm = self.linear.weight, self.normalisation
        if norm is None:
            self.weights.append(nn.Parameter(weight.clone()))
            self.biases.append(nn.Parameter(self.linear.bias.clone()))
            return
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        self.weights.append(nn.Parameter(weight * gain[:, None]))
        self.biases.append(nn.Parameter(norm.bias - norm.running_mean * gain))

    def forward(self, values: Tensor) -> Tensor:
        if len(self.weights):
            total = functional.linear(values, int8_rows(self.weights[0]), self.biases[0])
            return total if self.normalisation is None else int8_values(total)
        total = self.linear(values)
        return total if self.normalisation is None else self.normalisation(total).clamp(LEAST, LARGEST)


class Memory(nn.Module):
    """An LSTM; in integers its weights are int8, its states multiples of 1/128, its gates and cell reals that saturate at 8."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.lstm, self.units = nn.LSTM(inputs, units, batch_first=True), units
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        with torch.no_grad():
            for name, bias in self.lstm.named_parameters():
                if "bias" in name:
                    bias.zero_()
                if "bias_ih" in name:
                    bias[units : 2 * units] = 1.0

    @torch.no_grad()
    def fold(self) -> None:
        """From here on in integers; the engine reads inputs, in 1/32, and states, in 1/128, as one row in 1/128."""
        lstm = self.lstm
        self.weights.append(nn.Parameter(torch.cat([lstm.weight_ih_l0 * 4, lstm.weight_hh_l0], 1)))
        self.biases.append(nn.Parameter(lstm.bias_ih_l0 + lstm.bias_hh_l0))

    def forward(self, values: Tensor) -> Tensor:
        if not len(self.weights):
            found: Tensor = self.lstm(values)[0]
            return found
        rows, inputs = int8_rows(self.weights[0]), values.shape[2]
        projected, recurrent = functional.linear(values / 4, rows[:, :inputs], self.biases[0]), rows[:, inputs:].t()
        state = cell = values.new_zeros(len(values), self.units)
        states = []
        for frame in range(values.shape[1]):
            total = torch.addmm(projected[:, frame], state, recurrent).clamp(-8, 8 - 2**-12)
            enter, keep, new, out = total.chunk(4, 1)
            cell = (torch.sigmoid(keep) * cell + torch.sigmoid(enter) * torch.tanh(new)).clamp(-8, 8 - 2**-12)
            real = torch.sigmoid(out) * torch.tanh(cell)
            state = straight_through(real, (torch.floor(real.detach() * 128 + 0.5) / 128).clamp(-1, 127 / 128))
            states.append(state)
        return torch.stack(states, 1)


def fold(network: nn.Module) -> None:
    """The whole network in integers from here on, without dropout."""
    for module in list(network.modules()):
        if isinstance(module, Unit | Full | Memory):
            module.fold()
        elif isinstance(module, nn.Dropout):
            module.p = 0.0


def cost(network: nn.Module, frames: int, bands: int) -> tuple[int, int]:
    """Bytes in int8 (weights of 1, biases of 4, shifts of 1), and multiply-accumulates of a clip of `frames`."""
    outputs: dict[nn.Module, Any] = {}
    kinds = (nn.Conv2d, nn.Linear, nn.LSTM)
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: outputs.__setitem__(module, output))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    apart = {module.convolution: module.apart for module in network.modules() if isinstance(module, Unit)}
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, frames, bands, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    size = products = 0
    for module, output in outputs.items():
        if isinstance(module, nn.LSTM):
            weights = module.weight_ih_l0.numel() + module.weight_hh_l0.numel()
            size, products = size + weights + 20 * module.hidden_size, products + weights * output[0].shape[1]
        elif isinstance(module, nn.Conv2d):
            size += (module.weight.numel() + 5 * module.out_channels) * apart.get(module, 1)
            products += module.weight.numel() * output.shape[2] * output.shape[3]
        elif isinstance(module, nn.Linear):
            size += module.weight.numel() + 5 * module.out_features
            products += module.weight.numel() * (output.numel() // output.shape[-1])
    return size, products
