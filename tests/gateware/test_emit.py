"""The memories are the model's tensors, in the order in which the gateware reads them."""

import re

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.layout import parts_of
from kilovox.gateware.emit import emit, gateware_sizes, rtl_folder, sources
from kilovox.integer.bundled import open_recogniser


def words(text, bits):
    """Signed."""
    found = np.array([int(line, 16) for line in text.split()], np.int64)
    return np.where(found >> (bits - 1), found - (1 << bits), found)


def test_the_same_model_gives_the_same_text():
    assert emit(random_model("pow2", 5)) == emit(random_model("pow2", 5))


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_weights_lie_row_by_row(arithmetic):
    model = random_model(arithmetic, 5)
    engine, files = parts_of(model).network, emit(model)
    weights = np.concatenate([rows.weights.ravel() for rows in (*engine.layers, engine.head)])
    if arithmetic == "int8":
        found = words(files["kv_weights.hex"], 8)
    else:
        codes = np.array([int(line, 16) for line in files["kv_weights.hex"].split()])
        found = np.where(codes & 8, -1, 1) << (codes & 7)
    np.testing.assert_array_equal(found, weights)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_biases_round_the_shift_but_not_the_logits(arithmetic):
    model = random_model(arithmetic, 5)
    parts = parts_of(model)
    sizes, engine = gateware_sizes(parts), parts.network
    bits = sizes["ACC_BITS"]
    found = np.array([int(line, 16) for line in emit(model)["kv_rows.hex"].split()], np.int64)
    shift, bias = found >> bits, words("\n".join(f"{word & ((1 << bits) - 1):x}" for word in found.tolist()), bits)
    rows = 4 * 5
    for number, layer in enumerate(engine.layers):
        at = slice(number * rows, (number + 1) * rows)
        np.testing.assert_array_equal(shift[at], layer.shift)
        np.testing.assert_array_equal(bias[at], layer.bias + ((1 << layer.shift) >> 1))
    np.testing.assert_array_equal(bias[2 * rows :], engine.head.bias)
    np.testing.assert_array_equal(shift[2 * rows :], 0)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_words_of_sixteen_bits_hold_the_same_weights(arithmetic):
    files, bits = emit(random_model(arithmetic, 5)), 8 if arithmetic == "int8" else 4
    weights = [int(line, 16) for line in files["kv_weights.hex"].split()]
    together = [int(line, 16) for line in files["kv_weights_16.hex"].split()]
    apart = [word >> place & ((1 << bits) - 1) for word in together for place in range(0, 16, bits)]
    assert apart[: len(weights)] == weights
    assert not any(apart[len(weights) :])


def test_no_sum_of_the_largest_inputs_leaves_the_accumulator():
    for name in ("fsdd-pow2", "digits-pow2", "fsdd-int8", "digits"):
        parts = parts_of(open_recogniser(name).model)
        limit = 1 << (gateware_sizes(parts)["ACC_BITS"] - 1)
        for rows in (*parts.network.layers, parts.network.head):
            assert (128 * np.abs(rows.weights.astype(np.int64)).sum(axis=1) + np.abs(rows.bias.astype(np.int64))).max() < limit


def test_a_model_that_listens_is_refused():
    with pytest.raises(KilovoxError, match="kind convolutional; Verilog takes networks of kind lstm on cepstra"):
        emit(random_listener("pow2"))
    with pytest.raises(KilovoxError, match="features: levels; Verilog takes"):
        emit(random_model("pow2", 3, features="levels"))


def test_every_constant_that_the_verilog_names_is_defined():
    whole = sources(random_model("pow2", 3, words={}))
    verilog = "".join(text for name, text in whole.items() if name.endswith(".v"))
    used = set(re.findall(r"`(KV_\w+)", verilog)) | set(re.findall(r"`ifdef (\w+)", verilog))
    assert used - {"KV_POISON"} == set(re.findall(r"`define (KV_\w+)", whole["kilovox_model.vh"]))
    assert set(re.findall(r'"(kv_\w+\.hex)"', verilog)) | {"kv_weights_16.hex"} == {
        name for name in whole if name.endswith(".hex")
    }


def test_a_file_holds_the_module_that_it_is_named_after():
    for path in rtl_folder().glob("*.v"):
        assert re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE) == [path.stem]


def test_what_a_model_says_of_itself_stays_in_comments():
    model = random_model("pow2", 3)
    metadata = model.metadata.model_copy(update={"name": "evil\n`define KV_UNITS 7"})
    lines = emit(type(model)(metadata=metadata, tensors=model.tensors))["kilovox_model.vh"].splitlines()
    assert sum(line.startswith("`define KV_UNITS") for line in lines) == 1
