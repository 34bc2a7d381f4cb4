"""kilovox data record: a person at a terminal, with a microphone that is played."""

import json
import signal
import sys

import click
import numpy as np
import pytest
import soundfile

from kilovox.cli import record
from kilovox.cli.main import main
from kilovox.corpus.folders import open_folders
from kilovox.corpus.takes import RATE
from kilovox.errors import KilovoxError
from kilovox.microphone import Device, Which

WELL = ("yes", "no")


def sound(peak, number=0):
    """2.2 s with a word in the middle; digital silence where the peak is 0. Each `number` another one."""
    samples = np.random.default_rng(number).normal(size=round(2.2 * RATE)) * 4 * (peak > 0)
    word = slice(round(0.8 * RATE), round(1.4 * RATE))
    samples[word] += np.sin(np.arange(word.stop - word.start) * (0.05 + 0.01 * number)) * peak
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


@pytest.fixture
def played(monkeypatch):
    """A microphone that plays the peaks of a list, one a take, and then 8000 for ever; what it was asked for."""
    peaks, asked = [], []

    def microphone(rate, size, lost, which):
        asked.append((rate, which))
        peak = peaks.pop(0) if peaks else 8000
        if isinstance(peak, BaseException):
            raise peak
        if peak == "lost":
            lost()
            peak = 8000
        samples = sound(peak, len(asked))
        for start in range(0, len(samples), size):
            yield samples[start : start + size]

    monkeypatch.setattr(record, "microphone", microphone)
    return peaks, asked


def run(runner, tmp_path, answers, *options, takes=2, words=WELL):
    said = ["--words", ",".join(words), "--takes", str(takes), "--others", "0", "--out", str(tmp_path / "mine")]
    return runner.invoke(main, ["data", "record", *said, *options], input="".join(f"{answer}\n" for answer in answers))


def events(result, kind=None):
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return found if kind is None else [one for one in found if one["event"] == kind]


def test_a_person_says_all_words(runner, tmp_path, played):
    result = run(runner, tmp_path, ["a_b", "anna", *[""] * 4])
    assert result.exit_code == 0, result.output
    assert "Who speaks?" in result.stdout
    assert "speaker: 'a_b' has '_' in it" in result.stdout
    assert "[1/4]" in result.stdout
    assert "4 takes kept, nothing is left to be said" in result.stdout
    corpus = open_folders(tmp_path / "mine")
    assert (len(corpus), corpus.labels, corpus.speakers) == (4, ("no", "yes"), ("anna",))
    for recording in corpus.recordings:
        samples, rate = soundfile.read(recording.path)
        assert (rate, len(samples)) == (RATE, 2 * RATE)
    again = run(runner, tmp_path, ["anna"])
    assert "0 takes kept, nothing is left to be said" in again.stdout


def test_it_goes_on_where_it_stopped(runner, tmp_path, played):
    first = run(runner, tmp_path, ["", "s", "", "q"], "--speaker", "anna", "--json")
    assert [one["event"] for one in events(first)] == [
        "begin", "recording", "take", "skipped", "recording", "take", "end"
    ]  # fmt: skip
    assert events(first, "end") == [{"event": "end", "kept": 2, "left": 2}]
    second = run(runner, tmp_path, ["", ""], "--speaker", "anna", "--json")
    assert (events(second, "begin")[0]["left"], events(second, "end")[0]) == (2, {"event": "end", "kept": 2, "left": 0})
    files = {one["file"] for result in (first, second) for one in events(result, "take")}
    assert files == {str(tmp_path / "mine" / word / f"anna_nohash_{take}.wav") for word in WELL for take in (0, 1)}
    ended = run(runner, tmp_path, [""], "--speaker", "ben", "--json")  # the input ends
    assert events(ended, "end") == [{"event": "end", "kept": 1, "left": 3}]
    assert ended.exit_code == 0


def test_what_is_wrong_is_recorded_again_kept_or_skipped(runner, tmp_path, played):
    played[0][:] = [300, 60_000, 8000, 0, "lost", 200]
    answers = ["", "", "", *["", "s"], *["", "x", "k"], *["", "q"]]
    result = run(runner, tmp_path, answers, "--speaker", "anna", "--json")
    assert result.exit_code == 0, result.output
    taken = events(result, "take")
    problems = [one["problems"][0].partition(":")[0].partition(" (")[0] if one["problems"] else "" for one in taken]
    assert problems == ["too quiet", "clipped", "", "nothing heard", "samples were lost", "samples were lost", "too quiet"]
    assert [one["kept"] for one in taken] == [False, False, True, False, False, True, False]
    assert [one["file"] is None for one in taken] == [not one["kept"] for one in taken]
    assert taken[3]["peak_db"] is None
    assert taken[2]["peak_db"] == pytest.approx(-12.2, abs=0.3)
    assert events(result, "end") == [{"event": "end", "kept": 2, "left": 2}]
    assert "expected Enter (again), k (keep)" in result.stderr


