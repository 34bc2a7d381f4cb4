"""The folder of a run: what it is a run of, and whose it is."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from kilovox.config import Configuration
from kilovox.corpus.base import Corpus, FeatureCorpus
from kilovox.errors import KilovoxError
from kilovox.files import lock, make_folder, write_json

MODEL_FILE = "model.safetensors"
FLOAT_FILE = "float.safetensors"
"""Beside an integer network: its float twin, from which its training for integers began."""
PTQ_FILE = "ptq.safetensors"
"""The twin quantised without further training."""
QUANTISED_FOLDER = "quantised"
IDENTITY_FILE = "experiment.json"


def teacher_folder(number: int) -> str:
    """Where a run's teacher leaves its log and checkpoint."""
    return f"teacher-{number}"


def for_corpus(config: Configuration, corpus: Corpus) -> Configuration:
    """`config` with the numbers of labels and of coefficients a frame that it leaves to `corpus`."""
    features = corpus.features if isinstance(corpus, FeatureCorpus) else ()
    return config.of(len(corpus.labels), features[0].shape[1] if features else None)


def identity_of(config: Configuration, corpus: Corpus) -> str:
    """What a run is a run of: its configuration (wherever the corpus lies) and the corpus' content."""
    values = for_corpus(config, corpus).model_dump(mode="json", exclude={"dataset": True, "synthetic": {"path"}})
    text = json.dumps({"configuration": values, "corpus": corpus.fingerprint}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_run_of(config: Configuration, corpus: Corpus, folder: Path) -> bool:
    """Whether `folder` holds a run (finished or not) of this very configuration and corpus."""
    return _read_identity(folder) == identity_of(config, corpus)


@contextlib.contextmanager
def claimed(folder: Path, identity: str, resume: bool) -> Iterator[None]:
    """The folder is this run's, and nobody else's for as long as it goes on."""
    make_folder(folder)
    with lock(folder / "lock"):
        mark = folder / IDENTITY_FILE
        if mark.exists() or (folder / MODEL_FILE).exists():
            if not resume:
                raise KilovoxError(f"{folder}: holds a training run already; expected --resume, or another folder by --out")
            if _read_identity(folder) != identity:
                expected = "expected the same one to resume, or another --out"
                raise KilovoxError(f"{folder}: holds a run of another configuration or corpus; {expected}")
        else:
            write_json(mark, {"identity": identity})
        yield


def holds_another_run(config: Configuration, corpus: Corpus, folder: Path) -> bool:
    """Whether `folder` holds a run, and not of this configuration and corpus."""
    there = any((folder / name).exists() for name in (IDENTITY_FILE, MODEL_FILE))
    return there and _read_identity(folder) != identity_of(config, corpus)


def _read_identity(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / IDENTITY_FILE).read_text())["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
