"""Instructions a clip of the firmware on emulated cores, against CMSIS-NN's and CMSIS-DSP's.

    python benchmarks/firmware.py [--json]

Networks n67 (2 x 67), n24 (2 x 24) and n88 (1 x 88), 13 features, 10 labels, random weights, int8 and pow2; one synthetic
clip of 36 frames. Cores: Cortex-M0, Cortex-M4, and RV32I, which has no multiplier. The peers' counts were taken once, of the
same networks and as many frames, with GCC 12.2 -O3 (CMSIS-NN: arm_lstm_unidirectional_s8; CMSIS-DSP: arm_mfcc_q15, 512 points,
40 bands); they are quoted, not measured here. Needs kilovox[verify]; compiles with GCC where it is installed, else with zig.
"""

import argparse
import json
from typing import Any

import numpy as np

from kilovox.budget import Arithmetic
from kilovox.firmware.layout import parts_of
from kilovox.integer.activation import tanh_table
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance
from kilovox.integer.power_of_two import pack
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.verify import verify

NETWORKS = {"n67": (2, 67), "n24": (2, 24), "n88": (1, 88)}
"""Layers and units."""

INPUTS, LABELS, FRAMES = 13, 10, 36

CMSIS_NN = {
    "cortex-m0": {"n67": 18_129_486, "n24": 4_100_788, "n88": 11_374_323},
    "cortex-m4": {"n67": 6_459_256, "n24": 1_491_273, "n88": 3_960_720},
}
"""Instructions of the network, a clip."""

CMSIS_DSP = {"cortex-m0": 11_857_744, "cortex-m4": 2_359_940}
"""Instructions of the front end, a clip."""

CORES = ("cortex-m0", "cortex-m4", "riscv32i")


def random_model(arithmetic: Arithmetic, layers: int, units: int) -> Model:
    """Random weights; shifts such that gates are now open, now shut."""
    random, inputs = np.random.default_rng(1), INPUTS
    tensors: dict[str, Any] = {"activation.tanh": tanh_table()}
    shapes = {"head": (1, units, LABELS)}
    for layer in range(layers):
        shapes[f"lstm{layer}"], inputs = (units, inputs + units, 4), units
    for name, shape in shapes.items():
        if arithmetic == "int8":
            tensors[f"{name}.weights"] = random.integers(-127, 128, shape).astype(np.int8)
        else:
            tensors[f"{name}.weights"] = pack(random.integers(0, 16, shape).astype(np.uint8))
            tensors[f"{name}.exponent"] = np.array([-6], np.int8)
        rows = (LABELS,) if name == "head" else (units, 4)
        tensors[f"{name}.bias"] = random.integers(-(1 << 16), 1 << 16, rows).astype(np.int32)
        rows = (1,) if name == "head" else (1, 1) if arithmetic == "pow2" else (units, 4)
        tensors[f"{name}.shift"] = np.full(rows, 5, np.uint8)
    tensors |= {
        "front_end.offset": np.zeros(INPUTS, np.int16), "front_end.multiplier": np.full(INPUTS, 6000, np.int16),
        "front_end.shift": np.array([17], np.uint8),
    }  # fmt: skip
    metadata = Metadata(
        format_version=FORMAT_VERSION, name=f"random-{arithmetic}-{layers}x{units}", arithmetic=arithmetic,
        labels=tuple(map(str, range(LABELS))), front_end={"kind": "fixed_point"},
        network={"input_dim": INPUTS, "hidden_dim": units, "num_layers": layers, "output_dim": LABELS}, configuration={},
        trained_on=Provenance(corpus="none", fingerprint="0" * 64, split="all", recordings=()), metrics={},
    )  # fmt: skip
    return Model(metadata=metadata, tensors=tensors)


def measure() -> list[dict[str, Any]]:
    """A row for each arithmetic, network and core."""
    rows = []
    arithmetics: tuple[Arithmetic, ...] = ("int8", "pow2")
    for arithmetic in arithmetics:
        for name, (layers, units) in NETWORKS.items():
            model = random_model(arithmetic, layers, units)
            front_end = parts_of(model).front_end
            samples = synthetic_clips(1, 2 * front_end.sample_rate)[0][1]
            samples = np.resize(samples, front_end.window + (FRAMES - 1) * front_end.hop)
            result = verify(model, CORES, [("clip", samples)])
            for core, report in result.targets.items():
                assert report.instructions is not None
                counted = report.instructions
                rows.append({
                    "network": name, "arithmetic": arithmetic, "core": core, "equal": report.equal, "findings": report.findings,
                    "compiler": report.compiler, "clip": counted.clip, "front_end": counted.front_end,
                    "layers": list(counted.layers), "head": counted.head,
                    "network_instructions": sum(counted.layers) + counted.head,
                    "flash": report.flash, "ram": report.ram, "stack": report.stack,
                })  # fmt: skip
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """A line a row. Ratio: how many times as many instructions the peer executes."""
    print(f"{FRAMES} frames of {INPUTS}; millions of instructions; flash, RAM and stack of the whole recogniser in bytes\n")
    columns = ("network", 9), ("CMSIS-NN", 10), ("ratio", 7), ("front end", 11), ("CMSIS-DSP", 11), ("ratio", 7)
    print(" " * 20 + "".join(f"{name:>{width}}" for name, width in (*columns, ("flash", 8), ("RAM+stack", 11))))
    for row in rows:
        core, own, front_end = row["core"], row["network_instructions"], row["front_end"]
        nn, dsp = CMSIS_NN.get(core, {}).get(row["network"]), CMSIS_DSP.get(core)
        (nn_text, nn_ratio), (dsp_text, dsp_ratio) = against(nn, own), against(dsp, front_end)
        print(
            f"{row['network']} {row['arithmetic']:5}{core:11}{own / 1e6:9.2f}{nn_text:>10}{nn_ratio:>7}{front_end / 1e6:11.2f}"
            f"{dsp_text:>11}{dsp_ratio:>7}{sum(row['flash'].values()):8,}{row['ram'] + row['stack']:11,}"
            f"{'' if row['equal'] else '  NOT EQUAL'}{'' if not row['findings'] else '  FINDINGS'}"
        )
    by = {(row["network"], row["arithmetic"], row["core"]): row["network_instructions"] for row in rows}
    for name in NETWORKS:
        ratio = by[name, "int8", "riscv32i"] / by[name, "pow2", "riscv32i"]
        print(f"{name}: pow2 executes {ratio:.2f} times fewer instructions than int8 on RV32I, without a multiplier")


def against(peer: int | None, own: int) -> tuple[str, str]:
    """Millions of the peer, and the ratio; nothing where there is no peer."""
    return (f"{peer / 1e6:.2f}", f"{peer / own:.2f}") if peer else ("", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    wants_json = parser.parse_args().json
    rows = measure()
    if wants_json:
        print(json.dumps({"rows": rows, "cmsis_nn": CMSIS_NN, "cmsis_dsp": CMSIS_DSP}))
    else:
        show(rows)


if __name__ == "__main__":
    main()
