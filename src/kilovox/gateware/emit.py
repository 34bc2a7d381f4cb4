"""A model as gateware: a header of sizes and the memories that $readmemh reads. The Verilog is written by hand, in rtl/."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config.vocabulary import UNKNOWN
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import provenance, sizes
from kilovox.firmware.layout import Parts, parts_of
from kilovox.gateware.listening import FIELD_BITS, block_sizes, listening_sizes
from kilovox.integer.convolution import Convolution
from kilovox.integer.model_file import Model
from kilovox.integer.network import LOGIT_BITS, Head, Layer
from kilovox.integer.power_of_two import SIGN

Array = npt.NDArray[Any]

HEADER = "kilovox_model.vh"

FROM_FIRMWARE = (
    "POW2", "LABELS", "OUTPUTS", "FEATURES", "INPUTS", "LAYERS", "UNITS", "HOP", "BANDS", "MEL_BINS", "LEVEL_EXPONENT", "DECAY",
    "FLOOR", "LEVELS", "ABSOLUTE", "ABSOLUTE_FLOOR", "FEATURE_SHIFT", "TANH_ENTRIES", "HEAD_SHIFT", "NOTHING", "UNKNOWN",
    "LABEL", "WORD_BUFFER", "WORD_PAUSE", "WORD_MARGIN", "WORD_EDGE", "WORD_DEPTH", "WORD_PROMINENCE", "WORD_SHORTEST",
    "WORD_SHARE_BITS", "OTHERS", "REFRACTORY", "BLOCKS", "FRAME",
)  # fmt: skip
"""Constants that C and Verilog share."""

NORMALISATION_BITS = 14
"""Of a multiplier of the features."""

WORD_BITS = 16
"""Of the memory that weights are loaded into, where they are not in one that has contents when it wakes."""

SIGNED_BITS = 17
"""Of constants that may be negative."""


def emit(model: Model) -> dict[str, str]:
    """The header and the memories of an int8 or pow2 model. The same model gives the same text.

    Raises KilovoxError for a model that cannot be gateware: of floats, too large, or with other words not as the last label.
    """
    parts = gateware_parts(model)
    constants = gateware_sizes(parts)
    return {HEADER: _header(parts, constants)} | {
        name: "".join(f"{word:0{-(-bits // 4)}x}\n" for word in _bits(words, bits))
        for name, (words, bits) in _memories(parts, constants).items()
    }


def rtl_folder() -> Path:
    """Where the Verilog is."""
    return Path(str(files("kilovox.gateware") / "rtl"))


def sources(model: Model) -> dict[str, str]:
    """Every file of the gateware of `model` by name: the Verilog and what `emit` makes. Raises KilovoxError as it does."""
    generated = emit(model)
    return {path.name: path.read_text() for path in sorted(rtl_folder().glob("*.v"))} | generated


def gateware_parts(model: Model) -> Parts:
    """What the gateware is made of. Raises KilovoxError as `emit`."""
    parts = parts_of(model)
    labels = model.metadata.labels
    if parts.convolutions is not None and UNKNOWN in labels[:-1]:
        raise KilovoxError(f"model {model.metadata.name}: label {UNKNOWN} is not the last one; Verilog expects it there")
    return parts


def gateware_sizes(parts: Parts) -> dict[str, int]:
    """Every KV_ constant of kilovox_model.vh by name; those of words and of networks that listen where there are such."""
    shared = sizes(parts)
    weights, rows = _weights(parts), _rows(parts)
    columns = max(layer.weights.shape[1] for layer in _all_rows(parts))
    _check_counts(parts, len(rows), columns)
    accumulator = max(20, _reach(parts).bit_length() + 1, LOGIT_BITS + 12 + parts.network.head.shift)
    found = {name: shared[name] for name in FROM_FIRMWARE if name in shared} | {
        "SILENCE": parts.front_end.silence,
        "FIRST_BIN": int(parts.front_end.tables()["mel_starts"][0]),
        "LABEL_BITS": _address_bits(shared["OUTPUTS"]),
        "WEIGHT_BITS": 4 if parts.powers_of_two else 8,
        "WEIGHTS": len(weights),
        "WEIGHT_ADDRESS": _address_bits(len(weights)),
        "ROWS": len(rows),
        "ROW_ADDRESS": _address_bits(len(rows)),
        "COLUMN_BITS": columns.bit_length(),
        "ACC_BITS": accumulator,
        "SHIFT_BITS": max(1, int(rows[:, 1].max()).bit_length()),
    }
    if parts.front_end.words is not None:
        found |= {
            "WORDS": 1,
            "PLACE_BITS": _address_bits(parts.front_end.words.buffer + 1),
            "FEATURE_OFFSET_0": int(parts.normalisation.offset[0]),
            "FEATURE_MULTIPLIER_0": int(parts.normalisation.multiplier[0]),
        }
    return found | listening_sizes(parts)


def _check_counts(parts: Parts, rows: int, columns: int) -> None:
    """What the convolutions' numbers of FIELD_BITS bits are cut to. Raises KilovoxError."""
    most = 1 << (FIELD_BITS - 1)
    if parts.convolutions is not None and max(rows, columns) > most:
        name = parts.model.metadata.name
        raise KilovoxError(f"model {name}: {rows:,} rows of up to {columns:,} weights, and it listens; Verilog takes {most:,}")


