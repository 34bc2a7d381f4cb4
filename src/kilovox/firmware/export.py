"""A model as a folder that a project can take: C, an Arduino library, sources for WebAssembly, or ONNX."""

import math
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal, get_args

from kilovox import __version__
from kilovox.errors import KilovoxError
from kilovox.files import Written
from kilovox.firmware.decimation import decimation_bytes
from kilovox.firmware.emit import provenance, sizes
from kilovox.firmware.layout import Parts, blocks_of, parts_of
from kilovox.firmware.names import DEFAULT, Names
from kilovox.firmware.sources import folder, sealed_sources, sources
from kilovox.firmware.text import line_of, plain
from kilovox.firmware.vectors import vectors
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser

TEMPLATES = {
    "c": {
        "LICENSE.txt": "LICENSE.txt", "c/README.md": "README.md", "c/CMakeLists.txt": "CMakeLists.txt",
        "c/self_test.c": "test/self_test.c",
    },
    "arduino": {
        "LICENSE.txt": "LICENSE.txt", "arduino/README.md": "README.md", "arduino/library.properties": "library.properties",
        "arduino/keywords.txt": "keywords.txt", "arduino/Listen.ino": "examples/Listen/Listen.ino",
    },
    "wasm": {
        "LICENSE.txt": "LICENSE.txt", "wasm/kv_wasm.c": "src/kv_wasm.c", "wasm/exports.txt": "exports.txt",
        "wasm/README.md": "README.md",
    },
}  # fmt: skip
"""Of each target: where each template goes."""

Target = Literal["c", "arduino", "wasm", "onnx"]
TARGETS: tuple[Target, ...] = get_args(Target)

COSTS = {"int8": (3.8, 1.25), "pow2": (4.6, 1.56)}
"""Of a Cortex-M0 whose multiplier takes one cycle: instructions that a layer takes a weight, and cycles that an instruction
takes as modelled, as kilovox verify counts them for fsdd-int8 and fsdd-pow2."""

LISTENING_COSTS = {"int8": 5.0, "pow2": 12.0}
"""Instructions that convolutions take a weight and band."""

ARCHITECTURES = ("mbed_nano", "mbed_rp2040", "rp2040", "samd", "renesas_uno", "esp32")
"""Arduino cores whose processors, or whose kind, `kilovox verify` emulates; avr as well, where a model fits."""

AVR_ARRAY, AVR_TABLES = 0x7FFF, 0xFFFF
"""Bytes of an array, and of all tables, on AVR."""

MANIFEST = "kilovox-export.json"
"""Lists the files of an export; a folder that has one may be exported to again."""
EXPORT = Written(MANIFEST, "an export")


def export(model: Model, where: Path, target: Target = "c", name: str = DEFAULT, input_rate: int | None = None) -> list[Path]:
    """Write `model` to the folder `where` for `target`, called `name`. Returns the files, sorted.

    input_rate: Hz of the sound that it takes, made into the model's rate there; None: that. Files of an earlier export to the
    same folder are replaced, each at once, or removed where there is no such file now. Raises KilovoxError where the folder
    holds something else, the model is none for this target, `name` cannot be one, or the rate is not supported.
    """
    files = exported(model, target, name, input_rate)
    return EXPORT.write(where, files, {"model": model.metadata.name, "target": target, "name": name})


def exported(model: Model, target: Target, name: str = DEFAULT, input_rate: int | None = None) -> dict[str, bytes]:
    """The files of an export by relative name; the same arguments give the same bytes. Raises KilovoxError as `export`."""
    names = Names(name)
    if target == "onnx":
        if input_rate is not None:
            raise KilovoxError(f"input rate {input_rate} Hz for onnx, which takes features; expected none")
        from kilovox.firmware.onnx_file import onnx_bytes

        labels = "".join(f"{line_of(label)}\n" for label in model.metadata.labels)
        return {"model.onnx": onnx_bytes(model), "labels.txt": labels.encode(errors="replace")}
    # A module for WebAssembly is linked whole, and what it exports goes by its plain name.
    code = (sources if target == "wasm" else sealed_sources)(model, names, input_rate)
    files = {f"src/{file}": text for file, text in code.items()}
    facts = _facts(model, names, input_rate)
    files |= {names.file(file): _fill(template, facts, names) for template, file in TEMPLATES[target].items()}
    if target == "c":
        files["test/test_vectors.h"] = names.renamed(vectors(model, input_rate))
    return {file: text.encode() for file, text in sorted(files.items())}


