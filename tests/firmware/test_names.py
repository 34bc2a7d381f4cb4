"""Exports with names of their own: several in one program, none of another's parts, built as projects build."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.export import TARGETS, export, exported
from kilovox.firmware.names import Names, public_symbols
from kilovox.firmware.sources import folder
from kilovox.integer.model_file import Model

STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
MODELS = {
    "yes_no": random_model("int8", 5, labels=("yes", "no", "kv_push KV_HOP kilovox.h")),
    "shifts": random_model("pow2", 6, seed=4),
    "kilovox": random_model("int8", 4, 1, words={}),
}


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def c_files(where: Path) -> list[Path]:
    return sorted((where / "src").glob("*.c"))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("exports")
    for name, model in MODELS.items():
        export(model, where / name, "c", name)
    return where


@pytest.fixture(scope="module")
def objects(exports: Path, compilers: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Path]]:
    """By compiler and name: object files of each export, the last that of its self-test, whose main has a name of its own."""
    found = {}
    for compiler in compilers:
        for name in MODELS:
            build, where = tmp_path_factory.mktemp("objects"), exports / name
            run(compiler, *STRICT, "-O0", f"-I{where / 'src'}", "-c", *c_files(where), cwd=build)
            own = sorted(build.glob("*.o"))
            test = ["-c", where / "test" / "self_test.c", "-o", "test.o"]
            run(compiler, *STRICT, f"-I{where / 'src'}", f"-I{where / 'test'}", f"-Dmain={name}_main", *test, cwd=build)
            found[compiler, name] = [*own, build / "test.o"]
    return found


def test_three_models_test_themselves_in_one_program(
    objects: dict[tuple[str, str], list[Path]], compilers: list[str], tmp_path: Path
) -> None:
    mains = "\n".join(f"int {name}_main(void);" for name in MODELS)
    calls = " + ".join(f"{name}_main()" for name in MODELS)
    (tmp_path / "main.c").write_text(f"{mains}\nint main(void) {{ return {calls}; }}\n")
    for compiler in compilers:
        run(compiler, "main.c", *(path for name in MODELS for path in objects[compiler, name]), "-o", "all", cwd=tmp_path)
        assert run(tmp_path / "all", cwd=tmp_path) == "all equal\n" * 3


def test_every_global_symbol_begins_with_the_name(
    objects: dict[tuple[str, str], list[Path]], compiler: str, tmp_path: Path
) -> None:
    if not shutil.which("nm"):
        pytest.skip("nm is not installed")
    for name in MODELS:
        lines = run("nm", "-g", "--defined-only", *objects[compiler, name][:-1], cwd=tmp_path).splitlines()
        symbols = {line.split()[-1] for line in lines if " " in line}
        assert len(symbols) > 20
        prefix = "kv" if name == "kilovox" else name
        assert [symbol for symbol in symbols if not symbol.startswith(f"{prefix}_")] == []


@pytest.mark.parametrize("name", MODELS)
def test_all_in_one_unit(exports: Path, compilers: list[str], name: str, tmp_path: Path) -> None:
    units = [*c_files(exports / name), exports / name / "test" / "self_test.c"]
    (tmp_path / "unit.c").write_text("".join(f'#include "{path}"\n' for path in units))
    for compiler in compilers:
        flags = [f"-I{exports / name / 'src'}", f"-I{exports / name / 'test'}"]
        run(compiler, *STRICT, "-O2", *flags, "unit.c", "-o", "unit", cwd=tmp_path)
        assert run(tmp_path / "unit", cwd=tmp_path) == "all equal\n"


def test_headers_of_several_models_in_one_file_of_cpp(
    exports: Path, objects: dict[tuple[str, str], list[Path]], compiler: str, tmp_path: Path
) -> None:
    found = [path for name in ("g++", "clang++") if (path := shutil.which(name))]
    if not found:
        pytest.skip("no C++ compiler")
    (tmp_path / "main.cpp").write_text("""
