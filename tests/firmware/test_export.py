"""Exported folders: they compile without a warning, test themselves, and hold nothing else."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import kilovox.files
from compilers import Pair
from firmware.models import random_listener, random_model
from kilovox.cli.export import command
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import sizes
from kilovox.firmware.export import MANIFEST, export, exported, state_bytes, wasm_exports
from kilovox.firmware.layout import parts_of
from kilovox.firmware.vectors import synthetic_recording
from kilovox.integer.model_file import save_model
from kilovox.verification.host import HostRecogniser
from models import make_model


def build_and_run(folder: Path, compiler: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compile the self-test of an exported folder and run it."""
    program = folder / "a.out"
    sources = [str(path) for path in sorted((folder / "src").glob("*.c"))]
    built = subprocess.run(
        [compiler, *flags, "-Isrc", "-Itest", *sources, "test/self_test.c", "-o", str(program)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return subprocess.run([str(program)], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("arithmetic", "units", "front_end"),
    [("int8", 24, {}), ("pow2", 5, {"words": {}}), ("pow2", 24, {}), ("int8", 9, {"features": "levels"})],
)
def test_no_undefined_behaviour(tmp_path: Path, compiler: str, arithmetic: str, units: int, front_end: dict[str, Any]) -> None:
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    if subprocess.run(
        [compiler, *flags, str(probe), "-o", str(tmp_path / "probe")], capture_output=True, check=False
    ).returncode:
        pytest.skip(f"{compiler} has no address and undefined behaviour sanitisers")
    export(random_model(arithmetic, units, energy="absolute", **front_end), tmp_path / "out")
    done = build_and_run(tmp_path / "out", compiler, "-O1", "-g", *flags)
    assert (done.returncode, done.stdout, done.stderr) == (0, "all equal\n", "")


def test_the_self_test_fails_where_a_weight_differs(tmp_path: Path, compiler: str) -> None:
    export(random_model("int8", 5), tmp_path)
    tables = tmp_path / "src" / "kilovox_model.c"
    text = tables.read_text()
    place = text.index("kv_head_weights")
    digit = next(index for index in range(text.index("{", text.index("{", place) + 1), len(text)) if text[index].isdigit())
    tables.write_text(f"{text[:digit]}1{text[digit:]}" if text[digit + 1] == "," else f"{text[:digit]}{text[digit + 1 :]}")
    done = build_and_run(tmp_path, compiler, "-O1")
    assert done.returncode == 1
    assert "differences" in done.stdout


def test_the_kernels_use_no_float_no_heap_and_no_other_header(compiler: str) -> None:
    models = [random_model("int8", 5), random_model("pow2", 5), random_model("int8", 5, features="levels")]
    for model in [*models, random_listener("int8"), random_listener("pow2")]:
        for name, data in exported(model, "c").items():
            if not name.startswith("src/"):
                continue
            text = data.decode()
            assert "malloc" not in text
            code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("*", "/*")))
            assert not {"float", "double", "int64_t", "uint64_t"} & set(code.replace("*", " ").split()), name
            for include in (line.split()[1] for line in text.splitlines() if line.startswith("#include")):
                assert include.startswith('"k') or include in (
                    "<stdint.h>", "<stddef.h>", "<arm_acle.h>", "<avr/io.h>", "<avr/pgmspace.h>",
                )  # fmt: skip


@pytest.mark.parametrize(("arithmetic", "units"), [("int8", 5), ("int8", 51), ("int8", 67), ("pow2", 13), ("pow2", 67)])
def test_the_size_of_the_state_is_known_without_a_compiler(pair: Callable[..., Pair], arithmetic: str, units: int) -> None:
    host, numpy = pair(arithmetic, units)
    assert state_bytes(sizes(parts_of(numpy.model))) == host.state_bytes


