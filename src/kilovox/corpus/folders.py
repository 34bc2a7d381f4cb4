"""A folder a word: `word/*.wav`, as Speech Commands is laid out, or as anybody sorts recordings by hand.

Source of the layout: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv 1804.03209.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from kilovox.corpus.base import DIGIT_WORDS, Recording, RecordingCorpus
from kilovox.errors import KilovoxError

SUFFIXES = (".wav", ".flac", ".ogg")

_SPEECH_COMMANDS = re.compile(r"(?P<speaker>[^_]+)_nohash_(?P<take>[0-9]+)")


def open_folders(folder: Path, aliases: Mapping[str, str] = DIGIT_WORDS) -> RecordingCorpus:
    """The recordings `word/name.wav` (.flac, .ogg) of `folder`; the name of the folder is the label, or its alias.

    `{speaker}_nohash_{take}` names speaker and take; elsewhere they are unknown. Folders that begin with "_" or "." are left
    out (Speech Commands' `_background_noise_`), and so are files that do.

    Raises KilovoxError for a missing folder and where there is no recording.
    """
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no such folder; expected a folder with a folder of recordings a word")
    recordings = [_recording(path, word, aliases) for word in word_folders(folder) for path in _sound_files(word)]
    if not recordings:
        raise KilovoxError(f"{folder}: no recordings in its folders; expected word/*.wav, .flac or .ogg")
    return RecordingCorpus(folder.absolute().name, recordings, str(folder))


def word_folders(folder: Path) -> list[Path]:
    """The folders in `folder` that stand for a word and hold recordings."""
    return [word for word in sorted(folder.iterdir()) if word.name[0] not in "_." and word.is_dir() and _sound_files(word)]


def _sound_files(word: Path) -> list[Path]:
    return [path for path in sorted(word.iterdir()) if path.suffix.lower() in SUFFIXES and path.name[0] not in "_."]


def _recording(path: Path, word: Path, aliases: Mapping[str, str]) -> Recording:
    match = _SPEECH_COMMANDS.fullmatch(path.stem)
    speaker, take = (match["speaker"], int(match["take"])) if match else (None, None)
    return Recording(f"{word.name}/{path.name}", aliases.get(word.name, word.name), speaker, take, path)
