"""Languages of synthetic voices, as espeak-ng calls them: en-us, de, fr, pt-br, cmn; which of Kokoro's voices speak which."""

import re

from kilovox.errors import KilovoxError
from kilovox.text import shown

ENGLISH = "en-us"
"""Where none is named; any that begins with en is English."""

KOKORO_VOICES = {"en": "ab", "es": "e", "fr": "f", "hi": "h", "it": "i", "pt": "p"}
"""By language: the first letters of the names of Kokoro's voices that speak it (hexgrad, Kokoro-82M, VOICES.md). Of Japanese
and Chinese (j, z) espeak-ng's phonemes are not Kokoro's."""

_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}")


def checked_language(language: str) -> str:
    """`language`. Raises KilovoxError for what is no code of one; whether espeak-ng has it is seen when it speaks."""
    if not _CODE.fullmatch(language):
        raise KilovoxError(
            f"--language {shown(language)}; expected a language as espeak-ng calls it, such as en-us, de, fr-fr or pt-br "
            "(espeak-ng --voices lists them)"
        )
    return language


def is_english(language: str) -> bool:
    """Whether the lists of words and flite's voices are of this language."""
    return language.partition("-")[0] == "en"


def kokoro_letters(language: str) -> str:
    """Of the voices of Kokoro that speak `language`; none where nobody does."""
    return KOKORO_VOICES.get(language.partition("-")[0], "")
