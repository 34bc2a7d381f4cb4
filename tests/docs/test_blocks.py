"""Every block of code in the README and on the site's pages is run, or is marked why not."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blocks import PAGES, ROOT, Block, blocks, commands, make_recordings, write_files
from kilovox.cli.main import main
from kilovox.config import read_configuration

ALL = [block for page in PAGES for block in blocks(page)]

README = {
    "make reproduce": "the main job",
    "pip install .": "pip installs",
    "kilovox demo": "serves until it is stopped, and needs a microphone; a recording of FSDD",
    "kilovox export listening": "as in the guides; verify takes minutes",
}
"""Why blocks of the README are not run, by language or by how they begin; it may have marks of its own besides."""

FILES = ("c", "cpp", "cmake", "js", "ini", "kconfig", "text")
"""Languages of files, which a block with "$ " on the same page uses."""

FAST = re.compile(r"kilovox [^|&;<>$`]*")
"""A command that needs no shell, and no process of its own."""


def reason(block: Block) -> str:
    """Why `block` is not run; nothing where it is."""
    if block.mark[0] == "not run":
        return block.mark[1]
    if block.mark[0] == "output of":
        return f"output of {block.mark[1]}"
    if block.page.name == "README.md":
        return next((why for what, why in README.items() if block.language == what or block.text.startswith(what)), "")
    return ""


RUN = [page for page in PAGES if any(not reason(block) for block in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_run(page, tmp_path, monkeypatch, cache):
    """One after another in one folder, as a reader would."""
    make_recordings(tmp_path)
    write_files(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KILOVOX_CACHE", str(cache))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for block in blocks(page):
        missing = [name for name in block.mark[1].split() if not installed(name)] if block.mark[0] == "needs" else []
        if not reason(block) and not missing:
            run(block, tmp_path)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The engine is compiled once."""
    return tmp_path_factory.mktemp("cache")


def installed(name: str) -> bool:
    return shutil.which(name) is not None or importlib.util.find_spec(name) is not None


def run(block: Block, folder: Path) -> None:
    if block.language == "python":
        exec(compile(block.text, str(block), "exec"), {})
    elif block.language == "yaml":
        path = folder / "block.yaml"
        path.write_text(block.text if "experiment:" in block.text else "experiment: {name: fragment}\n" + block.text)
        read_configuration(path)
    elif block.language == "sh" and not is_kept(block):
        shell(block, block.text)
    elif block.language in ("console", "sh", ""):
        for command, printed in commands(block.text):
            compare(block, command, printed, one(block, command))
    else:
        later = [other for other in blocks(block.page) if other.line > block.line and other.language == "console"]
        assert block.language in FILES, f"{block}: {block.language} is not run; expected a mark that says why"
        assert block.title, f"{block}: no title, so no file; expected one, or a mark that says why it is not run"
        assert later, f"{block}: no command below uses it; expected one, or a mark"


def is_kept(block: Block) -> bool:
    """Whether all of it are commands of which something is known without running them."""
    return all(command.startswith(("make ", "pip install ")) for command, _ in commands(block.text))


def one(block: Block, command: str) -> str:
    """What `command` prints."""
    if command.startswith("make "):
        target = command.split()[1]
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"{block}: no such target"
        return ""
    if command.startswith("pip install "):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert all(name in extras for name in re.findall(r"\[(\w+)\]", command)), f"{block}: no such extra"
        return ""
    if re.fullmatch(r"cd [\w./-]+", command):
        enter(block, Path(command.removeprefix("cd ")))
        return ""
    if not FAST.fullmatch(command):
        return shell(block, command)
    result = CliRunner().invoke(main, shlex.split(command, comments=True)[1:])
    assert result.exit_code == 0, f"{block}: {command}: {result.output}"
    return result.stdout


def enter(block: Block, folder: Path) -> None:
    """Go on in `folder`, where the reader has recordings now, and the files of the page."""
    make_recordings(folder)
    write_files(block.page, folder)
    os.chdir(folder)


def shell(block: Block, text: str) -> str:
    result = subprocess.run(["bash", "-ec", text], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{block}: {text}: {result.stderr[-2000:]}"
    return result.stdout


def compare(block: Block, command: str, expected: list[str], printed: str) -> None:
    """The lines of `expected` are printed in this order; others may stand between them."""
    lines = iter(printed.split("\n"))
    for line in expected:
        assert any(line.strip() == other.strip() for other in lines), f"{block}: {command} prints\n{printed}expected {line!r}"


MARKED = [block for block in ALL if reason(block)]


@pytest.mark.parametrize("block", MARKED, ids=str)
def test_blocks_not_run(block):
    """Shows the reason; that the options of commands exist, and that YAML is right, is seen all the same."""
    if block.language in ("sh", "console", ""):
        for command, _ in commands(block.text):
            if command.startswith("kilovox "):
                check_options(block, command)
            elif command.startswith("make "):
                one(block, command)
    if block.mark[0] == "output of" and block.mark[1].startswith("kilovox "):
        check_options(block, block.mark[1])
    pytest.skip(reason(block))


def check_options(block: Block, line: str) -> None:
    words, command = shlex.split(line, comments=True)[1:], main
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, f"{block}: {line}: no such command"
        command = found
    try:
        command.make_context("kilovox", words)
    except click.UsageError as error:
        pytest.fail(f"{block}: {line}: {error.format_message()}")


def test_every_mark_is_of_a_block():
    """A mark that stands elsewhere says nothing."""
    for page in PAGES:
        marks = len(re.findall(r"^ *<!-- (?:not run|output of|needs): ", page.read_text(), re.MULTILINE))
        assert marks == sum(bool(block.mark[0]) for block in blocks(page)), page
