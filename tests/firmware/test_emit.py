"""The generated tables: the same text for the same model, and C whatever the metadata say."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import c_string, emit, provenance
from kilovox.firmware.layout import blocks_of, column_pairs, folded_bias, parts_of
from kilovox.firmware.sources import sources
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.model_file import Model

SNAPSHOTS = Path(__file__).parent / "snapshots"


MODELS = {"int8": {}, "pow2": {}, "levels": {"features": "levels", "mel_bands": 8}, "listens": {}}


@pytest.mark.parametrize("which", MODELS)
def test_what_is_emitted_is_what_was_emitted(which: str) -> None:
    """KILOVOX_SNAPSHOT=1 writes the snapshots anew."""
    arithmetic = "pow2" if which == "pow2" else "int8"
    model = random_model(arithmetic, 3, 2, labels=("yes", "no"), **MODELS[which])
    for name, text in emit(random_listener("int8", 3) if which == "listens" else model).items():
        stored = SNAPSHOTS / f"{which}_{name}"
        if os.environ.get("KILOVOX_SNAPSHOT"):
            stored.write_text(text)
        assert stored.read_text() == text


def test_a_model_of_levels_has_no_dct() -> None:
    of_levels = sources(random_model("int8", 3, features="levels"))
    of_cepstra = sources(random_model("int8", 3, mel_bands=32, coefficients=32))
    assert of_levels.keys() ^ of_cepstra.keys() == {"kv_level_features.c", "kv_cepstra.c"}
    assert "kv_level_features.c" in of_levels
    assert "dct" not in of_levels["kilovox_model.c"]
    assert "#define KV_LEVELS 1\n" in of_levels["kilovox_model.h"]
    assert "#define KV_LEVELS 0\n" in of_cepstra["kilovox_model.h"]
    assert {name for name in of_levels.keys() & of_cepstra.keys() if of_levels[name] != of_cepstra[name]} == {
        "kilovox_model.c", "kilovox_model.h",
    }  # fmt: skip


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_what_does_not_listen_has_nothing_of_it(arithmetic: str) -> None:
    listens, other = sources(random_listener(arithmetic)), sources(random_model(arithmetic, 3, features="levels"))
    files = {
        "kv_listen.c",
        "kv_judge.c",
        "kv_decide.c",
        "kv_detected.c",
        "kv_compared.c",
        "kv_calibrated.c",
        "kv_forget_words.c",
    }
    assert listens.keys() ^ other.keys() == files | {f"kv_channels_{arithmetic}.c", f"kv_depthwise_{arithmetic}.c"}
    assert not any(name in other["kilovox_model.c"] for name in ("kv_blocks", "kv_knots", "kv_projection"))
    assert "#define KV_LISTENS 0\n" in other["kilovox_model.h"]


def test_blocks_are_those_of_the_network() -> None:
    full, middle, last = blocks_of(parts_of(random_listener("int8")))
    assert [block.numbers for block in (full, middle, last)] == [(0, 0), (1, 2), (3, 4)]
    assert [(block.heard_bands, block.channels, block.ring) for block in (full, middle, last)] == [
        (10, 1, 20), (5, 8, 120), (3, 12, 36),
    ]  # fmt: skip
    assert full.kernel is full.rows
    assert middle.kernel.depthwise
    assert not middle.rows.depthwise


def test_convolutions_that_c_does_not_take_are_refused() -> None:
    block = {"channels": 256, "frames": 15, "bands": 3}
    with pytest.raises(KilovoxError, match="keep 115,650 bytes of sound; C keeps at most 65,535"):
        emit(random_listener("int8", blocks=(block, block), mel_bands=30))
    with pytest.raises(KilovoxError, match=r"kind convolutional, and frontend\.words"):
        emit(random_listener("int8", features="cepstra", words={}))


def test_weights_lie_in_the_order_of_the_kernel() -> None:
    layer = parts_of(random_model("int8", 3)).network.layers[0]
    by_gate = layer.weights.reshape(3, 4, 16)
    pairs = column_pairs(layer).reshape(3, 8, 8)
    np.testing.assert_array_equal(pairs[1, 2], [*by_gate[1, :2, 4], *by_gate[1, :2, 5], *by_gate[1, 2:, 4], *by_gate[1, 2:, 5]])
    odd = parts_of(random_model("int8", 4)).network.layers[0]
    np.testing.assert_array_equal(column_pairs(odd)[2, -4:], odd.weights.reshape(4, 4, 17)[2, :, -1])


def test_the_bias_holds_rounding_and_offset() -> None:
    layer = parts_of(random_model("int8", 3)).network.layers[0]
    expected = layer.bias + ((1 << layer.shift) >> 1)
    np.testing.assert_array_equal(folded_bias(layer, offset=False).reshape(-1), expected)
    np.testing.assert_array_equal(folded_bias(layer, offset=True).reshape(-1), expected - 128 * layer.weights.sum(axis=1))


def test_hostile_names_stay_inside_comments_and_strings(tmp_path: Path, compiler: str) -> None:
    labels = ('a"b\\', "*/ int x; /*", "ja\u0142\u0142", "?" + "?/", "1\n2")
    model = random_model("int8", 3, labels=tuple("abcde"))  # none of those below is a model allowed to have
    metadata = model.metadata.model_copy(
        update={"labels": labels, "name": "evil */ #error \\\n#error", "metrics": {"*/ x": "\n#error"}}
    )
    hostile = Model(metadata=metadata, tensors=model.tensors)
    assert all("*/" not in line and "\n" not in line for line in provenance(metadata))
    assert emit(hostile)["kilovox_model.h"].count("*/") == 1
    lines = ["#include <string.h>", "int main(void) { return"]
    for label in labels:
        octal = "".join(f"\\{byte:03o}" for byte in label.encode())
        lines.append(f'strcmp({c_string(label)}, "{octal}") ||')
    (tmp_path / "t.c").write_text("\n".join([*lines, "0; }", ""]))
    subprocess.run([compiler, "-std=c99", "-trigraphs", "t.c", "-o", "t"], cwd=tmp_path, check=True, capture_output=True)
    assert subprocess.run([str(tmp_path / "t")], check=False).returncode == 0


def test_a_model_whose_tensors_do_not_fit_is_refused() -> None:
    model = random_model("int8", 3)
    broken = Model(metadata=model.metadata, tensors={**model.tensors, "lstm0.bias": np.zeros((4, 4), np.int32)})
    with pytest.raises(KilovoxError, match="lstm0"):
        emit(broken)


def test_synthetic_voices_and_the_note_are_told() -> None:
    lines = provenance(open_recogniser("digits").model.metadata)
    (voices,) = [line for line in lines if line.startswith("and on synthetic: 9800 recordings; ")]
    assert "Kokoro-82M" in voices
    assert "note: every recording of fsdd was trained on: no figure on it judges this model" in lines
