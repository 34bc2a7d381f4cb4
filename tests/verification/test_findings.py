"""What must not be in object code, planted and seen."""

import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.sources import folder, sources
from kilovox.verification import toolchain
from kilovox.verification.findings import KERNELS, findings
from kilovox.verification.toolchain import CORES

pytest.importorskip("capstone", reason="capstone is not installed")
pytest.importorskip("elftools", reason="pyelftools is not installed")

TARGETS = [*CORES, "wasm32"]
KERNEL = "kv_pow2_matvec.c"
PLANTS = {
    "float": ("float f(float a, float b) { return a * b + 1.5f; }", "loat"),
    "double": ("int f(int a) { return (int)(a * 1.5); }", "loat"),
    "comparison of floats": ("int f(float a, float b) { return a < b; }", "loat"),
    "64-bit multiplication": ("long long f(long long a, long long b) { return a * b; }", "64-bit multiplication"),
    "32 x 32 -> 64": ("unsigned f(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }", "64-bit"),
    "64-bit division": ("long long f(long long a, long long b) { return a / b; }", "division"),
    "division": ("int f(int a, int b) { return a / b; }", "division"),
    "multiplication": ("int f(int a, int b) { return a * b; }", "multiplication in a mat-vec kernel"),
}


every_target = pytest.mark.parametrize(
    ("target", "use_gcc"),
    [(target, use_gcc) for target in TARGETS for use_gcc in (True, False) if target in CORES or not use_gcc],
    ids=lambda value: value if isinstance(value, str) else "gcc" if value else "zig",
)
"""Where there is no GCC for a core, zig stands in for it; there is none for WebAssembly."""


def objects(files, target, use_gcc, folder):
    try:
        command = toolchain.wasm_compiler() if target == "wasm32" else toolchain.core_compiler(CORES[target], use_gcc)
    except KilovoxError as error:
        pytest.skip(str(error))
    for name, text in files.items():
        (folder / name).write_text(text)
    return toolchain.compile_objects(command, [name for name in files if name.endswith(".c")], folder)


@every_target
@pytest.mark.parametrize("plant", PLANTS)
def test_a_plant_is_seen(plant, target, use_gcc, tmp_path):
    text, wrong = PLANTS[plant]
    found = findings(objects({KERNEL: text}, target, use_gcc, tmp_path), target, powers_of_two=True)
    assert any(wrong in line for line in found), found
    assert all(line.startswith(f"{KERNEL}: f") for line in found)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_every_kernel_of_powers_of_two_is_looked_at(kernel, tmp_path):
    text, wrong = PLANTS["multiplication"]
    found = findings(objects({kernel: text}, "cortex-m0", False, tmp_path), "cortex-m0", powers_of_two=True)
    assert any(wrong in line for line in found), found
    assert (folder() / "c" / kernel).is_file()


@every_target
def test_multiplications_are_allowed_elsewhere(target, use_gcc, tmp_path):
    text = PLANTS["multiplication"][0]
    assert findings(objects({KERNEL: text}, target, use_gcc, tmp_path), target, powers_of_two=False) == []
    assert findings(objects({"kv_head.c": text}, target, use_gcc, tmp_path), target, powers_of_two=True) == []


@every_target
@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_the_firmware_is_clean(arithmetic, target, use_gcc, tmp_path):
    made = objects(sources(random_model(arithmetic, 13)), target, use_gcc, tmp_path)
    assert findings(made, target, arithmetic == "pow2") == []