def wasm_exports() -> list[str]:
    """What the module for WebAssembly exports, besides its memory and __heap_base."""
    return (folder() / "templates" / "wasm" / "exports.txt").read_text().split()


def state_bytes(constants: Mapping[str, int]) -> int:
    """sizeof(kv_recogniser) where int32 is aligned to four bytes, from the constants of kilovox_model.h."""
    front_end = 4 * constants["TRANSFORM"] + 2 * constants["BANDS"]
    layer = 4 * constants["ROWS"] + 2 * 256 if constants["POW2"] else 4 * ((constants["COLUMNS"] + 1) // 2)
    units = constants["LAYERS"] * constants["UNITS"]
    words = heard = 0
    if constants["LISTENS"]:
        layer += 4 * constants["OUTPUTS"] + constants["VIEW"] + constants["FRAME"]
        words = 8 * constants["DETECTIONS"] + _up(4 * constants["LABELS"] + 6) + _up(12 + constants["BEFORE"])
        heard = 3 * constants["BLOCKS"] + constants["PAST"]
    if constants["WORDS"]:
        ring = constants["WORD_BUFFER"] * (constants["FEATURES"] + 1)
        words = _up(_up(_up(ring + 4, 2) + 2) + 4 * constants["LABELS"] + 2 + 2)
    decimator = sum(4 * constants[name] + 2 for name in ("FIRST_LENGTH", "LAST_LENGTH") if name in constants)
    cells = 2 * units + decimator
    cells = _up(cells + 4) if constants["LISTENS"] else _up(cells) if words else cells
    xh = units + constants["INPUTS"]
    return _up(_up(2 * constants["WINDOW"]) + _up(max(front_end, layer)) + 8 + cells + words + heard + xh)


def avr_refusal(constants: Mapping[str, int]) -> str:
    """Why a model of these KV_ `constants` is refused on AVR, as kv_memory.h does it; nothing where it is not."""
    units, columns, convolutions = constants["UNITS"], constants["COLUMNS"], 0
    if constants["LISTENS"]:
        columns, convolutions = max(constants["INPUTS"], units) + units, constants["CONVOLUTION_BYTES"]
    layer = 4 * units * ((columns + 1) // 2 if constants["POW2"] else columns)
    tables = constants["LAYERS"] * (layer + 20 * units) + constants["LABELS"] * (units + 4) + 4096 + convolutions
    layer = max(layer, constants.get("LARGEST_CONVOLUTION", 0))
    if layer > AVR_ARRAY:
        return f"the weights of a layer take {layer:,} bytes, an array there no more than {AVR_ARRAY:,}."
    return f"tables of {tables:,} bytes; the first 64 KB of flash hold them." if tables > AVR_TABLES else ""


def _up(size: int, to: int = 4) -> int:
    return (size + to - 1) // to * to


def _facts(model: Model, names: Names, input_rate: int | None) -> dict[str, str]:
    """What fills the holes of the templates: numbers, words of ours, and the model's text made plain."""
    parts, metadata, trained = parts_of(model), model.metadata, model.metadata.trained_on
    constants = sizes(parts, input_rate)
    refusal = avr_refusal(constants)
    rate, factor = constants["SAMPLE_RATE"], constants.get("DECIMATE", 1)
    heard = "" if factor == 1 else f" (`{names.prefix.upper()}_INPUT_RATE`), of which filters make the model's {rate:,}"
    values = {
        "name": plain(metadata.name), "version": __version__, "arithmetic": metadata.arithmetic, "library": names.library,
        "labels": ", ".join(map(plain, metadata.labels)), "label_count": len(metadata.labels),
        "sample_rate": factor * rate, "hop": factor * constants["HOP"],
        "sound": f"{factor * rate:,} samples a second{heard}",
        "verify": "kilovox verify MODEL" + (f" --input-rate {factor * rate}" if factor > 1 else ""),
        "convolutions": f"{constants['BLOCKS']} blocks of convolutions, " if constants["LISTENS"] else "",
        "layers": constants["LAYERS"], "units": constants["UNITS"],
        "network_bytes": f"{Recogniser(model).size.bytes:,}",
        "table_bytes": f"{parts.front_end.table_bytes + decimation_bytes(factor):,}",
        "state_bytes": f"{state_bytes(constants):,}", "pace": _pace(parts, names),
        "architectures": ",".join(ARCHITECTURES if refusal else (*ARCHITECTURES, "avr")),
        "avr": refusal or "the model fits into an ATmega2560 or ATmega1284P, as far as its flash goes.",
        "provenance": "\n".join(f"    {line}" for line in provenance(metadata)),
        "export_flags": " ".join(f"-Wl,--export={names.renamed(name)}" for name in wasm_exports()),
        "trained_on": plain(f"{len(trained.recordings)} recordings of {trained.corpus} (fingerprint {trained.fingerprint})"),
    }  # fmt: skip
    return {name: str(value) for name, value in values.items()}


def _pace(parts: Parts, names: Names) -> str:
    """How long the network takes, and when."""
    instructions, cycles = COSTS[parts.model.metadata.arithmetic]
    frame = instructions * sum(layer.weights.size for layer in parts.network.layers) + _convolved(parts)
    hop, words = parts.front_end.hop / parts.front_end.sample_rate, parts.front_end.words
    cost = f"some {_rounded(frame):,} instructions a frame on a Cortex-M0"
    if parts.convolutions is not None:
        stride = math.prod(block.kernel.frame_stride for block in blocks_of(parts))
        every = f"every {1000 * hop:g} ms, its LSTM every {1000 * hop * stride:g} ms"
        return f"The network runs frame by frame, {every}: at the most {cost}."
    if words is None:
        return f"The network runs frame by frame, every {1000 * hop:g} ms: {cost}."
    half, longest = (_rounded(frame * cycles * frames / 48000) for frames in (0.5 / hop, words.buffer))
    return (
        f"A word goes through the whole network within one `{names.prefix}_push`, when the pause after it has come: {cost}.\n"
        f"At 48 MHz that is, as modelled, some {half} ms for half a second of speech, and {longest} ms for the longest\n"
        f"word, of {names.prefix.upper()}_WORD_BUFFER ({words.buffer}) frames. Sound that comes meanwhile must be kept: let an "
        "interrupt fill a ring that holds as much."
    )


def _convolved(parts: Parts) -> float:
    """Instructions of the convolutions of one frame on a Cortex-M0, where all of them have an output."""
    instructions, total = LISTENING_COSTS[parts.model.metadata.arithmetic], 0
    for block in blocks_of(parts):
        bands = -(-block.heard_bands // block.kernel.band_stride)
        total += bands * (block.rows.weights.size + (block.kernel.weights.size if block.kernel is not block.rows else 0))
    projection = 0 if parts.convolutions is None else parts.convolutions.projection.weights.size
    return instructions * (total + projection)


def _rounded(count: float) -> int:
    """To two digits: it is an estimate."""
    return int(float(f"{count:.1e}"))


def _fill(template: str, facts: dict[str, str], names: Names) -> str:
    """The text of a template with `names`, its holes filled; of the facts nothing is renamed."""
    text = (folder() / "templates" / template).read_text()
    if template.endswith("CMakeLists.txt"):
        return names.built(text)
    # Only prose has holes: a dollar in C or CMake is its own.
    renamed = names.renamed(text)
    return Template(renamed).substitute(facts) if template.endswith((".md", ".txt", ".properties")) else renamed
