"""The firmware of a model compiled and linked for a bare core, by GCC where it is installed or zig; for WebAssembly, by zig."""

import functools
import importlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from kilovox.errors import not_installed
from kilovox.firmware.export import wasm_exports
from kilovox.verification.host import run_compiler

FLAGS = ("-std=c99", "-O3", "-ffreestanding", "-ffunction-sections")
GCC_FLAGS = ("-fno-tree-loop-distribute-patterns",)
"""GCC: no call of memcpy for a loop that copies."""
ZIG_FLAGS = ("-fno-builtin", "-fno-sanitize=all", "-fomit-frame-pointer", "-fno-unwind-tables")


@dataclass(frozen=True)
class Core:
    """A bare core: what GCC for it is called and told, what zig is told, and what the emulator takes."""

    gcc: str
    gcc_flags: tuple[str, ...]
    zig_flags: tuple[str, ...]
    emulation: str

    @property
    def is_arm(self) -> bool:
        """Thumb, or else RISC-V."""
        return self.gcc.startswith("arm")


def _arm(name: str) -> Core:
    zig = ("-target", "thumb-freestanding-eabi", f"-mcpu={name.replace('-', '_')}")
    return Core("arm-none-eabi-gcc", (f"-mcpu={name}", "-mthumb", "-mfloat-abi=soft"), zig, name)


def _riscv(march: str, zig_cpu: str) -> Core:
    zig = ("-target", "riscv32-freestanding-none", f"-mcpu={zig_cpu}")
    return Core("riscv64-unknown-elf-gcc", (f"-march={march}", "-mabi=ilp32"), zig, "riscv32")


CORES = {
    "cortex-m0": _arm("cortex-m0"),
    "cortex-m4": _arm("cortex-m4"),
    "riscv32": _riscv("rv32im", "generic_rv32+m"),
    "riscv32i": _riscv("rv32i", "generic_rv32"),
}
"""riscv32i has no multiplier."""


@dataclass(frozen=True)
class Image:
    """What was linked, and the object file of every C file."""

    linked: bytes
    objects: Mapping[str, bytes]
    compiler: str


def need(module: str, package: str) -> ModuleType:
    """The optional `module`. Raises KilovoxError, naming the extra that brings `package`, where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise not_installed(package) from None


def zig() -> list[str]:
    """How zig is called. Raises KilovoxError where the package ziglang is not installed."""
    found = importlib.util.find_spec("ziglang")
    if found is None or found.origin is None:
        raise not_installed("ziglang")
    program = Path(found.origin).parent / ("zig.exe" if sys.platform == "win32" else "zig")
    # Python, only to start it, would take as long as a file of ours takes to compile.
    return [str(program)] if program.is_file() else [sys.executable, "-m", "ziglang"]


def core_compiler(core: Core, use_gcc: bool = True) -> list[str]:
    """How C is compiled for `core`: GCC with its flags where it is installed and wanted, else zig with its."""
    gcc = shutil.which(core.gcc) if use_gcc else None
    return [gcc, *core.gcc_flags, *FLAGS, *GCC_FLAGS] if gcc else [*zig(), "cc", *core.zig_flags, *FLAGS, *ZIG_FLAGS]


def wasm_compiler() -> list[str]:
    """How C is compiled for WebAssembly."""
    return [*zig(), "cc", "-target", "wasm32-freestanding", *FLAGS, "-fno-sanitize=all"]


def compile_core(files: Mapping[str, str], target: str, use_gcc: bool = True) -> Image:
    """The ELF image of C `files` (kilovox.firmware.sources) for one of CORES, with start and helpers of target_c/.

    use_gcc: with GCC where it is installed. Raises KilovoxError where there is no compiler, or it fails.
    """
    core = CORES[target]
    command = core_compiler(core, use_gcc)
    with tempfile.TemporaryDirectory() as name:
        build = Path(name)
        _write({**files, **own_files("kv_target.c", "kv_helpers.c", "kv_target.ld")}, build)
        objects = compile_objects(command, [file for file in files if file.endswith(".c")], build)
        own = compile_objects(command, ["kv_target.c", "kv_helpers.c"], build)
        script = ["--gc-sections", "-T", "kv_target.ld", "-o", "linked.elf", *(f"{file}.o" for file in objects | own)]
        if command[0].endswith("gcc"):
            # libgcc after the objects, for the helpers that GCC calls; kv_helpers.c is weak and gives way.
            linker = [f"-Wl,{script[0]}", *script[1:]]
            run_compiler([command[0], *core.gcc_flags, "-nostdlib", "-Wl,--no-warn-rwx-segments", *linker, "-lgcc"], build)
        else:
            run_compiler([*zig(), "ld.lld", *script], build)
        return Image((build / "linked.elf").read_bytes(), objects, _version(command))


def compile_wasm(files: Mapping[str, str]) -> Image:
    """The WebAssembly module of C `files`, with the shim that Python calls, by zig. Raises KilovoxError as compile_core."""
    own = shims()
    command = wasm_compiler()
    names = [name for name in wasm_exports() if not name.startswith("kv_wasm_")]
    names += ["kv_host_recording", "kv_host_cepstra", "kv_target_layout", "__heap_base"]
    names = [*dict.fromkeys([*names, "kv_next"])]
    names += ["kv_front_end_frame", "kv_quantise", "kv_layer_step"]
    names += ["kv_detected", "kv_listen"] if "kv_listen.c" in files else []
    names += ["kv_target_decimate"] if "kv_decimate.c" in files else []
    with tempfile.TemporaryDirectory() as name:
        build = Path(name)
        _write({**files, **own}, build)
        objects = compile_objects(command, [file for file in files if file.endswith(".c")], build)
        shim = compile_objects(command, list(own), build)
        exports = [f"-Wl,--export={name}" for name in names]
        linked = [f"{file}.o" for file in objects | shim]
        run_compiler([*command, "-nostdlib", "-Wl,--no-entry", *exports, "-o", "linked.wasm", *linked], build)
        return Image((build / "linked.wasm").read_bytes(), objects, _version(command))


def shims() -> dict[str, str]:
    """C files through which Python calls the firmware of a library or a module, by name."""
    return {"kv_host.c": (_folder() / "host_c" / "kv_host.c").read_text()} | own_files("kv_target.c")


def _folder() -> Path:
    return Path(str(files("kilovox.verification")))


def own_files(*names: str) -> dict[str, str]:
    """C files of target_c/ by name."""
    return {name: (_folder() / "target_c" / name).read_text() for name in names}


def _write(files: Mapping[str, str], build: Path) -> None:
    for file, text in files.items():
        (build / file).write_text(text)


def compile_objects(command: list[str], names: list[str], build: Path) -> dict[str, bytes]:
    """The object files of C files in the folder `build`, by the name of the C file."""

    def one(name: str) -> bytes:
        run_compiler([*command, "-I.", "-c", "-o", f"{name}.o", name], build)
        return (build / f"{name}.o").read_bytes()

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(sorted(names), pool.map(one, sorted(names)), strict=True))


def _version(command: list[str]) -> str:
    return _said((*command, "--version"))


@functools.cache
def _said(command: tuple[str, ...]) -> str:
    """The first line that `command` prints, which is always the same."""
    return run_compiler(command, Path.cwd()).splitlines()[0]
