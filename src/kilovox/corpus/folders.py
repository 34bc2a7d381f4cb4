"""A folder a word: as Speech Commands is laid out, or as anybody sorts recordings by hand.

    word/recording.wav             nobody says who speaks; {speaker}_nohash_{take}.wav says it, as in Speech Commands
    word/anna_2.wav                says it where all recordings are called so, and several people say several words
    word/speaker/recording.wav     a folder a speaker within a word
    train/word/recording.wav       split already: train and validation, test or both, and nothing else

Source of the first: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv 1804.03209.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kilovox.corpus.base import OfficialSplit, Part, Recording, RecordingCorpus
from kilovox.corpus.tree import Content, Tree
from kilovox.errors import KilovoxError

SPLIT_FOLDERS: dict[str, Part] = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip

_NOHASH = re.compile(r"(?P<speaker>[^_]+)_nohash_(?P<take>[0-9]{1,9})")
_SPEAKER_TAKE = re.compile(r"(?P<speaker>.*[^_0-9].*)_(?P<take>[0-9]{1,9})")
_SPEECH_COMMANDS = re.compile(r"(?:.*/)?[0-9a-f]{8}_nohash_[0-9]+\.[^./]+")


def open_folders(folder: Path) -> RecordingCorpus:
    """The recordings in the folders of `folder`; the name of a folder is the label.

    A corpus whose recordings are all named as those of Speech Commands has its official split, and so has one that is split
    by its folders. What is not taken is counted in `left_out`: files beside the folders, folders without recordings, what is
    nested deeper, what begins with "_" (Speech Commands' `_background_noise_`) or ".", and what is no sound by its suffix.

    Raises KilovoxError for a folder that is missing or cannot be read, and where there is no recording.
    """
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no such folder; expected a folder with a folder of recordings a word")
    tree = Tree(folder)
    split, words = folders_of_words(tree)
    recordings = [recording for place, content in words for recording in _recordings(tree, place, content)]
    if not recordings:
        raise KilovoxError(
            f"{folder}: no recordings in its folders; expected word/*.wav, or another format of libsndfile{found_instead(tree)}"
        )
    recordings = _with_speakers(recordings)
    official: OfficialSplit | None = None
    if split:
        official = part_by_folder
    elif all(_SPEECH_COMMANDS.fullmatch(recording.name) for recording in recordings):
        official = part_by_speaker
    name = folder.absolute().name
    return RecordingCorpus(name, recordings, str(folder), official=official, left_out=tree.left_out)


def word_folders(folder: Path) -> list[str]:
    """The folders in `folder` that hold recordings, themselves or one folder below."""
    tree = Tree(folder)
    return [name for name in tree.look().folders if holds_sound(tree, name)]


def holds_sound(tree: Tree, place: str) -> bool:
    """Whether the folder `place` holds recordings, itself or one or two folders below."""
    return next(tree.sounds_below(place), None) is not None


def part_by_folder(recording: Recording) -> Part:
    """The part that the first folder in the name of a recording stands for."""
    return SPLIT_FOLDERS[recording.name.partition("/")[0]]


def part_by_speaker(recording: Recording) -> Part:
    """Speech Commands' rule: 10 % of speakers validate and 10 % test, by the SHA-1 of who speaks.

    As `which_set` of its authors (arXiv 1804.03209, section 5.4); validation_list.txt and testing_list.txt say the same.
    """
    largest = 2**27 - 1
    digest = hashlib.sha1(str(recording.speaker).encode(), usedforsecurity=False).hexdigest()
    percentage = int(digest, 16) % (largest + 1) * (100.0 / largest)
    return "validation" if percentage < 10 else "test" if percentage < 20 else "train"


def folders_of_words(tree: Tree) -> tuple[bool, list[tuple[str, Content]]]:
    """Whether the folders of `tree` are parts of a split, and the place and content of every folder of a word."""
    top = tree.look()
    for name in top.sounds:
        tree.leave_out("beside the folders of words", name)
    contents = {name: tree.look(name) for name in top.folders}
    if not is_split(contents):
        return False, list(contents.items())
    places = [f"{part}/{word}" for part in contents for word in contents[part].folders]
    return True, [(place, tree.look(place)) for place in places]


def is_split(contents: dict[str, Content]) -> bool:
    """Whether the folders are parts of a split: two or more, all with such names, with folders and no recordings in them."""
    found = {name: content for name, content in contents.items() if content.folders or content.sounds}
    return len(found) > 1 and all(name in SPLIT_FOLDERS and not content.sounds for name, content in found.items())


def _recordings(tree: Tree, place: str, content: Content) -> Iterator[Recording]:
    """Those of the word whose folder is `place`."""
    label, count = place.rpartition("/")[2], 0
    for name in _kept(tree, place, content):
        match = _NOHASH.fullmatch(name.rpartition(".")[0])
        speaker, take = (match["speaker"], int(match["take"])) if match else (None, None)
        count += 1
        yield Recording(f"{place}/{name}", label, speaker, take, tree.root / place / name)
    for speaker in content.folders:
        within = tree.look(f"{place}/{speaker}")
        for deeper in within.folders:
            for sound in tree.sounds_below(f"{place}/{speaker}/{deeper}"):
                tree.leave_out("nested deeper than word/speaker", sound)
        for name in _kept(tree, f"{place}/{speaker}", within):
            match = _NOHASH.fullmatch(name.rpartition(".")[0])
            count += 1
            path = tree.root / place / speaker / name
            yield Recording(f"{place}/{speaker}/{name}", label, speaker, int(match["take"]) if match else None, path)
    if not count:
        tree.leave_out("folders without a recording", place)


def _with_speakers(recordings: list[Recording]) -> list[Recording]:
    """Where nobody is named: with speaker and take of names SPEAKER_TAKE, if those seem to be people.

    That is where all names are such, there are two speakers at least, and each of them has two labels at least: in
    word/word_1.wav or word/take_1.wav nobody is named.
    """
    if any(recording.speaker is not None for recording in recordings):
        return recordings
    matches = [_SPEAKER_TAKE.fullmatch(recording.name.rpartition("/")[2].rpartition(".")[0]) for recording in recordings]
    named = []
    labels: dict[str, set[str]] = {}
    for recording, match in zip(recordings, matches, strict=True):
        if match is None:
            return recordings
        labels.setdefault(match["speaker"], set()).add(recording.label)
        named.append(replace(recording, speaker=match["speaker"], take=int(match["take"])))
    return named if len(labels) > 1 and min(map(len, labels.values())) > 1 else recordings


def _kept(tree: Tree, place: str, content: Content) -> list[str]:
    """The recordings in the folder `place` that are not marked as something else."""
    for name in content.sounds:
        if name.startswith("_"):
            tree.leave_out('that begin with "_"', f"{place}/{name}")
    return [name for name in content.sounds if not name.startswith("_")]


def found_instead(tree: Tree) -> str:
    """The first things that were left out, for the error of a folder in which there is no recording."""
    found = tree.left_out[:3]
    return f"; found {', '.join(map(str, found))}" if found else ""
