"""Help, typing errors and what is not installed: in a runtime of nothing but the package's own dependencies."""

import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from kilovox.cli.main import COMMANDS, main
from kilovox.errors import EXTRAS, not_installed

BLOCK = """
import importlib.abc, sys
BLOCKED = set({blocked!r})
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
import click
from click.testing import CliRunner
from kilovox.cli.main import main
"""
EVERY_HELP = """
def walk(command, path):
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0 and result.output.startswith("Usage: "), (path, result.output, result.exception)
    print(*path)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            walk(command.get_command(context, name), [*path, name])
walk(main, [])
"""
RUN = "main(sys.argv[1:])"
BLOCKED = [*{module for modules in EXTRAS.values() for module in modules}, "sklearn", "librosa", "pandas", "ray"]


def run(code, *arguments):
    command = [sys.executable, "-W", "error", "-c", BLOCK.format(blocked=BLOCKED) + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_help_without_any_extra():
    done = run(EVERY_HELP)
    assert done.returncode == 0, done.stderr
    assert set(COMMANDS) <= {line.split(" ")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("arguments", [["sing"], ["--hepl"], ["train", "digits", "--rezume"], ["data", "fech"], []])
def test_typing_errors_without_any_extra(arguments):
    done = run(RUN, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Usage: " in done.stderr


@pytest.mark.parametrize("arguments", [["train", "digits"], ["reproduce", "--features"], ["crossvalidate", "digits"]])
def test_what_training_needs_is_said_in_one_line(arguments):
    done = run(RUN, *arguments)
    assert done.returncode == 2
    assert re.fullmatch(
        r"kilovox: this needs \w+, which is not installed; expected the extra train: from a clone pip install '\.\[train\]' "
        r"\(once published: pip install 'kilovox\[train\]'\)\n",
        done.stderr,
    )


def test_no_line_of_the_list_is_cut():
    listed = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    for command, line in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(line)}$", listed, re.MULTILINE), command
    data = main.get_command(click.Context(main), "data")
    for group in (listed, CliRunner().invoke(data, ["--help"], terminal_width=80).output):
        assert "..." not in group.partition("Commands:")[2]
        assert all(len(line) <= 80 for line in group.splitlines())


def test_a_module_of_no_extra():
    assert str(not_installed("nose.plugins")) == "this needs nose, which is not installed; expected pip install nose"


def test_what_is_said_cannot_speak_to_the_terminal(tmp_path):
    result = CliRunner().invoke(main, ["train", "\x1b]0;title\x07\u202e.yaml"])
    assert result.exit_code == 2
    assert result.stderr.startswith("kilovox: \\x1b]0;title\\x07\\u202e.yaml: no such file")