def _memories(parts: Parts, constants: Mapping[str, int]) -> dict[str, tuple[Array, int]]:
    """By name: words, and bits of one."""
    tables = parts.front_end.tables()
    starts, slopes = tables["mel_starts"].astype(np.int64), tables["mel_weights"].astype(np.int64)
    opens = np.isin(np.arange(starts[0], starts[-1]), starts)
    normalisation = parts.normalisation
    scales = _bits(normalisation.offset, 16) << NORMALISATION_BITS | normalisation.multiplier.astype(np.int64)
    rows, bits = _rows(parts), constants["ACC_BITS"]
    thresholds = np.zeros(1 << constants["LABEL_BITS"], np.int64)
    thresholds[: len(parts.thresholds)] = parts.thresholds
    weight_bits = constants["WEIGHT_BITS"]
    return {
        "kv_weights.hex": (_weights(parts), weight_bits),
        "kv_weights_16.hex": (_in_words(_weights(parts), weight_bits), WORD_BITS),
        "kv_rows.hex": (rows[:, 1] << bits | _bits(rows[:, 0], bits), bits + constants["SHIFT_BITS"]),
        "kv_tanh.hex": (parts.network.table, 16),
        "kv_thresholds.hex": (thresholds, 8),
        "kv_half_window.hex": (tables["half_window"], 16),
        "kv_sine.hex": (tables["sine"], 16),
        "kv_mel_weights.hex": (opens.astype(np.int64) << 8 | slopes, 9),
        "kv_log2_mantissa.hex": (tables["log2_mantissa"], 16),
        "kv_normalisation.hex": (scales, 16 + NORMALISATION_BITS),
        **({"kv_half_dct.hex": (tables["half_dct"].reshape(-1), 16)} if "half_dct" in tables else {}),
        **({} if parts.convolutions is None else {"kv_knots.hex": (np.array(parts.knots), 9)}),
    }


def _layers(parts: Parts) -> list[Convolution | Layer]:
    """Those whose sums are shifted: convolutions, their projection, the layers of the LSTM."""
    before = [] if parts.convolutions is None else [*parts.convolutions.layers, parts.convolutions.projection]
    return [*before, *parts.network.layers]


def _all_rows(parts: Parts) -> list[Convolution | Layer | Head]:
    """Those, then the head."""
    return [*_layers(parts), parts.network.head]


def _weights(parts: Parts) -> Array:
    """Row by row, layer by layer, then the head: as they are read."""
    weights = np.concatenate([rows.weights.reshape(-1) for rows in _all_rows(parts)])
    if not parts.powers_of_two:
        return weights
    exponents = np.log2(np.abs(weights)).astype(np.int64)
    codes: Array = exponents | np.where(weights < 0, SIGN, 0)
    return codes


def _in_words(weights: Array, bits: int) -> Array:
    """As a memory of 16 bits a word is loaded with them: the first weight in the lowest bits; zeros after the last."""
    together = WORD_BITS // bits
    padded = np.zeros(-(-len(weights) // together) * together, np.int64)
    padded[: len(weights)] = _bits(weights, bits)
    words: Array = np.bitwise_or.reduce(padded.reshape(-1, together) << np.arange(0, WORD_BITS, bits), axis=1)
    return words


def _rows(parts: Parts) -> Array:
    """(rows, 2) int64: the bias with half of what the shift drops, and the shift; rows as in `_weights`."""
    layers = [
        np.stack([layer.bias + ((np.int64(1) << layer.shift) >> 1), layer.shift], axis=1).astype(np.int64)
        for layer in _layers(parts)
    ]
    bias = parts.network.head.bias
    head = np.stack([bias, np.zeros_like(bias)], axis=1).astype(np.int64)
    return np.concatenate([*layers, head])


def _reach(parts: Parts) -> int:
    """The largest that a sum, at any time, can be: 128 times the weights of a row, and its bias."""
    rows = _rows(parts)
    weights = np.concatenate([np.abs(layer.weights.astype(np.int64)).sum(axis=1) for layer in _all_rows(parts)])
    return int((128 * weights + np.abs(rows[:, 0])).max())


def _address_bits(words: int) -> int:
    return max(1, (words - 1).bit_length())


def _bits(words: Array, bits: int) -> npt.NDArray[np.int64]:
    """Two's complement."""
    return words.astype(np.int64) & ((1 << bits) - 1)


def _header(parts: Parts, constants: Mapping[str, int]) -> str:
    lines = [
        "// Sizes of one model. Generated by kilovox export; not to be edited.", "//",
        *(f"// {line}".rstrip() for line in provenance(parts.model.metadata)),
        "`ifndef KILOVOX_MODEL", "`define KILOVOX_MODEL", "",
    ]  # fmt: skip
    code = [f"`define KV_{name} {_literal(value)}" for name, value in constants.items()]
    code += [f"`define KV_{name} {_fields(values)}" for name, values in block_sizes(parts).items()]
    return "\n".join([*lines, *code, "", "`endif", ""])


def _literal(value: int) -> str:
    """A negative number has the width and sign of the parameters that take one."""
    return str(value) if value >= 0 else f"(-{SIGNED_BITS}'sd{-value})"


def _fields(values: tuple[int, ...]) -> str:
    """Side by side, the first in the lowest bits."""
    return "{" + ", ".join(f"{FIELD_BITS}'d{value & ((1 << FIELD_BITS) - 1)}" for value in reversed(values)) + "}"
