"""The tasks that networks are compared by on Speech Commands: 12 classes, or its 35 words.

12 classes are ten words, `_unknown_` (other words) and `_silence_` (background noise), of each of these two a tenth as many
recordings as of the ten words, part by part, as TensorFlow's reference makes them (speech_commands/input_data.py). What it
draws anew in every run, and in the order in which a disk lists files, is drawn here from a fixed seed, in the order of names.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from kilovox.audio import read_sound
from kilovox.config.data import Task
from kilovox.corpus.base import OfficialSplit, Part, Recording, RecordingCorpus
from kilovox.corpus.speech_commands import open_speech_commands
from kilovox.corpus.tree import Tree
from kilovox.errors import KilovoxError

TEN = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The words of the 12 classes."""

WORDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four", "go", "happy", "house",
    "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right", "seven", "sheila", "six", "stop", "three", "tree",
    "two", "up", "visual", "wow", "yes", "zero",
)  # fmt: skip
"""All of version 0.02."""

UNKNOWN, SILENCE, BACKGROUND = "_unknown_", "_silence_", "_background_noise_"
PARTS: tuple[Part, ...] = ("validation", "test", "train")
"""In the order in which the reference draws them."""

SHARE = 10
"""Per cent of the recordings of the words: as many are unknown, and as many silence."""
SECONDS = 1.0
"""Of silence, in one recording."""
SEED = 59185
"""The reference's own, of the words that it draws for `_unknown_`."""
FEWEST = 0.1
"""A word with less than this part of the recordings that the most frequent one has to train is as good as missing."""

_PERSON = re.compile(r"(?:.*_)?(?P<speaker>[0-9a-f]{8})_nohash_(?P<take>[0-9]{1,9})\.[^.]+")


def open_task(folder: Path, task: Task) -> RecordingCorpus:
    """Speech Commands in `folder`, as `task` asks for it: 12, 35, or the words of a smaller task of 12 classes.

    12 and a list of words: recordings labelled with a word, `_unknown_` or `_silence_`; `official` says the part of each. A
    folder that has these two already, as the published test set has, is taken as it is: all of it judges. 35: all recordings,
    labelled with their words.

    Raises KilovoxError as `open_speech_commands` does, for words that are missing, naming those that are there, and where there
    is no background noise to make silence of.
    """
    if task != 35 and is_published_test_set(folder):
        return _as_published(folder, TEN if task == 12 else task)
    corpus = open_speech_commands(folder)
    if task == 35:
        _check_words(corpus, WORDS, task)
        return corpus
    words = TEN if task == 12 else task
    _check_words(corpus, words, task)
    known, other = _by_part(corpus, words)
    noises = _noises(folder)
    recordings: list[Recording] = []
    parts: dict[str, Part] = {}
    for part in PARTS:
        count = math.ceil(len(known[part]) * SHARE / 100)
        drawn = np.random.default_rng([SEED, PARTS.index(part)]).permutation(len(other[part]))[:count]
        unknown = [_labelled(other[part][place], UNKNOWN) for place in sorted(drawn.tolist())]
        made = [*known[part], *unknown, *_silences(noises, part, count)]
        parts |= {one.name: part for one in made}
        recordings += made
    # The noise is used after all.
    left_out = [what for what in corpus.left_out if not all(name.startswith(f"{BACKGROUND}/") for name in what.examples)]
    return RecordingCorpus(corpus.name, recordings, corpus.where, official=partial(_part_of, parts), left_out=left_out)


def is_published_test_set(folder: Path) -> bool:
    """Whether `folder` holds `_unknown_` and `_silence_` beside words, as the test set of the 12 classes was published."""
    return (folder / UNKNOWN).is_dir() and (folder / SILENCE).is_dir()


