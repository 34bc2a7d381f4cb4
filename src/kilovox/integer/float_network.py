"""The LSTM classifier in float32, by NumPy: runs a float32 model file without torch.

Equations: S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997), with forget gate (F. Gers et al., 2000), in the gate
order input, forget, cell candidate, output of torch.nn.LSTM.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.integer.stored import Tensors

Floats = npt.NDArray[np.float32]


def float_logits(
    tensors: Tensors, padded: npt.NDArray[Any], valid: npt.NDArray[np.int64], num_layers: int, readout: str
) -> Floats:
    """Logits (clips, labels) of padded features (clips, frames, coefficients).

    `valid`: (clips,) frames of each clip that count; `readout`: last_valid reads the state there, after_padding at the end.
    """
    sequence = padded.astype(np.float32)
    if readout == "last_valid":
        sequence = sequence[:, : valid.max()]
    for layer in range(num_layers):
        sequence, _ = layer_states(tensors, layer, sequence)
    last = valid - 1 if readout == "last_valid" else np.full(len(valid), sequence.shape[1] - 1)
    state = sequence[np.arange(len(sequence)), last]
    logits: Floats = state @ tensors["fc.weight"].T + tensors["fc.bias"]
    return logits


State = tuple[Floats, Floats]
"""Hidden and cell, each (clips, units)."""


def layer_states(tensors: Tensors, layer: int, inputs: Floats, before: State | None = None) -> tuple[Floats, State]:
    """Hidden states (clips, frames, units) of one layer, and its state after them; `before`: its state, zeros without one."""
    recurrent = tensors[f"lstm.weight_hh_l{layer}"]
    bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
    projected = inputs @ tensors[f"lstm.weight_ih_l{layer}"].T + bias
    clips, frames, _ = inputs.shape
    nothing = np.zeros((clips, recurrent.shape[1]), np.float32)
    hidden, cell = (nothing, nothing) if before is None else before
    states = np.empty((clips, frames, hidden.shape[1]), np.float32)
    for frame in range(frames):
        i, f, g, o = np.split(projected[:, frame] + hidden @ recurrent.T, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        hidden = _sigmoid(o) * np.tanh(cell)
        states[:, frame] = hidden
    return states, (hidden, cell)


def _sigmoid(x: Floats) -> Floats:
    """By tanh, which does not overflow."""
    result: Floats = np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(0.5) * x)
    return result
