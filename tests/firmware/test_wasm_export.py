"""The README of an export for WebAssembly does what it says: its command builds, its JavaScript hears word after word."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.firmware.export import export
from kilovox.firmware.vectors import synthetic_recording
from kilovox.integer.outcome import NAMES
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream

PIECE = 512
DRIVER = """
const fs = require("fs");
(async () => {
  const module = await WebAssembly.compile(fs.readFileSync("kilovox.wasm"));
  const ear = await openEar(module);
  const bytes = fs.readFileSync("sound.raw");
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const heard = [ear.sampleRate, ear.findsWords, ear.push(samples), ear.finish(), ear.push(samples), ear.finish()];
  console.log(JSON.stringify(heard));
})();
"""


def blocks(readme, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return found[0]


@pytest.fixture(params=["words", "no words", "listens"])
def model(request):
    if request.param == "listens":
        return random_listener("int8", labels=("ja\u0142", "no", "three", "unknown"))
    words = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2} if request.param == "words" else None
    return random_model("int8", 8, 1, labels=("ja\u0142", "no", "three", "four"), words=words)


@pytest.fixture
def sound():
    """Eight seconds, of which half are silent."""
    return np.concatenate([part for _ in range(2) for part in (synthetic_recording(8000), np.zeros(16000, np.int16))])


def engine(model, sound):
    """What the Python engine hears, word after word."""
    stream = RecogniserStream(recogniser := Recogniser(model))

    def words():
        for word in stream.detected():
            label = model.metadata.labels[word.best] if NAMES[word.outcome] == "label" else None
            yield {"label": label, "confidence": word.confidence, "outcome": NAMES[word.outcome]}

    def result():
        found = stream.result()
        return {"label": found[0], "confidence": found[1], "outcome": NAMES[found.outcome]}

    told = []
    for at in range(0, len(sound), PIECE):
        stream.push(sound[at : at + PIECE])
        if recogniser.listens:
            told += words()
        elif stream.words:
            told.append(result())
            stream.next()
    stream.finish()
    if recogniser.listens:
        return told, list(words())
    return told, [result()] if stream.words or not recogniser.finds_words else []


def test_the_readme_is_true(model, sound, tmp_path):
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    export(model, tmp_path, "wasm")
    readme = (tmp_path / "README.md").read_text()
    command = blocks(readme, "sh").replace("python -m ziglang", f"{sys.executable} -m ziglang")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    (tmp_path / "sound.raw").write_bytes(sound.astype("<i2").tobytes())
    (tmp_path / "hear.js").write_text(blocks(readme, "js") + DRIVER)
    done = subprocess.run([node, "hear.js"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    rate, finds, pushed, ended, pushed_again, ended_again = json.loads(done.stdout)
    want = engine(model, sound)
    finds_words = Recogniser(model).finds_words or Recogniser(model).listens
    assert (rate, finds) == (8000, finds_words)
    assert (pushed, ended) == want
    assert (pushed_again, ended_again) == want  # nothing of the first recording is left
    assert len(pushed) + len(ended) >= (4 if finds_words else 1)
