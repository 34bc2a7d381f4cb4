import json

import pytest

from kilovox.audio import read_audio
from kilovox.cli.main import main
from kilovox.integer.recogniser import Recogniser
from models import make_model, write_wav


def call(runner, *arguments):
    return runner.invoke(main, ["predict", *map(str, arguments)])


def test_one_object_a_line(runner, model_file, tones):
    files = [recording.path for recording in tones.recordings[:3]]
    result = call(runner, model_file, *files, "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    expected = Recogniser(make_model())([tones.samples(index, 8000) for index in range(3)])
    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert [line["label"] for line in lines] == [("0", "1", "2")[index] for index in expected.indices]
    assert [line["confidence"] for line in lines] == pytest.approx(expected.confidence.tolist(), abs=1e-5)
    assert all(line.keys() == {"file", "label", "confidence"} for line in lines)


def test_text_for_people(runner, model_file, tones):
    file, label, confidence = call(runner, model_file, tones.recordings[0].path).stdout.rstrip("\n").split("\t")
    assert file == str(tones.recordings[0].path)
    assert label in "012"
    assert 0 < float(confidence) <= 1


def test_a_bad_file_does_not_hold_up_the_good_ones(runner, model_file, tones, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"not a sound")
    result = call(runner, model_file, bad, tones.recordings[0].path, tmp_path / "none.wav", tones.recordings[1].path, "--json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert [json.loads(line)["label"] in "012" for line in result.stdout.splitlines()] == [True, True]
    first, second = result.stderr.splitlines()
    assert first.startswith(f"kilovox: {bad}: not a readable sound file")
    assert second == f"kilovox: {tmp_path / 'none.wav'}: no such file"


def test_other_rates_are_converted(runner, model_file, tmp_path):
    write_wav(tmp_path / "high.wav", 1, rate=16000)
    assert len(read_audio(tmp_path / "high.wav", 8000)) == 2000
    assert call(runner, model_file, tmp_path / "high.wav").exit_code == 0


def test_files_are_needed(runner, model_file):
    result = call(runner, model_file)
    assert result.exit_code == 2
    assert "FILE" in result.stderr
