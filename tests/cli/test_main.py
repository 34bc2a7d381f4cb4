"""The face of every command: help, one line for an error, status 2."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kilovox.cli.main import COMMANDS, main
from models import write_wav


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


@pytest.mark.skipif(os.name == "nt", reason="a shell closes streams in another way there")
@pytest.mark.parametrize(("closed", "there"), [(">&-", "stderr"), ("2>&-", "stdout")])
def test_a_closed_stream_goes_nowhere(tmp_path, closed, there):
    """And not into the other."""
    write_wav(tmp_path / "x.wav", 1)

    def run(arguments):
        command = f"{sys.executable} -m kilovox {arguments} {closed}"
        return subprocess.run(command, shell=True, capture_output=True, text=True, check=False)

    found = run(f"listen --file {tmp_path / 'x.wav'} --all --json")
    assert (found.returncode, found.stderr) == (0, "")
    assert all(json.loads(line)["seconds"] >= 0 for line in found.stdout.splitlines())
    wrong = run("predict none x.wav")
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("kilovox: none: no model there" if there == "stderr" else "")
