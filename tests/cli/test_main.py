"""The face of every command: help, one line for an error, status 2."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kilovox.cli.main import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_every_command_is_listed_with_a_line():
    listed = CliRunner().invoke(main, ["--help"]).output
    for command in COMMANDS:
        assert any(line.split()[:1] == [command] and len(line.split()) > 3 for line in listed.splitlines()), command


def test_unknown_command():
    result = CliRunner().invoke(main, ["sing"])
    assert result.exit_code == 2
    assert "No such command 'sing'" in result.output


@pytest.mark.parametrize(
    "arguments", [["train", "none.yaml"], ["size", "--memory", "lots"], ["evaluate", "none"], ["predict", "none", "x.wav"]]
)
def test_errors_are_one_line_and_status_2(arguments):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("kilovox: ")
    assert "Traceback" not in result.stderr


def test_size_json():
    result = CliRunner().invoke(main, ["size", "--memory", "36KB", "--scope", "model", "--layers", "2", "--json"])
    found = json.loads(result.stdout)
    assert {"arithmetic", "scope", "layers", "hidden", "parameters", "bytes", "limit", "layer_bytes"} <= found.keys()
    assert (found["hidden"], found["parameters"], found["bytes"], found["limit"]) == (24, 8794, 35176, 36864)


def test_size_table():
    output = CliRunner().invoke(main, ["size", "--arithmetic", "int8", "--layers", "1"]).stdout
    assert "hidden size 85: 36,169 of 36,864 bytes (scope model), 695 bytes to spare" in output
    output = CliRunner().invoke(main, ["size", "--hidden", "128"]).stdout
    assert "bytes too many" in output


def test_light_commands_do_not_load_torch():
    """In a fresh interpreter: the runtime must work where torch is not installed."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import kilovox, kilovox.cli.size, kilovox.cli.evaluate, kilovox.cli.predict, kilovox.cli.inspect, kilovox.cli.data\n"
        "from kilovox import read_yaml_file\n"
        "import kilovox.evaluation.report.report, kilovox.integer.recogniser\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
