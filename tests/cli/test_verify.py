import json

import pytest
from click.testing import CliRunner

from firmware.models import random_model
from kilovox.cli.main import main
from kilovox.cli.verify import command
from kilovox.integer.model_file import save_model
from kilovox.verification import verify
from kilovox.verification.host import NoCompilerError, find_compiler
from kilovox.verification.observation import Difference
from kilovox.verification.verification import Instructions, TargetReport, Verification

JSON = {"equal", "clips", "frames_per_clip", "instructions", "flash", "ram", "stack", "findings"}


@pytest.fixture
def integer_file(tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_model(random_model("int8", 5), path)
    return path


@pytest.fixture
def _compiler():
    try:
        find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))


def call(runner, *arguments):
    return runner.invoke(main, ["verify", *map(str, arguments)])


def report(**changes):
    counted = Instructions(1000, 500, 0, (200, 200), 40, 60, 28, 2300, 3)
    values = {
        "compiler": "gcc", "difference": None, "clips": 20, "frames_per_clip": 36.0, "instructions": counted,
        "flash": {"code": 5000, "front_end_tables": 1410, "network": 61000}, "ram": 1556, "stack": 220,
        "modelled_milliseconds": {"48 MHz, multiplier of 1 cycle": 295.5},
    }  # fmt: skip
    return TargetReport(**(values | changes))


@pytest.fixture
def verified(monkeypatch):
    """Makes the command find what it is given, instead of compiling."""

    def give(**reports):
        found = {name.replace("_", "-"): value for name, value in reports.items()}
        monkeypatch.setattr("kilovox.cli.verify.verify", lambda *_, **__: Verification("tiny", "some recordings", found))

    return give


@pytest.mark.usefixtures("_compiler")
def test_json_is_one_object_and_nothing_else(runner, integer_file, synthetic_folder):
    result = call(runner, integer_file, "--target", "host", "--clips", 3, "--corpus", synthetic_folder, "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert values["targets"].keys() == {"host"}
    assert values["targets"]["host"].keys() >= JSON
    assert (values["targets"]["host"]["equal"], values["targets"]["host"]["clips"]) == (True, 3)


def test_tables_for_people(runner, integer_file, verified):
    verified(cortex_m0=report())
    result = call(runner, integer_file)
    assert result.exit_code == 0, result.output
    for needed in (
        "tiny on some recordings",
        "cortex-m0",
        "1,000",
        "5,000",
        "1,556",
        "modelled, not measured: 295.5 ms a clip",
    ):
        assert needed in result.stdout


def test_a_difference_is_exit_status_1(runner, integer_file, verified):
    difference = Difference("cell", "7_x.wav", "whole", 3, (1, 2), 5, 6)
    verified(host=report(), wasm32=report(difference=difference))
    result = call(runner, integer_file)
    assert result.exit_code == 1
    assert "wasm32: 7_x.wav pushed whole, frame 3: cell[1, 2] is 6; expected 5" in result.stdout
    result = call(runner, integer_file, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["targets"]["wasm32"]["difference"]["frame"] == 3


def test_a_finding_is_exit_status_1(runner, integer_file, verified):
    verified(cortex_m0=report(findings=("kv_head.c: kv_head: __aeabi_fmul (call of a soft-float helper)",)))
    result = call(runner, integer_file)
    assert result.exit_code == 1
    assert "cortex-m0: kv_head.c: kv_head: __aeabi_fmul" in result.stdout


def test_riscv32_stands_for_both(runner, integer_file, monkeypatch):
    asked = []

    def remember(model, targets, *_, **__):
        asked.extend(targets)
        return Verification("tiny", "", {})

    monkeypatch.setattr("kilovox.cli.verify.verify", remember)
    assert call(runner, integer_file, "--target", "wasm32, riscv32").exit_code == 0
    assert asked == ["riscv32", "riscv32i", "wasm32"]


@pytest.mark.parametrize("target", ["esp32", "", "host,"])
def test_no_such_target(runner, integer_file, target):
    result = call(runner, integer_file, "--target", target)
    assert result.exit_code == 2
    assert "expected some of host, cortex-m0, cortex-m4, riscv32, riscv32i, wasm32" in result.stderr


@pytest.mark.parametrize("target", ["wasm32", "cortex-m0"])
def test_a_missing_package_names_the_extra(runner, integer_file, monkeypatch, target):
    for module in ("wasmtime", "unicorn", "ziglang", "elftools"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    result = call(runner, integer_file, "--target", target)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith(
        "from a clone pip install '.[verify]' (once published: pip install 'kilovox[verify]')"
    )


def test_a_float_model_is_no_firmware(runner, model_file):
    result = call(runner, model_file)
    assert result.exit_code == 2
    assert "C takes int8 or pow2" in result.stderr


def test_every_target_is_in_the_help():
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert all(target in result.output for target in verify.TARGETS)