def test_the_one_before_is_said_again(runner, tmp_path, played):
    result = run(runner, tmp_path, ["r", "", "r", "", "?"], "--speaker", "anna", "--json", takes=1)
    first, again, second = events(result, "take")
    assert first["file"] == again["file"] != second["file"]
    assert events(result, "end") == [{"event": "end", "kept": 2, "left": 0}]
    kept, _ = soundfile.read(first["file"], dtype="int16")
    np.testing.assert_array_equal(kept, sound(8000, 2)[round(0.2 * RATE) :][: 2 * RATE])
    assert result.stderr.count("expected Enter, s (skip)") == 1


def test_other_words_are_said_too(runner, tmp_path, played):
    result = run(runner, tmp_path, [""] * 7, "--speaker", "anna", "--others", "3", "--json")
    assert events(result, "end")[0] == {"event": "end", "kept": 7, "left": 0}
    assert len(open_folders(tmp_path / "mine").labels) == 5
    (tmp_path / "list.txt").write_text("ja\nnein\n")
    result = run(runner, tmp_path, [""] * 6, "--speaker", "ben", "--others", "2", "--list", str(tmp_path / "list.txt"))
    assert result.exit_code == 0, result.output
    assert {"ja", "nein"} < set(open_folders(tmp_path / "mine").labels)


def test_devices_are_listed_and_chosen(runner, tmp_path, played, monkeypatch):
    monkeypatch.setattr(record, "devices", lambda: [Device(3, "usb", 1, 48000, True)])
    assert runner.invoke(main, ["data", "record", "--devices"]).stdout == "  3\tusb\t1 channel, 48000 Hz  (default)\n"
    monkeypatch.setattr(record, "devices", list)
    refused = runner.invoke(main, ["data", "record", "--devices"])
    assert (refused.exit_code, refused.stderr) == (2, "kilovox: microphone: no input device; expected one\n")
    run(runner, tmp_path, ["", "q"], "--speaker", "anna", "--device", "usb", "--channel", "2")
    assert played[1] == [(RATE, Which("usb", 2))]


def test_bad_input_and_no_microphone(runner, tmp_path, played, monkeypatch):
    for options, message in (
        (["--words", "yes,,no"], "--words: ''; expected at least one visible character"),
        (["--words", "yes,yes"], "--words: 'yes' twice"),
        (["--speaker", "a/b"], "speaker: 'a/b' has '/' in it"),
        (["--others", "2", "--list", str(tmp_path / "none.txt")], "none.txt: cannot be read"),
        (["--others", "2", "--language", "fi"], "no list of words of fi"),
    ):
        result = run(runner, tmp_path, [], *options)
        assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert "--words: missing" in runner.invoke(main, ["data", "record"]).stderr
    played[0][:] = [8000, KilovoxError("microphone: unplugged; expected an input device, or --file")]
    result = run(runner, tmp_path, ["", ""], "--speaker", "anna")
    assert (result.exit_code, result.stderr) == (2, "kilovox: microphone: unplugged; expected an input device\n")
    assert len(open_folders(tmp_path / "mine")) == 1
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = run(runner, tmp_path, [""], "--speaker", "zoe")
    assert (result.exit_code, "kilovox[listen]" in result.stderr, "--file" in result.stderr) == (2, True, False)


@pytest.mark.parametrize("seconds", ["nan", "inf", "0.1"])
def test_seconds_that_are_none(runner, tmp_path, seconds):
    done = runner.invoke(main, ["data", "record", "--words", "yes", "--speaker", "ada", "--seconds", seconds, "--out", "x"])
    assert done.exit_code == 2
    assert "Invalid value for '--seconds'" in done.stderr


def test_a_place_that_is_none_is_said_before_anybody_speaks(runner, tmp_path, played):
    (tmp_path / "file").write_text("mine")
    arguments = ["data", "record", "--words", "yes", "--others", "0", "--speaker", "ada", "--out", str(tmp_path / "file" / "x")]
    done = runner.invoke(main, arguments, input="\n")
    assert done.exit_code == 2
    assert "file: is a file; name a folder that can be written" in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_interrupted_what_was_kept_is_there(runner, tmp_path, played):
    played[0][:] = [8000, KeyboardInterrupt()]
    result = run(runner, tmp_path, ["", ""], "--speaker", "anna")
    assert result.exit_code == 128 + signal.SIGINT
    assert "interrupted; what was kept is there" in result.output
    assert [path.name for path in (tmp_path / "mine").rglob("*") if path.is_file()] == ["anna_nohash_0.wav"]


def test_interrupted_at_the_question(runner, tmp_path, played, monkeypatch):
    def interrupted(*_, **__):  # as click does at a terminal
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise click.Abort from None

    monkeypatch.setattr(record.click, "prompt", interrupted)
    result = runner.invoke(main, ["data", "record", "--words", "yes", "--out", str(tmp_path / "mine")])
    assert result.exit_code == 128 + signal.SIGINT
    assert not (tmp_path / "mine").exists()