@pytest.mark.parametrize("bands", [2, 32, 38])
def test_the_state_of_a_model_of_levels_and_its_tables(compiler: str, bands: int) -> None:
    model = random_model("int8", 5, 1, features="levels", mel_bands=bands)
    assert state_bytes(sizes(parts_of(model))) == HostRecogniser(model, compiler).state_bytes
    readme, tables = exported(model, "c")["README.md"].decode(), parts_of(model).front_end.table_bytes
    assert f"{tables:,}" in readme
    assert tables == parts_of(random_model("int8", 5, 1, mel_bands=bands, coefficients=2)).front_end.table_bytes - 2 * bands


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_the_state_of_a_model_that_listens(compiler: str, arithmetic: str) -> None:
    for more in ({}, {"units": 13, "layers": 2, "labels": ("a", "b")}):
        model = random_listener(arithmetic, **more)
        assert state_bytes(sizes(parts_of(model))) == HostRecogniser(model, compiler).state_bytes
    readme = exported(model, "c")["README.md"].decode()
    assert "3 blocks of convolutions, 2 x LSTM 13" in readme
    assert "its LSTM every 40 ms" in readme


@pytest.mark.parametrize("target", ["c", "arduino", "wasm"])
def test_every_target_takes_a_model_of_levels(target: str) -> None:
    files = exported(random_model("pow2", 5, features="levels"), target)
    assert "src/kv_level_features.c" in files
    assert "src/kv_cepstra.c" not in files


def test_an_export_of_levels_over_one_of_cepstra_leaves_no_dct(tmp_path: Path) -> None:
    for features in ({}, {"features": "levels"}, {}):
        export(random_model("int8", 5, **features), tmp_path)
        kernels = {path.name for path in (tmp_path / "src").iterdir()}
        assert kernels & {"kv_cepstra.c", "kv_level_features.c"} == {"kv_level_features.c" if features else "kv_cepstra.c"}


def test_an_export_over_one_that_listens_leaves_nothing_of_it(tmp_path: Path) -> None:
    for model in (random_model("int8", 5), random_listener("int8"), random_model("int8", 5)):
        export(model, tmp_path)
        listens = model.metadata.network.get("kind") == "convolutional"
        assert (tmp_path / "src" / "kv_listen.c").exists() == listens


def test_two_layers_of_51_units_run_in_3_kilobytes() -> None:
    assert state_bytes(sizes(parts_of(random_model("int8", 51)))) < 3 * 1024 - 256


def test_targets_hold_what_they_promise(tmp_path: Path) -> None:
    model = random_model("int8", 5)
    assert {"README.md", "CMakeLists.txt", "LICENSE.txt", "test/self_test.c", "test/test_vectors.h", "src/kilovox.h"} <= set(
        exported(model, "c")
    )
    arduino = exported(model, "arduino")
    assert {"library.properties", "examples/Listen/Listen.ino", "src/kilovox_model.c"} <= set(arduino)
    wasm = exported(model, "wasm")
    assert all(f"-Wl,--export={name}" in wasm["README.md"].decode() for name in wasm_exports())
    for files in (arduino, wasm, exported(model, "c")):
        assert not any(b"${" in data or b"$n" in data for name, data in files.items() if name.endswith((".md", ".properties")))


def test_cmake_builds_and_tests_it(tmp_path: Path, compiler: str) -> None:
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed")
    export(random_model("pow2", 5), tmp_path)
    for step in (["cmake", "-B", "build"], ["cmake", "--build", "build"], ["ctest", "--test-dir", "build"]):
        subprocess.run(step, cwd=tmp_path, check=True, capture_output=True)


