"""Any words by synthetic voices: each voice says the words that are asked for, and some of the other words.

A voice is fixed by its number, the seed and the language; how it says a word does not depend on the others: words may be added.
"""

import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kilovox.config.words import checked_word
from kilovox.corpus.languages import ENGLISH, is_english, kokoro_letters
from kilovox.corpus.other_words import other_words
from kilovox.corpus.phonemes import espeak_ipa, kokoro_phonemes
from kilovox.corpus.speech_programs import (
    ACCENTS,
    Sound,
    Speaker,
    check_espeak_language,
    espeak_speaker,
    flite_speaker,
    is_installed,
)
from kilovox.corpus.synthetic import MARKS, Kokoro, Say, drawn_voice
from kilovox.errors import KilovoxError

FEWEST_OTHERS = 3
"""Other words that a voice says at least; as many as the words that are asked for, where these are more. More of them would
teach a network that reads every recording once an epoch to say nothing else."""

_OF_OTHERS = 9
"""Keeps the draw of other words apart from that of the voice."""


@dataclass(frozen=True)
class Vocabulary:
    """What is said, in which language; `others` are drawn from by each voice."""

    words: tuple[str, ...]
    language: str = ENGLISH
    others: tuple[str, ...] = ()

    def of_voice(self, source: str, number: int, seed: int) -> tuple[str, ...]:
        """What this voice says: all of `words`, and some of `others`."""
        draw = np.random.default_rng([seed, number, zlib.crc32(source.encode()), _OF_OTHERS])
        count = min(len(self.others), max(FEWEST_OTHERS, len(self.words)))
        return (*self.words, *(self.others[place] for place in np.sort(draw.permutation(len(self.others))[:count])))


def vocabulary_of(
    words: Sequence[str], language: str = ENGLISH, others: int = 0, known: Sequence[str] | None = None
) -> Vocabulary:
    """`words` and `others` other ones, of the list of `language` or of `known`, none of which sounds as one of `words` does.

    Raises KilovoxError for what is no word, and where there are too few others.
    """
    asked = tuple(checked_word(word) for word in words)
    if not others:
        return Vocabulary(asked, language)
    if is_installed("espeak-ng"):
        check_espeak_language(language)
        return Vocabulary(asked, language, other_words(asked, others, language, known, lambda word: espeak_ipa(language, word)))
    return Vocabulary(asked, language, other_words(asked, others, language, known))


def check_source(source: str, language: str) -> None:
    """Raise KilovoxError where no voice of `source` speaks `language`."""
    if source == "flite" and not is_english(language):
        raise KilovoxError(f"--flite: its voices speak English, not {language}; expected --flite 0")
    if source == "kokoro" and not kokoro_letters(language):
        raise KilovoxError(f"--kokoro: none of its voices speaks {language}; expected --kokoro 0")
    if source in ("kokoro", "espeak"):
        check_espeak_language(language)


def say_with_program(source: str, language: str, seed: int, scratch: Path) -> Say:
    """Of voices of espeak or flite."""

    def speaker(number: int) -> Speaker:
        generator = np.random.default_rng([seed, number])
        if source == "flite":
            return flite_speaker(generator, scratch)
        return espeak_speaker(generator, scratch, ACCENTS if language == ENGLISH else (language,))

    def say(number: int, words: Collection[str]) -> Iterator[tuple[str, Sound]]:
        speak = speaker(number)
        return ((word, _heard(source, word, speak(word))) for word in words)

    return say


def say_with_kokoro(kokoro: Kokoro, language: str, seed: int) -> Say:
    """Of Kokoro's blended voices; in English each word American, British, or as one of espeak-ng's other accents has it."""

    def say(number: int, words: Collection[str]) -> Iterator[tuple[str, Sound]]:
        style, speed, accent = drawn_voice(kokoro, np.random.default_rng([seed, number]), kokoro_letters(language))
        for word in words:
            manner = np.random.default_rng([seed, number, zlib.crc32(word.encode())])
            spoken = _accent(accent, manner) if language == ENGLISH else language
            phonemes = kokoro_phonemes(spoken, word, kokoro.vocabulary) + str(manner.choice(MARKS))
            yield word, _heard("kokoro", word, kokoro.say(phonemes, style, speed * float(manner.uniform(0.9, 1.1))))

    return say


def _accent(accent: int, manner: np.random.Generator) -> str:
    return ("en-us", "en-gb", str(manner.choice(ACCENTS)))[accent]


def _heard(source: str, word: str, sound: Sound) -> Sound:
    if not np.abs(sound).max(initial=0.0) > 0:
        raise KilovoxError(f"{source} says nothing for {word!r}; expected a word of its language (--language)")
    return sound