#include <cstdio>
#include "kilovox.h"
#include "shifts.h"
#include "yes_no.h"
static kv_recogniser a;
static shifts_recogniser b;
static yes_no_recogniser c;
int main() {
    shifts_decision decision;
    kv_reset(&a);
    shifts_reset(&b);
    yes_no_reset(&c);
    shifts_result(&b, &decision);
    std::puts(yes_no_labels[2]);
    return decision.outcome != SHIFTS_NOTHING || KV_WORDS == YES_NO_WORDS || YES_NO_LABELS != 3;
}
""")
    linked = [path for name in MODELS for path in objects[compiler, name]]
    includes = [f"-I{exports / name / 'src'}" for name in MODELS]
    for cpp in found:
        run(cpp, "-std=c++17", "-Wall", "-Wextra", "-Werror", *includes, "main.cpp", *linked, "-o", "m", cwd=tmp_path)
        assert run(tmp_path / "m", cwd=tmp_path) == "kv_push KV_HOP kilovox.h\n"


@pytest.mark.parametrize("name", ["kilovox", "ear"])
def test_a_header_does_not_link_with_the_library_of_another_model(tmp_path: Path, compiler: str, name: str) -> None:
    one = random_model("int8", 5)
    other = Model(metadata=one.metadata, tensors={**one.tensors, "head.bias": one.tensors["head.bias"] + 1})
    libraries = {}
    for place, model in (("one", one), ("other", other)):
        export(model, tmp_path / place, "c", name)
        run(compiler, "-c", *c_files(tmp_path / place), cwd=tmp_path / place)
        libraries[place] = sorted((tmp_path / place).glob("*.o"))
    prefix = Names(name).prefix
    for call in ("reset(&r)", "push(&r, 0, 0)", "finish(&r)", "next(&r)", "result(&r, 0)", "labels[0]"):
        start = f'#include "{name}.h"\n{prefix}_recogniser r;\nint main(void) {{ '
        main = f"{start}return {prefix}_{call}[0]; }}\n" if call == "labels[0]" else f"{start}{prefix}_{call}; return 0; }}\n"
        (tmp_path / "main.c").write_text(main)
        for place, fits in (("one", True), ("other", False)):
            command = [compiler, "-Ione/src", "main.c", *libraries[place], "-o", "m"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert (done.returncode == 0) == fits, (call, done.stderr)
            assert fits or "undefined" in done.stderr


def test_all_that_kilovox_h_declares_is_public() -> None:
    header = (folder() / "c" / "kilovox.h").read_text()
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    declared = set(re.findall(r"\b(kv_\w+)\(", code)) | {"kv_labels"}
    assert set(public_symbols(header)) == declared


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "onnx"])
def test_nothing_is_called_as_without_a_name(target: str) -> None:
    model = random_model("int8", 5)
    files = exported(model, target, "ear")
    assert files != exported(model, target)
    for name, data in files.items():
        text = data.decode()
        assert not re.search(r"\b(kv|KV)_\w|\bkilovox(_model)?\.[ch]\b|\bKILOVOX_", text), name
        assert not re.match(r"(.*/)?(kv_|kilovox)", name)
        for include in re.findall(r'#include "(\w+\.h)"', text):
            assert include == "test_vectors.h" or f"src/{include}" in files
    assert exported(model, target, "kilovox") == exported(model, target)


@pytest.mark.parametrize(
    "name",
    ["", "Ear", "1ear", "ear-1", "ear__1", "ear_", "_ear", "é", "a b", "a" * 33, "int", "class", "string", "math", "test",
     "all", "kv", "kv_ear", "kilovox_ear", "con", "arduino", "ear\n", "../ear", "restrict"],
)  # fmt: skip
def test_what_cannot_be_a_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="name "):
        export(MODELS["shifts"], tmp_path / "out", "c", name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["features", "endian", "dirent", "com9", "lpt9", "test_vectors"])
def test_what_hides_a_header_of_others_or_of_its_own_is_taken(name: str) -> None:
    with pytest.raises(KilovoxError, match=f"name '{name}' is taken by C, C\\+\\+, their headers, CMake or Windows"):
        Names(name)


def test_exports_are_parts_of_a_cmake_project(exports: Path, tmp_path: Path, compiler: str) -> None:
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed")
    (tmp_path / "self_test.c").write_text(
        '#include "shifts.h"\n#include "yes_no.h"\nshifts_recogniser a;\nyes_no_recogniser b;\n'
        "int main(void) { shifts_reset(&a); yes_no_reset(&b); return 0; }\n"
    )
    own = "add_executable(self_test self_test.c)\ntarget_link_libraries(self_test shifts::shifts yes_no::yes_no)\n"
    start = "cmake_minimum_required(VERSION 3.10)\nproject(mine C)\n"
    added = "".join(f"add_subdirectory({exports / name} {name})\n" for name in ("yes_no", "shifts"))
    (tmp_path / "CMakeLists.txt").write_text(
        f"{start}{added}enable_testing()\n{own}add_test(NAME self_test COMMAND self_test)\n"
    )
    run("cmake", "-B", "build", f"-DCMAKE_INSTALL_PREFIX={tmp_path / 'there'}", cwd=tmp_path)
    run("cmake", "--build", "build", "-j2", cwd=tmp_path)
    assert "1 tests" in run("ctest", "--test-dir", "build", "-N", cwd=tmp_path).replace("Total Tests: 1", "1 tests")
    run("cmake", "--install", "build", cwd=tmp_path)
    user = tmp_path / "user"
    user.mkdir()
    shutil.copy(tmp_path / "self_test.c", user)
    (user / "CMakeLists.txt").write_text(f"{start}find_package(yes_no REQUIRED)\nfind_package(shifts REQUIRED)\n{own}")
    run("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={tmp_path / 'there'}", cwd=user)
    run("cmake", "--build", "build", cwd=user)
    run(user / "build" / "self_test", cwd=user)
