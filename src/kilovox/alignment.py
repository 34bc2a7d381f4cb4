"""What was detected, laid beside what was spoken.

Errors are counted as speech recognition does: the fewest insertions, deletions and substitutions that make the one sequence of
the other (V. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966), as NIST's sclite
(SCTK) aligns a hypothesis with its reference. Of equally few, the alignment with most words right, which is what sclite's
weights (3, 3 and 4) prefer too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

Pair = tuple[int | None, int | None]
"""Places in what was spoken and in what was detected: None in the first is an insertion, in the second a deletion."""


def align(spoken: Sequence[str], detected: Sequence[str]) -> tuple[Pair, ...]:
    """Both sequences' places, paired in order; each occurs once. Of what is detected twice the first is the word, of what is
    spoken twice and detected once the last."""
    # An error costs more than all words right can save.
    error = len(spoken) + len(detected) + 1
    costs = [[error * column for column in range(len(detected) + 1)]]
    for row, word in enumerate(spoken, 1):
        above, line = costs[-1], [error * row]
        for column, other in enumerate(detected, 1):
            diagonal = above[column - 1] + (-1 if word == other else error)
            line.append(min(diagonal, above[column] + error, line[-1] + error))
        costs.append(line)
    pairs: list[Pair] = []
    row, column = len(spoken), len(detected)
    while row or column:
        here = costs[row][column]
        if column and here == costs[row][column - 1] + error:
            column -= 1
            pairs.append((None, column))
        elif row and column and here == costs[row - 1][column - 1] + (-1 if spoken[row - 1] == detected[column - 1] else error):
            row, column = row - 1, column - 1
            pairs.append((row, column))
        else:
            row -= 1
            pairs.append((row, None))
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
