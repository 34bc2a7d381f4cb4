"""kilovox evaluate --spotting: what it prints, and what it says of options that cannot be."""

import json

import pytest

from kilovox.cli.main import main
from kilovox.integer.model_file import save_model
from models import integer_model, make_recordings, make_utterances


@pytest.fixture
def listener(tmp_path):
    path = tmp_path / "words.safetensors"
    save_model(integer_model("int8", words={"buffer": 60, "pause": 5, "margin": 2}), path)
    return path


@pytest.fixture
def arguments(listener, tmp_path):
    corpus = make_recordings(tmp_path / "tones", labels=("0", "1", "7"))
    calls = make_utterances(tmp_path / "calls", {"ada_1": "zero one", "bob_1": "two ten", "ada_2": "stop", "bob_2": "one"})
    return [listener, "--corpus", corpus.where, "--spotting", "--utterances", calls, "--speech", calls / "sounds" / "ada_2.wav"]


def call(runner, *arguments):
    return runner.invoke(main, ["evaluate", *map(str, arguments)])


def test_tables_for_people(runner, arguments):
    result = call(runner, *arguments)
    assert result.exit_code == 0, result.output
    needed = ("joined whole", "0.2 s apart", "speakers of the utterances: all, 2 of 2 of calls", "1 utterances of calls with",
              "In long sound: labels", "other words of fsdd", "ada_2.wav", "Words missed against false alarms")  # fmt: skip
    for text in needed:
        assert text in " ".join(result.stdout.split()), text
    widest = max(map(len, result.stdout.partition("In long sound")[2].splitlines()))
    assert widest <= 80


def test_json_has_everything_under_one_key(runner, arguments):
    result = call(runner, *arguments, "--gaps", "0.5,whole", "--speakers", "speaker:ada", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert {"outcomes", "others", "accuracy"} <= values.keys()
    spotting = values["spotting"]
    assert list(spotting["strings"]) == ["0.5", "whole"]
    assert spotting["speakers"] == "speaker:ada, 1 of 2 of calls"
    assert spotting["utterances"]["words"] == 2
    assert [one["name"] for one in spotting["speech"]] == ["other utterances of calls", "ada_2.wav"]
    assert spotting["tradeoff"]["curves"][0]["points"]
    assert result.stdout.count("\n") == 1


def test_a_report_has_it(runner, arguments, tmp_path):
    result = call(runner, *arguments, "--report", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text()
    assert "--spotting --utterances" in page
    assert "<h2>Detection-error trade-off</h2>" in page


def test_nothing_of_it_without_the_option(runner, listener, tmp_path):
    corpus = make_recordings(tmp_path / "tones")
    values = json.loads(call(runner, listener, "--corpus", corpus.where, "--json").stdout)
    assert "spotting" not in values


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--gaps", "0"], "--gaps: says what is judged in long sound; expected --spotting"),
     (["--speech", "x"], "--speech: says what is judged in long sound; expected --spotting"),
     (["--spotting", "--gaps", "x"], "expected whole, or seconds"),
     (["--spotting", "--gaps", ""], "--gaps '': ''; expected whole, or seconds"),
     (["--spotting", "--speakers", "all"], "expected --utterances with it"),
     (["--spotting", "--speech", "nowhere"], "expected a sound file, or a folder"),
     (["--spotting", "--utterances", "nowhere"], "nowhere: no such folder")],
)  # fmt: skip
def test_options_that_cannot_be(runner, listener, tmp_path, options, message):
    corpus = make_recordings(tmp_path / "tones")
    result = call(runner, listener, "--corpus", corpus.where, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_model_that_does_not_listen(runner, tmp_path):
    save_model(integer_model("int8"), tmp_path / "whole.safetensors")
    corpus = make_recordings(tmp_path / "tones")
    result = call(runner, tmp_path / "whole.safetensors", "--corpus", corpus.where, "--spotting")
    assert (result.exit_code, "expected a model that finds words" in result.stderr) == (2, True)
