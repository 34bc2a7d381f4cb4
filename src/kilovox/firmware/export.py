"""A model as a folder that a project can take: C, an Arduino library, sources for WebAssembly, or ONNX."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal, get_args

from kilovox import __version__
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, write_bytes, write_json
from kilovox.firmware.emit import provenance, sizes
from kilovox.firmware.layout import parts_of
from kilovox.firmware.sources import folder, sources
from kilovox.firmware.vectors import vectors
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser

Target = Literal["c", "arduino", "wasm", "onnx"]
TARGETS: tuple[Target, ...] = get_args(Target)

ARCHITECTURES = ("mbed_nano", "mbed_rp2040", "rp2040", "samd", "renesas_uno", "esp32")
"""Arduino cores whose processors, or whose kind, `kilovox verify` emulates; avr as well, where a model fits."""

AVR_ARRAY, AVR_TABLES = 0x7FFF, 0xFFFF
"""Bytes of an array, and of all tables, on AVR."""

MANIFEST = "kilovox-export.json"
"""Lists the files of an export; a folder that has one may be exported to again."""


def export(model: Model, where: Path, target: Target = "c") -> list[Path]:
    """Write `model` to the folder `where` for `target`. Returns the files, sorted.

    Files of an earlier export to the same folder are replaced, each at once, or removed where there is no such file now.
    Raises KilovoxError where the folder holds something else, or the model is none for this target.
    """
    earlier = _earlier(where)
    files = exported(model, target)
    make_folder(where)
    for name, data in files.items():
        write_bytes(where / name, data)
    for name in sorted(earlier - files.keys()):
        (where / name).unlink(missing_ok=True)
    write_json(where / MANIFEST, {"model": model.metadata.name, "target": target, "files": sorted(files)})
    return sorted(where / name for name in files)


def exported(model: Model, target: Target) -> dict[str, bytes]:
    """The files of an export by relative name; the same model gives the same bytes."""
    if target == "onnx":
        from kilovox.firmware.onnx_file import onnx_bytes

        return {"model.onnx": onnx_bytes(model), "labels.txt": "".join(f"{x}\n" for x in model.metadata.labels).encode()}
    files = {f"src/{name}": text for name, text in sources(model).items()}
    facts = _facts(model)
    files["LICENSE.txt"] = _fill("LICENSE.txt", facts)
    if target == "c":
        for name in ("README.md", "CMakeLists.txt", "self_test.c"):
            files[f"test/{name}" if name == "self_test.c" else name] = _fill(f"c/{name}", facts)
        files["test/test_vectors.h"] = vectors(model)
    elif target == "arduino":
        for name in ("README.md", "library.properties", "keywords.txt"):
            files[name] = _fill(f"arduino/{name}", facts)
        files["examples/Listen/Listen.ino"] = _fill("arduino/Listen.ino", facts)
    else:
        files["src/kv_wasm.c"] = _fill("wasm/kv_wasm.c", facts)
        files["exports.txt"] = _fill("wasm/exports.txt", facts)
        files["README.md"] = _fill("wasm/README.md", facts)
    return {name: text.encode() for name, text in sorted(files.items())}


def wasm_exports() -> list[str]:
    """What the module for WebAssembly exports, besides its memory and __heap_base."""
    return (folder() / "templates" / "wasm" / "exports.txt").read_text().split()


def state_bytes(constants: Mapping[str, int]) -> int:
    """sizeof(kv_recogniser) where int32 is aligned to four bytes, from the constants of kilovox_model.h."""
    front_end = 4 * constants["TRANSFORM"] + 2 * constants["BANDS"]
    layer = 16 * constants["UNITS"] + 2 * 256 if constants["POW2"] else 4 * ((constants["COLUMNS"] + 1) // 2)
    units = constants["LAYERS"] * constants["UNITS"]
    words = 0
    if constants["WORDS"]:
        ring = constants["WORD_BUFFER"] * (constants["FEATURES"] + 1)
        words = _up(_up(_up(ring + 4, 2) + 2) + 4 * constants["LABELS"] + 2 + 2)
    cells = 2 * units if not words else _up(2 * units)
    return _up(_up(2 * constants["WINDOW"]) + _up(max(front_end, layer)) + 8 + cells + words + units + constants["FEATURES"])


def avr_refusal(constants: Mapping[str, int]) -> str:
    """Why a model of these KV_ `constants` is refused on AVR, as kv_memory.h does it; nothing where it is not."""
    units, columns = constants["UNITS"], constants["COLUMNS"]
    layer = 4 * units * ((columns + 1) // 2 if constants["POW2"] else columns)
    tables = constants["LAYERS"] * (layer + 20 * units) + constants["LABELS"] * (units + 4) + 4096
    if layer > AVR_ARRAY:
        return f"the weights of a layer take {layer:,} bytes, an array there no more than {AVR_ARRAY:,}."
    return f"tables of {tables:,} bytes; the first 64 KB of flash hold them." if tables > AVR_TABLES else ""


def _up(size: int, to: int = 4) -> int:
    return (size + to - 1) // to * to


def _facts(model: Model) -> dict[str, str]:
    parts, metadata, trained = parts_of(model), model.metadata, model.metadata.trained_on
    constants = sizes(parts)
    refusal = avr_refusal(constants)
    values = {
        "name": metadata.name, "version": __version__, "arithmetic": metadata.arithmetic,
        "labels": ", ".join(metadata.labels), "label_count": len(metadata.labels),
        "sample_rate": constants["SAMPLE_RATE"], "hop": constants["HOP"],
        "layers": constants["LAYERS"], "units": constants["UNITS"],
        "network_bytes": f"{Recogniser(model).size.bytes:,}", "table_bytes": f"{parts.front_end.table_bytes:,}",
        "state_bytes": f"{state_bytes(constants):,}",
        "architectures": ",".join(ARCHITECTURES if refusal else (*ARCHITECTURES, "avr")),
        "avr": refusal or "the model fits into an ATmega2560 or ATmega1284P, as far as its flash goes.",
        "provenance": "\n".join(f"    {line}" for line in provenance(metadata)),
        "export_flags": " ".join(f"-Wl,--export={name}" for name in wasm_exports()),
        "trained_on": f"{len(trained.recordings)} recordings of {trained.corpus} (fingerprint {trained.fingerprint})",
    }  # fmt: skip
    return {name: " ".join(str(value).split("\r")) for name, value in values.items()}


def _fill(template: str, facts: dict[str, str]) -> str:
    text = (folder() / "templates" / template).read_text()
    # Only prose has holes: a dollar in C or CMake is its own.
    return (
        Template(text).substitute(facts)
        if template.endswith((".md", ".txt", ".properties")) and "CMake" not in template
        else text
    )


def _earlier(where: Path) -> set[str]:
    """Files of the export that `where` holds; none where it is empty or not there."""
    if not where.exists():
        return set()
    if not where.is_dir():
        raise KilovoxError(f"{where}: is a file; name a folder")
    manifest = where / MANIFEST
    if not manifest.is_file():
        if any(where.iterdir()):
            raise KilovoxError(f"{where}: holds other files; name a folder that is empty, not there, or an earlier export")
        return set()
    try:
        names = {str(name) for name in json.loads(manifest.read_text())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise KilovoxError(f"{manifest}: not the list of an export; remove the folder, or name another") from None
    inside = where.resolve()
    return {name for name in names if (where / name).resolve().is_relative_to(inside)}
