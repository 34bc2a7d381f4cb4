"""On which recordings a model is judged where nobody says: those of its run, or FSDD where it knows digits."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kilovox.config.data import AnyTask, Task
from kilovox.corpus.base import Corpus
from kilovox.corpus.open import open_corpus_at, open_default_corpus
from kilovox.corpus.speech_commands_tasks import is_published_test_set
from kilovox.corpus.vocabulary import digits
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import known_as
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import Metadata

RUN_FILE = "experiment.json"
"""In a run's folder: {"corpora": [{"role", "name", "where"}]}, what the run was trained on and where it lay."""

_TASK: TypeAdapter[Task | None] = TypeAdapter(AnyTask)

JUDGING = ("corpus", "judge")
"""Roles of corpora that a part was left of to judge; the others are trained on, or chosen on, as a whole."""


def own_corpus(model: str, metadata: Metadata, quiet: bool = False) -> Corpus:
    """The recordings that judge `model` (as the user named it) where none are given.

    Where its file lies in the folder of a run: the run's. Else FSDD, for a model of digits (quiet: no progress bar).
    Raises KilovoxError where neither can be, and where the run's recordings are no longer there.
    """
    folder = resolve_model(model).parent
    remembered = _remembered(folder, task_of(metadata))
    if remembered is not None:
        return remembered
    if all(known_as(metadata, label) in (digits().labels or ()) for label in metadata.labels):
        return open_default_corpus(quiet=quiet)
    labels = ", ".join(metadata.labels[:8]) + (", ..." if len(metadata.labels) > 8 else "")
    raise KilovoxError(
        f"{model}: knows {labels}, and nothing beside it says where its recordings are; expected --corpus, a folder or a file"
    )


def corpus_for(metadata: Metadata, path: Path, task: Task | None = None) -> Corpus:
    """The recordings at `path`; a test set laid out as Speech Commands published its own, with the words of the model's task.

    Raises KilovoxError as `open_corpus_at` does.
    """
    if task is None and is_published_test_set(path):
        task = task_of(metadata)
    return open_corpus_at(path, task)


def task_of(metadata: Metadata) -> Task | None:
    """What the run made of Speech Commands; None for anything else that a model file says there."""
    corpora, dataset = metadata.configuration.get("corpora"), metadata.configuration.get("dataset")
    first = corpora[0] if isinstance(corpora, list) and corpora else dataset
    try:
        task: Task | None = _TASK.validate_python(first.get("task") if isinstance(first, dict) else None)
    except ValidationError:
        return None
    return task


def _remembered(folder: Path, task: Task | None) -> Corpus | None:
    """The corpus of the run in `folder`; None where none is remembered."""
    path = folder / RUN_FILE
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        judging = [_place(one) for one in values["corpora"] if one["role"] in JUDGING]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KilovoxError(f"{path}: does not say what a run writes there; expected --corpus, a folder or a file") from None
    if len(judging) > 1:
        raise KilovoxError(f"{path}: {len(judging)} corpora that may judge; expected --corpus, one of them")
    if not judging:
        return None
    try:
        return open_corpus_at(judging[0], task)
    except KilovoxError as error:
        raise KilovoxError(f"{error}\n{path} says that the recordings are there; were they moved? --corpus DIR") from None


def _place(one: dict[str, Any]) -> Path:
    if not isinstance(one["where"], str) or not one["where"]:
        raise TypeError
    return Path(one["where"])
