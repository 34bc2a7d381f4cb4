"""The one exception a user meets: what is wrong, where, and what would be right."""

EXTRAS = {
    "train": ("torch", "scipy", "matplotlib", "jinja2"),
    "tensorboard": ("tensorboard",),
    "verify": ("capstone", "elftools", "pyelftools", "unicorn", "wasmtime", "ziglang"),
    "onnx": ("onnx",),
    "listen": ("sounddevice",),
    "synthetic": ("onnxruntime",),
    "scale": ("ray", "optuna", "fsspec"),
}
"""By extra (pyproject.toml): the modules that it brings."""


class KilovoxError(Exception):
    """Bad input. The command line prints the message and exits with status 2."""


def not_installed(module: str) -> KilovoxError:
    """For a module that cannot be imported: which extra brings it, and how that is installed."""
    top = module.partition(".")[0]
    extra = next((name for name, modules in EXTRAS.items() if top in modules), None)
    if extra is None:
        return KilovoxError(f"this needs {top}, which is not installed; expected pip install {top}")
    return KilovoxError(
        f"this needs {top}, which is not installed; expected the extra {extra}: from a clone pip install '.[{extra}]' "
        f"(once published: pip install 'kilovox[{extra}]')"
    )
