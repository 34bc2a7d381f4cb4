"""The corpus of the fuzzer and some sound under sanitizers; a lost sample is noticed."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"


@pytest.fixture(scope="module")
def run():
    specification = importlib.util.spec_from_file_location("fuzz_run", FUZZ / "run.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sanitizing_compiler(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text("int main(void) { return 0; }\n")
    for name in ("cc", "gcc", "clang"):
        compiler = shutil.which(name)
        command = [compiler, *run.SANITIZERS, str(folder / "probe.c"), "-o", str(folder / "probe")]
        if compiler and subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return compiler
    pytest.skip("no compiler with address and undefined behaviour sanitizers")


def inputs(run):
    found = sorted(run.CORPUS.iterdir())
    assert len(found) >= 7
    assert sum(path.stat().st_size for path in found) <= run.CORPUS_BYTES
    return [str(path) for path in found]


@pytest.mark.parametrize("index", [*range(6), 7, 8, 9, 10])
def test_corpus_and_soak(run, sanitizing_compiler, tmp_path, index):
    model = list(run.models())[index]
    c, flags = sanitizing_compiler, run.SANITIZERS
    compiled = run.objects(model, tmp_path, c, *flags)
    replay = run.build(model, tmp_path, FUZZ / "push.c", c, *flags, "-DKV_REPLAY", compiled=compiled)
    done = subprocess.run([str(replay), *inputs(run)], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    soak = run.build(model, tmp_path, FUZZ / "soak.c", c, *flags, compiled=compiled)
    done = subprocess.run([str(soak), "4"], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "checksum" in done.stdout


def test_a_lost_sample_is_noticed(run, sanitizing_compiler, tmp_path):
    model = next(run.models())
    flags = [*run.SANITIZERS, "-DKV_REPLAY", "-DKV_PLANT"]
    replay = run.build(model, tmp_path / "out", FUZZ / "push.c", sanitizing_compiler, *flags)
    recording = tmp_path / "long"
    recording.write_bytes(bytes([1, 255]) + bytes(range(256)) * 20)
    done = subprocess.run([str(replay), str(recording)], capture_output=True, check=False, timeout=60)
    assert done.returncode != 0
