"""A model is one .safetensors file: tensors, and what is to be known of them as JSON under the metadata key `kilovox`.

Format: https://huggingface.co/docs/safetensors. One metadata key, because the format keeps several in no fixed order and
the same model must be the same bytes.
"""

import hashlib
import json
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
)
from safetensors.numpy import save

from kilovox.budget import Arithmetic
from kilovox.errors import KilovoxError
from kilovox.files import write_bytes
from kilovox.integer.calibration import KNOTS
from kilovox.integer.detection_errors import DetectionErrors
from kilovox.integer.stored import Byte, Digest, Label, Line, Plain, json_of, read_header, read_tensors
from kilovox.integer.stored import Tensors as Tensors  # noqa: PLC0414 (part of what this module offers)
from kilovox.text import printable

FORMAT_VERSION = 2
"""Version 1 named the recordings by whole hashes (of the files) in the metadata; it is still read."""
READ_VERSIONS = (1, FORMAT_VERSION)

RECORDINGS_TENSOR = "trained_on.recordings"
"""In the file alone: the recordings' hashes, (recordings, HASH_BYTES) uint8. A model in memory has them in its metadata."""
HASH_BYTES = 6
"""Of each SHA-256: among 100,000 recordings and 100,000 others, two are mistaken for one another in one model of 28,000."""

MAXIMUM_BYTES = 64 * 2**20
"""A recogniser is kilobytes; a file beyond this is something else."""

_LATER = ("thresholds", "calibration", "detection_errors")

_HASH = re.compile(f"[0-9a-f]{{{2 * HASH_BYTES}}}([0-9a-f]{{{64 - 2 * HASH_BYTES}}})?")


class Source(BaseModel):
    """A corpus used as a whole besides the one that was split: its name, fingerprint, size, and what its licences are."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    corpus: Line
    fingerprint: Line
    recordings: Annotated[int, Field(ge=0, le=2**31 - 1)]
    licences: dict[Line, Line] = Field(default={}, max_length=64)


class Provenance(BaseModel):
    """The corpus a model was trained on: fingerprint of the whole, and each recording trained or validated on by the beginning
    of the SHA-256 of its content (see `short_hash`).

    `besides`: synthetic recordings, which judge nobody. `note`: what figures on the corpus are worth, where that must be said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    corpus: Line
    fingerprint: Line
    split: Line
    recordings: tuple[Digest, ...]
    besides: tuple[Source, ...] = Field(default=(), max_length=64)
    note: Line | Literal[""] = ""

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Files written before there were `besides` and `note` stay what their checksum says."""
        values: dict[str, Any] = serialise(self)
        return {key: value for key, value in values.items() if value or key not in ("besides", "note")}


def short_hash(digest: str) -> str:
    """What a model file keeps of a recording's SHA-256 (hex)."""
    return digest[: 2 * HASH_BYTES]


