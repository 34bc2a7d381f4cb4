"""Integer models with random weights, of any size."""

from typing import Any

import numpy as np

from kilovox.integer.activation import tanh_table
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance
from kilovox.integer.power_of_two import pack


def random_model(
    arithmetic: str, units: int, layers: int = 2, labels: tuple[str, ...] = tuple("0123456789"), seed: int = 1, **front_end: Any
) -> Model:
    """Weights over their whole range, biases and shifts such that gates are now open, now shut."""
    random, tensors = np.random.default_rng(seed), {"activation.tanh": tanh_table()}
    bands = front_end.get("mel_bands", 32) if front_end.get("features") == "levels" else 13
    inputs = coefficients = front_end.get("coefficients", bands)

    def weights(shape: tuple[int, int, int]) -> np.ndarray[Any, Any]:
        if arithmetic == "int8":
            return random.integers(-127, 128, shape).astype(np.int8)
        return pack(random.integers(0, 16, shape).astype(np.uint8))

    for layer in range(layers):
        prefix = f"lstm{layer}"
        tensors[f"{prefix}.weights"] = weights((units, inputs + units, 4))
        tensors[f"{prefix}.bias"] = random.integers(-(1 << 18), 1 << 18, (units, 4)).astype(np.int32)
        shape = (units, 4) if arithmetic == "int8" else (1, 1)
        tensors[f"{prefix}.shift"] = random.integers(0 if units < 20 else 3, 9, shape).astype(np.uint8)
        inputs = units
        if arithmetic == "pow2":
            tensors[f"{prefix}.exponent"] = np.array([-5 - int(tensors[f"{prefix}.shift"][0, 0])], np.int8)
    tensors["head.weights"] = weights((1, units, len(labels)))
    tensors["head.bias"] = random.integers(-2000, 2000, len(labels)).astype(np.int32)
    tensors["head.shift"] = np.array([int(random.integers(0, 7))], np.uint8)
    if arithmetic == "pow2":
        tensors["head.exponent"] = np.array([-1 - int(tensors["head.shift"][0])], np.int8)
    tensors["front_end.offset"] = random.integers(-3000, 500, coefficients).astype(np.int16)
    tensors["front_end.multiplier"] = random.integers(2000, 16000, coefficients).astype(np.int16)
    tensors["front_end.shift"] = np.array([17], np.uint8)
    metadata = Metadata(
        format_version=FORMAT_VERSION,
        name=f"random-{arithmetic}-{layers}x{units}",
        arithmetic=arithmetic,  # type: ignore[arg-type]
        labels=labels,
        front_end={"kind": "fixed_point", **front_end},
        network={"input_dim": coefficients, "hidden_dim": units, "num_layers": layers, "output_dim": len(labels)},
        configuration={},
        trained_on=Provenance(corpus="none", fingerprint="0" * 64, split="all", recordings=()),
        metrics={"accuracy": 0.5},
    )
    return Model(metadata=metadata, tensors=tensors)
