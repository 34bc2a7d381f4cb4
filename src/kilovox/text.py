"""Text from strangers: what may stand in a line that is shown, and how the rest is shown all the same."""

import unicodedata

LABEL_LENGTH = 64
"""Characters of a word that a model knows."""
LINE_LENGTH = 1000
"""Characters of anything else that is said in a line: a name, a licence, a note."""

_JOINERS = "\u200c\u200d"
"""Zero width non-joiner and joiner: part of how Persian and Indic words are spelt, between letters."""


def complaint(text: str, limit: int = LINE_LENGTH) -> str | None:
    """What is wrong with `text` as one printable line of at most `limit` characters; None where nothing is.

    Printable as Python means it: no control, format (so none that turns the direction of writing), surrogate, private or
    unassigned character, and no separator but the space; joiners between letters excepted.
    """
    if len(text) > limit:
        return f"{len(text)} characters; expected at most {limit}"
    if not text.strip():
        return f"{text!r}; expected at least one visible character"
    if text != text.strip():
        return f"'{printable(text)}'; expected no space at either end"
    for index, character in enumerate(text):
        if not character.isprintable() and not _joins(text, index):
            return f"character U+{ord(character):04X} in '{printable(text)}'; expected printable characters in one line"
    return None


def printable(text: str, limit: int = LINE_LENGTH) -> str:
    """`text` as one line that a terminal only shows: what is not printable as an escape, what is too long cut."""
    shown = "".join(
        character if character.isprintable() or _joins(text, index) else _escaped(character)
        for index, character in enumerate(text[:limit])
    )
    return shown + (" ..." if len(text) > limit else "")


def shown(value: object, limit: int = 80) -> str:
    """A value in an error: its repr, cut."""
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python writes
        return f"a {type(value).__name__}"
    return printable(text, limit)


def _joins(text: str, index: int) -> bool:
    if text[index] not in _JOINERS or not 0 < index < len(text) - 1:
        return False
    return unicodedata.category(text[index - 1])[0] in "LM" and unicodedata.category(text[index + 1])[0] in "LM"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
