"""Which hand-written files a model's C is made of."""

from importlib.resources import files
from pathlib import Path

from kilovox.config import parse_front_end
from kilovox.firmware.emit import emit
from kilovox.firmware.names import KILOVOX, Names, public_symbols, sealed
from kilovox.frontend.decimator import factor_of
from kilovox.integer.model_file import Model

INT8_ONLY = frozenset({"kv_dot4.c", "kv_dot4_dsp.c", "kv_rows_int8.c", "kv_layer_step_int8.c"})
POW2_ONLY = frozenset({"kv_layer_step_pow2.c", "kv_pow2_matvec.c"})
LISTENING_INT8 = frozenset({"kv_channels_int8.c", "kv_depthwise_int8.c"})
LISTENING_POW2 = frozenset({"kv_channels_pow2.c", "kv_depthwise_pow2.c"})
LISTENING = LISTENING_INT8 | LISTENING_POW2 | {
    "kv_listen.c", "kv_judge.c", "kv_decide.c", "kv_detected.c", "kv_compared.c", "kv_calibrated.c", "kv_forget_words.c",
}  # fmt: skip
CEPSTRA_ONLY = frozenset({"kv_cepstra.c"})
DECIMATE_ONLY = frozenset({"kv_decimate.c"})
LEVELS_ONLY = frozenset({"kv_level_features.c"})


def folder() -> Path:
    """Where this room keeps its C files and templates."""
    return Path(str(files("kilovox.firmware")))


def sources(model: Model, names: Names = KILOVOX, input_rate: int | None = None) -> dict[str, str]:
    """Every C file of the recogniser of `model` by name, kernels and tables. input_rate, and errors, are those of `emit`."""
    generated = emit(model, names, input_rate)
    pow2, listens = model.metadata.arithmetic == "pow2", model.metadata.network.get("kind") == "convolutional"
    leave_out = INT8_ONLY if pow2 else POW2_ONLY
    leave_out |= (LISTENING_INT8 if pow2 else LISTENING_POW2) if listens else LISTENING
    leave_out |= CEPSTRA_ONLY if model.metadata.front_end.get("features") == "levels" else LEVELS_ONLY
    if factor_of(input_rate, parse_front_end(model.metadata.front_end).sample_rate) == 1:
        leave_out |= DECIMATE_ONLY
    kernels = {path.name: path.read_text() for path in sorted((folder() / "c").glob("*.[ch]")) if path.name not in leave_out}
    return {names.file(name): names.renamed(text) for name, text in kernels.items()} | generated


def sealed_sources(model: Model, names: Names, input_rate: int | None = None) -> dict[str, str]:
    """`sources`, whose public symbols are called after all of them."""
    return sealed(sources(model, names, input_rate), public_symbols((folder() / "c" / "kilovox.h").read_text()), names)
