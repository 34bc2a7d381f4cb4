"""A model as C: tables, sizes and provenance, nothing else. The kernels are written by hand, in c/."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from kilovox.config.vocabulary import UNKNOWN
from kilovox.firmware.decimation import decimation_sizes, decimation_tables
from kilovox.firmware.layout import Array, Block, Parts, blocks_of, codes_by_pair, column_pairs, folded_bias, parts_of
from kilovox.firmware.names import KILOVOX, Names
from kilovox.firmware.text import c_string, plain
from kilovox.frontend import fixed_point, fixed_point_stages, fixed_point_tables, word_finder
from kilovox.frontend.word_finder import WordFinder
from kilovox.integer import activation, calibration, decider, network, outcome
from kilovox.integer.convolution import Convolution
from kilovox.integer.model_file import Metadata, Model
from kilovox.integer.network import Layer
from kilovox.integer.stream import WAITING

A_LINE = 16
"""Values a line."""

C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "uint16": "uint16_t", "int32": "int32_t"}


def emit(model: Model, names: Names = KILOVOX, input_rate: int | None = None) -> dict[str, str]:
    """kilovox_model.h and kilovox_model.c of an int8 or pow2 model, with `names`. The same model gives the same text.

    input_rate: Hz of the sound that the library takes; None: the model's. Raises KilovoxError for a model that cannot be
    firmware, and a rate that is not supported.
    """
    parts = parts_of(model)
    constants = sizes(parts, input_rate)
    texts = {"kilovox_model.h": _header(parts, names, constants), "kilovox_model.c": _source(parts, names, constants)}
    return {names.file(name): text for name, text in texts.items()}


def sizes(parts: Parts, input_rate: int | None = None) -> dict[str, int]:
    """Every KV_ constant of kilovox_model.h, by name: sizes of the network, then widths and shifts."""
    engine, transform, labels = parts.network, parts.front_end, parts.model.metadata.labels
    rows: list[Layer | Convolution] = [*engine.layers, *_channels(parts)]
    mel_starts = transform.tables()["mel_starts"]
    floor = transform.floor_level
    return {
        "POW2": int(parts.powers_of_two),
        "LABELS": len(labels),
        "OUTPUTS": len(engine.head.bias),
        "FEATURES": transform.coefficients,
        "INPUTS": engine.layers[0].inputs,
        "LAYERS": len(engine.layers),
        "UNITS": engine.layers[0].units,
        "COLUMNS": max(layer.weights.shape[1] for layer in rows),
        "ROWS": max(len(layer.weights) for layer in rows),
        "SAMPLE_RATE": transform.sample_rate,
        "WINDOW": transform.window,
        "HOP": transform.hop,
        "TRANSFORM": transform.window // 2,
        "BANDS": transform.mel_bands,
        "MEL_BINS": int(mel_starts[-1]) - int(mel_starts[0]),
        "TWIDDLE_BITS": fixed_point_tables.TWIDDLE_BITS,
        "WEIGHT_BITS": fixed_point_tables.WEIGHT_BITS,
        "LOG_TABLE_BITS": fixed_point_tables.LOG_TABLE_BITS,
        "LOG_ENTRY_BITS": fixed_point_tables.LOG_ENTRY_BITS,
        "LEVEL_BITS": fixed_point_tables.LEVEL_BITS,
        "DCT_BITS": fixed_point_tables.DCT_BITS,
        "FEATURE_BITS": fixed_point_tables.FEATURE_BITS,
        "LEVEL_EXPONENT": fixed_point_stages.LEVEL_EXPONENT,
        "LOWEST_LEVEL": fixed_point_stages.LOWEST_LEVEL,
        "DECAY": transform.decay_level,
        "FLOOR": fixed_point._RELATIVE_FLOOR if floor is None else -floor,
        "LEVELS": int(transform.features == "levels"),
        "ABSOLUTE": int(transform.energy == "absolute"),
        "ABSOLUTE_FLOOR": fixed_point._ABSOLUTE_FLOOR,
        "FEATURE_SHIFT": parts.normalisation.shift,
        "TANH_ENTRIES": len(engine.table),
        "TANH_STEP_BITS": activation.STEP_BITS,
        "HIDDEN_BITS": network.HIDDEN_BITS,
        "CELL_BITS": network.CELL_BITS,
        "GATE_BITS": network.GATE_BITS,
        "HEAD_SHIFT": engine.head.shift,
        "LOGIT_BITS": network.LOGIT_BITS,
        "LOG2_E": network.LOG2_E,
        "LARGEST_DIFFERENCE": network.LARGEST_DIFFERENCE,
        "POWER_BITS": network.POWER_BITS,
        "POWER_LINEAR": network.POWER_LINEAR,
        "POWER_SQUARE": network.POWER_SQUARE,
        "NOTHING": outcome.NOTHING, "UNKNOWN": outcome.UNKNOWN, "LABEL": outcome.LABEL,
        **_word_sizes(transform.words),
        **_listening_sizes(parts),
        **decimation_sizes(input_rate, transform.sample_rate),
    }  # fmt: skip


def _word_sizes(words: WordFinder | None) -> dict[str, int]:
    if words is None:
        return {"WORDS": 0}
    return {
        "WORDS": 1,
        "WORD_BUFFER": words.buffer,
        "WORD_PAUSE": words.pause,
        "WORD_MARGIN": words.margin,
        "WORD_EDGE": words.edge,
        "WORD_DEPTH": words.depth,
        "WORD_PROMINENCE": words.prominence,
        "WORD_SHORTEST": words.shortest,
        "WORD_SHARE_BITS": word_finder.SHARE_BITS,
    }


def _listening_sizes(parts: Parts) -> dict[str, int]:
    blocks, labels = blocks_of(parts), parts.model.metadata.labels
    if parts.convolutions is None:
        return {"LISTENS": 0}
    tables = [tensor.nbytes for name, tensor in parts.model.tensors.items() if name.startswith(("conv", "projection."))]
    return {
        "LISTENS": 1,
        "OTHERS": labels.index(UNKNOWN) if UNKNOWN in labels else len(labels),
        "KNOTS": calibration.KNOTS,
        "KNOT_BITS": calibration.KNOT_BITS,
        "REFRACTORY": decider.REFRACTORY,
        "BEFORE": decider.BEFORE,
        "DETECTIONS": WAITING,
        "FRAME_STRIDE": math.prod(block.kernel.frame_stride for block in blocks),
        "BLOCKS": len(blocks),
        "PAST": sum(block.ring for block in blocks),
        "VIEW": max(blocks[0].rows.weights.shape[1], *(block.channels for block in blocks)),
        "FRAME": parts.convolutions.projection.weights.shape[1],
        "CONVOLUTION_BYTES": sum(tables),
        "LARGEST_CONVOLUTION": max(tables),
    }


def _channels(parts: Parts) -> list[Convolution]:
    """The convolutions whose kernel is that of the layers: the full one, the pointwise ones, and the projection."""
    projection = [] if parts.convolutions is None else [parts.convolutions.projection]
    return [block.rows for block in blocks_of(parts)] + projection


def _header(parts: Parts, names: Names, constants: Mapping[str, int]) -> str:
    lines = [
        "/* Sizes, widths and shifts of one model. Generated by kilovox export; not to be edited.", " *",
        *(f" * {line}".rstrip() for line in provenance(parts.model.metadata)), " */",
    ]  # fmt: skip
    code = ["#ifndef KILOVOX_MODEL_H", "#define KILOVOX_MODEL_H", ""]
    code += [f"#define KV_{name} {value if value >= 0 else f'({value})'}" for name, value in constants.items()]
    return "\n".join([*lines, names.renamed("\n".join([*code, "", "#endif", ""]))])


def provenance(metadata: Metadata) -> list[str]:
    """What is to be known of a model besides its numbers, line by line; safe within a C comment."""
    trained = metadata.trained_on
    facts = {
        "model": metadata.name,
        "format version": metadata.format_version,
        "arithmetic": metadata.arithmetic,
        "labels": " ".join(metadata.labels),
        "trained on": f"{len(trained.recordings)} recordings of {trained.corpus}, split {trained.split}",
        "corpus fingerprint": trained.fingerprint,
        **{
            f"and on {source.corpus}": f"{source.recordings} recordings; {'; '.join(source.licences.values())}"
            for source in trained.besides
        },
        **({"note": trained.note} if trained.note else {}),
        **{f"measured: {name}": value for name, value in sorted(metadata.metrics.items())},
        "licence of the code": "Apache-2.0; weights follow from the recordings, whose licence is for the user to keep",
    }
    return [plain(f"{name}: {value}") for name, value in facts.items()]


def _source(parts: Parts, names: Names, constants: Mapping[str, int]) -> str:
    """Labels are the model's text, and not renamed."""
    above = (
        "/* Tables of one model. Generated by kilovox export; not to be edited. kilovox_model.h says what it is. */\n"
        '#include "kv_internal.h"\n'
    )
    labels = (c_string(label) for label in parts.model.metadata.labels)
    return "\n".join([
        names.renamed(above),
        _definition("const char *const", names.renamed("kv_labels[KV_LABELS]"), labels, 8),
        names.renamed(_tables(parts, constants)),
    ])  # fmt: skip


