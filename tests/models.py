"""Untrained models and made-up corpora, small and the same every time."""

import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kilovox.budget import GATES
from kilovox.config import parse_front_end
from kilovox.corpus.base import Corpus, FeatureCorpus, Recording, RecordingCorpus
from kilovox.integer.activation import tanh_table
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance
from kilovox.integer.recogniser import Recogniser

LABELS = ("0", "1", "2")
WORDS = {"zero": "0", "one": "1", "two": "2"}


def make_model(
    trained: Corpus | None = None,
    split: str = "random",
    indices: Iterable[int] = (),
    labels: tuple[str, ...] = LABELS,
    **metadata: Any,
) -> Model:
    """Two layers of four units with random weights, said to be trained on recordings `indices` of `trained`."""
    random, hidden, inputs = np.random.default_rng(7), 4, 13
    tensors = {"front_end.mean": np.zeros(inputs), "front_end.deviation": np.full(inputs, 20.0)}
    for layer in range(2):
        columns = inputs if layer == 0 else hidden
        tensors[f"lstm.weight_ih_l{layer}"] = random.normal(size=(GATES * hidden, columns))
        tensors[f"lstm.weight_hh_l{layer}"] = random.normal(size=(GATES * hidden, hidden))
        tensors[f"lstm.bias_ih_l{layer}"] = random.normal(size=GATES * hidden)
        tensors[f"lstm.bias_hh_l{layer}"] = random.normal(size=GATES * hidden)
    tensors |= {"fc.weight": random.normal(size=(len(labels), hidden)), "fc.bias": random.normal(size=len(labels))}
    provenance = Provenance(
        corpus=trained.name if trained else "elsewhere",
        fingerprint=trained.fingerprint if trained else "0" * 64,
        split=split,
        recordings=tuple(trained.hashes[index] for index in indices) if trained else (),
    )
    values: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "name": "tiny",
        "arithmetic": "float32",
        "labels": labels,
        "aliases": WORDS,
        "front_end": {"frames": 20},
        "network": {"input_dim": inputs, "hidden_dim": hidden, "num_layers": 2, "output_dim": len(labels)},
        "configuration": {
            "data_splitting": {"split": split, "test_size": 0.25, "random_state": 3},
            "budget": {"memory": 36864, "scope": "layer", "arithmetic": "float32"},
        },
        "trained_on": provenance,
    } | metadata
    return Model(metadata=Metadata(**values), tensors={name: tensor.astype(np.float32) for name, tensor in tensors.items()})


