"""kilovox data: what it prints, for people and for machines."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

import kilovox.cli.data as command
from kilovox.cli.data import command as data
from kilovox.corpus import fetch_speech_commands
from kilovox.corpus.fetch_speech_commands import Archive
from kilovox.errors import KilovoxError
from models import write_wav


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(data, [str(argument) for argument in arguments])


def succeed(*arguments: object) -> Result:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.exception
    assert result.stderr == ""
    return result


@pytest.mark.parametrize("arguments", [(), ("fetch",), ("inspect",)])
def test_help(arguments: tuple[str, ...]) -> None:
    assert "Usage:" in succeed(*arguments, "--help").stdout


def test_fetch(synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fake(out: Path | None, quiet: bool) -> Path:
        asked.append((out, quiet))
        return synthetic_folder

    monkeypatch.setattr(command, "fetch_fsdd", fake)
    assert succeed("fetch").stdout == f"{synthetic_folder}: 90 recordings, verified\n"
    printed = json.loads(succeed("fetch", "--out", "here", "--json").stdout)
    assert (printed["folder"], printed["recordings"], len(printed["fingerprint"])) == (str(synthetic_folder), 90, 64)
    assert asked == [(None, False), (Path("here"), True)]


def test_fetch_speech_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yes").mkdir()
    write_wav(tmp_path / "yes" / "0c40e715_nohash_0.wav", 1)
    asked = []

    def fake(archive: Archive, out: Path | None, quiet: bool) -> Path:
        asked.append((archive.name, out, quiet))
        return tmp_path

    monkeypatch.setattr(fetch_speech_commands, "fetch_archive", fake)
    assert succeed("fetch", "speech-commands").stdout == f"{tmp_path}: 1 recordings; the archive was verified\n"
    printed = json.loads(succeed("fetch", "speech-commands-test", "--out", "x", "--json").stdout)
    assert printed == {"folder": str(tmp_path), "recordings": 1, "sha256": fetch_speech_commands.TEST_SET.sha256}
    assert asked == [("speech_commands_v0.02", None, False), ("speech_commands_test_set_v0.02", Path("x"), True)]
    assert invoke("fetch", "something").exit_code == 2


def test_fetch_into_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.tex").write_text("important")
    result = invoke("fetch", "--out", tmp_path / "x")
    assert isinstance(result.exception, KilovoxError)
    assert result.stdout == ""


def test_inspect(synthetic_folder: Path) -> None:
    printed = succeed("inspect", "--corpus", synthetic_folder).stdout
    assert "fsdd: 90 recordings" in printed
    assert str(synthetic_folder) in printed.replace("\n", "")
    assert re.search(r"fit into 36 frames\s+100.00%", printed)
    assert re.search(r"│ bo +│( 3 │){10} 30 +│", printed)


def test_inspect_words_of_utterances(synthetic_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "utterances.csv").write_text(f"path,speaker,transcript\n{synthetic_folder / '1_bo_5.wav'},bo,one oh\n")
    rows = "1_bo_5,bo,one,0,0.1\n1_bo_5,bo,oh,0.1,0.15\n"
    (tmp_path / "segments.csv").write_text("utterance,speaker,word,start,end\n" + rows)
    assert "2 recordings in 1 files" in succeed("inspect", "--corpus", tmp_path).stdout.replace("\n", " ")


def test_inspect_json_is_one_object(synthetic_folder: Path, tmp_path: Path) -> None:
    result = succeed("inspect", "--corpus", synthetic_folder, "--json", "--plots", tmp_path / "plots")
    assert result.stdout.count("\n") == 1
    printed = json.loads(result.stdout)
    assert printed["recordings"] == 90
    assert printed["labels"]["7"] == 9
    assert printed["frames"]["maximum"] <= 36
    assert len(printed["plots"]) == 5
    assert all(Path(path).is_file() for path in printed["plots"])


def test_inspect_the_folder_of_the_environment(synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    assert json.loads(succeed("inspect", "--json").stdout)["where"] == str(synthetic_folder)


def test_inspect_features(tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", X=np.zeros((60, 2)), y=[1, 2], lengths=[20, 40])
    printed = succeed("inspect", "--corpus", tmp_path / "f.npz").stdout
    assert "2 features" in printed
    assert "50.00%" in printed
    assert "seconds" not in printed


def test_inspect_many_words_and_broken_files(tmp_path: Path) -> None:
    for index in range(15):
        (tmp_path / f"word[{index}]").mkdir()
        soundfile.write(tmp_path / f"word[{index}]" / "a.wav", np.zeros(100), 8000)
    (tmp_path / "word[3]" / "b.wav").write_text("not sound")
    printed = succeed("inspect", "--corpus", tmp_path).stdout
    assert "word[3]" in printed
    assert "unreadable:" in printed
    assert "Format not recognised" in printed.replace("\n", " ")


def test_inspect_nothing(tmp_path: Path) -> None:
    result = invoke("inspect", "--corpus", tmp_path / "nowhere", "--json")
    assert isinstance(result.exception, KilovoxError)
    assert "nowhere" in str(result.exception)
    assert result.stdout == ""
