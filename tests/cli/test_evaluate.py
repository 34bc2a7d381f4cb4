import json

import pytest

from kilovox.cli.main import main


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
