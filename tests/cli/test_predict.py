import json
import os
import subprocess
import sys

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


def test_standard_input_and_raw_samples(runner, model_file, tones, tmp_path):
    path = tones.recordings[0].path
    (expected,) = [json.loads(line) for line in call(runner, model_file, path, "--json").stdout.splitlines()]
    data = path.read_bytes()
    (tmp_path / "raw").write_bytes(data[44:])
    for arguments, heard in (
        (("-",), data), (("-", "--rate", 8000), data[44:]), ((tmp_path / "raw", "--rate", "8000", "--channels", 1), None),
    ):  # fmt: skip
        result = runner.invoke(main, ["predict", str(model_file), *map(str, arguments), "--json"], input=heard)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout) == expected | {"file": str(arguments[0])}
    for arguments, message in (
        (("-",), "standard input: 0 bytes"), ((path, "--rate", 8000), "as a sound file does"),
        ((path, "--channels", 2), "--channels: says what raw samples are"), ((path, "--rate", 8), "expected 1000 to 768000 Hz"),
    ):  # fmt: skip
        result = runner.invoke(main, ["predict", str(model_file), *map(str, arguments)], input=b"")
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
        assert message in result.stderr


def test_a_pipe_by_its_name(model_file, tones):
    """As a shell hands over `<(...)`."""
    path = tones.recordings[0].path
    reading, writing = os.pipe()
    os.write(writing, path.read_bytes())
    os.close(writing)
    command = [sys.executable, "-m", "kilovox", "predict", str(model_file), f"/dev/fd/{reading}", str(path), "/dev/stdin"]
    done = subprocess.run(command, check=False, pass_fds=[reading], input=path.read_bytes(), capture_output=True)
    os.close(reading)
    assert done.returncode == 0, done.stderr
    labels = [line.split(b"\t")[1:] for line in done.stdout.splitlines()]
    assert len(labels) == 3
    assert labels[0] == labels[1] == labels[2]


def test_where_no_model_is_named_it_is_digits(runner, tones, tmp_path):
    path = tones.recordings[0].path
    named = call(runner, "digits", path, path)
    assert named.exit_code == 0
    assert call(runner, path, path).stdout == named.stdout
    (tmp_path / "no_suffix").write_bytes(path.read_bytes())
    assert call(runner, tmp_path / "no_suffix").exit_code == 0
    assert call(runner, tmp_path / "none.wav").stderr == f"kilovox: {tmp_path / 'none.wav'}: no such file\n"
    (tmp_path / "empty.flac").write_bytes(b"")
    assert "empty.flac: 0 bytes; expected a sound file" in call(runner, tmp_path / "empty.flac").stderr
    (tmp_path / "model.txt").write_text("not a model")
    assert "model.txt: not a whole .safetensors file" in call(runner, tmp_path / "model.txt", path).stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_names_that_the_terminal_cannot_print(model_file, tones, tmp_path, encoding, options):
    names = ["日本.wav", "Jos\u00e9.wav", "b\x1b[31m\n.wav", "\udcff.wav"]
    for name in names:
        (tmp_path / name).write_bytes(tones.recordings[0].path.read_bytes())
    command = [sys.executable, "-m", "kilovox", "predict", str(model_file), *names, "無.wav", "last.wav", *options]
    (tmp_path / "last.wav").write_bytes(tones.recordings[1].path.read_bytes())
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"no such file" in done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert b"last.wav" in lines[-1]
    assert b"\x1b" not in done.stdout
    if options:
        assert [json.loads(line)["file"] for line in lines[:-1]] == names


def test_a_reader_that_has_seen_enough(model_file, tones):
    """As `| head -1`."""
    path = str(tones.recordings[0].path)
    command = [sys.executable, "-m", "kilovox", "predict", str(model_file), *[path] * 50]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_files_are_needed(runner, model_file):
    result = call(runner, model_file)
    assert result.exit_code == 2
    assert "FILE" in result.stderr
