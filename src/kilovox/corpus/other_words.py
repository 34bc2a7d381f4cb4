"""Other words than those that are asked for, which teach what is none of them: from the package's lists or a file."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kilovox.config.words import checked_word
from kilovox.corpus.languages import ENGLISH, is_english
from kilovox.corpus.sentence_texts import words as lists
from kilovox.corpus.synthetic import WORDS as DIGITS
from kilovox.errors import KilovoxError
from kilovox.files import read_lines
from kilovox.text import shown

_FOLDER = Path(__file__).parent

LARGEST = 2**20
"""Bytes of a file of words."""
SEED = 8
"""Of the order in which they are drawn: those of a smaller number are the first of a larger one."""


def read_words(path: Path) -> tuple[str, ...]:
    """The words of a text file, UTF-8, one a line, each once. Raises KilovoxError naming file and line."""
    found = (checked_word(line, where) for where, line in read_lines(path, LARGEST, "words, one a line"))
    return tuple(dict.fromkeys(found))


def english_words() -> tuple[str, ...]:
    """Those of words.txt and the digits, sorted."""
    return tuple(sorted({word for words in lists().values() for word in words} | set(DIGITS)))


def words_of(language: str) -> tuple[str, ...]:
    """The list of `language` that comes with kilovox. Raises KilovoxError where there is none."""
    if is_english(language):
        return english_words()
    path = _FOLDER / f"words-{language.partition('-')[0]}.txt"
    if not path.is_file():
        there = sorted(one.stem.removeprefix("words-") for one in _FOLDER.glob("words-*.txt"))
        raise KilovoxError(
            f"--others: no list of words of {language} comes with kilovox, only of en, {', '.join(there)}; expected --list "
            "FILE, words of that language, one a line"
        )
    return tuple(word for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#" for word in line.split())


def other_words(
    own: Sequence[str],
    count: int,
    language: str = ENGLISH,
    known: Sequence[str] | None = None,
    sounds: Callable[[str], str] = str.casefold,
) -> tuple[str, ...]:
    """`count` of the words `known` (default: those of `language`), drawn, none of which sounds the same as one of `own`.

    sounds: how a word is said, the same for words that cannot be told apart. Raises KilovoxError where there are too few.
    """
    pool = list(words_of(language) if known is None else known)
    order = np.random.default_rng(SEED).permutation(len(pool))
    taken, found = {sounds(word) for word in own} | {word.casefold() for word in own}, list[str]()
    for place in order:
        if len(found) == count:
            break
        word = pool[place]
        if word.casefold() not in taken and sounds(word) not in taken:
            found.append(word)
            taken |= {word.casefold(), sounds(word)}
    if len(found) < count:
        raise KilovoxError(
            f"--others {count}: {len(found)} words are there that are none of {shown(', '.join(own))}; expected at most as "
            "many, or more words by --list"
        )
    return tuple(found)