class Metadata(BaseModel):
    """What a model file says besides its tensors. `configuration` is the experiment, section by section; `thresholds`: for each
    label how sure a network must be of it, of 255, for it to be accepted; none: anything is. `calibration`: what being so sure
    is worth (kilovox.integer.calibration), the KNOTS of a network that listens; none: what it says. `detection_errors`: of
    people who validate."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format_version: int
    name: Line
    arithmetic: Arithmetic
    labels: tuple[Label, ...] = Field(min_length=2, max_length=1024)
    aliases: dict[Label, Label] = Field(default={}, max_length=4096)
    front_end: Plain
    network: Plain
    configuration: Plain
    trained_on: Provenance
    metrics: Plain = {}
    thresholds: tuple[Byte, ...] = Field(default=(), max_length=1024)
    calibration: tuple[Byte, ...] = Field(default=(), max_length=KNOTS)
    detection_errors: DetectionErrors | None = None

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Files written before there were these stay what their checksum says."""
        values: dict[str, Any] = serialise(self)
        return {key: value for key, value in values.items() if value or key not in _LATER}

    @field_validator("calibration")
    @classmethod
    def _rising(cls, knots: tuple[int, ...]) -> tuple[int, ...]:
        if knots and (len(knots) != KNOTS or list(knots) != sorted(knots)):
            raise ValueError(f"expected {KNOTS} shares, none below the one before")
        return knots

    @field_validator("labels")
    @classmethod
    def _unique(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        # Composed and decomposed characters look the same.
        if len({unicodedata.normalize("NFC", label) for label in labels}) < len(labels):
            raise ValueError("labels occur more than once")
        return labels


class Model(BaseModel):
    """Tensors by name, and their metadata."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, defer_build=True)

    metadata: Metadata
    tensors: Tensors

    def tensor(self, name: str) -> npt.NDArray[Any]:
        """The tensor `name`. Raises KilovoxError where the file has none."""
        if name not in self.tensors:
            raise KilovoxError(f"model {self.metadata.name}: has no tensor {name!r}; it has {', '.join(sorted(self.tensors))}")
        return self.tensors[name]


def save_model(model: Model, path: Path) -> None:
    """Write `model` to `path`; the same model gives the same bytes."""
    metadata, extra = _packed(model.metadata)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in sorted((model.tensors | extra).items())}
    text = metadata.model_dump_json()
    content = json.dumps({"metadata": json.loads(text), "sha256": _digest(text, tensors)})
    write_bytes(path, save(tensors, metadata={"kilovox": content}))


def _packed(metadata: Metadata) -> tuple[Metadata, Tensors]:
    """The metadata without the recordings, and these as bytes; both as they are where a name is no hash."""
    names = metadata.trained_on.recordings
    hashes = [short_hash(name) for name in names if _HASH.fullmatch(name)]
    if metadata.format_version < FORMAT_VERSION or not names or len(hashes) < len(names):
        return metadata, {}
    rows = np.frombuffer(bytes.fromhex("".join(sorted(hashes))), np.uint8).reshape(-1, HASH_BYTES)
    return _with_recordings(metadata, ()), {RECORDINGS_TENSOR: rows}


def _unpacked(path: Path, model: Model) -> Model:
    """As it was before `_packed`. Raises KilovoxError for a tensor of another shape or type."""
    tensors = dict(model.tensors)
    rows = tensors.pop(RECORDINGS_TENSOR, None)
    if rows is None:
        return model
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != HASH_BYTES or model.metadata.trained_on.recordings:
        raise KilovoxError(
            f"{path}: tensor {RECORDINGS_TENSOR} is {rows.dtype} {rows.shape}; expected uint8 (recordings, {HASH_BYTES}), and "
            "no recordings in the metadata besides"
        )
    text, width = rows.tobytes().hex(), 2 * HASH_BYTES
    names = tuple(text[start : start + width] for start in range(0, len(text), width))
    return Model(metadata=_with_recordings(model.metadata, names), tensors=tensors)


def _with_recordings(metadata: Metadata, names: tuple[str, ...]) -> Metadata:
    trained = metadata.trained_on.model_copy(update={"recordings": names})
    return metadata.model_copy(update={"trained_on": trained})


def _digest(metadata: str, tensors: Tensors) -> str:
    """SHA-256 (hex) over everything a model file says: a changed bit anywhere is noticed."""
    digest = hashlib.sha256(metadata.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode() + tensor.tobytes())
    return digest.hexdigest()


def load_model(path: Path) -> Model:
    """Read a model file.

    Raises KilovoxError for a missing, truncated, oversized or foreign file, a format version that is not this one, and
    metadata that do not fit.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise KilovoxError(
            f"{path}: no model there ({error.strerror}); expected a .safetensors file or a bundled model"
        ) from None
    if not path.is_file():
        raise KilovoxError(f"{path}: is {'a folder' if path.is_dir() else 'no file'}; expected a .safetensors file")
    if size > MAXIMUM_BYTES:
        raise KilovoxError(f"{path}: {size} bytes; expected a kilovox model, at most {MAXIMUM_BYTES} bytes")
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
        header, start = read_header(data)
    except (OSError, ValueError) as error:
        raise KilovoxError(f"{path}: not a whole .safetensors file ({printable(str(error))})") from None
    text = header.pop("__metadata__", {}).get("kilovox")
    if text is None:
        raise KilovoxError(f"{path}: a .safetensors file, but not a kilovox model (no metadata 'kilovox')")
    try:
        content = json_of(text)
        values, digest = json.dumps(content["metadata"]), content["sha256"]
    except (ValueError, TypeError, KeyError):
        raise KilovoxError(
            f"{path}: metadata kilovox is not what this kilovox writes; expected 'metadata' and 'sha256'"
        ) from None
    metadata = _metadata(path, values)
    try:
        tensors = read_tensors(header, memoryview(data)[start:])
    except ValueError as error:
        raise KilovoxError(f"{path}: not a whole .safetensors file of a model ({printable(str(error))})") from None
    if digest != _digest(metadata.model_dump_json(), tensors):
        raise KilovoxError(f"{path}: its content does not fit its checksum; it was edited or damaged after it was written")
    return _unpacked(path, Model(metadata=metadata, tensors=tensors))


def _metadata(path: Path, text: str) -> Metadata:
    try:
        metadata = Metadata.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = printable(".".join(str(part) for part in first["loc"]), 200)
        said = first["msg"].removeprefix("Value error, ")
        raise KilovoxError(f"{path}: metadata {key or 'kilovox'}: {said[:1].lower()}{said[1:]}; was the file edited?") from None
    if metadata.format_version not in READ_VERSIONS:
        known = " and ".join(map(str, READ_VERSIONS))
        raise KilovoxError(f"{path}: format version {metadata.format_version}; this kilovox reads versions {known}")
    return metadata
