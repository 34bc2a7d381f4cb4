"""kilovox new: a folder that reads, shows and says what to do next; nothing of it where something is wrong."""

import json
import os
import re
import shlex
import stat

import pytest

from kilovox.cli.main import main
from kilovox.config import read_configuration
from kilovox.config.project import Project, make_project
from kilovox.errors import KilovoxError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_folder_that_is_read_and_shown(runner, tmp_path, monkeypatch):
    result = runner.invoke(main, ["new", "doorbell", "yes", "no", "stop", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["folder"], found["configuration"]) == ("doorbell", "doorbell/doorbell.yaml")
    assert found["labels"] == ["yes", "no", "stop", "unknown"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["doorbell"]
    assert sorted(path.name for path in (tmp_path / "doorbell").iterdir()) == found["files"]
    monkeypatch.chdir(tmp_path / "doorbell")
    config = read_configuration(tmp_path / "doorbell" / "doorbell.yaml")
    assert (config.vocabulary.labels, config.vocabulary.others) == (("yes", "no", "stop"), "unknown")
    assert (config.model.kind, config.quantisation.arithmetic, config.data_splitting.group) == ("convolutional", "int8", "auto")
    shown = json.loads(runner.invoke(main, ["inspect", "doorbell.yaml", "--json"]).stdout)
    assert shown["labels"] == found["labels"]
    assert shown["size"]["bytes"] <= 36 * 1024
    assert shown["hidden"] == found["hidden"]


@pytest.mark.parametrize("voices", ["both", "people", "synthetic"])
@pytest.mark.parametrize("one_by_one", [False, True])
def test_every_kind_reads_and_its_readme_names_commands_that_exist(runner, tmp_path, monkeypatch, voices, one_by_one):
    options = ["--voices", voices, "--memory", "20KB", *(["--one-by-one"] if one_by_one else [])]
    result = runner.invoke(main, ["new", "tor", "auf", "guten Tag", "7", "--language", "de", "--out", "x/tor", *options])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(tmp_path / "x" / "tor")
    config = read_configuration(tmp_path / "x" / "tor" / "tor.yaml")
    assert config.vocabulary.labels == ("auf", "guten Tag", "7")
    assert [member.name for member in config.corpora] == {
        "both": ["recordings", "synthetic"], "people": ["recordings"], "synthetic": ["synthetic"],
    }[voices]  # fmt: skip
    assert (config.streams is None, config.frontend.words is not None) == (one_by_one, one_by_one)
    readme = (tmp_path / "x" / "tor" / "README.md").read_text()
    lines = re.findall(r"^ +(kilovox .*)$", readme, re.MULTILINE)
    assert any("data record" in line for line in lines) == (voices != "synthetic")
    assert any("data synthesise" in line and "--language de" in line for line in lines) == (voices != "people")
    for line in lines:
        command, words = main, shlex.split(line)[1:]
        while hasattr(command, "get_command"):
            command = command.get_command(None, words.pop(0))
        command.make_context("kilovox", words)


def test_the_next_step_is_said(runner):
    printed = runner.invoke(main, ["new", "doorbell", "yes", "guten Tag"]).stdout
    assert "next: cd doorbell, then kilovox data record --out recordings --words 'yes,guten Tag'" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["full", "yes"], "full: holds something; expected a folder that is not there yet, or an empty one"),
        (["file", "yes"], "file: is a file; expected a folder"),
        (["../up", "yes"], "name '../up'; expected letters, digits"),
        ([".hidden", "yes"], "name '.hidden'"),
        (["x", "yes", "yes"], "'yes' twice"),
        (["x", "yes", "unknown"], "'unknown' is the label of every other word"),
        (["vocabulary", "yes"], "name 'vocabulary': vocabulary.yaml is the list of words; expected another name"),
        (["Vocabulary", "yes"], "name 'Vocabulary': vocabulary.yaml is the list of words"),
        (["x", "yes", "--memory", "lots"], "'lots' is not a size of memory"),
        (["x", "yes", "--memory", "1KB"], "budget.memory is 1024 bytes"),
        (["x", "yes", "--memory", "100B", "--one-by-one"], "budget.memory is 100 bytes"),
        (["x", "yes", "--language", "German!"], "--language 'German!'; expected a language as espeak-ng calls it"),
        (["x", "yes", "--out", "file/x"], "cannot be made a folder"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(runner, tmp_path, arguments, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("important")
    (tmp_path / "file").write_text("a file")
    result = runner.invoke(main, ["new", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]
    assert (tmp_path / "full" / "thesis.tex").read_text() == "important"


def test_an_empty_folder_is_taken_and_rights_are_the_users(runner, tmp_path):
    (tmp_path / "empty").mkdir()
    assert runner.invoke(main, ["new", "empty", "yes"]).exit_code == 0
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "empty").stat().st_mode) == 0o777 & ~umask


def test_interrupted_nothing_is_left(tmp_path, monkeypatch):
    def interrupted(path, text):
        if path.name == "README.md":
            raise KeyboardInterrupt
        path.write_text(text)

    monkeypatch.setattr("kilovox.config.project.write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_project(tmp_path / "x", Project("x", ("yes",)))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_does_not_take_it_is_named(tmp_path, monkeypatch):
    def refused(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.rename", refused)
    with pytest.raises(KilovoxError, match=r"x: cannot be made \(No space left on device\)"):
        make_project(tmp_path / "x", Project("x", ("yes",)))


def test_from_another_folder_it_says_where_to_go(runner):
    runner.invoke(main, ["new", "doorbell", "yes"])
    result = runner.invoke(main, ["inspect", "doorbell/doorbell.yaml"])
    assert result.exit_code == 2
    assert (
        "'vocabulary.yaml': no such file; expected a YAML file, relative to the folder that kilovox is run in," in result.stderr
    )
