"""The memories are the model's tensors, in the order in which the gateware reads them."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.layout import parts_of
from kilovox.gateware.emit import emit, gateware_sizes, rtl_folder, sources
from kilovox.gateware.listening import block_sizes
from kilovox.integer.bundled import open_recogniser

SNAPSHOTS = Path(__file__).parent / "snapshots"
MODELS = {"int8": {"arithmetic": "int8"}, "pow2-words": {"arithmetic": "pow2", "words": {}}}


def words(text, bits):
    """Signed."""
    found = np.array([int(line, 16) for line in text.split()], np.int64)
    return np.where(found >> (bits - 1), found - (1 << bits), found)


def as_text(files):
    """Header and memories in one text, 16 words a line."""
    parts = []
    for name, text in files.items():
        lines = text.splitlines()
        if name.endswith(".hex"):
            lines = [" ".join(lines[at : at + 16]) for at in range(0, len(lines), 16)]
        parts.append("\n".join([f"== {name}", *lines, ""]))
    return "\n".join(parts)


@pytest.mark.parametrize("which", MODELS)
def test_what_is_emitted_is_what_was_emitted(which):
    """KILOVOX_SNAPSHOT=1 writes the snapshots anew."""
    text = as_text(emit(random_model(units=3, layers=2, labels=("yes", "no"), **MODELS[which])))
    stored = SNAPSHOTS / f"{which}.txt"
    if os.environ.get("KILOVOX_SNAPSHOT"):
        stored.write_text(text)
    assert stored.read_text() == text


def test_the_same_model_gives_the_same_text():
    assert emit(random_model("pow2", 5)) == emit(random_model("pow2", 5))


def layers_of(parts):
    """In the order in which they are read."""
    before = () if parts.convolutions is None else (*parts.convolutions.layers, parts.convolutions.projection)
    return [*before, *parts.network.layers]


@pytest.mark.parametrize("make", [random_model, random_listener])
@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_weights_lie_row_by_row(arithmetic, make):
    model = make(arithmetic, 5)
    parts, files = parts_of(model), emit(model)
    weights = np.concatenate([rows.weights.ravel() for rows in (*layers_of(parts), parts.network.head)])
    if arithmetic == "int8":
        found = words(files["kv_weights.hex"], 8)
    else:
        codes = np.array([int(line, 16) for line in files["kv_weights.hex"].split()])
        found = np.where(codes & 8, -1, 1) << (codes & 7)
    np.testing.assert_array_equal(found, weights)


@pytest.mark.parametrize("make", [random_model, random_listener])
@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_biases_round_the_shift_but_not_the_logits(arithmetic, make):
    model = make(arithmetic, 5)
    parts = parts_of(model)
    bits = gateware_sizes(parts)["ACC_BITS"]
    found = np.array([int(line, 16) for line in emit(model)["kv_rows.hex"].split()], np.int64)
    shift, bias = found >> bits, words("\n".join(f"{word & ((1 << bits) - 1):x}" for word in found.tolist()), bits)
    start = 0
    for layer in layers_of(parts):
        at = slice(start, start + len(layer.weights))
        np.testing.assert_array_equal(shift[at], layer.shift)
        np.testing.assert_array_equal(bias[at], layer.bias + ((1 << layer.shift) >> 1))
        start = at.stop
    np.testing.assert_array_equal(bias[start:], parts.network.head.bias)
    np.testing.assert_array_equal(shift[start:], 0)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_words_of_sixteen_bits_hold_the_same_weights(arithmetic):
    files, bits = emit(random_model(arithmetic, 5)), 8 if arithmetic == "int8" else 4
    weights = [int(line, 16) for line in files["kv_weights.hex"].split()]
    together = [int(line, 16) for line in files["kv_weights_16.hex"].split()]
    apart = [word >> place & ((1 << bits) - 1) for word in together for place in range(0, 16, bits)]
    assert apart[: len(weights)] == weights
    assert not any(apart[len(weights) :])


def test_no_sum_of_the_largest_inputs_leaves_the_accumulator():
    for name in ("fsdd-pow2", "digits-pow2", "fsdd-int8", "digits", "listening", "listening-pow2"):
        parts = parts_of(open_recogniser(name).model)
        limit = 1 << (gateware_sizes(parts)["ACC_BITS"] - 1)
        for rows in (*layers_of(parts), parts.network.head):
            assert (128 * np.abs(rows.weights.astype(np.int64)).sum(axis=1) + np.abs(rows.bias.astype(np.int64))).max() < limit


def test_rings_lie_side_by_side_behind_what_goes_through():
    """Of BLOCKS of tests/firmware/models.py on 10 bands: 10, then 5, then 3."""
    parts = parts_of(random_listener("pow2"))
    sizes, blocks = gateware_sizes(parts), block_sizes(parts)
    assert sizes["FRAME_AT"] == 12  # channels that the depthwise layers hear: 8, 12
    assert sizes["FRAME"] == 3 * 4
    assert blocks["BLOCK_RING"] == (24, 24 + 2 * 10, 24 + 2 * 10 + 3 * 5 * 8)
    assert sizes["PAST_MEMORY"] == blocks["BLOCK_RING"][-1] + 1 * 3 * 12
    header = emit(random_listener("pow2"))["kilovox_model.vh"]
    assert "`define KV_BLOCK_FIRST_BAND {16'd0, 16'd65535, 16'd65534}" in header.splitlines()


def test_other_words_that_are_not_the_last_label_are_refused():
    with pytest.raises(KilovoxError, match="label unknown is not the last one; Verilog expects it there"):
        emit(random_listener("pow2", labels=("0", "unknown", "1")))


def test_convolutions_that_keep_too_much_are_refused():
    wide = ({"channels": 256, "frames": 1, "bands": 1}, {"channels": 256, "frames": 7, "bands": 1})
    with pytest.raises(KilovoxError, match="convolutions that keep 65,824 bytes; Verilog keeps at most 65,536"):
        emit(random_listener("pow2", blocks=wide, projection=4, mel_bands=32))


def test_every_constant_that_the_verilog_names_is_defined():
    made = [random_model("pow2", 3, words={}), random_model("pow2", 3), random_listener("pow2"), random_listener("int8")]
    every = [sources(model) for model in made]
    verilog = "".join(text for name, text in every[0].items() if name.endswith(".v"))
    used = set(re.findall(r"`(KV_\w+)", verilog)) | set(re.findall(r"`ifdef (\w+)", verilog))
    defined = [set(re.findall(r"`define (KV_\w+)", whole["kilovox_model.vh"])) for whole in every]
    assert used - {"KV_POISON"} == set().union(*defined)
    # Each model's own, and what all have.
    assert all({"KV_WORDS", "KV_LISTENS"} & one <= {only} for one, only in zip(
        defined, ("KV_WORDS", "", "KV_LISTENS", "KV_LISTENS"), strict=True))  # fmt: skip
    hexes = set(re.findall(r'"(kv_\w+\.hex)"', verilog)) | {"kv_weights_16.hex"}
    assert hexes == {name for whole in every for name in whole if name.endswith(".hex")}


def test_a_file_holds_the_module_that_it_is_named_after():
    for path in rtl_folder().glob("*.v"):
        assert re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE) == [path.stem]


def test_what_a_model_says_of_itself_stays_in_comments():
    model = random_model("pow2", 3)
    metadata = model.metadata.model_copy(update={"name": "evil\n`define KV_UNITS 7"})
    lines = emit(type(model)(metadata=metadata, tensors=model.tensors))["kilovox_model.vh"].splitlines()
    assert sum(line.startswith("`define KV_UNITS") for line in lines) == 1
