"""Instructions that networks of a search take on emulated cores: the table that predictions are fitted to, and their errors.

    python benchmarks/instructions.py --write   # counts anew, into src/kilovox/search/instructions.json (minutes)
    python benchmarks/instructions.py           # the table's errors, each network left out in turn, and the bundled models'

Networks with random weights, LSTMs and convolutions, int8 and pow2, hear one synthetic clip; the Python engine's bits are
compared on the way. The bundled models, which the fit has not seen, are counted for the second command: the peer of a
prediction is a count. Needs kilovox[train,verify].
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from kilovox.config import Network, parse_front_end
from kilovox.files import write_json
from kilovox.firmware.sources import sources
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance
from kilovox.search.instructions import (
    TABLE,
    Counted,
    Shape,
    counted_on,
    fitted,
    instruction_model,
    left_out_errors,
    predicted,
)
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.network import LSTMClassifier
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.emulator import Core
from kilovox.verification.toolchain import compile_core
from kilovox.verification.verify import Task

CORES = ("cortex-m0", "cortex-m4")

BUNDLED = ("fsdd-int8", "fsdd-pow2", "listening", "listening-pow2")

SECONDS = 0.7

LSTMS = (
    (1, 12, 10, 32, 13), (1, 24, 10, 24, 10), (1, 40, 10, 32, 8), (1, 61, 35, 40, 20), (1, 85, 10, 32, 13),
    (1, 123, 12, 20, 16), (2, 10, 4, 32, 10), (2, 24, 10, 48, 13), (2, 44, 20, 28, 24), (3, 20, 10, 32, 13),
)  # fmt: skip
"""Layers, units, labels, mel bands, coefficients."""

CONVOLUTIONS = (
    (32, 54, 11, 44, [(24, 3, 5, 1, 2), (32, 3, 3, 1, 2), (40, 3, 3, 2, 2), (40, 3, 3, 1, 1)]),
    (32, 30, 11, 24, [(12, 3, 5, 1, 2), (16, 3, 3, 1, 2), (20, 3, 3, 2, 2)]),
    (32, 40, 4, 32, [(16, 3, 3, 1, 2), (24, 3, 3, 2, 2), (32, 3, 3, 1, 2), (32, 3, 3, 1, 1), (32, 3, 3, 1, 1)]),
    (24, 24, 12, 16, [(8, 5, 5, 2, 2), (16, 3, 3, 1, 2)]),
    (40, 64, 36, 56, [(32, 3, 5, 2, 2), (48, 3, 3, 1, 2), (48, 3, 3, 1, 2)]),
    (20, 48, 11, 40, [(24, 3, 3, 1, 1), (24, 5, 3, 2, 2), (32, 3, 5, 1, 2), (40, 3, 3, 1, 1)]),
    (32, 16, 11, 12, [(4, 3, 3, 1, 2), (8, 3, 3, 2, 2), (8, 3, 3, 1, 2)]),
    (36, 36, 20, 28, [(40, 3, 5, 2, 3), (32, 7, 3, 1, 1), (24, 3, 3, 1, 2)]),
    (32, 72, 11, 60, [(16, 3, 7, 1, 4), (64, 3, 3, 2, 2), (64, 5, 3, 1, 1)]),
)  # fmt: skip
"""Mel bands, units, labels, projection, and of each block channels, frames, bands, frame stride, band stride."""


def shapes() -> Iterator[Shape]:
    """Of every network that is counted."""
    for arithmetic in ("int8", "pow2"):
        for layers, units, labels, bands, coefficients in LSTMS:
            network = Network(hidden_dim=units, num_layers=layers)
            yield Shape(arithmetic, "cepstra", bands, coefficients, labels, units, network)
        for bands, units, labels, projection, rows in CONVOLUTIONS:
            keys = ("channels", "frames", "bands", "frame_stride", "band_stride")
            blocks = [dict(zip(keys, row, strict=True)) for row in rows]
            network = Network.model_validate({
                "kind": "convolutional", "hidden_dim": units, "num_layers": 1, "projection": projection, "blocks": blocks,
            })  # fmt: skip
            yield Shape(arithmetic, "levels", bands, bands, labels, units, network)


def random_model(shape: Shape, name: str) -> Model:
    """Random weights, as training begins with."""
    torch.manual_seed(1)
    network, inputs = shape.network, shape.coefficients
    sizes = (shape.hidden, network.num_layers)
    quantised: QuantisedLSTMClassifier | QuantisedConvolutionalClassifier
    if shape.kind == "convolutional":
        before = (inputs, network.blocks, network.projection or 0)
        plain = ConvolutionalClassifier(*before, *sizes, shape.labels + 1, 0.0)
        quantised = QuantisedConvolutionalClassifier(*before, *sizes, shape.labels + 1, shape.arithmetic, 0.0, True)
        quantised.take(plain)
    else:
        quantised = QuantisedLSTMClassifier(inputs, *sizes, shape.labels, shape.arithmetic, 0.0, True)
        quantised.take(LSTMClassifier(inputs, *sizes, shape.labels, 0.0, "last_valid"))
    front_end = {"kind": "fixed_point", "features": shape.features, "mel_bands": shape.mel_bands, "coefficients": inputs}
    metadata = Metadata(
        format_version=FORMAT_VERSION, name=name, arithmetic=shape.arithmetic,
        labels=tuple(f"w{place}" for place in range(shape.labels)),
        front_end=parse_front_end(front_end).model_dump(mode="json"), configuration={}, metrics={},
        network={**network.model_dump(mode="json"), "input_dim": inputs, "output_dim": shape.labels},
        trained_on=Provenance(corpus="none", fingerprint="0" * 64, split="all", recordings=()),
    )  # fmt: skip
    normalisation = {
        "front_end.offset": np.zeros(inputs, np.int16), "front_end.multiplier": np.full(inputs, 6000, np.int16),
        "front_end.shift": np.array([17], np.uint8),
    }  # fmt: skip
    return Model(metadata=metadata, tensors={**quantised.integer_tensors(), **normalisation})


def counts(model: Model, shape: Shape, cores: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """By core and part: instructions each time that the part is gone through."""
    samples = np.resize(synthetic_clips(1, 8000)[0][1], int(SECONDS * 8000))
    task = Task(model, sources(model), [("clip", samples)])
    found, frames = {}, task.frames(task.clips)
    steps = frames // shape.network.frame_stride
    for name in cores:
        core = Core(compile_core(task.files, name), name, task.shape, counting=True)
        core.run(samples, ())
        counted = task.instructions([core.counts().instructions], task.clips)
        difference = task.first_difference(core, task.clips)
        if difference is not None:
            raise SystemExit(f"{model.metadata.name} on {name}: {difference}")
        found[name] = {
            "front_end": counted.front_end / frames, "layers": sum(counted.layers) / steps,
            "head": counted.head / (steps if shape.kind == "convolutional" else 1), "other": counted.other / frames,
            **({"convolutions": counted.convolutions / frames} if shape.kind == "convolutional" else {}),
        }  # fmt: skip
    return found


def write() -> None:
    """Count all, and write the table; a line each."""
    networks: list[dict[str, Any]] = []
    for number, shape in enumerate(shapes()):
        name = f"{shape.arithmetic}-{shape.kind}-{number}"
        rounded = {
            core: {part: round(count, 2) for part, count in parts.items()}
            for core, parts in counts(random_model(shape, name), shape, CORES).items()
        }
        networks.append({"name": name, "shape": shape.as_json(), "counts": rounded})
        print(name, file=sys.stderr)
    write_json(TABLE, {"made_by": "python benchmarks/instructions.py --write", "cores": list(CORES), "networks": networks})


def bundled(cores: tuple[str, ...]) -> list[dict[str, Any]]:
    """The bundled models, counted."""
    rows = []
    for name in BUNDLED:
        model = open_recogniser(name).model
        about, front_end = model.metadata, parse_front_end(model.metadata.front_end)
        assert front_end.kind == "fixed_point"
        network = Network.model_validate(about.network)
        shape = Shape(
            about.arithmetic, front_end.features, front_end.mel_bands, front_end.coefficients, len(about.labels),
            int(about.network["hidden_dim"]), network,
        )  # fmt: skip
        rows.append({"name": name, "shape": shape.as_json(), "counts": counts(model, shape, cores)})
    return rows


def report(as_json: bool) -> None:
    """Ratios of predictions to counts."""
    cores = CORES
    of_bundled = bundled(cores)
    table = json.loads(TABLE.read_text())["networks"]
    found: dict[str, Any] = {}
    for core in cores:
        rows, model = counted_on(core, table), instruction_model(core)
        known: list[Counted] = counted_on(core, of_bundled)
        ratios = {one.name: predicted(fitted(rows), one.shape) / one.per_second for one in known}
        found[core] = {"networks": len(rows), "mean": model.mean, "worst": model.worst, "bundled": ratios}
        if not as_json:
            print(model.said)
            errors = sorted(zip(left_out_errors(rows), rows, strict=True), key=lambda pair: -pair[0])
            print("  furthest off: " + ", ".join(f"{one.name} {error:.1%}" for error, one in errors[:3]))
            for name, ratio in ratios.items():
                print(f"  {name}: {ratio:.3f} of what was counted")
    if as_json:
        print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="count anew, and write the table")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args()
    if asked.write:
        write()
    else:
        report(asked.json)


if __name__ == "__main__":
    main()
