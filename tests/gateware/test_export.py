"""kilovox export --target verilog, kilovox verify --target rtl."""

import json
import shutil

import pytest
from click.testing import CliRunner

from firmware.models import random_listener, random_model
from kilovox.cli.main import main
from kilovox.gateware.board import chip_sources
from kilovox.integer.model_file import save_model


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_model(random_model("pow2", 3), path)
    return path


def test_a_folder_of_verilog_is_written_again(model_file, tmp_path):
    for _ in range(2):
        result = call("export", model_file, tmp_path / "out", "--target", "verilog", "--json")
        assert result.exit_code == 0
    told = json.loads(result.output)
    assert (told["target"], told["input_rate"]) == ("verilog", None)
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.suffix != ".json"}
    model = random_model("pow2", 3)
    assert written == chip_sources(model)
    assert set(told["files"]) == set(written)


def test_what_to_do_next_is_told(model_file, tmp_path):
    result = call("export", model_file, tmp_path / "out", "--target", "verilog")
    assert "the top is module kilovox" in result.output
    assert "--target rtl" in result.output
    assert "make makes a bitstream for an iCEBreaker" in result.output


@pytest.mark.parametrize("option", [("--name", "mine"), ("--input-rate", "16000")])
def test_what_verilog_does_not_have_is_refused(model_file, tmp_path, option):
    result = call("export", model_file, tmp_path / "out", "--target", "verilog", *option)
    assert result.exit_code == 2
    assert "not for verilog" in result.output


def test_a_model_that_cannot_be_gateware_leaves_nothing_behind(tmp_path):
    save_model(random_listener("int8", labels=("unknown", "1")), tmp_path / "odd.safetensors")
    for arguments in (("export", tmp_path / "odd.safetensors", tmp_path / "out", "--target", "verilog"),
                      ("verify", tmp_path / "odd.safetensors", "--target", "rtl", "--clips", 1)):  # fmt: skip
        result = call(*arguments)
        assert result.exit_code == 2
        assert "label unknown is not the last one" in result.output
    assert not (tmp_path / "out").exists()


def test_without_verilator_there_is_an_error(model_file, monkeypatch):
    monkeypatch.setattr("kilovox.verification.simulator.shutil.which", lambda _: None)
    result = call("verify", model_file, "--target", "rtl", "--clips", 1)
    assert result.exit_code == 2
    assert "target rtl: verilator is not installed" in result.output


def test_other_rates_are_not_for_gateware(model_file):
    result = call("verify", model_file, "--target", "rtl", "--clips", 1, "--input-rate", 16000)
    assert result.exit_code == 2
    assert "target rtl takes sound at the model's rate alone" in result.output


def test_verify_tells_of_cycles(model_file, synthetic_folder):
    if not shutil.which("verilator"):
        pytest.skip("verilator is not installed")
    result = call("verify", model_file, "--target", "rtl", "--clips", 2, "--corpus", synthetic_folder, "--json")
    assert result.exit_code == 0
    report = json.loads(result.output)["targets"]["rtl"]
    assert report["equal"]
    assert report["cycles"].keys() == {"a_frame", "a_second"}
    assert report["instructions"] is None
