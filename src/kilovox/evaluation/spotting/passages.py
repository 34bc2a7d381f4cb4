"""Long sound, and what is known to be spoken in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kilovox.audio import Samples
from kilovox.corpus.base import RecordingCorpus

WORDS_A_STRING = 10
SEED = 1
"""Of the order in which recordings come together."""

FRAME_SECONDS = 0.01
DEPTH_DB = 30.0
"""A frame is of the word where its power lies no further below that of the loudest frame."""
MARGIN_SECONDS = 0.03
"""Before the first such frame and after the last, which belong to the word cut out."""

PEAK = 0.5 * 32767
SILENCE_SECONDS = 0.5
"""At either end of a string."""


@dataclass(frozen=True)
class Spoken:
    """A word of the vocabulary, as its label. end: when it ended, in seconds; None where nobody wrote that down."""

    label: str
    speaker: str | None = None
    end: float | None = None


@dataclass(frozen=True)
class Passage:
    """One sound. pieces: its samples, int16 at the rate of whom they are for, to be read once; words: in order."""

    name: str
    pieces: Iterable[Samples]
    words: tuple[Spoken, ...] = ()


def word_bounds(samples: Samples, rate: int) -> tuple[int, int]:
    """Of a recording of one word: first sample and end of the frames that are loud enough; all of a silent one."""
    size = max(1, round(FRAME_SECONDS * rate))
    starts = np.arange(0, len(samples), size)
    power = np.add.reduceat(samples.astype(np.float64) ** 2, starts) if len(samples) else np.zeros(0)
    if not power.any():
        return 0, len(samples)
    active = np.flatnonzero(power >= power.max() * 10 ** (-DEPTH_DB / 10))
    return int(starts[active[0]]), min(int(starts[active[-1]]) + size, len(samples))


def strings(corpus: RecordingCorpus, labels: Sequence[str | None], gap: float | None, rate: int) -> Iterator[Passage]:
    """The recordings of `corpus`, each once, joined by WORDS_A_STRING in a random order that is always the same.

    labels: what each is, None where it is no word of the vocabulary. gap: seconds of silence between the words, which are cut
    out of their recordings and brought to one peak; None: the recordings as they are, one after another.
    """
    order = np.random.RandomState(SEED).permutation(len(corpus)).tolist()
    for number, start in enumerate(range(0, len(order), WORDS_A_STRING), 1):
        yield _string(corpus, order[start : start + WORDS_A_STRING], labels, gap, rate, f"string {number}")


def _string(
    corpus: RecordingCorpus, indices: Sequence[int], labels: Sequence[str | None], gap: float | None, rate: int, name: str
) -> Passage:
    ends = np.zeros(round(SILENCE_SECONDS * rate), np.int16)
    between = np.zeros(round((gap or 0) * rate), np.int16)
    parts, words, length = [ends], [], len(ends)
    for index in indices:
        samples = corpus.samples(index, rate)
        first, end = word_bounds(samples, rate)
        if gap is not None:
            samples, end = _cut_out(samples, first, end, rate)
        label = labels[index]
        if label is not None:
            words.append(Spoken(label, corpus.recordings[index].speaker, (length + end) / rate))
        parts += [samples, between]
        length += len(samples) + len(between)
    return Passage(name, [np.concatenate([*parts[:-1], ends])], tuple(words))


def _cut_out(samples: Samples, first: int, end: int, rate: int) -> tuple[Samples, int]:
    """The word with its margins, at PEAK; and where it ends within that."""
    margin = round(MARGIN_SECONDS * rate)
    start = max(0, first - margin)
    word = samples[start : end + margin].astype(np.float64)
    peak = np.abs(word).max(initial=0.0)
    return np.rint(word * (PEAK / peak if peak else 1.0)).astype(np.int16), end - start
