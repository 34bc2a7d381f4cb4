"""The gateware computes the bits of the NumPy engine, at any back pressure, in Verilator."""

import shutil
from dataclasses import fields, replace

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.errors import KilovoxError
from kilovox.gateware.emit import sources
from kilovox.verification import rtl
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.rtl import LOADED, TOP, Rtl
from kilovox.verification.rtl_expected import Seen, first_difference
from kilovox.verification.simulator import run_tool
from kilovox.verification.verify import verify

CLIPS = [samples[:900] for _, samples in synthetic_clips(25, 8000)]
ODD = [CLIPS[4], CLIPS[9], CLIPS[14], CLIPS[19], CLIPS[24], np.zeros(0, np.int16), np.array([5, 5, 7] * 85, np.int16)]
"""Shorter than a frame, one sample, silence, the loudest square wave and noise, none, one sample less than a frame."""

QUIET = np.zeros(1600, np.int16)
NOISE = (np.random.default_rng(5).integers(-9000, 9000, 5600) * (np.arange(5600) // 800 % 2)).astype(np.int16)
"""0.7 s, in which words come and go."""
WORDS = {"buffer": 30, "pause": 3, "margin": 1, "edge": 2, "shortest": 2}


@pytest.fixture(scope="module", autouse=True)
def _verilator():
    if not shutil.which("verilator"):
        pytest.skip("verilator is not installed")


def compared(model, recordings, top=TOP):
    """What is seen without and with back pressure."""
    device = Rtl(model, top)
    for pressure in (0, 200):
        seen, cycles = device.run(recordings, pressure, seed=3)
        assert len(seen) == len(recordings)
        assert cycles > 0
        for number, (samples, have) in enumerate(zip(recordings, seen, strict=True)):
            assert first_difference(device.expected(samples), have, f"{number}", f"pressure {pressure}") is None
    return seen


def test_powers_of_two():
    seen = compared(random_model("pow2", 6, layers=2), [*CLIPS[:4], *ODD])
    assert {one.decisions[-1, 3] for one in seen} == {0, 2}


def test_words():
    """Recordings of several words: each decided on once, the loudest last."""
    words = np.concatenate([QUIET, CLIPS[0], QUIET, CLIPS[1], QUIET, 2 * (CLIPS[2] // 3), QUIET])
    model = random_model("pow2", 5, layers=1, words=WORDS, seed=2)
    thresholds = model.metadata.model_copy(update={"thresholds": tuple([140] * 10)})
    seen = compared(type(model)(metadata=thresholds, tensors=model.tensors), [words, *CLIPS[:3], *ODD, words[::-1].copy()])
    assert len(seen[0].decisions) >= 3
    assert [one.decisions[-1, 0] for one in seen] == [1] * len(seen)
    assert {outcome for one in seen for outcome in one.decisions[:, 3]} == {0, 1, 2}


def test_bytes_with_a_multiplier_and_weights_that_are_loaded():
    model = random_model("int8", 5, layers=2, energy="absolute", mel_bands=20, coefficients=7, hop=100, seed=4)
    compared(model, [*CLIPS[5:9], *ODD], LOADED)


def test_a_network_that_listens():
    """Detections in running sound, of labels and of other words, then the one word of all of it; then the next recording."""
    seen = compared(random_listener("pow2", seed=3), [NOISE, *ODD])
    assert [one.decisions[-1, 0] for one in seen] == [1] * len(seen)
    assert len(seen[0].decisions) > 3
    assert set(seen[0].decisions[:-1, 3]) == {1, 2}
    assert {one.decisions[-1, 3] for one in seen} >= {0, 2}


def test_other_convolutions_with_a_multiplier_and_weights_that_are_loaded():
    """Strides wider than the kernel, kernels wider than what is heard, two layers of LSTM, cepstra, no label of other words."""
    blocks = (
        {"channels": 4, "frames": 4, "bands": 7, "band_stride": 3},
        {"channels": 8, "frames": 2, "bands": 9, "band_stride": 8, "frame_stride": 3},
    )
    model = random_listener("int8", 3, 2, ("a", "b"), blocks, 12, features="cepstra", energy="absolute")
    seen = compared(model, [NOISE, *ODD], LOADED)
    assert max(len(one.decisions) for one in seen) > 1


def test_a_wrong_bit_is_seen(monkeypatch):
    model = random_model("pow2", 3, layers=1)

    def spoilt(model):
        found = sources(model)
        lines = found["kv_tanh.hex"].split()
        lines[3] = f"{int(lines[3], 16) + 64:04x}"
        return found | {"kv_tanh.hex": "\n".join([*lines, ""])}

    monkeypatch.setattr(rtl, "sources", spoilt)
    report = verify(model, ["rtl"], [("a", CLIPS[0]), ("b", CLIPS[1])]).targets["rtl"]
    assert not report.equal
    assert report.difference.what in ("hidden", "cell")
    assert report.cycles["a_second"] > 0


def test_differences_are_told_apart():
    seen = Seen(*(np.arange(4).reshape(2, 2) for _ in fields(Seen)))
    assert first_difference(seen, seen, "a", "at once") is None
    found = first_difference(seen, replace(seen, cell=seen.cell + np.array([[0, 0], [0, 9]])), "a", "at once")
    assert (found.what, found.frame, found.index, found.expected, found.found) == ("cell", 1, (1,), 3, 12)
    found = first_difference(seen, replace(seen, logits=seen.logits[:1]), "a", "at once")
    assert str(found) == "a pushed at once: number of logits[] is 1; expected 2"


def test_the_verilog_is_clean(tmp_path):
    for model in (random_model("pow2", 5, words=WORDS), random_model("int8", 5), random_listener("pow2")):
        for name, text in sources(model).items():
            (tmp_path / name).write_text(text)
        modules = sorted(path.name for path in tmp_path.glob("*.v"))
        for top in (TOP, LOADED):
            run_tool(["verilator", "--lint-only", "-Wall", "--top-module", top, *modules], tmp_path)
        if icarus := shutil.which("iverilog"):
            assert run_tool([icarus, "-g2005", "-Wall", "-Wno-timescale", "-tnull", "-s", TOP, *modules], tmp_path) == ""


def test_a_failing_tool_says_what_it_said(tmp_path):
    with pytest.raises(KilovoxError, match=r"verilator failed: .*nothing\.v"):
        run_tool(["verilator", "--lint-only", "nothing.v"], tmp_path)
