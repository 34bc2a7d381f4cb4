"""Words are found alike in a stream and in a whole recording, and where they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.config import FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import fixed_point_mfcc
from kilovox.frontend.word_finder import Word, WordFinder, WordStream, loudest_word

QUIET, LOUD = -8000, -3000


def levels(*runs):
    return np.concatenate([np.full(count, level, np.int32) for level, count in runs])


def heard(finder, sequence):
    stream = WordStream(finder)
    found = [word for word in map(stream.push, sequence.tolist()) if word is not None]
    last = stream.finish()
    return found if last is None else [*found, last]


def by_hand(finder, sequence, begins, ends):
    """The rule as docs/arithmetic.md says it, frame by frame."""
    inner = [
        level for frame, level in enumerate(sequence)
        if not (begins and frame == 0) and not (ends and frame == len(sequence) - 1)
    ]  # fmt: skip
    peak, quietest = max(sequence), min(inner or sequence)
    threshold = max(quietest + (peak - quietest) // 4, peak - finder.depth)
    active = [level > threshold or level == peak for level in sequence]
    runs = []
    for frame in [frame for frame, is_active in enumerate(active) if is_active]:
        if runs and frame - runs[-1][-1] <= finder.pause + 1:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    long = [run for run in runs if len(run) >= finder.shortest] or runs
    chosen = max(long, key=lambda run: max(sequence[frame] for frame in run))
    first, last, peak = chosen[0], chosen[-1], max(sequence[frame] for frame in chosen)
    good = peak - quietest >= finder.prominence and len(chosen) >= finder.shortest
    whole = len(sequence) - 1 - last > finder.pause
    start, end = max(0, first - finder.margin), min(len(sequence), last + 1 + finder.margin)
    if begins and first <= finder.edge:
        start = 0
    if ends and len(sequence) - (last + 1) <= finder.edge:
        end = len(sequence)
    return Word(start, end, peak, whole), good


sequences = st.integers(0, 2**32 - 1).map(
    lambda seed: (
        np.cumsum(np.random.default_rng(seed).normal(size=seed % 250 + 1) * (seed % 7) * 100).astype(np.int32)
        + (np.random.default_rng(seed + 1).random(seed % 250 + 1) < 0.1) * 2500
    ).astype(np.int32)
)
finders = st.builds(
    lambda buffer, pause, margin, edge, depth, prominence, shortest: WordFinder(
        buffer, min(pause, buffer - 1), min(margin, pause, buffer - 1), edge, depth, prominence, min(shortest, buffer)
    ),
    st.integers(2, 120), st.integers(0, 20), st.integers(0, 20), st.sampled_from([0, 10]), st.sampled_from([3.0, 40.0]),
    st.sampled_from([0.0, 9.0]), st.integers(1, 8),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(finders, sequences)
def test_a_stream_finds_what_the_whole_recording_finds(finder, sequence):
    words = heard(finder, sequence)
    loudest = max(words, key=lambda word: word.peak)
    assert loudest_word(finder, sequence) == loudest
    for word in words:
        assert 0 <= word.first < word.end <= len(sequence)
        assert word.peak in sequence[word.first : word.end]
        # A louder click may lie only in what takes the word to an end of the recording.
        near = max(finder.edge, finder.margin)
        for frame in word.first + np.flatnonzero(sequence[word.first : word.end] > word.peak):
            assert (word.first == 0 and frame < near) or (word.end == len(sequence) and frame >= len(sequence) - near)


def test_a_click_beside_a_word_at_the_edge_is_not_its_peak():
    """Levels are told relative to the loudest frame of the word, not to a louder click that `edge` takes in."""
    finder = WordFinder(edge=10, margin=0, pause=3, shortest=5)
    sequence = levels((QUIET, 1), (LOUD + 900, 1), (QUIET, 6), (LOUD, 9), (QUIET, 30))
    (word,) = heard(finder, sequence)
    assert (word.first, word.end, word.peak) == (0, 17, LOUD)
    assert loudest_word(finder, sequence) == word


@settings(deadline=None, max_examples=150)
@given(finders, sequences, st.booleans(), st.booleans())
def test_the_rule(finder, sequence, begins, ends):
    kept = sequence[: finder.buffer]
    assert finder.find(kept, begins, ends) == by_hand(finder, kept.tolist(), begins, ends)


def test_the_silence_around_a_recording_does_not_tell_how_quiet_it_is():
    finder, noise = WordFinder(margin=4, edge=0), LOUD - 2400
    sequence = levels((QUIET, 1), (noise, 30), (LOUD, 20), (noise, 30), (QUIET, 1))
    word = loudest_word(finder, sequence)
    assert (word.first, word.end) == (31 - 4, 51 + 4)
    (alone,) = heard(finder, levels((QUIET, 1)))
    assert alone == Word(0, 1, QUIET, False)


def test_a_word_near_an_end_of_the_recording_reaches_to_it():
    finder = WordFinder(margin=4, edge=10)
    for before, first in ((10, 0), (11, 7)):
        for after, end in ((10, before + 30), (11, before + 24)):
            word = loudest_word(finder, levels((QUIET, before), (LOUD, 20), (QUIET, after)))
            assert (word.first, word.end) == (first, end)


def test_silence_around_a_word_does_not_matter():
    finder = WordFinder()
    plain = loudest_word(finder, levels((QUIET, 11), (LOUD, 20), (QUIET, 11)))
    padded = loudest_word(finder, levels((QUIET, 61), (LOUD, 20), (QUIET, 60)))
    assert (plain.first, plain.end) == (11 - finder.margin, 31 + finder.margin)
    assert (padded.first - 50, padded.end - 50, padded.peak) == (plain.first, plain.end, plain.peak)


def test_a_pause_within_a_word_and_one_between_words():
    finder = WordFinder(pause=14)
    (one,) = heard(finder, levels((QUIET, 5), (LOUD, 8), (QUIET, 14), (LOUD, 8), (QUIET, 5)))
    assert (one.first, one.end, one.whole) == (0, 40, False)
    two = heard(finder, levels((QUIET, 5), (LOUD, 8), (QUIET, 15), (LOUD + 10, 8), (QUIET, 5)))
    assert [(word.first, word.end, word.whole) for word in two] == [(0, 17, True), (24, 41, False)]


def test_a_click_is_no_word_but_better_than_nothing():
    finder = WordFinder(shortest=5)
    words = heard(finder, levels((QUIET, 20), (0, 2), (QUIET, 40), (LOUD, 10), (QUIET, 30)))
    assert [(word.first, word.end, word.peak) for word in words] == [(58, 76, LOUD)]
    (only,) = heard(finder, levels((QUIET, 20), (0, 2), (QUIET, 20)))
    assert only.peak == 0


def test_what_cannot_work_is_refused():
    for values, message in (
        ({"buffer": 0}, "words.buffer"),
        ({"buffer": 256}, "words.buffer"),
        ({"margin": 20}, "words.margin, words.pause"),
        ({"shortest": 0}, "words.shortest"),
        ({"depth_db": 0.0}, "words.depth_db"),
    ):
        with pytest.raises(KilovoxError, match=message):
            WordFinder(**values)


def test_what_is_not_said_is_as_in_a_configuration():
    config = FixedPointFrontEnd(kind="fixed_point", words={})
    assert fixed_point_mfcc(config).words == WordFinder()
