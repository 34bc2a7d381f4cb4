"""The C for this machine (kilovox.native), against PyTorch eager and ONNX Runtime's dynamic int8 running the network alone.

    python benchmarks/host.py

One thread, one clip of 36 frames at a time; networks n67 (2 x 67), n24 (2 x 24), n88 (1 x 88); 13 features, 10 labels, random
weights of the same size for all. The peers get features that are ready; ours is timed on such features too, and from samples to
the decision. Contestants take turns, so that what else the machine does falls on all; medians of many turns.
Needs a C compiler, onnx and onnxruntime.
"""

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from firmware import FRAMES, INPUTS, LABELS, NETWORKS, random_model
from kilovox.firmware.onnx_file import onnx_bytes
from kilovox.integer.model_file import Model
from kilovox.native.fast import FastRecogniser
from kilovox.training.network import LSTMClassifier
from kilovox.verification.clips import synthetic_clips

TURNS, CLIPS_A_TURN = 60, 10


def onnx_session(network: LSTMClassifier, layers: int, units: int, folder: Path) -> onnxruntime.InferenceSession:
    """`network` as dynamic int8."""
    template = random_model("int8", layers, units)
    tensors = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    tensors |= {"front_end.mean": np.zeros(INPUTS, np.float32), "front_end.deviation": np.ones(INPUTS, np.float32)}
    metadata = template.metadata.model_copy(update={"arithmetic": "float32", "front_end": {"kind": "mfcc"}})
    source, quantised = folder / "float.onnx", folder / "int8.onnx"
    source.write_bytes(onnx_bytes(Model(metadata=metadata, tensors=tensors)))
    logging.disable(logging.WARNING)  # it recommends a step that changes nothing here
    quantize_dynamic(source, quantised, weight_type=QuantType.QInt8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(quantised), options, providers=["CPUExecutionProvider"])


def main() -> None:
    """Print one line a network."""
    torch.set_num_threads(1)
    onnxruntime.set_default_logger_severity(3)
    print(f"{FRAMES} frames a clip; microseconds a clip, and times as fast as PyTorch eager\n")
    print(f"{'':5}{'PyTorch':>9}{'ONNX int8':>16}{'ours, network':>18}{'ours, samples to digit':>26}")
    for name, (layers, units) in NETWORKS.items():
        torch.manual_seed(1)
        network = LSTMClassifier(INPUTS, units, layers, LABELS).eval()
        features = torch.randn(1, FRAMES, INPUTS)
        valid = torch.tensor([FRAMES])
        ours = FastRecogniser(random_model("int8", layers, units))
        samples = np.resize(synthetic_clips(1, 16_000)[0][1], 256 + (FRAMES - 1) * 160)
        integers = np.random.default_rng(1).integers(-128, 128, (FRAMES, INPUTS)).astype(np.int8)
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            session = onnx_session(network, layers, units, Path(folder))
            inputs = {"features": features.numpy(), "frames": np.array([FRAMES], np.int32)}
            contestants: dict[str, Callable[[], object]] = {
                "torch": lambda model=network, x=features, ends=valid: model(x, ends),
                "onnx": lambda run=session.run, x=inputs: run(None, x),
                "network": lambda model=ours.engine, x=integers: model.decide([x]),
                "whole": lambda model=ours, x=samples: model([x]),
            }
            times: dict[str, list[float]] = {contestant: [] for contestant in contestants}
            for _ in range(TURNS):
                for contestant, run in contestants.items():
                    begin = time.perf_counter()
                    for _ in range(CLIPS_A_TURN):
                        run()
                    times[contestant].append((time.perf_counter() - begin) / CLIPS_A_TURN * 1e6)
        found = {contestant: statistics.median(values) for contestant, values in times.items()}
        peer = found["torch"]
        line = "".join(f"{found[key]:{width}.0f} ({peer / found[key]:4.1f})" for key, width in
                       (("onnx", 9), ("network", 11), ("whole", 19)))  # fmt: skip
        print(f"{name:5}{peer:9.0f}{line}")


if __name__ == "__main__":
    main()
