"""Sentences, spelt words, numbers and other words by synthetic voices: a folder of utterances, with transcripts.

A voice is fixed by its number and the seed, and so is what it says; a folder that is there is gone on with.
"""

import csv
import functools
import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import soundfile

from kilovox.corpus.cache import cache_folder
from kilovox.corpus.sentence_texts import Text, draw_digits, draw_text
from kilovox.corpus.speech_programs import ESPEAK_RATE, FLITE_RATE, Speaker, espeak_speaker, flite_speaker
from kilovox.corpus.synthetic import KOKORO_RATE, Kokoro, kokoro_speaker, load_kokoro, speaking, write_sound
from kilovox.corpus.utterances import SEGMENTS, TABLE, UtteranceCorpus, open_utterances
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, read_small, write_bytes, write_text
from kilovox.text import printable
from kilovox.workers import HERE, Workers

TEXTS_PER_VOICE = 20
SEED_FILE = "seed.txt"

PROGRAMS: dict[str, tuple[Callable[[np.random.Generator, Path], Speaker], int]] = {
    "espeak": (espeak_speaker, ESPEAK_RATE),
    "flite": (flite_speaker, FLITE_RATE),
}


Voice = tuple[str, int, tuple[int, ...]]
"""Of which synthesiser, its number, and the places of what it has not said yet."""


@dataclass(frozen=True)
class _Saying:
    """Makes a voice say what it is to say, wherever there is somebody to do it."""

    seed: int
    texts: Sequence[Text]
    digits: bool
    quiet: bool

    def __call__(self, voice: Voice) -> tuple[list[Text], dict[str, bytes]]:
        """All that the voice says, and by their paths in the folder the sounds of what it had not said."""
        source, number, missing = voice
        generator = np.random.default_rng([self.seed, [*PROGRAMS, "kokoro"].index(source), number])
        with tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
            say, rate = self._speaker(source, generator, Path(scratch))
            draw = draw_digits if self.digits else functools.partial(draw_text, texts=self.texts)
            drawn = [draw(generator) for _ in range(TEXTS_PER_VOICE)]
            sounds = {}
            for place in missing:
                path = Path(scratch) / "said.flac"
                write_sound(path, say(drawn[place].spoken), rate)
                sounds[_path(source, number, place)] = path.read_bytes()
        return drawn, sounds

    def _speaker(self, source: str, generator: np.random.Generator, scratch: Path) -> tuple[Speaker, int]:
        if source == "kokoro":
            return kokoro_speaker(self._kokoro, generator), KOKORO_RATE
        speaker, rate = PROGRAMS[source]
        return speaker(generator, scratch), rate

    @cached_property
    def _kokoro(self) -> Kokoro:
        return load_kokoro(quiet=self.quiet)


def say_sentences(
    folder: Path,
    counts: Mapping[str, int],
    seed: int = 1,
    quiet: bool = False,
    texts: Sequence[Text] = (),
    digits: bool = False,
    workers: Workers = HERE,
) -> UtteranceCorpus:
    """Make `counts` voices of espeak and flite say TEXTS_PER_VOICE things each, in `folder`; what is there already is kept.

    `texts`: what they say, each some of them; without any, what `draw_text` draws; with `digits`, digits in a row alone, which
    voices of kokoro say as well. Sound is FLAC, 16 kHz. segments.csv says
    where a word is that stands alone: it is the whole sound. workers: who makes them speak; they need not see `folder`.
    Raises KilovoxError where a synthesiser is missing, or `folder` holds something else, or what voices of another seed or with
    other texts said.
    """
    made = f"{seed} digits" if digits else _made_of(seed, texts)
    _check_made(folder, made)
    known = (*PROGRAMS, "kokoro") if digits else tuple(PROGRAMS)
    saying = _Saying(seed, texts, digits, quiet)
    with speaking(folder, counts, known, quiet) as (_, advance):
        write_text(folder / SEED_FILE, f"{made}\n")
        voices = [(source, number, _missing(folder, source, number)) for source in counts for number in range(counts[source])]
        drawn: dict[int, list[Text]] = {}
        for which, (texts_of_it, sounds) in workers.run(saying, voices):
            drawn[which] = texts_of_it
            for path, sound in sounds.items():
                make_folder((folder / path).parent)
                write_bytes(folder / path, sound)
            advance()
        said = [
            (_path(source, number, place), f"{source}{number:04d}", text)
            for which, (source, number, _) in enumerate(voices)
            for place, text in enumerate(drawn[which])
        ]
        write_text(folder / TABLE, _table(said))
        write_text(folder / SEGMENTS, _segments(folder, said))
    return open_utterances(folder)


def _path(source: str, number: int, place: int) -> str:
    """Where, in the folder, there is what this voice says at `place`."""
    name = f"{source}{number:04d}"
    return f"{name}/{name}-{place:02d}.flac"


def _missing(folder: Path, source: str, number: int) -> tuple[int, ...]:
    return tuple(place for place in range(TEXTS_PER_VOICE) if not (folder / _path(source, number, place)).exists())


def _made_of(seed: int, texts: Sequence[Text]) -> str:
    """What is kept in SEED_FILE: the seed, and the texts by their hash."""
    if not texts:
        return str(seed)
    return f"{seed} {hashlib.sha256(repr([text.spoken for text in texts]).encode()).hexdigest()[:16]}"


def _check_made(folder: Path, made: str) -> None:
    """Raise KilovoxError where something was said in `folder` by other voices: it would be kept, under what these say."""
    if not any(folder.glob("*/*.flac")):
        return
    record = folder / SEED_FILE
    found = printable(read_small(record, 100, "the seed of the voices in it").decode("utf-8", "replace").strip())
    if found != made:
        texts = " and its texts" if len(f"{found} {made}".split()) > 2 else ""
        seed = found.partition(" ")[0]
        raise KilovoxError(f"{record}: {found!r}; expected {made}, as asked for: another folder, or --seed {seed}{texts}")


def _table(said: list[tuple[str, str, Text]]) -> str:
    return _lines([("path", "speaker", "transcript"), *((path, speaker, " ".join(text.words)) for path, speaker, text in said)])


def _segments(folder: Path, said: list[tuple[str, str, Text]]) -> str:
    alone = [(path, speaker, text.words[0]) for path, speaker, text in said if len(text.words) == 1]
    ends = [f"{_seconds(folder / path):.3f}" for path, _, _ in alone]
    found = [(Path(path).stem, speaker, word, "0", end) for (path, speaker, word), end in zip(alone, ends, strict=True)]
    return _lines([("utterance", "speaker", "word", "start", "end"), *found])


def _seconds(path: Path) -> float:
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.SoundFileError, OSError, RuntimeError):
        raise KilovoxError(f"{path}: no sound can be read; expected it whole, or removed: it is said again then") from None


def _lines(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def open_sentences() -> UtteranceCorpus:
    """What `kilovox data sentences` made in the cache. Raises KilovoxError where there is none."""
    folder = default_folder()
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no synthetic sentences; expected them made by: kilovox data sentences")
    return open_utterances(folder)


def default_folder() -> Path:
    """Of the cache."""
    return cache_folder() / "sentences"
