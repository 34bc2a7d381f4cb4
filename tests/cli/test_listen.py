"""kilovox listen on sound files: the words of both engines, and clear errors."""

import json
import sys

import numpy as np
import pytest
import soundfile

from kilovox.cli.main import main
from kilovox.integer.model_file import save_model
from models import integer_model, make_model


@pytest.fixture
def listener(tmp_path):
    path = tmp_path / "words.safetensors"
    save_model(integer_model("int8", words={"buffer": 60, "pause": 5, "margin": 2}), path)
    return path


@pytest.fixture
def three_words(tmp_path):
    random = np.random.default_rng(5)
    quiet = [random.integers(-3, 4, 3000) for _ in range(4)]
    loud = [(np.sin(np.arange(2500) * pitch) * 8000 + random.normal(size=2500) * 300).astype(int) for pitch in (0.1, 0.5, 1.0)]
    pieces = [quiet[0], loud[0], quiet[1], loud[1], quiet[2], loud[2], quiet[3]]
    path = tmp_path / "three.wav"
    soundfile.write(path, np.concatenate(pieces).astype(np.int16), 8000)
    return path


def test_words_are_told_as_they_end_by_both_engines(runner, listener, three_words, monkeypatch):
    compiled = runner.invoke(main, ["listen", str(listener), "--file", str(three_words), "--json"])
    assert compiled.exit_code == 0, compiled.output
    words = [json.loads(line) for line in compiled.stdout.splitlines()]
    assert len(words) == 3
    assert [word["seconds"] for word in words] == pytest.approx([0.82, 1.5, 2.2], abs=0.15)
    assert all(word.keys() == {"seconds", "label", "confidence", "outcome"} for word in words)
    monkeypatch.setenv("CC", "no-such-compiler")
    numpy = runner.invoke(main, ["listen", str(listener), "--file", str(three_words), "--json"])
    assert numpy.stdout == compiled.stdout
    text = runner.invoke(main, ["listen", str(listener), "--file", str(three_words)])
    assert [line.split("\t")[1] for line in text.stdout.splitlines()] == [word["label"] for word in words]


def test_what_cannot_listen_or_be_heard_is_named(runner, listener, tmp_path, monkeypatch):
    whole, floats = tmp_path / "whole.safetensors", tmp_path / "float.safetensors"
    save_model(integer_model("int8"), whole)
    save_model(make_model(), floats)
    for arguments, message in (
        ([str(whole)], "expected a model that finds words"),
        ([str(floats)], "expected a model that finds words"),
        ([str(listener), "--file", str(tmp_path / "none.wav")], "no such file"),
    ):
        result = runner.invoke(main, ["listen", *arguments])
        assert result.exit_code == 2
        assert message in result.stderr
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = runner.invoke(main, ["listen", str(listener)])
    assert (result.exit_code, "kilovox[listen]" in result.stderr) == (2, True)