def test_an_export_may_be_repeated_and_leaves_nothing_behind(tmp_path: Path) -> None:
    export(random_model("int8", 5), tmp_path)
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    export(random_model("int8", 5), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == first
    files = export(random_model("pow2", 5), tmp_path, "wasm")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {*files, tmp_path / MANIFEST}


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(KilovoxError, match="holds other files"):
        export(random_model("int8", 5), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(KilovoxError, match="is a file"):
        export(random_model("int8", 5), tmp_path / "mine.txt")
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(KilovoxError, match="not the list of an export"):
        export(random_model("int8", 5), tmp_path)


def test_a_manifest_does_not_reach_outside_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("keep")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MANIFEST).write_text(json.dumps({"files": ["../outside.txt"]}))
    export(random_model("int8", 5), tmp_path / "out")
    assert outside.read_text() == "keep"


def test_what_was_broken_off_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = kilovox.files.write_bytes

    def full(path: Path, data: bytes) -> None:
        if path.name == "kilovox_model.h":
            raise KilovoxError("no space left")
        write(path, data)

    monkeypatch.setattr(kilovox.files, "write_bytes", full)
    with pytest.raises(KilovoxError, match="no space left"):
        export(random_model("int8", 5), tmp_path)
    monkeypatch.undo()
    assert export(random_model("int8", 5), tmp_path)


@pytest.mark.parametrize("text", ['{"files": ["a\\u0000.txt"]}', '{"files": 1}', "[" * 99999, " " * (1 << 20) + "{}"])
def test_a_list_that_lies_is_explained(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(KilovoxError, match="not the list of an export"):
        export(random_model("int8", 5), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_the_command(tmp_path: Path) -> None:
    save_model(random_model("int8", 5), tmp_path / "m.safetensors")
    done = CliRunner().invoke(
        command, [str(tmp_path / "m.safetensors"), str(tmp_path / "out"), "--target", "arduino", "--json"]
    )
    facts = json.loads(done.output)
    assert facts["target"] == "arduino"
    assert sum((tmp_path / "out" / name).stat().st_size for name in facts["files"]) == facts["bytes"]
    assert facts["name"] == "kilovox"


def test_the_command_names_the_file_of_a_model_that_does_not_fit(tmp_path: Path) -> None:
    model = random_listener("int8")
    shifts = model.tensors["head.shift"] + np.uint8(30)
    path = tmp_path / "m.safetensors"
    save_model(model.model_copy(update={"tensors": {**model.tensors, "head.shift": shifts}}), path)
    for target in ("c", "verilog"):
        done = CliRunner().invoke(command, [str(path), str(tmp_path / "out"), "--target", target])
        assert isinstance(done.exception, KilovoxError)
        assert str(done.exception).startswith(f"{path}: model {model.metadata.name}: head: shift ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["c", "arduino", "wasm"])
def test_the_command_says_what_to_do_next_and_no_more(tmp_path: Path, target: str) -> None:
    model = str(tmp_path / "m.safetensors")
    save_model(random_model("int8", 5), tmp_path / "m.safetensors")
    done = CliRunner().invoke(command, [model, str(tmp_path / "out"), "--target", target, "--name", "ear"])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) <= 4
    assert f"kilovox verify {model} " in done.output
    if target == "c":
        assert '#include "ear.h"' in done.output
        (test,) = [line for line in done.output.splitlines() if line.startswith("test it: ")]
        assert (
            subprocess.run(test.removeprefix("test it: "), shell=True, check=True, capture_output=True).stdout == b"all equal\n"
        )
    bad = CliRunner().invoke(command, [model, str(tmp_path / "other"), "--name", "Ear"])
    assert isinstance(bad.exception, KilovoxError)


def test_the_readme_says_when_and_how_long_a_word_is_computed() -> None:
    words = exported(random_model("int8", 40, 1, words={}), "c", "ear")["README.md"].decode()
    # 160 units x gates, 53 columns, 3.8 instructions a weight, 1.25 cycles each; 25 frames in half a second.
    assert "some 32,000 instructions a frame on a Cortex-M0" in words
    assert "At 48 MHz that is, as modelled, some 21 ms for half a second of speech, and 84 ms for the longest" in words
    assert "EAR_WORD_BUFFER (100) frames" in words
    assert "ear_next(&ear);" in words
    whole = exported(random_model("int8", 40, 1), "c")["README.md"].decode()
    assert "frame by frame, every 20 ms: some 32,000 instructions" in whole


def test_a_float_model_as_c_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="C takes int8 or pow2"):
        export(make_model(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_recording_of_the_self_test_is_full_and_the_same_everywhere() -> None:
    samples = synthetic_recording(8000)
    assert len(samples) == 16000
    assert (samples.min(), samples.max()) == (-32768, 32767)
    assert int(np.abs(samples.astype(int)).sum()) == int(np.abs(synthetic_recording(8000).astype(int)).sum())
