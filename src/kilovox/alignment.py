"""What was detected, laid beside what was spoken.

Errors are counted as speech recognition does: the fewest insertions, deletions and substitutions that make the one sequence of
the other (V. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966), as NIST's sclite
(SCTK) aligns a hypothesis with its reference. Of equally few, the alignment with most words right, which is what sclite's
weights (3, 3 and 4) prefer too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Pair = tuple[int | None, int | None]
"""Places in what was spoken and in what was detected: None in the first is an insertion, in the second a deletion."""

_INSERTION, _DELETION, _PAIR = range(3)


def align(spoken: Sequence[str], detected: Sequence[str]) -> tuple[Pair, ...]:
    """Both sequences' places, paired in order; each occurs once. Of what is detected twice the first is the word, of what is
    spoken twice and detected once the last."""
    # An error costs more than all words right can save.
    error = len(spoken) + len(detected) + 1
    numbers = {word: number for number, word in enumerate({*spoken, *detected})}
    heard = np.array([numbers[word] for word in detected], np.int64)
    inserted = error * np.arange(len(heard) + 1)
    # A row a word spoken: costs of the last one, and of each the step that leads to it, for hours hold thousands of words.
    line, steps = inserted, np.full((len(spoken) + 1, len(heard) + 1), _INSERTION, np.int8)
    for row, word in enumerate(spoken, 1):
        diagonal = line[:-1] + np.where(heard == numbers[word], -1, error)
        line = line + error
        line[1:] = np.minimum(line[1:], diagonal)
        line = np.minimum.accumulate(line - inserted) + inserted
        steps[row, 0] = _DELETION
        steps[row, 1:] = np.where(line[1:] == diagonal, _PAIR, _DELETION)
        steps[row, 1:][line[1:] == line[:-1] + error] = _INSERTION
    pairs: list[Pair] = []
    row, column = len(spoken), len(detected)
    while row or column:
        step = int(steps[row, column])
        row, column = row - (step != _INSERTION), column - (step != _DELETION)
        pairs.append((None if step == _INSERTION else row, None if step == _DELETION else column))
    return tuple(reversed(pairs))


@dataclass(frozen=True)
class Errors:
    """Of `words` spoken. rate: errors over words, which insertions may bring above 1; 0 where nothing was spoken."""

    words: int = 0
    insertions: int = 0
    deletions: int = 0
    substitutions: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.insertions + self.deletions + self.substitutions

    @property
    def rate(self) -> float:
        """As a fraction."""
        return self.count / self.words if self.words else 0.0


@dataclass
class Tally:
    """Counts by some key: who spoke, or which label."""

    words: Counter[str] = field(default_factory=Counter)
    insertions: Counter[str] = field(default_factory=Counter)
    deletions: Counter[str] = field(default_factory=Counter)
    substitutions: Counter[str] = field(default_factory=Counter)

    def of(self, key: str) -> Errors:
        """The counts of one."""
        return Errors(self.words[key], self.insertions[key], self.deletions[key], self.substitutions[key])

    @property
    def keys(self) -> tuple[str, ...]:
        """All that were counted, sorted."""
        return tuple(sorted({*self.words, *self.insertions, *self.deletions, *self.substitutions}))

    @property
    def total(self) -> Errors:
        """Of all."""
        return Errors(*(counts.total() for counts in (self.words, self.insertions, self.deletions, self.substitutions)))
