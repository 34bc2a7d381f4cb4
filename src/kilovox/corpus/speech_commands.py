"""Speech Commands, as published and as parts of it are laid out.

    word/{speaker}_nohash_{n}.wav                     and validation_list.txt, testing_list.txt beside the words, or neither
    {train,validation,test}/word/{speaker}_nohash_{n}.flac

Source: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv 1804.03209; CC BY 4.0.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kilovox.corpus.base import OfficialSplit, Part, Recording, RecordingCorpus
from kilovox.corpus.folders import folders_of_words, found_instead, is_split, part_by_folder, part_by_speaker
from kilovox.corpus.table import text_of
from kilovox.corpus.tree import Content, Tree
from kilovox.errors import KilovoxError
from kilovox.text import shown

LISTS: dict[Part, str] = {"validation": "validation_list.txt", "test": "testing_list.txt"}

NAME = re.compile(r"(?P<speaker>[^_]+)_nohash_(?P<take>[0-9]{1,9})\.[^.]+")
"""How a recording is called. The published ones name a speaker by eight hexadecimal digits."""

_PUBLISHED = re.compile(r"[0-9a-f]{8}_nohash_[0-9]{1,9}\.[^.]+")
_LISTED = re.compile(r"[^/]+/[^/]+")


def open_speech_commands(folder: Path) -> RecordingCorpus:
    """The recordings in the folders of `folder`; the label is the name of a folder, in lower case.

    The official split is what validation_list.txt and testing_list.txt say where they are there; the folders (train,
    validation, test) above the words where there are such; else the published rule (`folders.part_by_speaker`), by which those
    lists were made. A name on a list that has no recording is passed over: a part of the corpus keeps its lists.

    Counted in `left_out`: names that do not fit, `_background_noise_` and all else that begins with "_", files beside the
    folders, what is nested deeper, what is no sound by its suffix.

    Raises KilovoxError for a folder that is missing or cannot be read, where there is no recording, for one list without the
    other, a line of them that names no recording, a name on both, and lists beside folders that are parts already.
    """
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no such folder; expected Speech Commands, a folder of recordings a word")
    tree = Tree(folder, used=frozenset(LISTS.values()))
    split, words = folders_of_words(tree)
    lists = _lists(folder)
    if split and lists is not None:
        raise KilovoxError(f"{folder}: lists of parts ({LISTS['test']}) and folders that are parts; expected one of the two")
    recordings = [recording for place, content in words for recording in _recordings(tree, place, content)]
    if not recordings:
        expected = "expected word/{speaker}_nohash_{n}.wav, or another format of libsndfile"
        raise KilovoxError(f"{folder}: no recordings in its folders; {expected}{found_instead(tree)}")
    official: OfficialSplit = part_by_folder if split else part_by_speaker
    if lists is not None:
        official = partial(_part_by_list, lists)
    return RecordingCorpus(folder.absolute().name, recordings, str(folder), official=official, left_out=tree.left_out)


def is_speech_commands(folder: Path) -> bool:
    """Whether `folder` looks like Speech Commands, and like nothing else.

    It has its lists; or all that is in its folders are recordings called as the published ones, in folders of lower case.
    """
    if any((folder / name).is_file() for name in LISTS.values()):
        return True
    tree = Tree(folder)
    contents = {name: tree.look(name) for name in tree.look().folders}
    if is_split(contents):
        words = [(word, tree.look(f"{part}/{word}")) for part in contents for word in contents[part].folders]
    else:
        words = list(contents.items())
    names = [name for _, content in words for name in content.sounds]
    odd = any(content.folders or word != word.lower() for word, content in words)
    return bool(names) and not odd and all(_PUBLISHED.fullmatch(name) for name in names)


def _recordings(tree: Tree, place: str, content: Content) -> Iterator[Recording]:
    """Those of the word whose folder is `place`."""
    for within in content.folders:
        for sound in tree.sounds_below(f"{place}/{within}"):
            tree.leave_out("nested deeper than a folder a word", sound)
    for name in content.sounds:
        match = NAME.fullmatch(name)
        if match is None:
            tree.leave_out("not called {speaker}_nohash_{n}", f"{place}/{name}")
            continue
        label = place.rpartition("/")[2].lower()
        yield Recording(f"{place}/{name}", label, match["speaker"], int(match["take"]), tree.root / place / name)


def _lists(folder: Path) -> dict[str, Part] | None:
    """The part of every recording on a list, by its name without the suffix; None where there are no lists."""
    found: dict[str, Part] = {}
    there = [name for name in LISTS.values() if (folder / name).is_file()]
    if not there:
        return None
    for part, name in LISTS.items():
        if name not in there:
            raise KilovoxError(f"{folder}: {there[0]} without {name}; expected both, or neither")
        for number, line in enumerate(text_of(folder / name, "a list of recordings").split("\n"), 1):
            said = line.strip()
            if not said:
                continue
            if not _LISTED.fullmatch(said):
                raise KilovoxError(f"{folder / name}:{number}: {shown(said)}; expected a name as word/0a7c2a8d_nohash_0.wav")
            if found.setdefault(_without_suffix(said), part) != part:
                raise KilovoxError(
                    f"{folder / name}:{number}: {shown(said)} validates already; expected it on one of the lists"
                )
    return found


def _part_by_list(lists: dict[str, Part], recording: Recording) -> Part:
    return lists.get(_without_suffix(recording.name), "train")


def _without_suffix(name: str) -> str:
    return name.rpartition(".")[0] or name
