"""Integer models with random weights, of any size."""

from typing import Any

import numpy as np

from kilovox.integer.activation import tanh_table
from kilovox.integer.calibration import KNOTS
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance
from kilovox.integer.power_of_two import pack
from kilovox.integer.recogniser import Recogniser

BLOCKS = (
    {"channels": 8, "frames": 2, "bands": 5, "band_stride": 2},
    {"channels": 12, "frames": 3, "bands": 3, "band_stride": 2, "frame_stride": 2},
    {"channels": 4, "frames": 1, "bands": 1},
)
"""Odd numbers of columns, of frames and of bands left over; a kernel of one frame."""


def random_weights(random: np.random.Generator, arithmetic: str, shape: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    """As a model file holds them."""
    if arithmetic == "int8":
        return random.integers(-127, 128, shape).astype(np.int8)
    return pack(random.integers(0, 16, shape).astype(np.uint8))


def random_model(
    arithmetic: str, units: int, layers: int = 2, labels: tuple[str, ...] = tuple("0123456789"), seed: int = 1, **front_end: Any
) -> Model:
    """Weights over their whole range, biases and shifts such that gates are now open, now shut."""
    random, tensors = np.random.default_rng(seed), {"activation.tanh": tanh_table()}
    bands = front_end.get("mel_bands", 32) if front_end.get("features") == "levels" else 13
    inputs = coefficients = front_end.get("coefficients", bands)

    for layer in range(layers):
        prefix = f"lstm{layer}"
        tensors[f"{prefix}.weights"] = random_weights(random, arithmetic, (units, inputs + units, 4))
        tensors[f"{prefix}.bias"] = random.integers(-(1 << 18), 1 << 18, (units, 4)).astype(np.int32)
        shape = (units, 4) if arithmetic == "int8" else (1, 1)
        tensors[f"{prefix}.shift"] = random.integers(0 if units < 20 else 3, 9, shape).astype(np.uint8)
        inputs = units
        if arithmetic == "pow2":
            tensors[f"{prefix}.exponent"] = np.array([-5 - int(tensors[f"{prefix}.shift"][0, 0])], np.int8)
    tensors["head.weights"] = random_weights(random, arithmetic, (1, units, len(labels)))
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


def random_listener(
    arithmetic: str,
    units: int = 6,
    layers: int = 1,
    labels: tuple[str, ...] = ("0", "1", "2", "unknown"),
    blocks: tuple[dict[str, int], ...] = BLOCKS,
    projection: int = 8,
    seed: int = 6,
    **front_end: Any,
) -> Model:
    """The same of a network that listens: every channel moves over its range, and words come and go."""
    random = np.random.default_rng(seed)
    front_end = {"features": "levels", "mel_bands": 10 if front_end.get("features", "levels") == "levels" else 32, **front_end}
    bands = front_end["mel_bands"] if front_end["features"] == "levels" else 13
    lstm = random_model(arithmetic, units, layers, (*labels, "blank"), seed, features="levels", mel_bands=projection)
    tensors = {name: tensor for name, tensor in lstm.tensors.items() if not name.startswith("front_end.")}
    tensors["head.bias"] = np.zeros(len(labels) + 1, np.int32)
    for layer in range(layers):  # gates follow what is heard
        tensors[f"lstm{layer}.bias"] = random.integers(-6000, 6000, (units, 4)).astype(np.int32)
    tensors["front_end.offset"] = random.integers(-600, 0, bands).astype(np.int16)
    tensors["front_end.multiplier"] = random.integers(2000, 9000, bands).astype(np.int16)
    tensors["front_end.shift"] = np.array([16], np.uint8)
    shapes, inputs, left = [], 1, bands
    for place, block in enumerate(blocks):
        taps = block["frames"] * block["bands"]
        shapes += [(inputs, taps), (block["channels"], inputs)] if place else [(block["channels"], taps)]
        inputs, left = block["channels"], -(-left // block.get("band_stride", 1))
    shapes.append((projection, inputs * left))
    for number, (rows, columns) in enumerate(shapes):
        name = f"conv{number}" if number < len(shapes) - 1 else "projection"
        tensors[f"{name}.weights"] = random_weights(random, arithmetic, (rows // 4, columns, 4))
        tensors[f"{name}.bias"] = random.integers(-3000, 3000, (rows // 4, 4)).astype(np.int32)
        tensors[f"{name}.shift"] = random.integers(7, 10, (rows // 4, 4)).astype(np.uint8)
    network = {
        "kind": "convolutional", "blocks": list(blocks), "projection": projection, "input_dim": bands, "hidden_dim": units,
        "num_layers": layers, "output_dim": len(labels),
    }  # fmt: skip
    metadata = lstm.metadata.model_copy(update={
        "name": f"listener-{arithmetic}-{layers}x{units}", "labels": labels, "front_end": {"kind": "fixed_point", **front_end},
        "network": network, "thresholds": tuple(random.integers(0, 200, len(labels)).tolist()),
        "calibration": tuple(sorted(random.integers(0, 256, KNOTS).tolist())),
    })  # fmt: skip
    recogniser = Recogniser(Model(metadata=metadata, tensors=tensors))
    noise = random.integers(-9000, 9000, 16000) * (np.arange(16000) // 1600 % 2)
    outputs = recogniser.listener().push(recogniser.normalised(recogniser.raw_features([noise.astype(np.int16)]))[0])
    tensors["head.bias"] = -outputs.mean(axis=0).astype(np.int32)  # none of them is always the likeliest
    return Model(metadata=metadata, tensors=tensors)
