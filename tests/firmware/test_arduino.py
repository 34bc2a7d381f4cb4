"""The Arduino library: its sketch compiles as C++ for every board it names, and hears words that come by the serial port."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.firmware.export import exported
from kilovox.firmware.vectors import synthetic_recording
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.outcome import LABEL
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream

STUBS = Path(__file__).parent / "arduino_stubs"
BOARDS = {
    "nano33ble": "-DARDUINO_ARDUINO_NANO33BLE",
    "rp2040": "-DARDUINO_NANO_RP2040_CONNECT",
    "esp32": "-DARDUINO_ARCH_ESP32",
    "serial": "-DSOME_OTHER_BOARD",
}
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]


@pytest.fixture(params=["words", "no words", "listens"])
def model(request):
    if request.param == "listens":
        return random_listener("int8")
    words = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2} if request.param == "words" else None
    return random_model("int8", 8, 1, words=words)


@pytest.fixture
def library(model, tmp_path, request):
    """Exported for sound at request.param Hz, where that is named."""
    for name, data in exported(model, "arduino", input_rate=getattr(request, "param", None)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    sketch = tmp_path / "examples" / "Listen" / "Listen.ino"
    (tmp_path / "sketch.cpp").write_text("#include <Arduino.h>\n" + sketch.read_text())  # as the IDE does
    return tmp_path


@pytest.mark.parametrize("library", [None, 16000], indirect=True)
@pytest.mark.parametrize("board", BOARDS)
def test_the_sketch_compiles_for(board, library):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("neither g++ nor clang++ is installed")
    command = [compiler, *STRICT, BOARDS[board], "-fsyntax-only", f"-I{STUBS}", "-Isrc", "sketch.cpp"]
    done = subprocess.run(command, cwd=library, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_sketch_compiles_for_avr(library):
    if not shutil.which("avr-g++"):
        pytest.skip("avr-g++ is not installed")
    command = ["avr-g++", "-mmcu=atmega1284p", "-std=gnu++11", *STRICT, "-fsyntax-only", f"-I{STUBS}", "-Isrc", "sketch.cpp"]
    done = subprocess.run(command, cwd=library, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_hears_what_comes_by_the_serial_port(library, model):
    c, cpp = shutil.which("gcc") or shutil.which("clang"), shutil.which("g++") or shutil.which("clang++")
    if c is None or cpp is None:
        pytest.skip("no C and C++ compiler")
    rate = Recogniser(model).front_end.sample_rate
    sound = np.concatenate([synthetic_recording(rate), np.zeros(rate, np.int16), synthetic_recording(rate), np.zeros(rate)])
    subprocess.run([c, "-O1", "-c", *map(str, (library / "src").glob("*.c"))], cwd=library, check=True)
    units = [*map(str, library.glob("*.o")), "sketch.cpp", str(STUBS / "main.cpp")]
    subprocess.run([cpp, "-O1", f"-I{STUBS}", "-Isrc", *units, "-o", "listen"], cwd=library, check=True)
    told = subprocess.run([str(library / "listen")], input=sound.astype("<i2").tobytes(), capture_output=True, check=True)
    assert told.stdout.decode().splitlines() == engine(model, sound.astype(np.int16))


def engine(model, sound):
    """What the Python engine would print."""
    recogniser = Recogniser(model)
    stream, lines, frames = RecogniserStream(recogniser), [], 0
    hop, rate = recogniser.front_end.hop, recogniser.front_end.sample_rate
    for at in range(0, len(sound), hop):
        frames += stream.push(sound[at : at + hop])
        if recogniser.listens:
            found = [word for word in stream.detected() if word.outcome == LABEL]
            lines += [f"{recogniser.labels[word.best]} {word.confidence}" for word in found]
            continue
        if stream.words if recogniser.finds_words else frames * hop >= rate:
            label, confidence = stream.result()[:2]
            lines.append(f"{label} {confidence}")
            if recogniser.finds_words:
                stream.next()
            else:
                stream.reset()
            frames = 0
    assert lines
    return lines


def test_architectures_are_those_that_were_tried():
    small, large = exported(random_model("int8", 5), "arduino"), exported(open_recogniser("digits").model, "arduino")
    listed = {name: files["library.properties"].decode() for name, files in (("small", small), ("large", large))}
    assert "architectures=mbed_nano,mbed_rp2040,rp2040,samd,renesas_uno,esp32,avr\n" in listed["small"]
    assert "architectures=mbed_nano,mbed_rp2040,rp2040,samd,renesas_uno,esp32\n" in listed["large"]
    assert "AVR: the weights of a layer take 33,320 bytes" in large["README.md"].decode()
