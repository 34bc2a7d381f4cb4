"""Which hand-written files a model's C is made of."""

from importlib.resources import files
from pathlib import Path

from kilovox.firmware.emit import emit
from kilovox.firmware.names import KILOVOX, Names, public_symbols, sealed
from kilovox.integer.model_file import Model

INT8_ONLY = frozenset({"kv_dot4.c", "kv_dot4_dsp.c", "kv_layer_step_int8.c"})
POW2_ONLY = frozenset({"kv_layer_step_pow2.c", "kv_pow2_matvec.c"})
CEPSTRA_ONLY = frozenset({"kv_cepstra.c"})
DECIMATE_ONLY = frozenset({"kv_decimate.c"})
LEVELS_ONLY = frozenset({"kv_level_features.c"})


def folder() -> Path:
    """Where this room keeps its C files and templates."""
    return Path(str(files("kilovox.firmware")))


def sources(model: Model, names: Names = KILOVOX, input_rate: int | None = None) -> dict[str, str]:
    """Every C file of the recogniser of `model` by name, kernels and tables. input_rate, and errors, are those of `emit`."""
    generated = emit(model, names, input_rate)
    leave_out = INT8_ONLY if model.metadata.arithmetic == "pow2" else POW2_ONLY
    leave_out |= CEPSTRA_ONLY if model.metadata.front_end.get("features") == "levels" else LEVELS_ONLY
    if names.renamed("#define KV_DECIMATE ") not in generated[names.file("kilovox_model.h")]:
        leave_out |= DECIMATE_ONLY
    kernels = {path.name: path.read_text() for path in sorted((folder() / "c").glob("*.[ch]")) if path.name not in leave_out}
    return {names.file(name): names.renamed(text) for name, text in kernels.items()} | generated


def sealed_sources(model: Model, names: Names, input_rate: int | None = None) -> dict[str, str]:
    """`sources`, whose public symbols are called after all of them."""
    return sealed(sources(model, names, input_rate), public_symbols((folder() / "c" / "kilovox.h").read_text()), names)
