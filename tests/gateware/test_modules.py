"""Modules alone, in cocotb and Icarus: bench/modules.py says what of each."""

import contextlib
import shutil

import pytest

from firmware.models import random_model
from kilovox.frontend.pdm import FIR_FIRST, FIR_SUM_BITS, additions
from kilovox.gateware.board import board_folder, chip_sources
from kilovox.gateware.emit import emit, rtl_folder

runner = pytest.importorskip("cocotb_tools.runner", reason="cocotb is not installed")
get_results = pytest.importorskip("cocotb_tools.check_results").get_results

HELPERS = {
    "kv_multiply": ["kv_add"],
    "kv_activation": ["kv_add", "kv_rom", "kv_rounding_shift"],
    "kv_quantise": ["kv_saturate", "kv_rounding_shift"],
    "kv_cic": ["kv_add", "kv_ram"],
    "kv_fir": ["kv_ram", "kv_rom", "kv_saturate"],
}
"""Of each: the modules in it."""


@pytest.mark.parametrize("top", HELPERS)
def test_module(top, tmp_path):
    if not shutil.which("iverilog"):
        pytest.skip("iverilog is not installed")
    model = random_model("pow2", 3)
    (tmp_path / "kv_tanh.hex").write_text(emit(model)["kv_tanh.hex"])
    (tmp_path / "kv_fir.hex").write_bytes(chip_sources(model)["kv_fir.hex"])
    parameters = {
        "kv_activation": {"FILE": f'"{tmp_path / "kv_tanh.hex"}"'},
        "kv_quantise": {"SHIFT": 17},
        "kv_fir": {"FILE": f'"{tmp_path / "kv_fir.hex"}"', "FIRST": FIR_FIRST + 2**FIR_SUM_BITS},  # its bits
    }.get(top, {})
    files = [next(folder / f"{name}.v" for folder in (rtl_folder(), board_folder()) if (folder / f"{name}.v").exists())
             for name in (top, *HELPERS[top])]  # fmt: skip
    simulator = runner.get_runner("icarus")
    simulator.build(
        sources=files, hdl_toplevel=top, parameters=parameters, defines={"KV_POISON": 1}, build_dir=tmp_path,
        build_args=["-g2005"], timescale=("1ns", "1ps"), log_file=tmp_path / "build.log",
    )  # fmt: skip
    results = None
    with contextlib.suppress(SystemExit):  # where a test fails
        results = simulator.test(
            "gateware.bench.modules", top, test_filter=f"{top}$", build_dir=tmp_path, test_dir=tmp_path,
            extra_env={"KV_FIR_WORDS": str(len(additions()))}, timescale=("1ns", "1ps"), log_file=tmp_path / "test.log",
        )  # fmt: skip
    passed = results is not None and get_results(results) == (1, 0)
    assert passed, (tmp_path / "test.log").read_text()[-3000:]
