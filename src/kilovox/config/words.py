"""Words as a person gives them: what may be one, for it becomes a folder's name, a label and what a voice is made to say."""

import unicodedata
from collections.abc import Iterable

from kilovox.config.vocabulary import UNKNOWN
from kilovox.errors import KilovoxError
from kilovox.text import LABEL_LENGTH, complaint, shown

MOST = 200
"""Words; each is an output of the network."""

_NOT_IN_NAMES = '/\\<>:"|?*,'
"""Not in the names of folders everywhere, and the comma stands between words."""
_EXPECTED = "expected a word such as stop: a folder and a label are called so"


def checked_words(words: Iterable[str], where: str = "words") -> tuple[str, ...]:
    """`words`, in Unicode's composed form. Raises KilovoxError, naming `where`, for none, too many, one that is no name of a
    folder, one that stands there twice (capitals do not tell words apart: on many disks they do not tell folders apart), and
    the label of all others."""
    found = tuple(checked_word(word, where) for word in words)
    if not found:
        raise KilovoxError(f"{where}: none; expected one at least")
    if len(found) > MOST:
        raise KilovoxError(f"{where}: {len(found):,}; expected at most {MOST}")
    seen: dict[str, str] = {}
    for word in found:
        before = seen.get(word.casefold())
        if before is not None:
            also = "" if before == word else f" (beside {shown(before)}, which is the same folder on many disks)"
            raise KilovoxError(f"{where}: {shown(word)} twice{also}; expected each word once")
        seen[word.casefold()] = word
    return found


def checked_word(word: str, where: str = "word") -> str:
    """One of them."""
    wrong = complaint(word, LABEL_LENGTH)
    if wrong is not None:
        raise KilovoxError(f"{where}: {wrong}")
    strange = next((character for character in word if character in _NOT_IN_NAMES), None)
    if strange is not None:
        raise KilovoxError(f"{where}: {shown(word)} has {strange!r} in it; {_EXPECTED}")
    if word[0] in "._-" or word[-1] == ".":
        raise KilovoxError(f"{where}: {shown(word)} begins with . _ or -, or ends with a full stop; {_EXPECTED}")
    if word.casefold() == UNKNOWN:
        raise KilovoxError(f"{where}: {shown(word)} is the label of every other word; expected another word")
    return unicodedata.normalize("NFC", word)
