"""Sentences, spelt words, numbers and other words by synthetic voices: a folder of utterances, with transcripts.

A voice is fixed by its number and the seed, and so is what it says; a folder that is there is gone on with.
"""

import csv
import functools
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from kilovox.corpus.cache import cache_folder
from kilovox.corpus.sentence_texts import Text, draw_digits, draw_text
from kilovox.corpus.speech_programs import ESPEAK_RATE, FLITE_RATE, Speaker, espeak_speaker, flite_speaker
from kilovox.corpus.synthetic import KOKORO_RATE, kokoro_speaker, load_kokoro, speaking, write_sound
from kilovox.corpus.utterances import SEGMENTS, TABLE, UtteranceCorpus, open_utterances
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, read_small, write_text
from kilovox.text import printable

TEXTS_PER_VOICE = 20
SEED_FILE = "seed.txt"

PROGRAMS: dict[str, tuple[Callable[[np.random.Generator, Path], Speaker], int]] = {
    "espeak": (espeak_speaker, ESPEAK_RATE),
    "flite": (flite_speaker, FLITE_RATE),
}


def say_sentences(
    folder: Path,
    counts: Mapping[str, int],
    seed: int = 1,
    quiet: bool = False,
    texts: Sequence[Text] = (),
    digits: bool = False,
) -> UtteranceCorpus:
    """Make `counts` voices of espeak and flite say TEXTS_PER_VOICE things each, in `folder`; what is there already is kept.

    `texts`: what they say, each some of them; without any, what `draw_text` draws; with `digits`, digits in a row alone, which
    voices of kokoro say as well. Sound is FLAC, 16 kHz. segments.csv says
    where a word is that stands alone: it is the whole sound. Raises KilovoxError where a synthesiser is missing, or `folder`
    holds something else, or what voices of another seed or with other texts said.
    """
    made = f"{seed} digits" if digits else _made_of(seed, texts)
    _check_made(folder, made)
    said: list[tuple[str, str, Text]] = []
    programs = dict(PROGRAMS)
    if digits and counts.get("kokoro"):
        kokoro = load_kokoro(quiet=quiet)
        programs["kokoro"] = lambda generator, _: kokoro_speaker(kokoro, generator), KOKORO_RATE
    draw = draw_digits if digits else functools.partial(draw_text, texts=texts)
    with speaking(folder, counts, programs, quiet) as (scratch, advance):
        write_text(folder / SEED_FILE, f"{made}\n")
        for source, count in counts.items():
            for number in range(count):
                generator = np.random.default_rng([seed, list(programs).index(source), number])
                speaker, rate = programs[source]
                say = speaker(generator, scratch)
                drawn = [draw(generator) for _ in range(TEXTS_PER_VOICE)]
                said += _said(folder, f"{source}{number:04d}", say, rate, drawn)
                advance()
        write_text(folder / TABLE, _table(said))
        write_text(folder / SEGMENTS, _segments(folder, said))
    return open_utterances(folder)


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


def _said(folder: Path, name: str, say: Speaker, rate: int, texts: Sequence[Text]) -> Iterator[tuple[str, str, Text]]:
    """(path, speaker, text) of what one voice says, written where it is not there yet."""
    make_folder(folder / name)
    for place, text in enumerate(texts):
        path = f"{name}/{name}-{place:02d}.flac"
        if not (folder / path).exists():
            write_sound(folder / path, say(text.spoken), rate)
        yield path, name, text


def _table(said: list[tuple[str, str, Text]]) -> str:
    return _lines([("path", "speaker", "transcript"), *((path, speaker, " ".join(text.words)) for path, speaker, text in said)])


def _segments(folder: Path, said: list[tuple[str, str, Text]]) -> str:
    alone = [(path, speaker, text.words[0]) for path, speaker, text in said if len(text.words) == 1]
    ends = [f"{soundfile.info(folder / path).duration:.3f}" for path, _, _ in alone]
    found = [(Path(path).stem, speaker, word, "0", end) for (path, speaker, word), end in zip(alone, ends, strict=True)]
    return _lines([("utterance", "speaker", "word", "start", "end"), *found])


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
