"""The LSTM classifier as the integer engine will run it, made trainable.

The forward pass computes the engine's integers (held in float32 or int32 tensors, where every one of them is exact); the
backward pass takes rounding and saturation for the identity (straight-through estimator: Y. Bengio et al., arXiv 1308.3432)
and is otherwise that of the LSTM, written out, because a graph of some forty small operations a frame would cost several
times as much.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.budget import GATES, LARGEST_COLUMNS
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import NORMALISED_BITS
from kilovox.integer.activation import INPUT_BITS, OUTPUT_BITS, sigmoid, tanh, tanh_table
from kilovox.integer.network import CELL_BITS, GATE_BITS, HIDDEN_BITS, LOGIT_BITS
from kilovox.integer.power_of_two import EXPONENTS, SIGN, pack
from kilovox.training.network import by_length, valid_frames

FEATURE_SCALE = float(1 << NORMALISED_BITS)
"""Features arrive as int8 / 32."""

SMALLEST_SHIFT_EXPONENT = INPUT_BITS - HIDDEN_BITS
"""Weights finer than 2^-5, so that bringing a sum to Q3.12 never shifts left."""

LARGEST_BIAS = 2.0**22
LARGEST_EXPONENT = 20


def _full_tables() -> tuple[Tensor, Tensor]:
    """Sigmoid and tanh of every int16, by the engine's own functions: (65536,) float32 of the Q0.15 integers."""
    x = np.arange(-(1 << 15), 1 << 15).astype(np.int16)
    table = tanh_table()
    return tuple(torch.from_numpy(function(table, x).astype(np.float32)) for function in (sigmoid, tanh))  # type: ignore[return-value]


class Quantised:
    """Integers of one layer's weights: rows (rows, columns), `exponent` (rows,): weight = integer / 2^exponent."""

    def __init__(self, weights: Tensor, bias: Tensor, exponent: Tensor) -> None:
        self.weights, self.exponent = weights, exponent
        scale = torch.exp2(exponent + HIDDEN_BITS)
        self.bias = torch.round(bias.detach() * scale).clamp(-LARGEST_BIAS, LARGEST_BIAS)


def quantise_int8(weights: Tensor, bias: Tensor, per_row: bool, smallest: int) -> Quantised:
    """Nearest int8 multiples of the finest power of two that keeps every weight of a row (or of all rows) within +-127."""
    values = weights.detach()
    largest = values.abs().amax(dim=1) if per_row else values.abs().amax().expand(len(values))
    exponent = torch.floor(torch.log2(127.0 / largest.clamp(min=1e-9))).clamp(smallest, LARGEST_EXPONENT)
    integers = torch.round(values * torch.exp2(exponent)[:, None]).clamp(-127, 127)
    return Quantised(integers, bias, exponent)


def quantise_pow2(weights: Tensor, bias: Tensor, largest_exponent: int) -> Quantised:
    """The nearest of +-2^k, k the eight exponents up to `largest_exponent`; 0 becomes the smallest positive weight."""
    smallest = largest_exponent - EXPONENTS + 1
    integers = nearest_powers(weights.detach() * 2.0**-smallest)
    return Quantised(integers, bias, torch.full((len(weights),), float(-smallest)))


def nearest_powers(values: Tensor) -> Tensor:
    """The nearest of +-1, +-2, ... +-128; 0 becomes 1."""
    size = values.abs().clamp(1.0, 2.0 ** (EXPONENTS - 1))
    low = torch.exp2(torch.floor(torch.log2(size)))
    # Nearest in value: the border between 2^k and 2^(k + 1) is their mean.
    size = torch.where(size >= 1.5 * low, 2 * low, low).clamp(max=2.0 ** (EXPONENTS - 1))
    return torch.where(values < 0, -size, size)