def _tables(parts: Parts, constants: Mapping[str, int]) -> str:
    engine = parts.network
    blocks = [
        *_layers(parts),
        *_blocks(parts),
        _table("kv_tanh_table[KV_TANH_ENTRIES]", engine.table.astype(np.uint16)),
        _head(parts),
        _table("kv_head_bias[KV_OUTPUTS]", engine.head.bias),
        _table("kv_thresholds[KV_LABELS]", parts.thresholds),
    ]
    for name, table in parts.front_end.tables().items():
        # Cortex-M0 loads unsigned halves from any offset, signed ones only by two registers.
        table = table.astype(np.uint16) if name == "half_window" else table  # noqa: PLW2901
        blocks.append(_table(f"kv_{name}{''.join(f'[{length}]' for length in table.shape)}", table))
    blocks.append(_table("kv_feature_offset[KV_FEATURES]", parts.normalisation.offset))
    blocks.append(_table("kv_feature_multiplier[KV_FEATURES]", parts.normalisation.multiplier))
    taps = decimation_tables(constants.get("DECIMATE", 1))
    return "\n".join([*blocks, *(_table(declarator, table) for declarator, table in taps.items())])


def _layers(parts: Parts) -> Iterable[str]:
    entries = []
    for index, layer in enumerate(parts.network.layers):
        yield from _rows(parts, layer, f"lstm{index}", layer.shift[:1] if parts.powers_of_two else layer.shift)
        entries.append(_entry(layer, f"lstm{index}"))
    yield _definition("const kv_rows", "kv_layers[KV_LAYERS]", entries, 1)


