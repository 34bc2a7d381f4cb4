"""A float model as ONNX: normalisation, LSTM layers, head. Features in, logits out."""

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.errors import KilovoxError, not_installed
from kilovox.frontend.pipeline import Normalisation
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser

OPSET = 14
IR_VERSION = 8

GATE_ORDER = (0, 3, 1, 2)
"""ONNX keeps input, output, forget, candidate; our rows are input, forget, candidate, output."""


def onnx_bytes(model: Model) -> bytes:
    """An ONNX file of a float32 model.

    Inputs: features (clips, frames, coefficients) float32, as the front end gives them, before normalisation; frames
    (clips,) int32, how many of each clip count. Output: logits (clips, labels) float32. Raises KilovoxError for an integer
    model, and where the package onnx is not installed.
    """
    if model.metadata.arithmetic != "float32":
        raise KilovoxError(
            f"model {model.metadata.name}: {model.metadata.arithmetic}; ONNX takes float32 (--target c takes this one)"
        )
    if model.metadata.network.get("kind", "lstm") != "lstm" or model.metadata.front_end.get("kind", "mfcc") != "mfcc":
        found = [str(part.get("kind")) for part in (model.metadata.network, model.metadata.front_end) if "kind" in part]
        raise KilovoxError(
            f"model {model.metadata.name}: {', '.join(found)}; ONNX takes networks of kind lstm on front end mfcc"
        )
    try:
        onnx: Any = importlib.import_module("onnx")
    except ImportError:
        raise not_installed("onnx") from None
    helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto
    recogniser = Recogniser(model)
    normalisation = Normalisation.from_tensors(model.tensors)
    constants: dict[str, npt.NDArray[Any]] = {
        "mean": normalisation.mean.astype(np.float32),
        "deviation": normalisation.deviation.astype(np.float32),
        "fc.weight": model.tensor("fc.weight"),
        "fc.bias": model.tensor("fc.bias"),
        "axis": np.array([0], np.int64),
        "directions": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["normalised"]),
        helper.make_node("Transpose", ["normalised"], ["sequence0"], perm=[1, 0, 2]),
    ]
    layers = recogniser.network.num_layers
    for layer in range(layers):
        for name, tensors in _layer(model, layer).items():
            constants[f"{name}{layer}"] = tensors
        inputs = [f"sequence{layer}", f"W{layer}", f"R{layer}", f"B{layer}", "frames"]
        nodes.append(helper.make_node("LSTM", inputs, [f"all{layer}", f"last{layer}"], hidden_size=recogniser.hidden))
        nodes.append(helper.make_node("Squeeze", [f"all{layer}", "directions"], [f"sequence{layer + 1}"]))
    nodes.append(helper.make_node("Squeeze", [f"last{layers - 1}", "axis"], ["state"]))
    nodes.append(helper.make_node("Gemm", ["state", "fc.weight", "fc.bias"], ["logits"], transB=1))
    graph = helper.make_graph(
        nodes,
        model.metadata.name,
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["clips", "time", recogniser.network.input_dim]),
            helper.make_tensor_value_info("frames", TensorProto.INT32, ["clips"]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["clips", len(recogniser.labels)])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="kilovox")
    made.ir_version = IR_VERSION
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString(deterministic=True))


def _layer(model: Model, layer: int) -> dict[str, npt.NDArray[Any]]:
    """W (1, 4 units, inputs), R (1, 4 units, units), B (1, 8 units) as ONNX has them."""

    def reorder(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        gates = np.split(rows, 4)
        return np.concatenate([gates[gate] for gate in GATE_ORDER])

    taken = {kind: reorder(model.tensor(f"lstm.{kind}_l{layer}")) for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    bias = np.concatenate([taken["bias_ih"], taken["bias_hh"]])
    return {"W": taken["weight_ih"][None], "R": taken["weight_hh"][None], "B": bias[None]}
