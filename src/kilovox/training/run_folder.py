"""The folder of a run: what it is a run of, and whose it is."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kilovox import __version__
from kilovox.errors import KilovoxError
from kilovox.files import lock, make_folder, read_small, write_json
from kilovox.training.run_key import RunKey, Use

MODEL_FILE = "model.safetensors"
FLOAT_FILE = "float.safetensors"
"""Beside an integer network: its float twin, from which its training for integers began."""
PTQ_FILE = "ptq.safetensors"
"""The twin quantised without further training."""
QUANTISED_FOLDER = "quantised"
LOCK_FILE = "lock"
IDENTITY_FILE = "experiment.json"
"""What the folder holds a run of, as JSON: `run` (the facts of its RunKey), their hash, and where the corpora lay."""

LARGEST_IDENTITY = 2**24
"""Bytes of that file."""

_TEMPORARY = re.compile(r"\.(.+\.(safetensors|jsonl|json))\.[A-Za-z0-9_]{8}(\.kilovox-tmp)?")


def teacher_folder(number: int) -> str:
    """Where a run's teacher leaves its log and checkpoint."""
    return f"teacher-{number}"


def holds_a_run(folder: Path) -> bool:
    """Whether there is one, of whatever it is."""
    return any((folder / name).exists() for name in (IDENTITY_FILE, MODEL_FILE))


def facts_of(folder: Path) -> dict[str, Any] | None:
    """Of the run that `folder` holds; None where it holds none, or does not say of what."""
    try:
        return facts_in(read_small(folder / IDENTITY_FILE, LARGEST_IDENTITY, "what a run is a run of"))
    except KilovoxError:
        return None


def facts_in(data: bytes) -> dict[str, Any] | None:
    """The same of what IDENTITY_FILE holds."""
    try:
        facts = json.loads(data)["run"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def is_run_of(key: RunKey, folder: Path) -> bool:
    """Whether `folder` holds a run (finished or not) of this very key."""
    facts = facts_of(folder)
    return facts is not None and RunKey(facts).identity == key.identity


def another_run(key: RunKey, folder: Path) -> str | None:
    """Where `folder` holds a run of something else: what differs, in words."""
    if not holds_a_run(folder) or is_run_of(key, folder):
        return None
    facts = facts_of(folder)
    if facts is None:
        return "it does not say of what, as runs of an older kilovox do not"
    return "; ".join(key.differences(facts))


def refuse_unless_free(folder: Path, key: RunKey, resume: bool) -> None:
    """Raise KilovoxError where `folder` holds a run already and `resume` is not asked for, or a run of something else."""
    if not holds_a_run(folder):
        return
    if not resume:
        raise KilovoxError(f"{folder}: holds a training run already; expected --resume, or another folder by --out")
    differing = another_run(key, folder)
    if differing is not None:
        raise KilovoxError(
            f"{folder}: holds a run of another configuration or corpus ({differing}); expected the same one to resume, or "
            "another --out"
        )


@contextlib.contextmanager
def claimed(folder: Path, key: RunKey, uses: Sequence[Use], resume: bool, patience: float = 0.0) -> Iterator[None]:
    """The folder is this run's, and nobody else's for as long as it goes on; who has it is waited for for `patience` seconds.

    Raises as `refuse_unless_free` does."""
    make_folder(folder)
    with lock(folder / LOCK_FILE, patience):
        refuse_unless_free(folder, key, resume)
        _remove_temporaries(folder)
        corpora = [{"role": use.role, "name": use.corpus.name, "where": str(Path(use.corpus.where).absolute())} for use in uses]
        values = {"kilovox": __version__, "identity": key.identity, "corpora": corpora, "run": key.facts}
        write_json(folder / IDENTITY_FILE, values)
        yield


def _remove_temporaries(folder: Path) -> None:
    """What a killed process left half-written. Only for who holds the lock: nobody else writes here."""
    for path in [*folder.glob(".*"), *folder.glob("*/.*")]:
        if _TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)
