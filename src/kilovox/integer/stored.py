"""What a model file may hold, checked before anything is made of it: it comes from a stranger.

Layout (https://huggingface.co/docs/safetensors): 8 bytes, the length of the header, little-endian; the header, JSON: by name a
tensor's dtype, shape and the offsets of its bytes; then those bytes, without a gap. ValueError is raised for whatever does not
fit; kilovox.integer.model_file says of which file.
"""

import json
import math
import re
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from kilovox.text import LABEL_LENGTH, LINE_LENGTH, complaint, shown

Tensors = dict[str, npt.NDArray[Any]]

LARGEST_HEADER = 16 * 2**20
"""Bytes. The hashes of the recordings that a model was trained on take most of it."""
LARGEST_NUMBER = 2**53
"""Of an integer in metadata: what every JSON reader holds exactly."""
MOST_TENSORS = 256
MOST_VALUES = 4096
"""Values and keys together of one part of the metadata."""
DEEPEST = 8

_DTYPES = {"F32": "<f4", "I8": "<i1", "U8": "<u1", "I16": "<i2", "I32": "<i4"}
_TENSOR_NAME = re.compile(r"[A-Za-z0-9_.]{1,64}")


def _line(text: str) -> str:
    if wrong := complaint(text):
        raise ValueError(wrong)
    return text


def _label(text: str) -> str:
    if wrong := complaint(text, LABEL_LENGTH):
        raise ValueError(wrong)
    return text


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Sections of finite numbers, lines, truth values and lists of them; bounded in number and depth."""
    count = 0
    # Not by recursion, so that no depth is too deep to be refused.
    todo: list[tuple[Any, int]] = [(values, 0)]
    while todo:
        value, depth = todo.pop()
        count += 1
        if count > MOST_VALUES or depth > DEEPEST:
            raise ValueError(f"more than {MOST_VALUES} values, or more than {DEEPEST} sections in one another")
        if isinstance(value, dict):
            todo += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list | tuple):
            todo += [(part, depth + 1) for part in value]
        else:
            _check_value(value)
    return values


def _check_value(value: Any) -> None:
    if isinstance(value, str):
        if value and (wrong := complaint(value)):
            raise ValueError(wrong)
    elif isinstance(value, int | float):
        if not (math.isfinite(value) and (isinstance(value, float) or abs(value) <= LARGEST_NUMBER)):
            raise ValueError(f"{shown(value)}; expected a finite number, integers within +-2^53")
    elif value is not None:
        raise ValueError(f"{shown(value)}; expected text, a number, true, false or nothing")


Line = Annotated[str, Field(max_length=LINE_LENGTH), AfterValidator(_line)]
"""Printable text in one line."""
Label = Annotated[str, Field(max_length=LABEL_LENGTH), AfterValidator(_label)]
"""A word that a model knows."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
"""A hash, or its beginning, in hexadecimal digits."""
Byte = Annotated[int, Field(ge=0, le=255)]
Plain = Annotated[dict[str, Any], AfterValidator(_plain)]


def json_of(text: str | bytes) -> Any:
    """The value of a JSON text in which no key stands twice and every number is finite."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _not_finite(name: str) -> float:
    raise ValueError(f"the number {name}")


def read_header(data: bytes) -> tuple[dict[str, Any], int]:
    """The header of a .safetensors file, and where its tensors' bytes begin."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LARGEST_HEADER, len(data) - 8):
        raise ValueError(f"{len(data)} bytes, said to begin with a header of {length}")
    header = json_of(data[8 : 8 + length].decode("utf-8"))
    about = header.get("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(about, dict) or not all(isinstance(text, str) for text in about.values()):
        raise ValueError("a header that is no JSON of tensors")
    return header, 8 + length


def read_tensors(header: dict[str, Any], data: memoryview) -> Tensors:
    """The tensors that `header`, without its metadata, describes. They fill `data`, one after the other."""
    if len(header) > MOST_TENSORS:
        raise ValueError(f"{len(header)} tensors; expected at most {MOST_TENSORS}")
    tensors: Tensors = {}
    end = 0
    for name, about in sorted(header.items(), key=lambda item: _begin(*item)):
        shape, dtype = about["shape"], np.dtype(_DTYPES[about["dtype"]])
        begin, size = end, math.prod(shape) * dtype.itemsize
        end = begin + size
        if about["data_offsets"] != [begin, end] or end > len(data):
            raise ValueError(f"tensor {name}: bytes {shown(about['data_offsets'])}; expected {begin} to {end} of {len(data)}")
        # A copy: aligned, and the caller's own.
        tensors[name] = np.frombuffer(data[begin:end], dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=True)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes after the last tensor")
    return tensors


def _begin(name: str, about: Any) -> int:
    """Where a tensor's bytes begin; checked: its name, dtype and shape."""
    if not _TENSOR_NAME.fullmatch(name):
        raise ValueError(f"a tensor named {shown(name)}")
    fits = isinstance(about, dict) and about.keys() == {"dtype", "shape", "data_offsets"} and isinstance(about["dtype"], str)
    if not (fits and about["dtype"] in _DTYPES):
        raise ValueError(f"tensor {name}: {shown(about)}; expected dtype ({', '.join(_DTYPES)}), shape and data_offsets")
    shape, offsets = about["shape"], about["data_offsets"]
    if not (_counts(shape, 1) and len(shape) <= 4 and _counts(offsets, 0) and len(offsets) == 2):
        raise ValueError(f"tensor {name}: shape {shown(shape)}, bytes {shown(offsets)}; expected positive counts, two offsets")
    return int(offsets[0])


def _counts(values: Any, least: int) -> bool:
    return isinstance(values, list) and all(type(value) is int and least <= value < 2**31 for value in values)