def random_tensors(
    arithmetic: str, units: int = 5, layers: int = 2, inputs: int = 13, labels: int = 10, seed: int = 0, extreme: bool = False
) -> dict[str, Any]:
    """Random tensors of an integer network, as a model file holds them."""
    generator = np.random.default_rng(seed)
    low, high = (-127, 128) if extreme else (-40, 41)
    tensors = {"activation.tanh": tanh_table()}
    for layer in range(layers + 1):
        head = layer == layers
        name, shape = (
            ("head", (1, units, labels)) if head else (f"lstm{layer}", (units, (units if layer else inputs) + units, 4))
        )
        if arithmetic == "pow2":
            bytes_ = generator.integers(0, 256, (shape[0], (shape[1] + 1) // 2, shape[2])).astype(np.uint8)
            if shape[1] % 2:
                bytes_[:, -1] &= 15
            tensors[f"{name}.weights"] = bytes_
        else:
            tensors[f"{name}.weights"] = generator.integers(low, high, shape).astype(np.int8)
        bias = generator.integers(-20000, 20000, (labels,) if head else (units, 4))
        tensors[f"{name}.bias"] = bias.astype(np.int32)
        one = head or arithmetic == "pow2"
        shape = (1,) if head else (1, 1) if one else (units, 4)
        tensors[f"{name}.shift"] = generator.integers(0, 5, shape).astype(np.uint8)
        if arithmetic == "pow2":
            smallest = -int(tensors[f"{name}.shift"].ravel()[0]) - (1 if head else 5)
            tensors[f"{name}.exponent"] = np.array([smallest], np.int8)
    return tensors


def integer_model(
    arithmetic: str, units: int = 5, layers: int = 2, labels: tuple[str, ...] = LABELS, seed: int = 0, **front_end: object
) -> Model:
    """An integer model with random weights."""
    inputs = parse_front_end({"kind": "fixed_point", **front_end}).coefficients
    tensors = random_tensors(arithmetic, units, layers, inputs, len(labels), seed)
    tensors |= {
        "front_end.offset": np.zeros(inputs, np.int16), "front_end.multiplier": np.full(inputs, 500, np.int16),
        "front_end.shift": np.array([13], np.uint8),
    }  # fmt: skip
    network = {"input_dim": inputs, "hidden_dim": units, "num_layers": layers, "output_dim": len(labels)}
    metadata = make_model(
        labels=labels, arithmetic=arithmetic, front_end={"kind": "fixed_point", **front_end}, network=network
    ).metadata
    return Model(metadata=metadata, tensors=tensors)


def listening_model(frame_stride: int = 2, seed: int = 5, **front_end: object) -> Model:
    """A model that listens, int8, with random weights that often say something; "unknown" is its last label."""
    bands, projection, units, labels = 8, 8, 6, (*LABELS, "unknown")
    block = {"channels": 4, "band_stride": 2, "frame_stride": frame_stride}
    tensors = random_tensors("int8", units, 1, projection, len(labels) + 1, seed)
    # So that neither stands against what is heard.
    tensors["lstm0.bias"] //= 8
    tensors["head.bias"] //= 64
    generator = np.random.default_rng(seed)
    for name, rows, columns in (("conv0", 4, 9), ("projection", projection, 4 * (bands // 2))):
        tensors[f"{name}.weights"] = generator.integers(-60, 61, (rows // 4, columns, 4)).astype(np.int8)
        tensors[f"{name}.bias"] = generator.integers(-500, 501, (rows // 4, 4)).astype(np.int32)
        tensors[f"{name}.shift"] = np.full((rows // 4, 4), 7, np.uint8)
    tensors |= {
        "front_end.offset": np.full(bands, -300, np.int16), "front_end.multiplier": np.full(bands, 4000, np.int16),
        "front_end.shift": np.array([16], np.uint8),
    }  # fmt: skip
    described = make_model(
        arithmetic="int8", labels=labels, aliases={}, configuration={},
        front_end={"kind": "fixed_point", "features": "levels", "mel_bands": bands, **front_end},
        network={
            "kind": "convolutional", "blocks": [block], "projection": projection, "input_dim": bands, "hidden_dim": units,
            "num_layers": 1, "output_dim": len(labels),
        },
    )  # fmt: skip
    return Model(metadata=described.metadata, tensors=tensors)


def make_recogniser() -> Recogniser:
    """Of the float model."""
    return Recogniser(make_model())


def write_wav(path: Path, seed: int, rate: int = 8000, seconds: float = 0.25) -> None:
    """`seconds` of two tones and noise, another for every seed."""
    random, time = np.random.default_rng(seed), np.arange(round(rate * seconds)) / rate
    tones = sum(np.sin(2 * np.pi * frequency * time) for frequency in random.uniform(200, 3000, size=2))
    samples = (6000 * tones + 300 * random.normal(size=len(time))).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def make_recordings(
    folder: Path, labels: Iterable[str] = LABELS, speakers: Iterable[str | None] = ("ada", "bob"), takes: int = 4
) -> RecordingCorpus:
    """Sound files of every label by every speaker, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = []
    for label in labels:
        for speaker in speakers:
            for take in range(takes):
                path = folder / f"{label}_{speaker or 'x'}_{take}.wav"
                write_wav(path, int.from_bytes(f"{folder.name}/{path.name}".encode()))
                recordings.append(Recording(path.name, label, speaker, take, path))
    return RecordingCorpus("tones", recordings, str(folder))


def make_features(labels: Iterable[str] = LABELS, count: int = 4) -> FeatureCorpus:
    """`count` sequences of random features of every label, nobody's."""
    random = np.random.default_rng(5)
    recordings = [Recording(f"{label}-{take}", label) for label in labels for take in range(count)]
    features = [random.normal(size=(12, 13)).astype(np.float32) for _ in recordings]
    return FeatureCorpus("numbers", recordings, features, "numbers")


def make_utterances(folder: Path, transcripts: dict[str, str], seconds: float = 1.0) -> Path:
    """A folder of utterances, `name: transcript`, of the speaker that the name begins with (anna_1: anna): a tone and noise a
    word with pauses between them; the times of the words zero and one are known."""
    (folder / "sounds").mkdir(parents=True)
    table, segments = ["path,speaker,transcript"], ["utterance,speaker,word,start,end"]
    for number, (name, transcript) in enumerate(transcripts.items()):
        speaker, generator = name.partition("_")[0], np.random.default_rng(number)
        words = transcript.split()
        samples = generator.integers(-3, 4, round(8000 * seconds) * (len(words) + 1))
        for place, word in enumerate(words):
            start = round(8000 * (seconds * place + 0.3))
            tone = np.sin(np.arange(2400) * generator.uniform(0.1, 1.5)) * 8000 + generator.normal(size=2400) * 300
            samples[start : start + 2400] = tone.astype(np.int64)
            if word in ("zero", "one"):
                segments.append(f"{name},{speaker},{word},{start / 8000:.3f},{start / 8000 + 0.3:.3f}")
        with wave.open(str(folder / "sounds" / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(samples.astype("<i2").tobytes())
        table.append(f"sounds/{name}.wav,{speaker},{transcript}")
    (folder / "utterances.csv").write_text("\n".join(table) + "\n")
    (folder / "segments.csv").write_text("\n".join(segments) + "\n")
    return folder
