"""From the bits of a microphone to the text of the serial port, on the board, in Verilator."""

import shutil

import numpy as np
import pytest

from firmware.models import random_model
from gateware.board import Board, modulated
from kilovox.frontend.pdm import from_pdm
from kilovox.gateware.board import FLASH, board_folder, chip_sources, flash_image
from kilovox.gateware.emit import sources
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.rtl import expected
from kilovox.verification.simulator import run_tool

WORDS = {"buffer": 30, "pause": 3, "margin": 1, "edge": 2, "shortest": 2}
TOP = "kilovox_icebreaker"
CLIPS = [samples[:600] for _, samples in synthetic_clips(3, 8000)]
QUIET = np.zeros(900, np.int16)


def model_of(words):
    """Its thresholds such that some words are known, and others not."""
    model = random_model("pow2", 3, layers=1, seed=2, **({"words": WORDS} if words else {}))
    return type(model)(metadata=model.metadata.model_copy(update={"thresholds": (20,) * 10}), tensors=model.tensors)


@pytest.fixture(scope="module", params=["words", "whole recordings"])
def board(request, tmp_path_factory):
    if not shutil.which("verilator"):
        pytest.skip("verilator is not installed")
    model = model_of(request.param == "words")
    return model, Board(model, tmp_path_factory.mktemp("board"))


def line_of(decision):
    _, label, confidence, outcome, _ = decision
    return f"{('--', '??', f'{label:02x}')[outcome]} {confidence:02x}"


def heard(bits):
    """What the decimation makes of a 0 and `bits`."""
    return from_pdm(np.concatenate([[0], bits]))


def test_bits_of_a_microphone_become_text(board):
    """The samples are those of the NumPy reference, and the decisions those of the NumPy engine."""
    model, device = board
    if "words" not in model.metadata.front_end:
        pytest.skip("one of the two tests is for models that find words")
    bits = modulated(np.concatenate([QUIET, CLIPS[0], QUIET, CLIPS[1] // 2, QUIET]))
    samples, text, segments, green, red = device.run(bits)
    wanted = heard(bits)
    first = len(wanted) - len(samples)
    assert any(np.array_equal(samples, wanted[start : start + len(samples)]) for start in (first, first - 1))
    decisions = expected(Recogniser(model), samples.astype(np.int16)).decisions[:-1]
    assert text.splitlines() == [line_of(decision) for decision in decisions]
    assert len(decisions) >= 2
    assert green == (decisions[-1][3] == 2)
    assert not red
    assert segments == ([63, 6, 91, 79, 102, 109, 125, 7, 127, 111][decisions[-1][1]] if green else 64)


def test_a_recording_is_as_long_as_the_button_is_held(board):
    model, device = board
    if "words" in model.metadata.front_end:
        pytest.skip("one of the two tests is for models that hear whole recordings")
    bits = modulated(np.concatenate([QUIET[:100], CLIPS[0], QUIET[:250], CLIPS[2], QUIET[:250]]))
    button = np.zeros(len(bits), np.uint8)
    button[150 * 110 : 150 * 700] = 1
    button[150 * 950 : 150 * 1500 + 77] = 1
    samples, text, _, _, red = device.run(bits, button)
    wanted = heard(bits)
    found = [np.flatnonzero([np.array_equal(part, wanted[at : at + len(part)]) for at in range(len(wanted))]) for part in
             (samples[:580], samples[-540:])]  # fmt: skip
    assert [len(places) for places in found] == [1, 1]
    recogniser = Recogniser(model)
    parts = samples[: 700 - 110], samples[700 - 110 :]
    assert text.splitlines() == [line_of(expected(recogniser, part.astype(np.int16)).decisions[-1]) for part in parts]
    assert not red


def test_another_model_s_weights_are_not_taken(board):
    _, device = board
    bits = modulated(QUIET[:60])
    spoilt = bytearray((device.folder / FLASH).read_bytes())
    spoilt[0] ^= 1
    for flash in (bytes(spoilt), b""):
        samples, text, segments, green, red = device.run(bits, np.ones(len(bits), np.uint8), flash)
        assert (len(samples), text, segments, green, red) == (0, "", 64, False, True)


def test_the_flash_holds_the_weights():
    model = random_model("int8", 3)
    files = chip_sources(model)
    words = [int(word, 16) for word in sources(model)["kv_weights_16.hex"].split()]
    assert np.frombuffer(files[FLASH], ">u2")[1:].tolist() == words
    mark = files[FLASH][:2].hex()
    assert f"`define KV_FLASH_MARK 16'h{mark}" in files["kilovox_board.vh"].decode()
    assert flash_image("0001\n")[:2] != flash_image("0002\n")[:2]
    assert "-o 1M kv_flash.bin" in files["Makefile"].decode()
    assert "KV_FLASH_ADDRESS 24'h100000" in files["kilovox_board.vh"].decode()


def test_what_a_model_says_of_itself_stays_text():
    model = random_model("pow2", 3, labels=("yes", "|$x`<b>"))
    metadata = model.metadata.model_copy(update={"name": "evil $name | \n# x"})
    text = chip_sources(type(model)(metadata=metadata, tensors=model.tensors))["README.md"].decode()
    assert "| `01` | __x__b_ |" in text
    assert "$" not in text
    assert text.startswith("# evil _name _ __ x")


@pytest.mark.parametrize("words", [False, True])
def test_the_verilog_is_clean(words, tmp_path):
    if not shutil.which("verilator"):
        pytest.skip("verilator is not installed")
    model = model_of(words)
    for name, data in chip_sources(model).items():
        (tmp_path / name).write_bytes(data)
    modules = sorted(path.name for path in tmp_path.glob("*.v"))
    run_tool(["verilator", "--lint-only", "-Wall", "--top-module", TOP, *modules], tmp_path)
    if icarus := shutil.which("iverilog"):
        assert run_tool([icarus, "-g2005", "-Wall", "-Wno-timescale", "-tnull", "-s", TOP, *modules], tmp_path) == ""


def test_every_pin_has_a_place():
    ports = {
        name
        for line in (board_folder() / "kilovox_icebreaker.v").read_text().split(");")[0].splitlines()
        if line.strip().startswith(("input", "output"))
        for name in line.replace("input", "").replace("output", "").replace("wire", "").replace(",", " ").split()
    }
    constrained = [
        line.split() for line in (board_folder() / "icebreaker.pcf").read_text().splitlines() if line.startswith("set_io")
    ]
    assert {name for _, name, _ in constrained} == ports
    assert len({pin for _, _, pin in constrained}) == len(constrained)
