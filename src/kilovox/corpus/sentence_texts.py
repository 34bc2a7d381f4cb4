"""What synthetic voices say beside single digits: sentences, spelt words, numbers and single other words, drawn from lists.

Training needs what digits are taken for, not sense. No word here sounds just as a digit does (to, too, for, won, ate, oh): what
cannot be heard cannot be taught.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kilovox.corpus.synthetic import WORDS as DIGITS
from kilovox.errors import KilovoxError
from kilovox.files import read_lines
from kilovox.text import shown

LISTS = Path(__file__).with_name("words.txt")

SPELT = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "jee", "h": "aitch", "i": "eye", "j": "jay",
    "k": "kay", "l": "ell", "m": "em", "n": "en", "p": "pee", "q": "cue", "r": "are", "s": "ess", "t": "tee", "u": "you",
    "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
"""How a synthesiser is made to say a letter; o is a digit to many who say it."""

KINDS = {"sentence": 0.3, "spelling": 0.2, "numbers": 0.1, "mixed": 0.15, "word": 0.25}
"""Shares of what is said."""
OTHERS = {"common": 0.5, "alike": 0.22, "commands": 0.16, "other_numbers": 0.06, "tens": 0.03, "months": 0.03}
"""Of words that are no digits, the shares of the lists of words.txt: alike are those that are so to a digit in some part,
commands what devices are told, in Speech Commands (P. Warden, arXiv 1804.03209) and AN4 among others."""


LARGEST, LONGEST = 2**20, 300
"""Bytes of a file of sentences, and characters of a line of it."""

# A letter first: nothing that a program would take for an option.
_SENTENCE = re.compile(r"[A-Za-z][A-Za-z',.;:?! -]*")
_WORD = re.compile(r"[A-Za-z']+")


@dataclass(frozen=True)
class Text:
    """`words`, as a transcript has them, and `spoken`, as a synthesiser is given them."""

    words: tuple[str, ...]
    spoken: str


@functools.cache
def words() -> dict[str, tuple[str, ...]]:
    """The lists of words.txt, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for section in LISTS.read_text(encoding="utf-8").split("\n[")[1:]:
        name, _, text = section.partition("]")
        found[name] = tuple(text.split())
    return found


def read_texts(path: Path) -> tuple[Text, ...]:
    """The sentences of a text file, UTF-8, one a line; transcripts have their words in lower case, without punctuation.

    Raises KilovoxError, naming file and line, for anything but words of English letters and the usual punctuation: a number is
    to be written out, for only then it is known what is said.
    """
    return tuple(_sentence(where, line) for where, line in read_lines(path, LARGEST, "sentences, one a line"))


def _sentence(where: str, line: str) -> Text:
    words = tuple(word.strip("'").lower() for word in _WORD.findall(line))
    if len(line) > LONGEST or not _SENTENCE.fullmatch(line) or not all(words):
        raise KilovoxError(
            f"{where}: {shown(line)}; expected at most {LONGEST} letters a to z, with ' , . ; : ? ! and -, numbers written out"
        )
    return Text(words, line)


def draw_text(generator: np.random.Generator, texts: Sequence[Text] = ()) -> Text:
    """The next of the things that are said: one of `texts`, where there are any."""
    if texts:
        return texts[int(generator.integers(len(texts)))]
    kind = str(generator.choice(list(KINDS), p=list(KINDS.values())))
    count = int(generator.integers(2, 7))
    if kind == "word":
        return _text([_other(generator)])
    if kind == "spelling":
        return _text([str(generator.choice(list(SPELT))) for _ in range(count)])
    if kind == "numbers":
        return _text(_numbers(generator, count))
    if kind == "mixed":
        return _text([word for _ in range(count) for word in _mixed(generator)])
    return _text([_other(generator) for _ in range(count)])


def draw_digits(generator: np.random.Generator) -> Text:
    """Two to seven digits, as a number is read out: in one breath, or in groups of three or four with a comma between."""
    said = [str(generator.choice(DIGITS)) for _ in range(int(generator.integers(2, 8)))]
    group = int(generator.choice([len(said), 3, 4], p=[0.7, 0.15, 0.15]))
    return Text(tuple(said), ", ".join(" ".join(said[at : at + group]) for at in range(0, len(said), group)))


def _other(generator: np.random.Generator) -> str:
    """A word that is no digit."""
    return str(generator.choice(words()[str(generator.choice(list(OTHERS), p=list(OTHERS.values())))]))


def _numbers(generator: np.random.Generator, count: int) -> list[str]:
    """Digits, and as often numbers of tens and units, as in an address."""
    if generator.random() < 0.6:
        return [str(generator.choice(DIGITS)) for _ in range(count)]
    pair = [str(generator.choice(words()["tens"])), str(generator.choice(DIGITS[1:]))]
    before = words()["months" if generator.random() < 0.4 else "other_numbers"]
    return [str(generator.choice(before)), *pair]


def _mixed(generator: np.random.Generator) -> list[str]:
    """One word of those that stand beside digits, or a digit."""
    kind = generator.random()
    if kind < 0.4:
        return [str(generator.choice(DIGITS))]
    return [str(generator.choice(list(SPELT)))] if kind < 0.6 else [_other(generator)]


def _text(said: list[str]) -> Text:
    return Text(tuple(said), " ".join(SPELT.get(word, word) for word in said))
