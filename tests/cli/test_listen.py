"""kilovox listen on sound files: the words of both engines, and clear errors."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import soxr

from kilovox.alignment import align
from kilovox.cli.main import main
from kilovox.integer.model_file import save_model
from kilovox.microphone import Device, Which
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
    assert all(word.keys() == {"seconds", "label", "confidence", "outcome", "best"} for word in words)
    assert {word["outcome"] for word in words} == {"label"}
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


def test_a_sound_in_the_place_of_the_model(runner, three_words):
    for arguments in ([three_words], ["digits", three_words]):
        result = runner.invoke(main, ["listen", *map(str, arguments)])
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert f"expected kilovox listen --file {three_words}" in result.stderr
    result = runner.invoke(main, ["listen", "digits", "digits-pow2"])
    assert (result.exit_code, "'digits-pow2': one argument too many" in result.stderr) == (2, True)
    result = runner.invoke(main, ["listen", "--rate", "8000"])
    assert (result.exit_code, "expected --file with it" in result.stderr) == (2, True)


def test_standard_input_is_the_file(runner, listener, three_words, tmp_path):
    arguments = ["listen", str(listener), "--json", "--file"]
    expected = runner.invoke(main, [*arguments, str(three_words)]).stdout
    data = three_words.read_bytes()
    samples, rate = soundfile.read(three_words)
    soundfile.write(tmp_path / "three.flac", samples, rate)
    for heard, options in ((data, []), (data[44:], ["--rate", "8000"]), ((tmp_path / "three.flac").read_bytes(), [])):
        result = runner.invoke(main, [*arguments, "-", *options], input=heard)
        assert (result.exit_code, result.stdout) == (0, expected), result.output
    cut = runner.invoke(main, [*arguments, "-"], input=data[: len(data) * 2 // 3])
    assert cut.exit_code == 2
    assert cut.stdout
    assert expected.startswith(cut.stdout)
    assert "standard input: truncated" in cut.stderr


def test_words_come_out_as_they_are_spoken_and_ctrl_c_ends_it_cleanly(listener, three_words):
    """Two thirds of the sound, and a pipe that stays open."""
    # A shell's background job, as tests may be, ignores Ctrl-C, and so would its child.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from kilovox.cli.main import main; main()"
    command = [sys.executable, "-c", code, "listen", str(listener), "--file", "-", "--json"]
    data = three_words.read_bytes()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(data[: len(data) * 2 // 3])
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["seconds"] == pytest.approx(0.82, abs=0.15)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr.read().strip() == b""


def test_a_microphone_that_loses_samples_is_told(runner, listener, monkeypatch):
    def losing(rate, size, lost, which):
        lost()
        yield np.zeros(size, np.int16)

    monkeypatch.setattr("kilovox.cli.listen.microphone", losing)
    result = runner.invoke(main, ["listen", str(listener)])
    assert result.exit_code == 0
    assert "microphone: samples were lost" in result.stderr


PLAYED = """
import os, sys
import numpy as np
import soundfile
import kilovox.cli.listen
from kilovox.cli.main import main

def played(rate, size, lost, which):
    samples, _ = soundfile.read(os.environ["PLAYED"], dtype="int16")
    lost()
    for start in range(0, len(samples), size):
        yield samples[start : start + size]

kilovox.cli.listen.microphone = played
main()
"""


def in_a_terminal(sound, *arguments):
    """What a terminal of 60 x 20 is sent by a microphone that plays `sound`."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = os.environ | {"PLAYED": str(sound), "COLUMNS": "60", "LINES": "20", "TERM": "xterm-256color"}
    for name in ("NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    command = [sys.executable, "-c", PLAYED, "listen", *map(str, arguments)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        sent = b""
        try:
            while part := os.read(ours, 65536):
                sent += part
        except OSError:  # the end, as Linux says it
            pass
        errors = process.stderr.read().decode()
        assert process.wait(60) == 0, errors
    os.close(ours)
    return sent.decode(), errors


def test_a_terminal_sees_what_is_heard_and_plain_is_as_in_a_pipe(runner, listener, three_words):
    sent, errors = in_a_terminal(three_words, listener)
    words = words_of(runner, listener, three_words)
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent).replace("\r", "").split("0:02  ")[-1]
    assert "lost samples 1 x" in last
    assert "dBFS" in last
    assert "▀" in last
    for word in words:
        assert re.search(f"{word['seconds']:8.2f}  {word['label']} .*{word['confidence']:.2f}\n", last), last
    assert errors == ""
    plain, errors = in_a_terminal(three_words, listener, "--plain")
    assert [line.split("\t")[1] for line in plain.splitlines()] == [word["label"] for word in words]
    assert "samples were lost" in errors


