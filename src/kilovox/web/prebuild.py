"""Builds anew what the package brings for the page: python -m kilovox.web.prebuild. The tests compare it, byte for byte."""

from kilovox.files import write_bytes
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import load_model
from kilovox.web.module import PREBUILT, compile_module, folder

if __name__ == "__main__":
    for name in PREBUILT:
        module = compile_module(load_model(resolve_model(name)))
        write_bytes(folder() / "prebuilt" / f"{name}.wasm", module)
        print(f"{name}: {len(module):,} bytes")