def _rows(parts: Parts, layer: Layer | Convolution, tensor: str, shift: Array) -> Iterable[str]:
    """Tables of rows that lie four by four in `tensor`.weights."""
    if parts.powers_of_two:
        codes = codes_by_pair(parts.model.tensor(f"{tensor}.weights"), layer.weights.shape[1])
        yield _table(f"{tensor}_weights[]", codes.reshape(-1), "static ")
    else:
        words = column_pairs(layer).reshape(-1, 4)
        values = (f"KV_4({', '.join(map(str, word))})" for word in words.tolist())
        yield _definition("static const kv_weight", f"{tensor}_weights[] KV_TABLE", values, A_LINE // 4)
    yield _table(f"{tensor}_bias[]", folded_bias(layer, offset=not parts.powers_of_two).reshape(-1), "static ")
    yield _table(f"{tensor}_shift[]", shift.astype(np.uint8), "static ")


def _entry(layer: Layer | Convolution, tensor: str) -> str:
    """The kv_rows of `_rows`."""
    rows, columns = layer.weights.shape
    return f"{{{tensor}_weights, {tensor}_bias, {tensor}_shift, {columns}, {rows // 4}}}"


def _blocks(parts: Parts) -> Iterable[str]:
    if parts.convolutions is None:
        return
    entries, past = [], 0
    for block in blocks_of(parts):
        depthwise, rows = (f"conv{number}" for number in block.numbers)
        yield from _rows(parts, block.rows, rows, block.rows.shift)
        tables, four = ["0"] * 3, 0
        if depthwise != rows:
            yield from _taps(parts, block, depthwise)
            tables = [f"{depthwise}_{table}" for table in ("taps", "bias", "shift")]
            four = parts.model.tensor(f"{depthwise}.weights")[0].size
        kernel = block.kernel
        sizes = [past, block.ring, block.frame, block.channels, four, block.heard_bands, kernel.frames, kernel.bands,
                 kernel.frame_stride, kernel.band_stride]  # fmt: skip
        entries.append(f"{{{', '.join([_entry(block.rows, rows), *tables, *map(str, sizes)])}}}")
        past += block.ring
    yield _definition("const kv_block", "kv_blocks[KV_BLOCKS]", entries, 1)
    projection = parts.convolutions.projection
    yield from _rows(parts, projection, "projection", projection.shift)
    yield _table("kv_knots[KV_KNOTS]", np.array(parts.knots, np.uint16))
    yield f"const kv_rows kv_projection = {_entry(projection, 'projection')};\n"


def _taps(parts: Parts, block: Block, tensor: str) -> Iterable[str]:
    """Tables of a depthwise convolution, as they are stored."""
    yield _table(f"{tensor}_taps[]", parts.model.tensor(f"{tensor}.weights").reshape(-1), "static ")
    yield _table(f"{tensor}_bias[]", folded_bias(block.kernel, offset=False).reshape(-1), "static ")
    yield _table(f"{tensor}_shift[]", block.kernel.shift.astype(np.uint8), "static ")


def _head(parts: Parts) -> str:
    head = parts.network.head
    if parts.powers_of_two:
        codes = codes_by_pair(parts.model.tensor("head.weights"), head.weights.shape[1])
        return _table("kv_head_weights[(KV_UNITS + 1) / 2][KV_OUTPUTS]", codes)
    return _table("kv_head_weights[KV_OUTPUTS][KV_UNITS]", head.weights.astype(np.int8))


def _table(declarator: str, values: Array, storage: str = "") -> str:
    kind, declarator = f"{storage}const {C_TYPES[values.dtype.name]}", f"{declarator} KV_TABLE"
    if values.ndim == 1:
        return _definition(kind, declarator, map(str, values.tolist()), A_LINE)
    rows = (",\n     ".join(_lines(map(str, row), A_LINE)) for row in values.tolist())
    return f"{kind} {declarator} = {{\n" + "".join(f"    {{{row}}},\n" for row in rows) + "};\n"


def _definition(kind: str, declarator: str, values: Iterable[str], a_line: int) -> str:
    return f"{kind} {declarator} = {{\n" + "".join(f"    {line},\n" for line in _lines(values, a_line)) + "};\n"


def _lines(values: Iterable[str], a_line: int) -> list[str]:
    found = list(values)
    return [", ".join(found[start : start + a_line]) for start in range(0, len(found), a_line)]


def c_lines(values: Array, a_line: int) -> list[str]:
    """The lines of an initialiser of (n,) integers, indented."""
    return [f"    {line}," for line in _lines(map(str, values.tolist()), a_line)]
