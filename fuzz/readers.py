"""What strangers may write, under a fuzzer: model files, configurations, manifests, utterances. Nothing but our own errors may
come of it.

    python fuzz/readers.py models|yaml|csv|utterances [--seconds 600] [--seed 1]

Prints how many were read and how many refused; the first that does anything else ends it, with what it was made of. Of the
model files that are accepted, every 40th integer one is compiled, and its bits compared with NumPy's.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kilovox.config import read_configuration
from kilovox.corpus.manifest import open_manifest
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import emit
from kilovox.integer.description import description
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.host import HostRecogniser, find_compiler

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from models import write_wav
from strangers import (
    CSV_PIECES,
    MANIFESTS,
    YAML_PIECES,
    configurations,
    edited,
    edited_utterances,
    read_utterances,
    strangers,
    write_utterances,
)

SLOW = 20.0
"""Seconds of this processor that nothing may take."""
COMPILED = 40
ROUND = 200

SOUND = [
    np.random.default_rng(1).integers(-32768, 32768, 2000).astype(np.int16),
    np.where(np.arange(1500) // 20 % 2, 32767, -32768).astype(np.int16),
    np.concatenate([np.random.default_rng(2).integers(-9000, 9000, 900), np.zeros(2500)]).astype(np.int16),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A model file, some bytes of which are others."""
    data = bytearray(draw(strangers()))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, min(len(data), draw(st.sampled_from([8, 300, len(data)])))))
        data[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(data)


class Fuzzer:
    """Counts what becomes of the examples of one kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()

    def model(self, data: bytes) -> None:
        """Everything that is done with a model file."""
        path = self.folder / "m.safetensors"
        path.write_bytes(data)
        recogniser = Recogniser(load_model(path))
        found = recogniser(SOUND)
        if not np.isfinite(found.logits).all():
            raise AssertionError("logits that are no numbers")
        description(recogniser.model)
        if recogniser.engine is None:
            return
        emit(recogniser.model)
        self.counts["integer models"] += 1
        if self.counts["integer models"] % COMPILED == 0:
            self.counts["compiled and compared"] += 1
            compiled = HostRecogniser(recogniser.model, find_compiler(), ("-std=c99", "-O1", "-fPIC", "-shared"))
            np.testing.assert_array_equal(compiled(SOUND).logits, found.logits)
            compiled.library.unlink()

    def yaml(self, data: bytes) -> None:
        """A configuration."""
        path = self.folder / "x.yaml"
        path.write_bytes(data)
        read_configuration(path)

    def csv(self, data: bytes) -> None:
        """A manifest, beside two sound files."""
        path = self.folder / "x.csv"
        path.write_bytes(data)
        corpus = open_manifest(path)
        for index in range(len(corpus)):
            corpus.samples(index, 8000)

    def utterances(self, example: tuple[str, bytes]) -> None:
        """A table or list of utterances, beside good ones."""
        read_utterances(self.folder, *example)

    def one(self, read: Callable[[Any], None], data: Any) -> None:
        """Count one example."""
        started = time.process_time()
        try:
            read(data)
            self.counts["read"] += 1
        except KilovoxError as error:
            self.counts["refused"] += 1
            if not str(error).strip():
                raise AssertionError("an error that says nothing") from error
        if time.process_time() - started > SLOW:
            raise AssertionError(f"took {time.process_time() - started:.0f} s")


def main() -> None:
    """Run the fuzzer that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["models", "yaml", "csv", "utterances"])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, sound in enumerate(("a.wav", "b.wav")):
            write_wav(folder / sound, index)
        write_utterances(folder)
        fuzzer = Fuzzer(folder)
        readers: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]] = {
            "models": (damaged(), fuzzer.model),
            "yaml": (edited(configurations(), YAML_PIECES), fuzzer.yaml),
            "csv": (edited(MANIFESTS, CSV_PIECES), fuzzer.csv),
            "utterances": (edited_utterances(), fuzzer.utterances),
        }
        examples, read = readers[asked.what]
        ends = time.monotonic() + asked.seconds
        number = asked.seed
        while time.monotonic() < ends:
            number += 1

            @seed(number)
            @settings(
                max_examples=ROUND, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(data=examples)
            def run(data: Any) -> None:
                fuzzer.one(read, data)

            run()
        print(f"{asked.what}: " + ", ".join(f"{count:,} {what}" for what, count in sorted(fuzzer.counts.items())))


if __name__ == "__main__":
    main()
