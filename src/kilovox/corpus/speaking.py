"""Voices that speak wherever there is somebody to make them: what a worker is told, and what it sends back."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kilovox.corpus.languages import ENGLISH
from kilovox.corpus.speech_programs import ESPEAK_RATE, FLITE_RATE
from kilovox.corpus.spoken_words import Vocabulary, check_source, say_with_kokoro, say_with_program
from kilovox.corpus.synthetic import (
    KOKORO_RATE,
    SOURCES,
    WORDS,
    Kokoro,
    Say,
    espeak_voice,
    flite_voice,
    kokoro_voice,
    load_kokoro,
    voice_file,
    write_voices,
)

TOGETHER = 4
"""Voices that a worker is given at a time: the model is loaded once for them."""

Voice = tuple[str, int, tuple[str, ...]]
"""Of which synthesiser, its number, and what is missing of what it says."""


@dataclass(frozen=True)
class Speaking:
    """Makes voices say words of `vocabulary`; of the digits alone, `only_digits`, Kokoro's voices have ways of their own."""

    vocabulary: Vocabulary
    only_digits: bool
    seed: int
    kokoro_folder: Path | None
    quiet: bool

    def check(self, counts: Mapping[str, int]) -> None:
        """Raise KilovoxError where a synthesiser that is asked for does not speak the language."""
        if not self.only_digits:
            for source in (source for source, count in counts.items() if count):
                check_source(source, self.vocabulary.language)

    def missing(self, folder: Path, counts: Mapping[str, int]) -> Iterator[tuple[Voice, ...]]:
        """The voices that have not said everything in `folder`, TOGETHER at a time; what a voice says is its own."""
        for source, count in counts.items():
            voices = [(source, number, self._missing(folder, source, number)) for number in range(count)]
            for start in range(0, count, TOGETHER):
                yield tuple(voices[start : start + TOGETHER])

    def _missing(self, folder: Path, source: str, number: int) -> tuple[str, ...]:
        said: Sequence[str] = self.vocabulary.words
        if not self.only_digits:
            said = self.vocabulary.of_voice(source, number, self.seed)
        return tuple(word for word in said if not (folder / voice_file(source, number, word)).exists())

    def __call__(self, voices: tuple[Voice, ...]) -> dict[str, bytes]:
        """Sound files by their path in the corpus."""
        with tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
            said = Path(scratch) / "said"
            for source, number, words in voices:
                if words:
                    say, rate = self._speaker(source, Path(scratch))
                    write_voices(said, source, [number], say, rate, words=words)
            return {path.relative_to(said).as_posix(): path.read_bytes() for path in sorted(said.rglob("*.wav"))}

    def _speaker(self, source: str, scratch: Path) -> tuple[Say, int]:
        rate = {"kokoro": KOKORO_RATE, "espeak": ESPEAK_RATE, "flite": FLITE_RATE}[source]
        seed = self.seed + SOURCES.index(source)
        if not self.only_digits and source == "kokoro":
            return say_with_kokoro(self._kokoro, self.vocabulary.language, self.seed), rate
        if not self.only_digits:
            return say_with_program(source, self.vocabulary.language, seed, scratch), rate
        if source == "kokoro":
            return lambda number, words: kokoro_voice(self._kokoro, number, self.seed, words), rate
        voice = espeak_voice if source == "espeak" else flite_voice
        return lambda number, words: voice(number, seed, scratch, words), rate

    @cached_property
    def _kokoro(self) -> Kokoro:
        return load_kokoro(self.kokoro_folder, self.quiet)


def are_digits(words: Sequence[str], language: str, others: int) -> bool:
    """Whether nothing is said but some of the ten digits, in English."""
    return not (others or language != ENGLISH or set(words) - set(WORDS))
