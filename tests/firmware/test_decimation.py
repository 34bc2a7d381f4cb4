"""Libraries that take sound at another rate: C makes the samples that NumPy makes, and the self-test compares the rest."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.models import random_listener, random_model
from kilovox.cli.export import command
from kilovox.errors import KilovoxError
from kilovox.firmware.decimation import decimation_sizes, decimation_tables
from kilovox.firmware.emit import sizes
from kilovox.firmware.export import export, exported, state_bytes
from kilovox.firmware.layout import parts_of
from kilovox.firmware.sources import sources
from kilovox.frontend.decimator import STAGES, decimated
from kilovox.integer.model_file import save_model
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream
from kilovox.verification.host import PORTABLE_FLAGS, compile_library
from kilovox.verification.library import SharedLibrary
from kilovox.verification.observation import Shape
from kilovox.verification.toolchain import shims

WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
LONGEST = 2000


@pytest.fixture(scope="module")
def libraries(compiler: str, common_folder: Path) -> dict[int, SharedLibrary]:
    model, made = random_model("int8", 5), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILOVOX_CACHE", str(common_folder / "libraries"))
        for factor in (2, 3, 4, 6):
            path = compile_library({**sources(model, input_rate=8000 * factor), **shims()}, compiler, PORTABLE_FLAGS)
            made[factor] = SharedLibrary(path, Shape.of(parts_of(model), factor), LONGEST)
    return made


@settings(deadline=None)
@given(st.sampled_from([2, 3, 4, 6]), st.integers(0, 2**32 - 1), st.integers(0, LONGEST), st.integers(0, 15))
def test_c_makes_the_samples_that_numpy_makes(
    libraries: dict[int, SharedLibrary], factor: int, seed: int, count: int, quieter: int
) -> None:
    """Of noise, and of what makes every product of the first filter as large as it gets."""
    window = STAGES[factor][0].window
    loudest = np.resize(np.where(window < 0, -32768, 32767), count)
    noise = np.random.default_rng(seed).integers(-32768, 32768, count)
    samples = (loudest if quieter == 15 else noise >> quieter).astype(np.int16)
    library = libraries[factor]
    library.write(library.samples, samples.astype("<i2").tobytes())
    np.testing.assert_array_equal(np.frombuffer(library._decimated(count), "<i2"), decimated(samples, factor))


MODELS = {"all": random_model("int8", 5), "words": random_model("int8", 5, words=WORDS), "listens": random_listener("int8")}


@pytest.mark.parametrize(
    ("rate", "kind"),
    [(16000, "all"), (24000, "words"), (32000, "all"), (48000, "words"), (16000, "listens"), (48000, "listens")],
)
def test_the_self_test_of_an_export(tmp_path: Path, compiler: str, rate: int, kind: str) -> None:
    """And the size of the state, which is known without a compiler."""
    export(MODELS[kind], tmp_path, "c", "ear", rate)
    size = state_bytes(sizes(parts_of(MODELS[kind]), rate))
    check = f'#include "ear.h"\ntypedef char as_large[sizeof(ear_recogniser) == {size} ? 1 : -1];\n'
    (tmp_path / "src" / "size.c").write_text(check)
    flags = [*STRICT, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Isrc", "-Itest"]
    units = [str(path) for path in (tmp_path / "src").glob("*.c")]
    command = [compiler, *flags, *units, "test/self_test.c", "-o", "a.out"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert subprocess.run(["./a.out"], cwd=tmp_path, check=True, capture_output=True).stdout == b"all equal\n"
    readme = (tmp_path / "README.md").read_text()
    assert f"int16, mono, {rate} Hz" in readme
    assert f"int16, mono, {rate:,} samples a second (`EAR_INPUT_RATE`), of which filters make the model's 8,000 |" in readme
    assert f"a frame every {rate // 50} samples" in readme
    assert f"`kilovox verify MODEL --input-rate {rate} --target cortex-m0" in readme
    assert f"#define EAR_INPUT_RATE {rate}" in (tmp_path / "src" / "ear_model.h").read_text()


def test_without_a_rate_nothing_is_decimated() -> None:
    model = random_model("int8", 5)
    plain = sources(model)
    assert sources(model, input_rate=8000) == plain
    assert "kv_decimate.c" not in plain
    assert not any("DECIMATE" in plain[name] or "INPUT_RATE" in plain[name] for name in ("kilovox_model.h", "kilovox_model.c"))
    assert sources(model, input_rate=16000).keys() - plain.keys() == {"kv_decimate.c"}
    assert exported(model, "wasm", input_rate=8000) == exported(model, "wasm")


def test_taps_that_are_left_out_are_zeros() -> None:
    for factor, stages in STAGES.items():
        tables = list(decimation_tables(factor).values())
        assert len(tables) == len(stages)
        for stage, table in zip(stages, tables, strict=True):
            half = np.zeros(stage.length // 2 + 1, int)
            half[:-1][:: stage.step], half[-1] = table[:-1], table[-1]
            np.testing.assert_array_equal(half, stage.window[: len(half)])


def test_constants() -> None:
    found = decimation_sizes(48000, 8000)
    assert (found["INPUT_RATE"], found["DECIMATE"], found["FIRST_FACTOR"], found["LAST_FACTOR"]) == (48000, 6, 3, 2)
    assert "FIRST_FACTOR" not in decimation_sizes(16000, 8000)
    assert decimation_sizes(None, 8000) == decimation_sizes(8000, 8000) == {}
    # Lines are twice as long as filters, and places in them are bytes.
    assert all(2 * stage.length < 256 for stages in STAGES.values() for stage in stages)


def test_a_recording_begins_with_its_first_sample_and_ends_with_nothing_of_the_filter() -> None:
    recogniser = Recogniser(random_model("int8", 5))
    sound = np.random.default_rng(3).integers(-9000, 9000, 6001).astype(np.int16)
    other, plain = RecogniserStream(recogniser, 16000), RecogniserStream(recogniser)
    for _ in range(2):  # the second as the first
        frames = [other.push(sound[:7]), other.push(sound[7:]), other.finish()]
        assert sum(frames) == plain.push(decimated(sound, 2)) + plain.finish()
        assert other.result()[0] == plain.result()[0]
        np.testing.assert_array_equal(other.result()[2], plain.result()[2])
    assert other.push(sound[:1]) == 0
    assert other.result().outcome == 0  # nothing heard of the third


@pytest.mark.parametrize("rate", [44100, 40000, 0, -8000])
def test_rates_that_are_refused(tmp_path: Path, rate: int) -> None:
    save_model(random_model("int8", 5), tmp_path / "m.safetensors")
    done = CliRunner().invoke(command, [str(tmp_path / "m.safetensors"), str(tmp_path / "out"), "--input-rate", str(rate)])
    assert isinstance(done.exception, KilovoxError)
    assert str(done.exception) == (
        f"input rate {rate} Hz; expected 8000, 16000, 24000, 32000 or 48000, for the model hears 8000"
    )
    assert not (tmp_path / "out").exists()


def test_onnx_takes_no_rate() -> None:
    with pytest.raises(KilovoxError, match="input rate 16000 Hz for onnx, which takes features"):
        exported(random_model("int8", 5), "onnx", input_rate=16000)


def test_the_command_names_the_rate_to_verify_with(tmp_path: Path) -> None:
    save_model(random_model("int8", 5), tmp_path / "m.safetensors")
    done = CliRunner().invoke(command, [str(tmp_path / "m.safetensors"), str(tmp_path / "out"), "--input-rate", "16000"])
    assert done.exit_code == 0, done.output
    assert "--input-rate 16000 compiles and runs it" in done.output
