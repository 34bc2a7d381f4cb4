"""The LSTM classifier of n layers, and the report of its parameters."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.errors import KilovoxError

READOUTS = ("last_valid", "after_padding")

FIT = ": find_configuration(...).hidden, or read_yaml_file(...)['model']['hidden_dim'], is the largest that fits the budget"


class LSTMClassifier(nn.Module):
    """LSTM layers, and a linear head on the state of the top layer.

    `readout`: "last_valid" reads the state at each clip's last valid frame, "after_padding" at the last frame of all.
    Raises KilovoxError for another readout, and for sizes that are no numbers, such as a configuration's `fit`.
    """

    parts: int = 1
    """A batch goes through in so many parts, by length."""

    def __init__(
        self,
        input_dim: int,
        hidden_dim: int,
        num_layers: int,
        output_dim: int,
        dropout: float = 0.3,
        readout: str = "last_valid",
    ) -> None:
        super().__init__()
        if readout not in READOUTS:
            raise KilovoxError(f"readout {readout!r}; expected one of {', '.join(READOUTS)}")
        sizes: dict[str, object] = {
            "input_dim": input_dim,
            "hidden_dim": hidden_dim,
            "num_layers": num_layers,
            "output_dim": output_dim,
        }
        for name, size in sizes.items():
            if not isinstance(size, Integral) or size < 1:
                raise KilovoxError(f"{name} {size!r}; expected a number, 1 or more{FIT if size == 'fit' else ''}")
        self.readout = readout
        between_layers = dropout if num_layers > 1 else 0.0
        self.lstm = nn.LSTM(input_dim, hidden_dim, num_layers, batch_first=True, dropout=between_layers)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(hidden_dim, output_dim)

    def forward(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits (clips, output_dim) of padded features (clips, frames, input_dim).

        `valid`: (clips,) int64 frames that count; without it, a clip ends at its last frame that is not all zeros.
        """
        if self.readout == "after_padding":
            states, _ = self.lstm(features)
            return self._head(states[:, -1])
        if valid is None:
            valid = valid_frames(features)
        return self._head(by_length(self._last, features, valid, self.parts))

    def float_tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The tensors of a float model file."""
        return {name: value.detach().cpu().numpy() for name, value in self.state_dict().items()}

    def _last(self, features: Tensor, valid: Tensor) -> Tensor:
        # What follows the longest clip's end is read by nobody.
        states, _ = self.lstm(features[:, : int(valid.max())])
        clips = torch.arange(len(features), device=features.device)
        last: Tensor = states[clips, valid - 1]
        return last

    def _head(self, state: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.dropout(state))
        return logits


def by_length(function: Callable[[Tensor, Tensor], Tensor], features: Tensor, valid: Tensor, parts: int) -> Tensor:
    """`function` of (features, valid), clip by clip, in `parts` parts of clips of about one length: padding costs time."""
    if parts == 1:
        return function(features, valid)
    order = torch.argsort(valid, stable=True)
    return torch.cat([function(features[part], valid[part]) for part in order.chunk(parts)])[torch.argsort(order)]


def valid_frames(padded: Tensor) -> Tensor:
    """Frames of each clip of (clips, frames, coefficients) up to the last that is not all zeros; at least 1. int64."""
    there = (padded != 0).any(dim=2)
    position = torch.arange(1, padded.shape[1] + 1, device=padded.device)
    return (there * position).amax(dim=1).clamp(min=1)


def get_model_params_size(model: nn.Module, verbose: bool = True) -> tuple[int, float]:
    """Count a network's parameters, and the kilobytes (1,024 bytes) that they take as they are stored.

    Returns (parameters, kilobytes); prints a line for each tensor unless `verbose` is False.
    """
    named = list(model.named_parameters())
    parameters = sum(tensor.numel() for _, tensor in named)
    kilobytes = sum(tensor.numel() * tensor.element_size() for _, tensor in named) / 1024
    if verbose:
        print("\nLayer-wise parameter counts:")
        for name, tensor in named:
            print(f"{name:<30} -> {tensor.numel():,} params")
        print(f"\n Total Parameters: {parameters:,}")
        print(f"Estimated Memory: {kilobytes:.2f} KB ({kilobytes / 1024:.2f} MB)")
    return parameters, kilobytes
