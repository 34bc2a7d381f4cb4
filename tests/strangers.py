"""Files as a stranger could make them: model files mutated, with a checksum that fits; configurations and manifests edited."""

import copy
import functools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from safetensors.numpy import save

from kilovox.config import bundled_configurations
from kilovox.corpus.utterances import open_utterances, word_cuts
from kilovox.integer.model_file import Metadata, Model, _digest
from models import integer_model, make_model, write_wav

NASTY = [
    None, True, False, -1, 0, 1, 2, 3, 13, 62, 64, 255, 256, 2**15, 2**31, 2**53, 2**63, 2**70, 10**40, -(2**31), 0.0, -0.0,
    1e-9, 0.5, 1e308, -1e308, math.nan, math.inf, 192.66, 192.7, 8000.0, "", " ", "fit", "int8", "pow2", "float32", "mfcc",
    "fixed_point", "absolute", "last_valid", "\x1b[31m", "\u202e", "a\nb", "*/", "\\", "é", "e\u0301", "x" * 5000,
    [], [[]], {}, {"": {}}, ["0", "1"], "levels",
]  # fmt: skip
PIECES = st.sampled_from(NASTY) | st.integers(-(2**32), 2**32) | st.floats() | st.text(max_size=6)


@functools.cache
def base_models() -> list[Model]:
    """Small ones of every arithmetic, with and without words; not to be written into."""
    return [
        make_model(), integer_model("int8", units=3, layers=1), integer_model("pow2", units=3, layers=2),
        integer_model("int8", units=2, layers=1, words={"buffer": 20, "pause": 3, "margin": 2, "shortest": 2}),
        integer_model("pow2", units=2, layers=1, energy="absolute", floor_db=None),
        integer_model("int8", units=2, layers=1, features="levels", mel_bands=14),
    ]  # fmt: skip


@st.composite
def strangers(draw: st.DrawFn) -> bytes:
    """The bytes of a model file of `base_models` with one to three mutations."""
    model = draw(st.sampled_from(base_models()))
    metadata = json.loads(model.metadata.model_dump_json())
    tensors = {name: tensor.copy() for name, tensor in model.tensors.items()}
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        if draw(st.integers(0, 2)) == 0:
            _mutate_values(draw, metadata)
        else:
            _mutate_tensors(draw, tensors)
    return file_of(metadata, tensors)


def file_of(metadata: dict[str, Any], tensors: dict[str, Any]) -> bytes:
    """A model file that says this, and whose checksum fits where there can be one."""
    try:
        digest = _digest(Metadata.model_validate_json(json.dumps(metadata)).model_dump_json(), tensors)
    except ValueError:
        digest = "0" * 64
    return save(tensors, metadata={"kilovox": json.dumps({"metadata": metadata, "sha256": digest})})


def write(path: Path, model: Model, tensors: dict[str, Any] | None = None, **metadata: Any) -> Path:
    """`model` with some tensors and metadata replaced (tensors by None: left out), at `path`."""
    values = copy.deepcopy(json.loads(model.metadata.model_dump_json())) | metadata
    changed = {**model.tensors, **(tensors or {})}
    path.write_bytes(file_of(values, {name: tensor for name, tensor in changed.items() if tensor is not None}))
    return path


def _mutate_values(draw: st.DrawFn, values: dict[str, Any]) -> None:
    place: Any = values
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
            place = place[key]
            continue
        what = draw(st.integers(0, 5))
        if what == 0:
            del place[key]
        elif what == 1 and isinstance(place, dict):
            place[draw(st.text(max_size=4) | st.sampled_from(["kind", "words", "frames", "features", "\x1b"]))] = draw(PIECES)
        else:
            place[key] = draw(PIECES)
        return


def _mutate_tensors(draw: st.DrawFn, tensors: dict[str, Any]) -> None:
    name = draw(st.sampled_from(sorted(tensors)))
    tensor = tensors[name]
    if tensor.size == 0:
        return
    what = draw(st.integers(0, 15))
    if what == 0:
        del tensors[name]
    elif what == 1:
        tensors[draw(st.sampled_from(["extra", "front_end.mean", "lstm9.weights", f"{name}.", name.upper()]))] = tensor
    elif what == 2:
        kind = draw(st.sampled_from([np.float32, np.int8, np.uint8, np.int16, np.int32, np.float64]))
        with np.errstate(invalid="ignore"):  # a number that was put there and is none
            tensors[name] = tensor.astype(kind)
    elif what == 3:
        tensors[name] = tensor.reshape(draw(st.sampled_from([(-1,), (1, -1), (-1, 1), tensor.shape[::-1]])))
    elif what == 4:
        tensors[name] = np.ascontiguousarray(tensor[: draw(st.integers(0, len(tensor)))])
    elif tensor.dtype.kind == "f":
        flat = tensor.reshape(-1)
        flat[draw(st.integers(0, len(flat) - 1))] = draw(st.floats(width=32))
    else:
        flat, limits = tensor.reshape(-1), np.iinfo(tensor.dtype)
        value = draw(st.sampled_from([limits.min, limits.max, 0, 1, 24, 25]) | st.integers(int(limits.min), int(limits.max)))
        where = slice(None) if what > 12 else draw(st.integers(0, len(flat) - 1))
        flat[where] = min(max(value, limits.min), limits.max)


