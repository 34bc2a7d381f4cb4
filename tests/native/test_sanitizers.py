"""The C for this machine under AddressSanitizer and UBSan: random models, recordings of every length."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FLAGS = ("-std=c99", "-O1", "-g", "-march=native", "-fPIC", "-shared", "-Wno-psabi",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")  # fmt: skip

WIDE = ("-DLANES=16", "-DKV_NARROW=1", "-mno-avx2")
"""The code of wider vectors, in plain C."""

PROGRAM = """
import sys
import numpy as np
from firmware.models import random_listener, random_model
from kilovox.integer.stream import RecogniserStream
from kilovox.native.fast import FastRecogniser
from kilovox.native.library import build

c = build(tuple(sys.argv[1:]))
random = np.random.default_rng(1)
words = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}
for arithmetic, units, layers, front_end in [
    ("int8", 1, 1, {}), ("int8", 17, 2, {"mel_bands": 30, "coefficients": 30}),
    ("pow2", 16, 3, {"mel_bands": 2, "coefficients": 1, "hop": 256, "floor_db": None}), ("int8", 33, 1, {"energy": "absolute"}),
    ("pow2", 9, 1, {"words": words}), ("int8", 300, 1, {}), ("int8", 10, 1, {"hop": 1}),
    ("int8", 7, 1, {"features": "levels", "floor_db": None}), ("pow2", 7, 1, {"features": "levels", "mel_bands": 2}),
]:
    recogniser = FastRecogniser(random_model(arithmetic, units, layers, **front_end), c)
    for count in (1, 255, 256, 257, 700, 2560):
        samples = random.integers(-32768, 32768, count).astype(np.int16)
        samples[count // 2 :] = random.choice([-32768, 0, 32767])
        recogniser([samples])
        recogniser.decide(recogniser.raw_features([samples]))
        stream = RecogniserStream(recogniser)
        stream.push(samples[:300])
        stream.push(samples[300:])
        stream.finish()
for arithmetic in ("int8", "pow2"):
    recogniser = FastRecogniser(random_listener(arithmetic, layers=2, mel_bands=38), c)
    for count in (255, 256, 2560):
        recogniser([random.integers(-32768, 32768, count).astype(np.int16)])
print("clean")
"""

OVERRUN = """
import ctypes, sys
import numpy as np
from kilovox.native.library import build, address

c = build(tuple(sys.argv[1:]))
class Normalisation(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_void_p), ("multiplier", ctypes.c_void_p), ("shift", ctypes.c_uint32)]
table, one = np.ones(1000, np.int16), np.ones(1000, np.int16)
n = Normalisation(table.ctypes.data, table.ctypes.data, 3)
c.quantise(ctypes.byref(n), address(one), ctypes.c_size_t(5), ctypes.c_uint32(1000), address(np.empty(1000, np.int8)))
print("clean")
"""


def run(compiler: str, program: str, flags: tuple[str, ...], cache: Path) -> "subprocess.CompletedProcess[str]":
    preload = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(preload).is_absolute():
        pytest.skip(f"{compiler} has no shared AddressSanitizer")
    environment = os.environ | {
        "LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0", "CC": compiler, "KILOVOX_CACHE": str(cache),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]), "PYTHONMALLOC": "malloc",
    }  # fmt: skip
    return subprocess.run([sys.executable, "-c", program, *flags], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("more", [(), WIDE], ids=["this processor", "sixteen lanes"])
def test_no_error_on_any_model(compiler: str, more: tuple[str, ...], common_folder: Path) -> None:
    done = run(compiler, PROGRAM, (*FLAGS, *more), common_folder / "native")
    assert (done.stdout, done.returncode) == ("clean\n", 0), done.stderr[-4000:]


def test_an_overrun_would_be_noticed(compiler: str, common_folder: Path) -> None:
    done = run(compiler, OVERRUN, FLAGS, common_folder / "native")
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
