"""Where long sound comes from: words of a corpus joined, and files in which none is spoken."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kilovox import effects
from kilovox.audio import Samples, stream_audio
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.tree import Tree, is_sound
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Judged
from kilovox.evaluation.spotting.passages import SEED, WORDS_A_STRING, Passage, strings

WHOLE = "whole"
GAPS = f"{WHOLE},0,0.2,0.6"
LONGEST_GAP = 60.0
"""Seconds."""
_SECONDS = re.compile(r"[0-9]{1,3}(\.[0-9]{0,3})?|\.[0-9]{1,3}", re.ASCII)
NOISE_SECONDS, NOISE_DB = 30, (-60.0, -3.0)


@dataclass(frozen=True)
class Material:
    """`count` passages under one name, each to be read once."""

    name: str
    passages: Iterable[Passage]
    count: int


def read_gaps(text: str) -> dict[str, float | None]:
    """Seconds, or None for `whole`, by what is written: `whole,0,0.2`. Raises KilovoxError for anything else."""
    found: dict[str, float | None] = {}
    for part in (part.strip() for part in text.split(",")):
        # Without exponents, underscores and digits of other scripts, which float takes; what is told of one is what was asked.
        seconds = None if part == WHOLE else float(part) if _SECONDS.fullmatch(part) else math.inf
        if seconds is not None and seconds > LONGEST_GAP:
            expected = f"expected whole, or seconds from 0 to {LONGEST_GAP:g}, to the millisecond: {GAPS}"
            raise KilovoxError(f"--gaps {text!r}: {part!r}; {expected}")
        found[WHOLE if seconds is None else f"{seconds:g}"] = seconds
    return found


def word_strings(judged: Judged, labels: Sequence[str], gap: float | None, rate: int) -> Material:
    """The words of `judged` that `labels` has, joined. Raises KilovoxError for a corpus without sound."""
    corpus = with_sound(judged.part)
    name = "joined whole" if gap is None else f"{gap:g} s apart"
    words = [labels[place] for place in judged.truth.values()]
    return Material(name, strings(corpus, words, gap, rate), _strings_of(len(corpus)))


def other_strings(corpus: Corpus, rate: int) -> Material:
    """Recordings of other words, joined as they are. Raises KilovoxError for a corpus without sound."""
    sound = with_sound(corpus)
    nothing = [None] * len(sound)
    return Material(f"other words of {corpus.name}", strings(sound, nothing, None, rate), _strings_of(len(sound)))


def speech_files(path: Path, rate: int) -> tuple[Material, list[Path]]:
    """A sound file, or all in a folder and the folders in it; no word of the vocabulary is spoken there. And their paths.

    Raises KilovoxError where there is none.
    """
    if path.is_dir():
        paths = [path / name.removeprefix("./") for name in Tree(path).sounds_below(".")]
    else:
        paths = [path] if path.is_file() and is_sound(path.name) else []
    if not paths:
        raise KilovoxError(f"--speech {path}: no sound; expected a sound file, or a folder of them")
    name = path.resolve().name or str(path)

    def read() -> Iterator[Passage]:
        for one in paths:
            yield Passage(str(one.relative_to(path)) if one != path else one.name, stream_audio(one, rate, rate))

    return Material(name, read(), len(paths)), paths


def noises(minutes: int, rate: int) -> Material:
    """Minutes of noise without speech: half a minute of each kind in turn, with its peak 60 to 3 dB below full scale."""
    kinds = [kind for kind in effects.NOISE_KINDS if kind != "babble"]

    def sound(number: int) -> Iterator[Samples]:
        draw = np.random.default_rng([SEED, number])
        count, place = NOISE_SECONDS * rate, number % (len(kinds) + 1)
        heard = effects.music(count, rate, draw) if place == len(kinds) else effects.noise(kinds[place], count, rate, draw)
        loudest = np.abs(heard).max()
        yield effects.as_samples(heard * (32767 / loudest * 10 ** (draw.uniform(*NOISE_DB) / 20)))

    count = minutes * 60 // NOISE_SECONDS
    return Material("noise", (Passage(f"noise {number}", sound(number)) for number in range(count)), count)


def with_sound(corpus: Corpus) -> RecordingCorpus:
    """`corpus`. Raises KilovoxError where it is of features."""
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, for words to be joined")
    return corpus


def _strings_of(recordings: int) -> int:
    return -(-recordings // WORDS_A_STRING)