YAML_PIECES = [
    "<<: *a", "&a ", "*a", "yes", "1e-3", "042", "~", "~/x", "- ", "? ", ": ", "{", "}", "[", "]", "'", '"', "|", ">", "#", "%",
    "---\n", "...\n", "\t", "\n", "  ", "\x00", "\x1b[31m", "\u202e", "\u2028", "\ufeff", "!!python/name:os.system ", "!!int ",
    "null", ".inf", "-1", "0", "1e308", "9" * 40, "36KB", "fit", "int8", "pow2", "fixed_point", "mfcc", "budget:", "  memory: ",
    "words: {}", "path: ",
]  # fmt: skip
CSV_PIECES = [
    ",", "\n", "\r\n", '"', '""', "\t", ";", "\x00", "\x1b", "\ufeff", "path", "label", "speaker", "take", "a.wav", "../a.wav",
    "/etc/passwd", "b.wav", "-1", "0.1", "start", "end", "nan", "9" * 30, "\u0663", " ", "\u202e", "x" * 300, "é",
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn, texts: list[str], pieces: list[str]) -> bytes:
    """One of `texts` with pieces put in, taken out, doubled or replaced, in UTF-8 or, now and then, in bytes of any kind."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 20, 200])))
        middle = draw(st.sampled_from(pieces) | st.text(max_size=3) | st.just(text[start:end] * 2))
        text = text[:start] + middle + text[end:]
    data = text.encode("utf-8", "replace")
    return data if draw(st.integers(0, 9)) else data[::-1] if draw(st.booleans()) else text.encode("utf-16", "replace")


MANIFESTS = [
    "path,label,speaker,take\na.wav,yes,ada,0\nb.wav,no,,\n",
    '"path","label","speaker"\r\n"a.wav","a,b","c"\r\n',
    "path,label,speaker,start,end\na.wav,yes,ada,0.05,0.1\na.wav,no,,.1,\n",
]


UTTERANCES = {
    "table/utterances.csv": "path,speaker,transcript\na.wav,ada,seven four\nb.wav,,<sil> FOUR(2) ++noise++ seven four </s>\n",
    "table/segments.csv": "utterance,speaker,word,start,end\na,ada,seven,0,0.1\nb,,four,.05,0.1\nb,,Four,0.15,0.25\n",
    "lists/etc/x_train.fileids": "ada/a\nada/b\n",
    "lists/etc/x_train.transcription": "<s> SEVEN FOUR(2) </s> (a)\n++um++ FOUR (b)\n",
    "lists/segments.csv": "utterance,speaker,word,start,end\na,ada,four,0.1,0.2\n",
}
"""Two folders of utterances, as a table and as lists."""


def write_utterances(folder: Path) -> None:
    """`UTTERANCES` in `folder`, and sounds of a quarter of a second."""
    for name, text in UTTERANCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for within in ("table", "lists/wav/ada"):
        (folder / within).mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(("a.wav", "b.wav")):
            write_wav(folder / within / name, number)


@st.composite
def edited_utterances(draw: st.DrawFn) -> tuple[str, bytes]:
    """The name of one of `UTTERANCES`, and its text as a stranger could have it."""
    name = draw(st.sampled_from(sorted(UTTERANCES)))
    return name, draw(edited([UTTERANCES[name]], [*CSV_PIECES, "(a)", "(", ")", "<s>", "ada/", "a", "seven", "0.3", "1e9"]))


def read_utterances(folder: Path, name: str, data: bytes) -> None:
    """Read the utterances of `write_utterances`, one file of which has other content, and every word and sound of them."""
    path = folder / name
    path.write_bytes(data)
    try:
        corpus = open_utterances(folder / name.partition("/")[0])
        for index in range(len(corpus)):
            corpus.samples(index, 8000)
        words = word_cuts(corpus)
        for index in range(len(words)):
            assert len(words.samples(index, 8000))
    finally:
        path.write_text(UTTERANCES[name])


def configurations() -> list[str]:
    """Those that come along, and the shortest."""
    found = [path.read_text() for path in bundled_configurations().values()]
    return [*found, "experiment: {name: x}\ndataset: {kind: folders, path: x}\nbudget: {memory: 36KB}\n"]
