"""Alignments, against the definition of the distance, and against what must hold of any distance."""

import tracemalloc
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.alignment import Errors, Tally, align

WORDS = st.lists(st.sampled_from("abc"), max_size=7).map("".join)


@cache
def levenshtein(one: str, other: str) -> int:
    """The recursive definition."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        levenshtein(one[1:], other) + 1, levenshtein(one, other[1:]) + 1,
        levenshtein(one[1:], other[1:]) + (one[0] != other[0]),
    )  # fmt: skip


def distance(spoken, detected):
    return sum(a is None or b is None or spoken[a] != detected[b] for a, b in align(spoken, detected))


def right(spoken, detected):
    return sum(a is not None and b is not None and spoken[a] == detected[b] for a, b in align(spoken, detected))


@pytest.mark.parametrize(
    ("spoken", "detected", "errors"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "ab", 2), ("abc", "axc", 1), ("abc", "ac", 1), ("abc", "abbc", 1),
     ("kitten", "sitting", 3), ("intention", "execution", 5)],
)  # fmt: skip
def test_known_distances(spoken, detected, errors):
    assert distance(spoken, detected) == errors


def test_of_equally_few_errors_most_words_are_right():
    """Two substitutions, or a deletion and an insertion around a word that is right."""
    assert align("ab", "bc") == ((0, None), (1, 0), (None, 1))


def test_of_a_word_said_or_detected_twice_the_pair_that_is_nearest():
    assert align("a", "aa") == ((0, 0), (None, 1))
    assert align("aa", "a") == ((0, None), (1, 0))


def test_hours_of_words_take_a_byte_a_pair():
    spoken = [str(number % 7) for number in range(2000)]
    detected = [word for number, word in enumerate(spoken) if number % 100]
    tracemalloc.start()
    try:
        pairs = align(spoken, detected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(b is None for _, b in pairs) == 20
    assert all(spoken[a] == detected[b] for a, b in pairs if b is not None)
    assert peak < 1.5 * len(spoken) * len(detected)


@given(WORDS, WORDS)
def test_the_fewest_errors(spoken, detected):
    assert distance(spoken, detected) == levenshtein(spoken, detected)


@given(WORDS, WORDS)
def test_symmetry(one, other):
    assert distance(one, other) == distance(other, one)
    assert right(one, other) == right(other, one)


@given(WORDS, WORDS, WORDS)
def test_the_triangle(one, other, third):
    assert distance(one, third) <= distance(one, other) + distance(other, third)


@given(WORDS, WORDS)
def test_each_place_once_and_in_order(spoken, detected):
    pairs = align(spoken, detected)
    assert [a for a, _ in pairs if a is not None] == list(range(len(spoken)))
    assert [b for _, b in pairs if b is not None] == list(range(len(detected)))
    assert (None, None) not in pairs
    assert (distance(spoken, detected) == 0) == (spoken == detected)


def test_tallies_add_up():
    tally = Tally()
    tally.words.update({"ada": 3, "bob": 2})
    tally.insertions["bob"] += 2
    tally.substitutions["ada"] += 1
    tally.deletions["cy"] += 1
    assert tally.keys == ("ada", "bob", "cy")
    assert tally.of("bob") == Errors(2, 2, 0, 0)
    assert tally.of("bob").rate == 1
    assert tally.of("cy").rate == 0
    assert tally.total == Errors(5, 2, 1, 1)
    assert (tally.total.count, tally.total.rate) == (4, 0.8)
