import json
import re
import subprocess
import sys

import pytest

from kilovox.cli.evaluate import SHOWN
from kilovox.cli.main import main
from kilovox.integer.model_file import save_model
from models import make_model, make_recordings


def call(runner, *arguments):
    return runner.invoke(main, ["evaluate", *map(str, arguments)])


def test_json_is_one_object_and_nothing_else(runner, model_file, tones):
    result = call(runner, model_file, "--corpus", tones.where, "--split", "speaker:bob", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    promised = {"model", "corpus", "split", "recordings", "correct", "accuracy", "interval", "per_speaker", "confusion"}
    assert promised <= values.keys()
    assert (values["split"], values["recordings"], set(values["per_speaker"])) == ("speaker:bob", 12, {"bob"})
    assert result.stdout.count("\n") == 1


def test_tables_for_people(runner, model_file, tones):
    result = call(runner, model_file, "--corpus", tones.where, "--split", "speaker:bob")
    assert result.exit_code == 0, result.output
    for needed in ("tiny on fsdd, split speaker:bob", "of 12 right", "weighted avg", "Confusion matrix", "Misclassified"):
        assert needed in result.stdout


def test_what_it_was_trained_on_is_refused_unless_asked_for(runner, model_file, tones):
    result = call(runner, model_file, "--corpus", tones.where, "--split", "all", "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "trained on 1 of the 24 recordings" in result.stderr
    assert "--include-trained" in result.stderr
    result = call(runner, model_file, "--corpus", tones.where, "--split", "all", "--include-trained", "--json")
    assert json.loads(result.stdout)["trained_on"] == 1
    assert "1 of the 24 recordings were trained on" in call(
        runner, model_file, "--corpus", tones.where, "--split", "all", "--include-trained"
    ).stdout  # fmt: skip


def test_fsdd_is_the_corpus_without_another(runner, model_file, tones, monkeypatch):
    monkeypatch.setenv("KILOVOX_FSDD", tones.where)
    values = json.loads(call(runner, model_file, "--split", "speaker:bob", "--json").stdout)
    assert (values["corpus"], values["recordings"]) == ("fsdd", 12)


@pytest.mark.parametrize("arguments", [["--split", "half"], ["--split", "speaker:eve"]])
def test_an_impossible_split(runner, model_file, tones, arguments):
    result = call(runner, model_file, "--corpus", tones.where, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("kilovox: split")


def test_no_such_model(runner, tones):
    result = call(runner, "nonsense", "--corpus", tones.where)
    assert result.exit_code == 2
    assert "nonsense: no model there" in result.stderr


def test_no_such_corpus(runner, model_file, tmp_path):
    result = call(runner, model_file, "--corpus", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


def test_help(runner):
    result = call(runner, "--help")
    assert result.exit_code == 0
    assert "--include-trained" in result.stdout


def test_the_interval_says_what_it_counts(runner, model_file, tones):
    both = call(runner, model_file, "--corpus", tones.where, "--split", "all", "--include-trained").stdout
    assert "counting 2 speakers" in both
    assert "interval if every recording were another person's" in both
    one = call(runner, model_file, "--corpus", tones.where, "--split", "speaker:bob").stdout
    assert "counting recordings" in one


def test_speakers_of_few_recordings_do_not_fill_the_screen(runner, model_file, tmp_path):
    corpus = make_recordings(tmp_path / "many", labels=("1",), speakers=[f"s{n}" for n in range(SHOWN + 5)], takes=1)
    shown = call(runner, model_file, "--corpus", corpus.where).stdout
    assert len([line for line in shown.splitlines() if "of fewer than" in line]) in (1, 2)
    assert not [line for line in shown.splitlines() if line.startswith("\N{BOX DRAWINGS LIGHT VERTICAL} s1 ")]
    assert f"counting {SHOWN + 5} speakers" in shown


def test_a_report(runner, model_file, tones, tmp_path):
    arguments = ["--corpus", tones.where, "--split", "speaker:bob", "--report", tmp_path / "out" / "report.html", "--json"]
    result = call(runner, model_file, *arguments)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "tiny on fsdd" in page
    assert f"--corpus {tones.where} --split speaker:bob" in page, "the command that gives it again"
    assert "Misclassified recordings" in page
    assert len(re.findall("<audio", page)) == len(json.loads(result.stdout)["misclassified"])


def test_where_a_report_cannot_go_is_said_before_anything_is_heard(runner, model_file, tones, tmp_path, monkeypatch):
    monkeypatch.setattr("kilovox.native.fast.open_fast_recogniser", lambda _: pytest.fail("listened in vain"))
    (tmp_path / "folder").mkdir()
    result = call(runner, model_file, "--corpus", tones.where, "--report", tmp_path / "folder")
    assert result.exit_code == 2
    assert result.stderr == f"kilovox: {tmp_path / 'folder'}: is a folder; name a file\n"


def test_a_report_takes_the_place_of_a_report_alone(runner, model_file, tones, tmp_path):
    before = model_file.read_bytes()
    result = call(runner, model_file, "--corpus", tones.where, "--report", model_file)
    assert (result.exit_code, result.stdout, model_file.read_bytes()) == (2, "", before)
    assert result.stderr == f"kilovox: {model_file}: holds something else than a report; name another file\n"
    path = tmp_path / "r.html"
    path.touch()
    for _ in range(2):
        assert call(runner, model_file, "--corpus", tones.where, "--report", path).exit_code == 0
    assert path.read_bytes().startswith(b"<!DOCTYPE html>")


def test_own_words_are_judged_on_the_runs_own_recordings(runner, tmp_path, monkeypatch):
    for word in ("yes", "no"):
        make_recordings(tmp_path / "words" / word, labels=(word,), takes=1)
    path = tmp_path / "run" / "model.safetensors"
    path.parent.mkdir()
    save_model(make_model(labels=("yes", "no"), aliases={}), path)
    refused = call(runner, path)
    assert refused.exit_code == 2
    assert "expected --corpus" in refused.stderr
    assert "FSDD" not in refused.stderr
    corpora = [{"role": "corpus", "name": "words", "where": str(tmp_path / "words")}]
    (path.parent / "experiment.json").write_text(json.dumps({"corpora": corpora}))
    values = json.loads(call(runner, path, "--json").stdout)
    assert (values["corpus"], values["recordings"]) == ("words", 4)


@pytest.mark.parametrize("name", ["evaluate", "crossvalidate", "reproduce"])
def test_help_needs_nothing_but_click(name):
    """Not torch, and no waiting for NumPy and pydantic."""
    blocked = ("torch", "numpy", "pydantic", "matplotlib", "jinja2", "rich", "soundfile", "safetensors")
    lines = ["import sys", f"sys.modules.update(dict.fromkeys({blocked!r}))", f"from kilovox.cli.{name} import command",
             "command(['--help'])"]  # fmt: skip
    code = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
