"""The recogniser of a model as the WebAssembly module that the page loads: the exported C and c/kv_web.c, by zig."""

import re
import tempfile
from importlib.resources import files
from pathlib import Path

from kilovox.errors import KilovoxError
from kilovox.firmware.sources import sources
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.host import run_compiler
from kilovox.verification.toolchain import zig

FLAGS = (
    "-target", "wasm32-freestanding", "-std=c99", "-O2", "-ffreestanding", "-fno-sanitize=all", "-nostdlib",
    "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=16384",
)  # fmt: skip
PREBUILT = ("listening", "listening-pow2", "digits", "digits-pow2")
"""Bundled models whose modules come with the package."""


def folder() -> Path:
    """Where this room keeps its C, its page and what was built beforehand."""
    return Path(str(files("kilovox.web")))


def compile_module(model: Model) -> bytes:
    """The module of `model`: the same bytes wherever the same zig compiles it.

    Raises KilovoxError where the model hears whole recordings only, is none of integers, or ziglang is not installed.
    """
    check_listens(model)
    own = (folder() / "c" / "kv_web.c").read_text()
    code = sources(model) | {"kv_web.c": own}
    exports = [f"-Wl,--export={name}" for name in re.findall(r"^(?!static)[^\n(]*?\b(kv_web_\w+)\(", own, re.MULTILINE)]
    with tempfile.TemporaryDirectory() as name:
        build = Path(name)
        for file, text in code.items():
            (build / file).write_text(text)
        inputs = sorted(file for file in code if file.endswith(".c"))
        run_compiler([*zig(), "cc", *FLAGS, *exports, "-o", "recogniser.wasm", *inputs], build)
        return (build / "recogniser.wasm").read_bytes()


def prebuilt(name: str) -> bytes | None:
    """The module of the bundled model `name` that comes with the package; None where there is none."""
    path = folder() / "prebuilt" / f"{name}.wasm"
    return path.read_bytes() if name in PREBUILT and path.is_file() else None


def check_listens(model: Model) -> None:
    """Raises KilovoxError for a model that cannot hear sound as it runs."""
    name = model.metadata.name
    if model.metadata.arithmetic == "float32":
        raise KilovoxError(f"{name}: computes in floats; the page runs integer models, such as listening")
    recogniser = Recogniser(model)
    if not (recogniser.listens or recogniser.finds_words):
        raise KilovoxError(f"{name}: decides on whole recordings; the page takes models that listen or find words")
