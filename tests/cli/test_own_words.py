"""Words of one's own, none of them a digit: from an empty folder to verified C, as the README of that folder says."""

import json
import zlib

import numpy as np
import pytest
import soundfile

from kilovox.cli import record
from kilovox.cli.main import main
from kilovox.corpus import spoken_words
from kilovox.verification.host import NoCompilerError, find_compiler

WORDS = ("open", "shut", "wait")

SMALL = {
    False: "training: {epochs: 3, batch_size: 8, learning_rate: 0.01}\nquantisation: {epochs: 1}\n",
    True: "training: {epochs: 3, batch_size: 16, augmentation: {views: 1}}\nquantisation: {epochs: 1}\n",
}
"""By whether words are said one by one: what makes training short."""


def tones(word, pitch, rate, seconds=0.5):
    """Two tones one after another, others for every word, higher or lower by voice."""
    first, second = (0.3 + 0.0008 * (zlib.crc32(word.encode()) >> shift & 1023) for shift in (0, 10))
    half = np.arange(round(seconds * rate / 2)) * 2 * np.pi * 900 * pitch / rate
    return (np.concatenate([np.sin(half * first), np.sin(half * second)]) * 0.4).astype(np.float32)


def voice(generator, rate):
    pitch = generator.uniform(0.9, 1.1)
    return lambda text: tones(text, pitch, rate)


@pytest.fixture(params=[False, True], ids=["running sound", "one by one"])
def one_by_one(request):
    return request.param


@pytest.fixture
def call(runner, tmp_path, monkeypatch):
    """Runs a command and gives what it prints as JSON; voices are tones, and the microphone hears the word that was shown."""
    monkeypatch.setattr(spoken_words, "espeak_speaker", lambda generator, scratch, accents=(): voice(generator, 22_050))
    monkeypatch.setattr(spoken_words, "flite_speaker", lambda generator, scratch: voice(generator, 16_000))
    monkeypatch.setattr(spoken_words, "check_espeak_language", lambda language: None)
    monkeypatch.setattr(spoken_words, "is_installed", lambda program: False)
    taken, noise = [], np.random.default_rng(1)

    def heard(self):
        take = taken[-1]
        sound = noise.normal(size=2 * 16_000) * 4
        said = tones(take.word, 0.9 + 0.05 * len(take.speaker) + 0.01 * take.number, 16_000) * 20_000
        sound[12_000 : 12_000 + len(said)] += said
        return sound.astype(np.int16), False

    whole = record._Session._take
    monkeypatch.setattr(record._Session, "_take", lambda self, take: taken.append(take) or whole(self, take))
    monkeypatch.setattr(record._Session, "_heard", heard)
    monkeypatch.chdir(tmp_path)

    def called(*arguments, said=""):
        result = runner.invoke(main, [*map(str, arguments), "--json"], input=said)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return called


def test_from_an_empty_folder_to_verified_c(call, runner, tmp_path, monkeypatch, one_by_one):
    call("new", "gate", *WORDS, *(["--one-by-one"] if one_by_one else []))
    monkeypatch.chdir(tmp_path / "gate")
    asked = ["--words", ",".join(WORDS)]
    for speaker in ("al", "bea", "carl", "doris"):
        events = call("data", "record", *asked, "--takes", 2, "--others", 2, "--speaker", speaker, said="\n" * 8)
        assert events[-1] == {"event": "end", "kept": 8, "left": 0}
    voices = ["--kokoro", 0, "--espeak", 4, "--flite", 2]
    (made,) = call("data", "synthesise", "--out", "synthetic", *asked, "--others", 12, *voices)
    assert made["recordings"] == 6 * (3 + 3)
    assert call("data", "inspect", "--corpus", "recordings")[0]["recordings"] == 32

    path = tmp_path / "gate" / "gate.yaml"
    path.write_text(path.read_text().replace("count: 16384", "count: 48\n  seconds: 1.5") + SMALL[one_by_one])
    (trained,) = call("train", "gate.yaml")
    model = trained["model"]
    (about,) = call("inspect", model)
    assert about["labels"] == [*WORDS, "unknown"]
    assert about["arithmetic"] == "int8"

    (judged,) = call("evaluate", model)
    assert judged["recordings"] == 6  # one of four people, kept apart
    assert judged["others"]["recordings"] == 2
    take = "recordings/open/al_nohash_0.wav"
    (said,) = call("predict", model, take)
    assert said["label"] in (*WORDS, None)
    assert said["best"] in (*WORDS, "unknown")
    sounds = [soundfile.read(f"recordings/{word}/bea_nohash_1.wav", dtype="int16")[0] for word in WORDS]
    soundfile.write("said.wav", np.concatenate(sounds), 16_000)
    assert all(word["label"] in WORDS for word in call("listen", model, "--file", "said.wav"))

    (written,) = call("export", model, "firmware")
    assert any(name.endswith("kilovox_model.c") for name in written["files"])
    assert "digit" not in (tmp_path / "gate" / "firmware" / "README.md").read_text().lower()
    try:
        find_compiler()
    except NoCompilerError:
        return
    (verified,) = call("verify", model, "--target", "host", "--clips", 4, "--corpus", "recordings")
    assert verified["targets"]["host"]["equal"]


def test_what_is_not_there_yet_is_said(call, runner, tmp_path, monkeypatch):
    call("new", "gate", *WORDS)
    monkeypatch.chdir(tmp_path / "gate")
    for made, message in (
        (None, "recordings: no such folder"),
        ("recordings", "synthetic: no synthetic recordings; expected them made by: kilovox data synthesise --out synthetic"),
    ):
        if made:
            (tmp_path / "gate" / made / "open").mkdir(parents=True)
            soundfile.write(tmp_path / "gate" / made / "open" / "al_nohash_0.wav", np.ones(8000) * 0.1, 16_000)
        result = runner.invoke(main, ["train", "gate.yaml"])
        assert (result.exit_code, message in result.stderr) == (2, True), result.output
