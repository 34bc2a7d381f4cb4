"""What is asked, applied to what a corpus says: the one place where words become labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kilovox.config.vocabulary import UNKNOWN, Vocabulary, read_vocabulary
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError

Classes = npt.NDArray[np.int64]

NOT_ASKED = -1
"""The class of a recording whose word is not asked for."""

NOTHING = -2
"""The class of a recording that holds nothing to be heard."""


@cache
def digits() -> Vocabulary:
    """The ten digits, with their words: configs/vocabularies/digits.yaml."""
    return Vocabulary.model_validate(read_vocabulary("digits"))


@cache
def default_vocabulary() -> Vocabulary:
    """Whatever the corpus says, where the words of the digits are the digits."""
    return Vocabulary(words=digits().words)


@dataclass(frozen=True)
class Asked:
    """A vocabulary of which all labels are known, ready for any number of corpora.

    `labels`: in the order of the network's outputs, "unknown" included where other words are one more. `aliases`: the words
    that mean them.
    """

    labels: tuple[str, ...]
    aliases: dict[str, str]
    vocabulary: Vocabulary

    @classmethod
    def of(cls, vocabulary: Vocabulary | None, corpora: Iterable[Corpus]) -> "Asked":
        """`vocabulary`, or the default one, whose labels are, where it gives none, those of `corpora`."""
        asked = vocabulary or default_vocabulary()
        found = set[str]()
        if asked.labels is None:
            heard = {word for corpus in corpora for word in corpus.labels} - set(asked.nothing)
            found = {asked.words.get(word, word) for word in heard}
        labels = asked.labels or tuple(sorted(found))
        if asked.others == "unknown":
            labels = (*(label for label in labels if label != UNKNOWN), UNKNOWN)
        aliases = {word: label for word, label in asked.words.items() if label in labels and word not in labels}
        return cls(labels, aliases, asked)

    def classes(self, corpus: Corpus) -> Classes:
        """(recordings,) the place of each recording's label in `labels`, or NOT_ASKED, or NOTHING.

        Raises KilovoxError, naming them, for words that are not asked for where the vocabulary refuses them.
        """
        places = self._places
        strange = [word for word in corpus.labels if word not in places]
        if strange and self.vocabulary.others == "refuse":
            raise KilovoxError(
                f"{corpus.where}: words {_listed(strange)}; expected only {_listed(self.labels)} "
                "(vocabulary.others: leave_out, or unknown, allows more)"
            )
        return self.classes_of([recording.label for recording in corpus.recordings])

    def classes_of(self, words: Sequence[str]) -> Classes:
        """(words,) the same of words that need not be asked for: that of other words, where it is one, or NOT_ASKED."""
        places, other = self._places, self.other
        return np.array([places.get(word, NOT_ASKED if other is None else other) for word in words], np.int64)

    @property
    def other(self) -> int | None:
        """The place of other words in `labels`; None where they are none."""
        return self.labels.index(UNKNOWN) if self.vocabulary.others == "unknown" else None

    @property
    def _places(self) -> dict[str, int]:
        places = {label: place for place, label in enumerate(self.labels)}
        silent = dict.fromkeys(self.vocabulary.nothing, NOTHING)
        return places | {word: places[label] for word, label in self.aliases.items()} | silent


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:20]) + (f" and {len(words) - 20} more" if len(words) > 20 else "")
