"""The exported self-test built in every ordinary way: fuzz/compilers.py knows them, and tries them all on all models."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.models import random_model
from kilovox.firmware.export import export
from kilovox.firmware.sources import folder

SPECIFICATION = importlib.util.spec_from_file_location("fuzz_compilers", Path(__file__).parents[2] / "fuzz" / "compilers.py")
ways = importlib.util.module_from_spec(SPECIFICATION)
sys.modules["fuzz_compilers"] = ways  # a dataclass looks for its module
SPECIFICATION.loader.exec_module(ways)

MODELS = ("int8", "pow2", "int8-words", "pow2-words", "int8-levels", "int8-listens", "pow2-listens", "int8-listens-48000")
DANGEROUS = [way for way in ways.HOST if way.flags == ("-O3", "-flto") or (way.one and "-O3" in way.flags)]
"""Those in which a compiler sees all of the program, and what one file writes and another reads."""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    made = tmp_path_factory.mktemp("exports")
    for name, (model, rate) in zip(MODELS, ways.small_models(), strict=True):
        export(model, made / name, input_rate=rate)
    return made


MACHINES = [*zip(ways.OTHERS, MODELS, strict=False), (ways.OTHERS[1], "int8-listens"), (ways.OTHERS[-1], "pow2-listens")]
"""One model a machine, each in its turn; one that listens with the other order of bytes, and one with the other int."""


def needed(way):
    if reason := ways.missing(way):
        pytest.skip(reason)


@pytest.mark.parametrize("index", range(len(ways.HOST)), ids=map(str, ways.HOST))
def test_every_way_gives_the_same_bits(exports, index):
    """One model a way, each in its turn."""
    way = ways.HOST[index]
    needed(way)
    assert ways.tried(way, exports / MODELS[index % len(MODELS)]) == ""


@pytest.mark.parametrize("way", DANGEROUS, ids=str)
@pytest.mark.parametrize("model", ["int8", "pow2", "int8-listens", "pow2-listens", "int8-listens-48000"])
def test_a_program_seen_whole_gives_the_same_bits(exports, way, model):
    needed(way)
    assert ways.tried(way, exports / model) == ""


@pytest.mark.parametrize(("way", "model"), MACHINES, ids=str)
def test_other_machines_give_the_same_bits(exports, way, model):
    needed(way)
    assert ways.tried(way, exports / model) == ""


def test_what_differs_is_said(exports, tmp_path):
    shutil.copytree(exports / "int8", tmp_path / "wrong")
    vectors = tmp_path / "wrong" / "test" / "test_vectors.h"
    text = vectors.read_text()
    vectors.write_text(text.replace("#define KV_TEST_LABEL ", "#define KV_TEST_LABEL 1 + "))
    way = next((way for way in ways.HOST if not ways.missing(way)), None)
    if way is None:
        pytest.skip("neither gcc nor clang is installed")
    assert "label 0" in ways.tried(way, tmp_path / "wrong")


@pytest.mark.parametrize(("compiler", "c"), [("g++", "gcc"), ("clang++", "clang")])
def test_a_program_in_cpp_may_use_it(exports, compiler, c, tmp_path):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    program = tmp_path / "main.cpp"
    program.write_text(
        '#include "kilovox.h"\nstatic kv_recogniser ear;\nint main() { kv_decision d; int16_t zero[500] = {}; kv_reset(&ear);'
        " const auto frames = kv_push(&ear, zero, 500); kv_finish(&ear); kv_result(&ear, &d);"
        " return frames == 2 && d.label < KV_LABELS && kv_labels[d.label][0] ? 0 : 1; }\n"
    )
    source = exports / "pow2" / "src"
    subprocess.run([c, "-O2", "-c", *map(str, source.glob("*.c"))], cwd=tmp_path, check=True)
    strict = [flag for flag in ways.STRICT if flag != "-std=c99"]
    units = [str(path) for path in tmp_path.glob("*.o")]
    subprocess.run([compiler, *strict, f"-I{source}", str(program), *units, "-o", "main"], cwd=tmp_path, check=True)
    assert subprocess.run([str(tmp_path / "main")], check=False).returncode == 0


def test_cmake_in_release_optimises_the_whole_program(tmp_path):
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed")
    export(random_model("int8", 24), tmp_path)
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON", "-DCMAKE_POLICY_DEFAULT_CMP0069=NEW"]
    for step in (
        ["cmake", "-B", "build", *options],
        ["cmake", "--build", "build", "--verbose"],
        ["ctest", "--test-dir", "build"],
    ):
        done = subprocess.run(step, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        if "--verbose" in step:
            assert "-flto" in done.stdout


@pytest.mark.parametrize("path", sorted((folder() / "c").glob("*.c")), ids=lambda path: path.name)
def test_nothing_is_shifted_out_of_an_int_of_16_bits(exports, path):
    """A compiler for a machine with such an int reads every kernel; what a product loses, only running it shows (AVR)."""
    clang = shutil.which("clang")
    if clang is None:
        pytest.skip("clang is not installed")
    models = ("int8-words", "pow2-words", "int8-levels", "int8-listens-48000", "pow2-listens")
    source = next(file for name in models if (file := exports / name / "src" / path.name).exists())
    flags = ["--target=msp430", "-ffreestanding", "-fsyntax-only", *ways.STRICT]
    done = subprocess.run([clang, *flags, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
