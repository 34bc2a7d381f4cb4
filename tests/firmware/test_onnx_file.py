"""A float model as ONNX: the same logits in ONNX Runtime."""

import numpy as np
import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.onnx_file import onnx_bytes
from kilovox.integer.recogniser import Recogniser
from models import make_model


def test_onnx_runtime_computes_the_same_logits() -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model, random = make_model(), np.random.default_rng(2)
    clips = [(random.normal(size=(frames, 13)) * 20).astype(np.float32) for frames in (20, 7, 1)]
    padded = np.zeros((3, 20, 13), np.float32)
    for row, clip in zip(padded, clips, strict=True):
        row[: len(clip)] = clip
    session = onnxruntime.InferenceSession(onnx_bytes(model), providers=["CPUExecutionProvider"])
    found = session.run(None, {"features": padded, "frames": np.array([20, 7, 1], np.int32)})[0]
    np.testing.assert_allclose(found, Recogniser(model).decide(clips).logits, atol=2e-5)
    assert onnx_bytes(model) == onnx_bytes(model)


def test_an_integer_model_is_refused() -> None:
    with pytest.raises(KilovoxError, match="ONNX takes float32"):
        onnx_bytes(random_model("int8", 3))


def test_without_onnx_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(KilovoxError, match=r"from a clone pip install '\.\[onnx\]'"):
        onnx_bytes(make_model())