def test_microphones_are_listed_and_chosen(runner, listener, three_words, monkeypatch):
    found = [Device(0, "built-in", 2, 44100, True), Device(3, "usb", 1, 48000, False)]
    monkeypatch.setattr("kilovox.cli.listen.devices", lambda: found)
    result = runner.invoke(main, ["listen", "--devices"])
    assert result.stdout == "  0\tbuilt-in\t2 channels, 44100 Hz  (default)\n  3\tusb\t1 channel, 48000 Hz\n"
    lines = [json.loads(line) for line in runner.invoke(main, ["listen", "--devices", "--json"]).stdout.splitlines()]
    assert lines == [vars(one) for one in found]
    monkeypatch.setattr("kilovox.cli.listen.devices", list)
    assert "no input device; expected one" in runner.invoke(main, ["listen", "--devices"]).stderr
    chosen = []

    def asked(rate, size, lost, which):
        chosen.append(which)
        yield np.zeros(size, np.int16)

    monkeypatch.setattr("kilovox.cli.listen.microphone", asked)
    assert runner.invoke(main, ["listen", str(listener), "--device", "usb", "--channel", "2"]).exit_code == 0
    assert chosen == [Which("usb", 2)]
    for option in (["--device", "usb"], ["--channel", "1"]):
        result = runner.invoke(main, ["listen", str(listener), "--file", str(three_words), *option])
        assert (result.exit_code, f"{option[0]}: says which microphone" in result.stderr) == (2, True)


VERSIONS = {
    "44100 stereo": (44100, 2, "WAV", "PCM_16"), "16000": (16000, 1, "WAV", "PCM_16"), "48000": (48000, 1, "WAV", "PCM_24"),
    "flac": (44100, 2, "FLAC", "PCM_16"), "ogg": (44100, 2, "OGG", "VORBIS"), "float": (8000, 1, "WAV", "FLOAT"),
}  # fmt: skip


def versions(folder, samples):
    """The same sound at other rates, in other channels and formats: path by name."""
    for name, (rate, channels, kind, coding) in VERSIONS.items():
        wide = samples / 32768 if rate == 8000 else soxr.resample(samples / 32768, 8000, rate, quality="VHQ")
        soundfile.write(folder / name, np.repeat(wide[:, None], channels, axis=1), rate, format=kind, subtype=coding)
        yield folder / name


def words_of(runner, model, path):
    result = runner.invoke(main, ["listen", str(model), "--file", str(path), "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_same_words_at_every_rate(runner, listener, three_words, tmp_path):
    expected = words_of(runner, listener, three_words)
    for path in versions(tmp_path, soundfile.read(three_words, dtype="int16")[0]):
        found = words_of(runner, listener, path)
        assert [word["seconds"] for word in found] == pytest.approx([word["seconds"] for word in expected], abs=0.05), path


def joined_digits(fsdd_folder, gap):
    """Six digits of six people, between digital silence; what they are."""
    names = ("3_jackson_5", "7_theo_2", "1_nicolas_4", "6_george_1", "0_lucas_8", "9_yweweler_3")
    parts = [np.zeros(gap, np.int16)]
    for name in names:
        parts += [soundfile.read(fsdd_folder / f"{name}.wav", dtype="int16")[0], np.zeros(gap, np.int16)]
    return np.concatenate(parts), [name[0] for name in names]


def test_the_same_digits_at_every_rate(runner, fsdd_folder, tmp_path):
    joined, digits = joined_digits(fsdd_folder, 5600)
    soundfile.write(tmp_path / "joined.wav", joined, 8000)
    assert [word["label"] for word in words_of(runner, "digits", tmp_path / "joined.wav")] == digits
    for path in versions(tmp_path, joined):
        assert [word["label"] for word in words_of(runner, "digits", path)] == digits, path


def test_where_no_model_is_named_one_that_listens_hears(runner, fsdd_folder, tmp_path):
    """After ten seconds of silence too, and words that are no pause apart."""
    joined, digits = joined_digits(fsdd_folder, 800)
    soundfile.write(tmp_path / "joined.wav", np.concatenate([np.zeros(80_000, np.int16), joined]), 8000)
    result = runner.invoke(main, ["listen", "--file", str(tmp_path / "joined.wav"), "--json"])
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert found == words_of(runner, "listening", tmp_path / "joined.wav")
    assert all(word["seconds"] > 10 for word in found)
    wrong = sum(said is None or heard is None or digits[said] != found[heard]["label"]
                for said, heard in align(digits, [word["label"] for word in found]))  # fmt: skip
    assert wrong <= 1