def _as_published(folder: Path, words: Sequence[str]) -> RecordingCorpus:
    """The test set that was published beside the corpus: a folder a class, whatever its recordings are called."""
    tree = Tree(folder)
    recordings = []
    for label in (*words, UNKNOWN, SILENCE):
        if Path(label).name != label or not (folder / label).is_dir():  # nowhere but in this folder
            raise KilovoxError(f"{folder}: no folder {label}; expected one for each of {', '.join((*words, UNKNOWN, SILENCE))}")
        for name in tree.look(label).sounds:
            match = _PERSON.fullmatch(name)
            speaker, take = (match["speaker"], int(match["take"])) if match else (None, None)
            recordings.append(Recording(f"{label}/{name}", label, speaker, take, folder / label / name))
    official: OfficialSplit = _judges
    return RecordingCorpus(folder.absolute().name, recordings, str(folder), official=official, left_out=tree.left_out)


def _judges(recording: Recording) -> Part:
    return "test"


def _part_of(parts: dict[str, Part], recording: Recording) -> Part:
    return parts[recording.name]


def _check_words(corpus: RecordingCorpus, words: Sequence[str], task: Task) -> None:
    """Raise KilovoxError where words have too few recordings that train, with the list of those that have enough."""
    official = corpus.official
    counts = Counter(one.label for one in corpus.recordings if official is None or official(one) == "train")
    enough = FEWEST * max((counts[word] for word in words), default=0)
    missing = [word for word in words if counts[word] <= enough or not counts[word]]
    if not missing:
        return
    there = [word for word in words if word not in missing]
    told = ", ".join(f"{word} ({counts[word]} to train on)" for word in missing)
    asked = f"task {task}" if isinstance(task, int) else "task"
    expected = f"the words that are there, task: [{', '.join(there)}]" if there and task != 35 else f"all {len(words)} words"
    raise KilovoxError(f"{corpus.where}: {asked}: {told}: missing, or too few; expected {expected}")


def _by_part(corpus: RecordingCorpus, words: Sequence[str]) -> tuple[dict[Part, list[Recording]], dict[Part, list[Recording]]]:
    """The recordings of `words`, and all others, by part, in the order of their names."""
    known: dict[Part, list[Recording]] = {part: [] for part in PARTS}
    other: dict[Part, list[Recording]] = {part: [] for part in PARTS}
    for one in corpus.recordings:
        part: Part = corpus.official(one) if corpus.official is not None else "train"
        (known if one.label in words else other)[part].append(one)
    return known, other


def _labelled(recording: Recording, label: str) -> Recording:
    """The same recording under another label; its name tells its word still."""
    return Recording(recording.name, label, recording.speaker, recording.take, recording.path)


def _noises(folder: Path) -> list[tuple[Path, float]]:
    """Background noise beside the words, and how many seconds each file has."""
    tree, noises = Tree(folder), []
    if (folder / BACKGROUND).is_dir():
        for name in sorted(tree.sounds_below(BACKGROUND)):
            if name.rpartition("/")[2].startswith("."):
                continue  # what macOS leaves beside a file is none
            sound = read_sound(folder / name)
            noises.append((folder / name, len(sound.samples) / sound.rate))
    long = [(path, seconds) for path, seconds in noises if seconds > SECONDS]
    if not long:
        found = f"{len(noises)} files of noise, none longer than {SECONDS:g} s" if noises else f"no folder {BACKGROUND}"
        raise KilovoxError(f"{folder}: {found}; expected background noise to make {SILENCE} of, as Speech Commands has it")
    return long


def _silences(noises: Sequence[tuple[Path, float]], part: Part, count: int) -> Iterator[Recording]:
    """Pieces of background noise at any volume, as the reference cuts them when it is asked for silence."""
    for number in range(count):
        draw = np.random.default_rng([SEED, PARTS.index(part), 1 + number])
        path, seconds = noises[int(draw.integers(len(noises)))]
        start = round(float(draw.uniform(0, seconds - SECONDS)), 4)
        gain = float(draw.uniform(0, 1))
        yield Recording(f"{SILENCE}/{part}-{number:05d}", SILENCE, path=path, start=start, end=start + SECONDS, gain=gain)
