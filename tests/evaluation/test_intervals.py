"""Intervals that count people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kilovox.errors import KilovoxError
from kilovox.evaluation.intervals import (
    FEW,
    Interval,
    mean_interval,
    poisson_interval,
    rate_interval,
    speaker_interval,
    student_t,
)  # fmt: skip
from kilovox.evaluation.metrics import wilson_interval


@given(st.integers(1, 500), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_students_t_is_scipys(degrees, confidence):
    assert student_t(degrees, confidence) == pytest.approx(stats.t.ppf((1 + confidence) / 2, degrees), rel=1e-9)


@pytest.mark.parametrize(("degrees", "confidence"), [(0, 0.95), (3, 0), (3, 1), (3, 95)])
def test_a_t_that_is_none(degrees, confidence):
    with pytest.raises(KilovoxError, match="degrees of freedom"):
        student_t(degrees, confidence)


def test_six_speakers_of_equally_many_recordings():
    """The folds of docs/results.md: mean 93.1, standard deviation 4.69, t 2.571 of 5 degrees of freedom: +- 4.92."""
    correct = [435, 486, 487, 450, 486, 449]
    found = speaker_interval(correct, [500] * 6)
    assert found.method == "t"
    assert found.pair == pytest.approx((0.8818, 0.9802), abs=1e-4)
    assert found.pair == pytest.approx(mean_interval([count / 500 for count in correct]))
    low, high = wilson_interval(sum(correct), 3000)
    assert found.low < low < high < found.high


def test_the_ratio_of_unequal_speakers():
    right, total = np.array([9, 10, 30]), np.array([10, 20, 30])
    share = 49 / 60
    error = np.sqrt(((right - share * total) ** 2).sum() * 3 / 2) / 60
    low, high = share - 4.302653 * error, min(1.0, share + 4.302653 * error)
    assert speaker_interval(right, total).pair == pytest.approx((low, high), abs=1e-6)


def test_many_speakers_are_drawn_again():
    """Of people who are alike within themselves and differ: the spread of draws of whole people, not of recordings."""
    correct, total = [0] * 20 + [10] * 80, [10] * 100
    found = speaker_interval(correct, total)
    assert found.method == "bootstrap"
    # A share of 80 of 100 people; recordings as independent would give +- 2.5 points.
    expected = stats.binom(100, 0.8).ppf([0.025, 0.975]) / 100
    assert found.pair == pytest.approx(expected, abs=0.011)
    low, high = wilson_interval(800, 1000)
    assert found.high - found.low > 2.5 * (high - low)
    assert speaker_interval(correct, total) == found, "the same every time"


def test_the_number_of_speakers_decides_the_method():
    assert [speaker_interval([1] * count, [2] * count).method for count in (FEW - 1, FEW)] == ["t", "bootstrap"]


@given(
    st.lists(
        st.integers(1, 30).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), min_size=2, max_size=40
    )
)
def test_never_narrower_than_wilsons(counts):
    correct, total = zip(*counts, strict=True)
    found = speaker_interval(correct, total)
    low, high = wilson_interval(sum(correct), sum(total))
    assert 0 <= found.low <= low <= high <= found.high <= 1


def test_where_all_is_right_the_spread_says_nothing():
    assert speaker_interval([100] * 6, [100] * 6).pair == wilson_interval(600, 600)


def test_one_speaker_says_nothing_of_others():
    assert speaker_interval([5], [10]) is None
    assert mean_interval([0.5]) is None


@pytest.mark.parametrize(("correct", "total"), [([1, 3], [2, 2]), ([-1, 1], [2, 2]), ([0, 1], [0, 2])])
def test_impossible_counts(correct, total):
    with pytest.raises(KilovoxError, match="by speaker; expected 0 to"):
        speaker_interval(correct, total)
    with pytest.raises(KilovoxError, match="1 counts for 2 speakers"):
        speaker_interval([1], [2, 2])


@given(st.integers(0, 400), st.floats(0.01, 100))
def test_poissons_interval_is_chi_squares(count, exposure):
    low, high = poisson_interval(count, exposure)
    assert low * exposure == pytest.approx(stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0, rel=1e-6)
    assert high * exposure == pytest.approx(stats.chi2.ppf(0.975, 2 * count + 2) / 2, rel=1e-6)


@pytest.mark.parametrize(("count", "exposure"), [(-1, 1), (1, 0), (0, -1), (0, float("nan"))])
def test_events_in_nothing(count, exposure):
    with pytest.raises(KilovoxError, match="more than nothing"):
        poisson_interval(count, exposure)


def test_errors_over_words_may_be_more_than_one():
    found = rate_interval([30, 20, 40], [20, 20, 20])
    assert found.method == "t"
    assert found.low < 1.5 < found.high
    assert found.high > 1
    assert rate_interval([3], [2]) == Interval(*poisson_interval(3, 2), "poisson")
    assert rate_interval([3], [20]) == Interval(*wilson_interval(3, 20), "wilson")
    assert rate_interval([1] * FEW, [10] * FEW).method == "bootstrap"


def test_errors_of_people_who_are_alike_are_no_more_certain_than_those_of_one():
    low, high = wilson_interval(6, 30)
    assert rate_interval([2, 2, 2], [10, 10, 10]).pair == pytest.approx((low, high))


@pytest.mark.parametrize(("errors", "words"), [([1], [0]), ([-1], [2]), ([1, 2], [3]), ([], [])])
def test_errors_of_nothing(errors, words):
    with pytest.raises(KilovoxError, match="some words"):
        rate_interval(errors, words)
