import json

import numpy as np
import pytest
import soundfile

from kilovox.audio import read_audio
from kilovox.cli.main import main
from kilovox.integer.model_file import save_model
from kilovox.integer.recogniser import Recogniser
from models import integer_model, make_model, write_wav


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
    assert all(line.keys() == {"file", "label", "confidence", "outcome", "best"} for line in lines)
    assert all((line["outcome"], line["best"]) == ("label", line["label"]) for line in lines)


@pytest.mark.parametrize("arithmetic", ["float32", "int8"])
def test_nothing_heard_is_no_label(runner, model_file, tmp_path, arithmetic):
    model = tmp_path / "integers.safetensors"
    save_model(integer_model("int8"), model)
    noise = np.random.default_rng(0).integers(-9000, 9000, 2000).astype(np.int16)
    silent = {"silence": noise * 0, "cancelled": np.stack([noise, -noise], axis=1), "one": noise[:1], "short": noise[:255]}
    for name, samples in silent.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 8000)
        result = call(runner, model_file if arithmetic == "float32" else model, tmp_path / f"{name}.wav", "--json")
        assert result.exit_code == 0
        found = json.loads(result.stdout)
        assert found == {**found, "label": None, "confidence": 0.0, "outcome": "nothing", "best": None}
    assert "\t(nothing heard)\t" in call(runner, model_file, tmp_path / "one.wav").stdout


def test_a_label_that_is_not_sure_enough_is_unknown(runner, tones, tmp_path):
    save_model(make_model(thresholds=(255, 255, 255)), tmp_path / "m.safetensors")
    file = tones.recordings[0].path
    found = json.loads(call(runner, tmp_path / "m.safetensors", file, "--json").stdout)
    assert (found["label"], found["outcome"], found["best"] in "012") == (None, "unknown", True)
    assert f"\t({found['best']}?)\t" in call(runner, tmp_path / "m.safetensors", file).stdout


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
