"""From outputs, frame by frame, to words."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.integer.calibration import KNOTS, calibrated
from kilovox.integer.decider import REFRACTORY, Decider, Frames, float_frames, likeliest, one_word
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN

LABELS = ("0", "1", "unknown")
BLANK, OTHER = 3, 2
ALL = np.zeros(3, np.uint8)


def frames(*rows):
    """Of (output, share of the label[, of others]) a frame; the likeliest label is the output where it is one, else "0"."""
    outputs, shares, others = (np.array([[*row, 0][place] for row in rows], np.int64) for place in range(3))
    return Frames(outputs, np.where(outputs < OTHER, outputs, 0), shares, others)


def heard(rows, thresholds=ALL):
    decider = Decider(LABELS, thresholds)
    found = decider.push(frames(*rows)) + decider.finish()
    return [(one.best, one.confidence, one.outcome) for one in found]


def sure(share, others):
    """As confidence is defined."""
    return 255 * share // (share + others)


def test_a_run_is_one_word_and_is_compared_with_other_words_in_it_and_right_before_it():
    rows = [(BLANK, 0, 99), (BLANK, 0, 8), (BLANK, 0, 7), (1, 90, 9), (1, 200, 3), (1, 100, 250), (1, 50), (BLANK, 0)]
    assert heard(rows) == [(1, sure(200, 9), LABEL)]
    assert heard(rows[1:3] + rows[4:]) == [(1, sure(200, 8), LABEL)]
    assert heard([(1, 200)]) == [(1, 255, LABEL)]


def test_a_word_is_decided_on_as_soon_as_its_run_grows_less_sure():
    decider = Decider(LABELS, ALL)
    assert decider.push(frames((1, 90), (1, 200))) == []
    (found,) = decider.push(frames((1, 199)))
    assert (found.frame, found.confidence) == (2, 255)
    assert decider.push(frames((1, 250), (1, 10), (BLANK, 0))) == []


def test_a_word_that_is_being_said_is_decided_on_at_the_end():
    assert heard([(0, 10, 20), (0, 20, 5)]) == [(0, sure(20, 20), LABEL)]
    assert heard([]) == []


def test_words_that_touch():
    assert heard([(0, 200), (1, 210), (0, 220)]) == [(0, 255, LABEL), (1, 255, LABEL), (0, 255, LABEL)]


def test_the_same_word_twice_needs_a_pause():
    again = lambda pause: len(heard([(0, 200), *[(BLANK, 0)] * pause, (0, 201)]))  # noqa: E731
    assert [again(pause) for pause in (1, REFRACTORY - 1, REFRACTORY, 9)] == [1, 1, 2, 2]


def test_thresholds_are_of_each_label():
    quiet = [(BLANK, 0)] * REFRACTORY
    rows = [(0, 100, 100), *quiet, (1, 100, 100), *quiet, (0, 99, 100)]
    thresholds = np.array([sure(100, 100), sure(100, 100) + 1, 0], np.uint8)
    assert [outcome for *_, outcome in heard(rows, thresholds)] == [LABEL, UNKNOWN, UNKNOWN]


def test_other_words_are_never_a_label():
    assert heard([(OTHER, 0, 255)]) == [(OTHER, 0, UNKNOWN)]


ROWS = st.lists(st.tuples(st.integers(0, BLANK), st.integers(0, 255), st.integers(0, 255)), max_size=60)


@given(ROWS, st.lists(st.integers(0, 60), max_size=6))
def test_however_a_stream_is_cut(rows, cuts):
    whole, pieces = Decider(LABELS, ALL), Decider(LABELS, ALL)
    found = whole.push(frames(*rows)) + whole.finish()
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [pieces.push(frames(*rows[first:last])) for first, last in pairwise(bounds)]
    assert [one for part in parts for one in part] + pieces.finish() == found


@given(ROWS, st.integers(0, 255))
def test_thresholds_decide_on_outcomes_and_on_nothing_else(rows, threshold):
    thresholds = np.full(3, threshold, np.uint8)
    assert [found[:2] for found in heard(rows, thresholds)] == [found[:2] for found in heard(rows)]
    for best, sure, outcome in heard(rows, thresholds):
        assert outcome == (LABEL if best != OTHER and sure >= threshold else UNKNOWN)


@given(ROWS, st.lists(st.integers(0, 255), min_size=KNOTS, max_size=KNOTS).map(sorted))
def test_what_being_sure_is_worth_is_told_and_decides_on_nothing(rows, knots):
    thresholds = np.full(3, 140, np.uint8)
    decider = Decider(LABELS, thresholds, knots)
    found = decider.push(frames(*rows)) + decider.finish()
    expected = [(best, calibrated(sure, knots), outcome) for best, sure, outcome in heard(rows, thresholds)]
    assert [(one.best, one.confidence, one.outcome) for one in found] == expected
    best, sure, outcome = one_word(frames(*rows), LABELS, thresholds)
    worth = 0 if outcome == NOTHING else calibrated(sure, knots)
    assert one_word(frames(*rows), LABELS, thresholds, knots) == (best, worth, outcome)


def test_one_word_is_that_of_the_surest_frame():
    said = frames((BLANK, 30, 50), (1, 120), (BLANK, 90), (0, 200, 3), (BLANK, 10))
    assert one_word(said, LABELS, ALL) == (0, sure(200, 50), LABEL)
    assert one_word(said, LABELS, np.array([sure(200, 50) + 1, 0, 0], np.uint8)) == (0, sure(200, 50), UNKNOWN)


@pytest.mark.parametrize("rows", [[], [(BLANK, 0)], [(BLANK, 200)] * 5])
def test_nothing_but_blanks_is_nothing(rows):
    assert one_word(frames(*rows), LABELS, ALL)[2] == NOTHING


def test_other_words_alone_are_unknown():
    assert one_word(frames((OTHER, 3, 200)), LABELS, np.full(3, 128, np.uint8)) == (0, sure(3, 200), UNKNOWN)


def test_confidence_of_floats_is_the_share_of_the_likeliest_label_asked_for():
    logits = np.log(np.array([[0.1, 0.2, 0.3, 0.4], [0.05, 0.85, 0.05, 0.05]], np.float32))
    found = float_frames(logits, LABELS)
    assert found.outputs.tolist() == [BLANK, 1]
    assert found.labels.tolist() == [1, 1]
    assert found.share.tolist() == [51, 217]
    assert found.others.tolist() == [76, 13]
    assert float_frames(np.zeros((0, 4), np.float32), LABELS).outputs.shape == (0,)


@given(st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=4, max_size=4), min_size=1, max_size=9))
def test_confidence_is_within_its_byte(rows):
    found = float_frames(np.array(rows, np.float32), LABELS)
    assert ((found.share >= 0) & (found.share <= 255) & (found.others >= 0) & (found.others <= 255)).all()
    assert (found.labels < OTHER).all()


def test_the_likeliest_label_is_told_where_nothing_was_heard_too():
    quiet = Frames(np.array([3, 3]), np.array([0, 1]), np.array([4, 9]), np.array([200, 1]))
    assert one_word(quiet, LABELS, ALL) == (0, 0, NOTHING)
    assert likeliest(quiet) == 1
    none = np.zeros(0, np.int64)
    assert likeliest(Frames(none, none, none, none)) == -1
