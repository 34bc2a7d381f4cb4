"""What an integer model is made of, read off its stored tensors: Q formats, shifts, exponents."""

from collections import Counter
from typing import Any

import numpy as np

from kilovox.errors import KilovoxError
from kilovox.integer.activation import INPUT_BITS, OUTPUT_BITS
from kilovox.integer.model_file import Model
from kilovox.integer.network import CELL_BITS, HIDDEN_BITS, LOGIT_BITS
from kilovox.integer.power_of_two import check_power_of_two, decode, unpack


def q_formats(model: Model) -> dict[str, str]:
    """Width and Q format of every quantity; empty for a float model."""
    arithmetic = model.metadata.arithmetic
    if arithmetic == "float32":
        return {}
    weights = "int8, a power-of-two scale a row" if arithmetic == "int8" else "4 bits: sign, and one of eight exponents"
    return {
        "features": "int8, taken for Q0.7",
        "weights": weights,
        "bias": "int32, in the units of the row's sum",
        "sum": "int32",
        "gate pre-activation": f"int16, Q{15 - INPUT_BITS}.{INPUT_BITS}",
        "gates": f"int32, Q0.{OUTPUT_BITS}",
        "cell state": f"int16, Q{15 - CELL_BITS}.{CELL_BITS}",
        **({"activations": "int8, Q2.5; 0 to 127 after a rectifier"} if _before(model) else {}),
        "hidden state": f"int8, Q0.{HIDDEN_BITS}",
        "logits": "int32; shifted to Q8 for the confidence",
        "confidence": "uint8, 0 to 255",
    }


def _layers(model: Model) -> list[str]:
    """Of the LSTM and the head."""
    return [*(f"lstm{layer}" for layer in range(int(model.metadata.network["num_layers"]))), "head"]


def _before(model: Model) -> list[str]:
    """Convolutions and projection, whose rows have shifts of their own in every arithmetic."""
    found = (name.partition(".")[0] for name in model.tensors if name.endswith(".shift"))
    return sorted(name for name in found if name.startswith(("conv", "projection")))


def exponents(model: Model) -> dict[str, dict[int, int]]:
    """How many weights of every layer of a pow2 model are +-2^k, by k: walks the stored half bytes, every one.

    Raises KilovoxError for a model that is not pow2, and should a weight not be a power of two.
    """
    if model.metadata.arithmetic != "pow2":
        raise KilovoxError(f"model {model.metadata.name}: {model.metadata.arithmetic}; expected pow2")
    found = {}
    network = model.metadata.network
    inputs = int(network.get("projection") or network["input_dim"])
    units = int(model.metadata.network["hidden_dim"])
    for layer in _layers(model):
        columns = units if layer == "head" else inputs + units
        weights = decode(unpack(model.tensor(f"{layer}.weights"), columns))
        check_power_of_two(weights)
        smallest = smallest_exponent(model, layer)
        logarithms = np.log2(np.abs(weights)).astype(int) + smallest
        found[layer] = dict(sorted(Counter(logarithms.ravel().tolist()).items()))
        inputs = units
    return found


def smallest_exponent(model: Model, layer: str) -> int:
    """The smallest exponent of a layer, which its shift must agree with: what is computed is what is said."""
    exponent, shift = model.tensor(f"{layer}.exponent"), model.tensor(f"{layer}.shift")
    if exponent.dtype != np.int8 or exponent.shape != (1,):
        raise KilovoxError(f"tensor {layer}.exponent: {exponent.dtype} {exponent.shape}; expected int8 (1,)")
    target = LOGIT_BITS if layer == "head" else INPUT_BITS
    expected = HIDDEN_BITS - int(exponent[0]) - target
    if int(shift.ravel()[0]) != expected:
        raise KilovoxError(
            f"tensor {layer}.shift: {int(shift.ravel()[0])}; expected {expected} for exponents from {exponent[0]} on"
        )
    return int(exponent[0])


def shifts(model: Model) -> dict[str, dict[int, int]]:
    """How many rows of every layer are requantised by which shift; empty for a float model."""
    if model.metadata.arithmetic == "float32":
        return {}
    layers = [*_before(model), *_layers(model)]
    return {layer: dict(sorted(Counter(model.tensor(f"{layer}.shift").ravel().tolist()).items())) for layer in layers}


def description(model: Model) -> dict[str, Any]:
    """All of it, for `kilovox inspect`."""
    facts: dict[str, Any] = {"q_formats": q_formats(model), "shifts": shifts(model)}
    return facts | ({"exponents": exponents(model)} if model.metadata.arithmetic == "pow2" else {})
