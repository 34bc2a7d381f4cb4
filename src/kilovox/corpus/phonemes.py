"""How words are said, in Kokoro's symbols: by espeak-ng's International Phonetic Alphabet, symbol by symbol.

What Kokoro's symbols stand for: hexgrad, misaki, EN_PHONES.md (Apache-2.0). espeak-ng ties the letters of one sound by ^.
"""

import functools
import re
from collections.abc import Collection, Mapping

from kilovox.corpus.languages import is_english
from kilovox.corpus.speech_programs import run_program
from kilovox.errors import KilovoxError
from kilovox.text import shown

TIE, SYLLABIC, NASAL, LONG = "^", "\u0329", "\u0303", "ː"

_TIED = {
    "a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "t^ʃ": "ʧ", "d^ʒ": "ʤ",
}  # fmt: skip
_ELSEWHERE = _TIED | {"o^ʊ": "O", "ə^ʊ": "Q", "t^s": "ʦ", "d^z": "ʣ", "s^s": "S", ":": LONG}
_ENGLISH = _TIED | {
    "o^ʊ": "O", "ə^ʊ": "Q", "e^ə": "ɛː", "ə^l": "ᵊl", "ʔˌn\u0329": "tᵊn", "ʔn\u0329": "tᵊn", "ʔ": "t", "ɾ": "T", "e": "A",
    "ɚ": "əɹ", "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "ɬ": "l", "g": "ɡ", "ʲ": "", NASAL: "",
    "ʌ^ʉ": "W", "ʉ": "u", ":": LONG,
}  # fmt: skip
"""Vowels that English has in diphthongs alone, and sounds of other languages, are the nearest that English has."""
_AMERICAN = _ENGLISH | {"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "o": "ɔ", "ɪ^ə": "iə", LONG: ""}
_BRITISH = _ENGLISH | {"i^ə": "ɪə", "o": "ɔ"}

_SWITCH = re.compile(r"\([^)]*\)")
"""Where espeak-ng says a word as another language does, it names the languages."""
_SYLLABIC = re.compile(f"(\\S){SYLLABIC}")


@functools.cache
def espeak_ipa(language: str, word: str) -> str:
    """How espeak-ng says `word`, with ties. Raises KilovoxError where it is not installed."""
    said = run_program("espeak-ng", "-q", "--ipa", f"--tie={TIE}", "-v", language, word)
    return " ".join(_SWITCH.sub("", said).split())


def kokoro_phonemes(language: str, word: str, vocabulary: Collection[str]) -> str:
    """The symbols of `vocabulary` that say `word` as `language` does. Raises KilovoxError where none is left."""
    ipa = espeak_ipa(language, word)
    found = "".join(symbol for symbol in in_symbols(ipa, language) if symbol in vocabulary)
    if not found.strip(" ˈˌː"):
        raise KilovoxError(f"word {shown(word)}: espeak-ng says {shown(ipa)} in {language}; expected a word of that language")
    return found


def in_symbols(ipa: str, language: str) -> str:
    """espeak-ng's `ipa` in Kokoro's symbols, whether these are known or not."""
    english = is_english(language)
    table: Mapping[str, str] = _ELSEWHERE
    if english:
        table = _AMERICAN if language == "en-us" else _BRITISH
    text = _replaced(ipa, table)
    if english:
        # A consonant that is a syllable has a short vowel before it.
        text = _SYLLABIC.sub("ᵊ\\1", text)
    return text.replace(TIE, "").replace(SYLLABIC, "").replace("-", "").replace("_", "")


def _replaced(text: str, table: Mapping[str, str]) -> str:
    """Every key in `text` by its value, from left to right, the longest that fits first."""
    keys = "|".join(re.escape(key) for key in sorted(table, key=len, reverse=True))
    return re.sub(keys, lambda match: table[match[0]], text)
