"""Text of a model, which may be anything, made into text of C, CMake, Markdown, or a list of properties.

Everything that a model says of itself, names, labels, notes, corpora, licences, figures, is emitted through one of these two.
"""

import string
import unicodedata

LONGEST = 1000
"""Characters of one value; what is longer is cut."""

INSTEAD = "_"

PLAIN = frozenset(string.ascii_letters + string.digits + " .,:;-_+()/=%'&!" + INSTEAD)
"""No asterisk: nothing ends or opens a comment. No backslash, question mark, quote, dollar, at sign, angle or square bracket,
nor any line break: nothing splices lines, makes a trigraph or a string, fills a hole of a template, or is a link."""

IN_STRING = frozenset((string.ascii_letters + string.digits + " !#$%&'()*+,-./:;<=>@[]^_`{|}~").encode())


def plain(text: object) -> str:
    """One line of PLAIN characters: accents are left out, `INSTEAD` stands for all else."""
    taken = "".join(letter for letter in unicodedata.normalize("NFKD", str(text)) if not unicodedata.combining(letter))
    return "".join(letter if letter in PLAIN else INSTEAD for letter in taken[:LONGEST])


def c_string(text: str) -> str:
    """A C string literal of `text` in UTF-8: octal escapes, three digits each, for what is not plain ASCII."""
    return '"' + "".join(chr(byte) if byte in IN_STRING else f"\\{byte:03o}" for byte in text.encode(errors="replace")) + '"'


def line_of(text: str) -> str:
    """`text` as one line of a text file in UTF-8: what does not print is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