class _Layer(torch.autograd.Function):
    """One layer over all frames. Integers in and out: inputs (clips, frames, n), output (clips, frames, units)."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, integers: Quantised, tables: tuple[Tensor, Tensor]
    ) -> Tensor:
        clips, frames, size = inputs.shape
        units = len(bias) // GATES
        shift = (integers.exponent + HIDDEN_BITS - INPUT_BITS)[None]
        down, half = torch.exp2(-shift), torch.where(shift > 0, torch.exp2(shift - 1), 0.0)
        recurrent = integers.weights[:, size:].t().contiguous()
        # One product for all frames; sums of integers below 2^24 are exact in any order.
        projected = inputs.reshape(-1, size) @ integers.weights[:, :size].t() + (integers.bias + half)
        projected = projected.view(clips, frames, GATES * units)
        sigmoid_of, tanh_of = tables
        hidden = inputs.new_zeros(clips, units)
        cell = inputs.new_zeros(clips, units, dtype=torch.int32)
        states, cells, squashed = (inputs.new_empty(frames, clips, units) for _ in range(3))
        gates = inputs.new_empty(frames, clips, GATES * units)
        for frame in range(frames):
            total = torch.addmm(projected[:, frame], hidden, recurrent)
            index = (total * down).floor_().clamp_(-32768, 32767).add_(32768).int()
            now = gates[frame]
            torch.index_select(sigmoid_of, 0, index.view(-1), out=now.view(-1))
            now[:, 2 * units : 3 * units] = tanh_of[index[:, 2 * units : 3 * units]]
            i, f, g, o = torch.split(now.int(), units, dim=1)
            cell = ((f * cell + ((i * g) >> (GATE_BITS - CELL_BITS))) + (1 << (GATE_BITS - 1))) >> GATE_BITS
            cell.clamp_(-32768, 32767)
            cells[frame] = cell
            squash = tanh_of[cell + 32768]
            squashed[frame] = squash
            product = o * squash.int()
            hidden = (
                ((product + (1 << (2 * GATE_BITS - HIDDEN_BITS - 1))) >> (2 * GATE_BITS - HIDDEN_BITS))
                .clamp_(-128, 127)
                .float()
            )
            states[frame] = hidden
        ctx.save_for_backward(inputs, states, gates, cells, squashed, integers.weights, integers.exponent)
        return states.transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None, None]:
        inputs, states, gates, cells, squashed, weights, exponent = ctx.saved_tensors
        grad = gradients[0]
        frames, clips, units = states.shape
        size = inputs.shape[2]
        # Everything in the values that the integers stand for.
        real = weights * torch.exp2(-exponent)[:, None]
        recurrent = real[:, size:].contiguous()
        gates = gates * 2.0**-OUTPUT_BITS
        squashed = squashed * 2.0**-OUTPUT_BITS
        cells = cells * 2.0**-CELL_BITS
        i, f, g, o = (gates[:, :, gate * units : (gate + 1) * units] for gate in range(GATES))
        slope = gates * (1 - gates)
        slope[:, :, 2 * units : 3 * units] = 1 - g * g
        to_cell = o * (1 - squashed * squashed)
        grad = grad.transpose(0, 1) * 2.0**HIDDEN_BITS
        into_state, into_cell = grad.new_zeros(clips, units), grad.new_zeros(clips, units)
        deltas = torch.empty_like(gates)
        for frame in range(frames - 1, -1, -1):
            into_state = into_state + grad[frame]
            into_cell = torch.addcmul(into_cell, into_state, to_cell[frame])
            delta = deltas[frame]
            torch.mul(into_cell, g[frame], out=delta[:, :units])
            if frame:
                torch.mul(into_cell, cells[frame - 1], out=delta[:, units : 2 * units])
            else:
                delta[:, units : 2 * units] = 0
            torch.mul(into_cell, i[frame], out=delta[:, 2 * units : 3 * units])
            torch.mul(into_state, squashed[frame], out=delta[:, 3 * units :])
            delta *= slope[frame]
            into_cell = into_cell * f[frame]
            into_state = delta @ recurrent
        flat = deltas.view(frames * clips, -1)
        before = torch.cat([states.new_zeros(1, clips, units), states[:-1]]).view(frames * clips, units)
        of_inputs = inputs.transpose(0, 1).reshape(frames * clips, size)
        grad_weight = flat.t() @ torch.cat([of_inputs, before], dim=1) * 2.0**-HIDDEN_BITS
        grad_inputs = None
        if ctx.needs_input_grad[0]:
            grad_inputs = (flat @ real[:, :size] * 2.0**-HIDDEN_BITS).view(frames, clips, size).transpose(0, 1)
        return grad_inputs, grad_weight, flat.sum(dim=0), None, None


class QuantisedLSTMClassifier(nn.Module):
    """The integer network as a module of real weights: what it decides is what the engine decides.

    Weights are kept as float32 parameters `lstm{l}.weight` (4 units, inputs + units), `lstm{l}.bias` and `fc.*`; the
    integers are made of them anew in every pass.
    """

    largest: Tensor
    sigmoid: Tensor
    tanh: Tensor
    parts: int = 1
    """A batch goes through in so many parts, by length."""

    def __init__(
        self, input_dim: int, hidden_dim: int, num_layers: int, output_dim: int, arithmetic: str, dropout: float = 0.0,
        per_row: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.arithmetic, self.per_row, self.dropout = arithmetic, per_row, nn.Dropout(dropout)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for layer in range(num_layers):
            inputs = input_dim if layer == 0 else hidden_dim
            self.weights.append(nn.Parameter(torch.zeros(GATES * hidden_dim, inputs + hidden_dim)))
            self.biases.append(nn.Parameter(torch.zeros(GATES * hidden_dim)))
        self.fc = nn.Linear(hidden_dim, output_dim)
        # Largest exponents of the power-of-two weights, of each layer and the head.
        self.register_buffer("largest", torch.zeros(num_layers + 1, dtype=torch.int64))
        for name, table in zip(("sigmoid", "tanh"), _full_tables(), strict=True):
            self.register_buffer(name, table, persistent=False)
        if (columns := max(input_dim, hidden_dim) + hidden_dim) > LARGEST_COLUMNS:
            raise KilovoxError(
                f"{columns} inputs and units; expected at most {LARGEST_COLUMNS}, for sums to be exact in float32"
            )

    @torch.no_grad()
    def take(self, network: nn.Module) -> None:
        """Start from the weights of a float LSTMClassifier of the same size on the same features."""
        state = network.state_dict()
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            own = state[f"lstm.weight_ih_l{layer}"]
            # The engine takes every input for Q0.7, features too.
            own = own * (2.0**HIDDEN_BITS / FEATURE_SCALE) if layer == 0 else own
            weight.copy_(torch.cat([own, state[f"lstm.weight_hh_l{layer}"]], dim=1))
            bias.copy_(state[f"lstm.bias_ih_l{layer}"] + state[f"lstm.bias_hh_l{layer}"])
        self.fc.load_state_dict({"weight": state["fc.weight"], "bias": state["fc.bias"]})
        for index, weight in enumerate([*self.weights, self.fc.weight]):
            self.largest[index] = best_largest_exponent(weight)

    def quantised(self, layer: int) -> Quantised:
        """The integers of LSTM layer `layer`."""
        if self.arithmetic == "pow2":
            return quantise_pow2(self.weights[layer], self.biases[layer], int(self.largest[layer]))
        return quantise_int8(self.weights[layer], self.biases[layer], self.per_row, SMALLEST_SHIFT_EXPONENT)

    def quantised_head(self) -> Quantised:
        """The integers of the head; all rows have one exponent, for logits are compared."""
        if self.arithmetic == "pow2":
            return quantise_pow2(self.fc.weight, self.fc.bias, int(self.largest[-1]))
        return quantise_int8(self.fc.weight, self.fc.bias, False, LOGIT_BITS - HIDDEN_BITS)

    def states(self, features: Tensor) -> list[Tensor]:
        """Hidden states of every layer, (clips, frames, units) each, as integers in float32."""
        return self._states(torch.round(features * FEATURE_SCALE))

    def _states(self, sequence: Tensor) -> list[Tensor]:
        """The same of integers (clips, frames, n), read as Q0.7."""
        found = []
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            sequence = _Layer.apply(  # type: ignore[no-untyped-call]
                sequence, weight, bias, self.quantised(layer), (self.sigmoid, self.tanh)
            )
            found.append(sequence)
            if layer + 1 < len(self.weights):
                sequence = self.dropout(sequence) if self.training and self.dropout.p else sequence
        return found

    def forward(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits (clips, labels), real values, of features (clips, frames, n) = int8 / 32, padded with zeros."""
        if valid is None:
            valid = valid_frames(features)
        return self._head(by_length(self._last, features, valid, self.parts))

    def outputs(self, sequence: Tensor) -> Tensor:
        """Logits of every frame, (clips, frames, labels), real values, of integers (clips, frames, n), int8 in Q2.5."""
        return self._head(self._states(sequence)[-1])

    def _head(self, states: Tensor) -> Tensor:
        state = self.dropout(states) * 2.0**-HIDDEN_BITS
        head = self.quantised_head()
        scale = torch.exp2(-head.exponent)
        weight = self.fc.weight + (head.weights * scale[:, None] - self.fc.weight).detach()
        bias = self.fc.bias + (head.bias * scale * 2.0**-HIDDEN_BITS - self.fc.bias).detach()
        return nn.functional.linear(state, weight, bias)

    def _last(self, features: Tensor, valid: Tensor) -> Tensor:
        top = self.states(features[:, : int(valid.max())])[-1]
        return top[torch.arange(len(top)), valid - 1]

    @torch.no_grad()
    def integer_tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The tensors of the model file (see kilovox.integer.network.build_network)."""
        tensors: dict[str, npt.NDArray[Any]] = {"activation.tanh": tanh_table()}
        for layer in range(len(self.weights)):
            found = self.quantised(layer)
            units = len(found.weights) // GATES
            # Rows by gate, as torch has them, become rows by unit: (units, columns, gates).
            by_unit = found.weights.view(GATES, units, -1).permute(1, 2, 0)
            shift = (found.exponent + HIDDEN_BITS - INPUT_BITS).view(GATES, units).t()
            tensors[f"lstm{layer}.weights"] = stored_weights(by_unit, self.arithmetic)
            tensors[f"lstm{layer}.bias"] = as_array(found.bias.view(GATES, units).t(), np.int32)
            tensors[f"lstm{layer}.shift"] = as_array(shift if self.arithmetic == "int8" else shift[:1, :1], np.uint8)
            if self.arithmetic == "pow2":
                tensors[f"lstm{layer}.exponent"] = np.array([int(self.largest[layer]) - EXPONENTS + 1], np.int8)
        head = self.quantised_head()
        tensors["head.weights"] = stored_weights(head.weights.t()[None], self.arithmetic)
        tensors["head.bias"] = as_array(head.bias, np.int32)
        tensors["head.shift"] = as_array(head.exponent[:1] + HIDDEN_BITS - LOGIT_BITS, np.uint8)
        if self.arithmetic == "pow2":
            tensors["head.exponent"] = np.array([int(self.largest[-1]) - EXPONENTS + 1], np.int8)
        return tensors


def stored_weights(weights: Tensor, arithmetic: str) -> npt.NDArray[Any]:
    """int8, or packed codes, of integers (units, columns, k)."""
    if arithmetic == "int8":
        return as_array(weights, np.int8)
    sign = torch.where(weights < 0, SIGN, 0)
    return pack(as_array(torch.log2(weights.abs()) + sign, np.uint8))


def best_largest_exponent(weights: Tensor) -> int:
    """The largest exponent with which powers of two come nearest to `weights` in the mean square; at most 2 for a layer."""
    largest = int(torch.ceil(torch.log2(weights.detach().abs().max().clamp(min=1e-9))))
    bias = weights.new_zeros(len(weights))

    def error(exponent: int) -> float:
        found = quantise_pow2(weights, bias, exponent)
        return float(((found.weights * torch.exp2(-found.exponent)[:, None] - weights) ** 2).sum())

    limit = EXPONENTS - 1 - SMALLEST_SHIFT_EXPONENT
    return min(min(range(largest - 3, largest + 1), key=error), limit)


def as_array(tensor: Tensor, dtype: type) -> npt.NDArray[Any]:
    """A tensor of integers as an array of them."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy().astype(dtype))
