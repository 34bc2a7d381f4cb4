"""From outputs, frame by frame, to words."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.integer.decider import REFRACTORY, Decider, Frames, float_frames, one_word
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN

LABELS = ("0", "1", "unknown")
BLANK, OTHER = 3, 2
ALL = np.zeros(3, np.uint8)


def frames(*rows):
    """Of (output, confidence) a frame; the likeliest label asked for is the output where it is one, else "0"."""
    outputs = np.array([output for output, _ in rows], np.int64)
    return Frames(outputs, np.where(outputs < OTHER, outputs, 0), np.array([sure for _, sure in rows], np.int64))


def heard(rows, thresholds=ALL):
    decider = Decider(LABELS, thresholds)
    found = decider.push(frames(*rows)) + decider.finish()
    return [(one.best, one.confidence, one.outcome) for one in found]


def test_a_run_is_one_word_and_as_sure_as_its_surest_frame():
    assert heard([(BLANK, 0), (1, 90), (1, 200), (1, 100), (1, 50), (BLANK, 0)]) == [(1, 200, LABEL)]


def test_a_word_is_decided_on_as_soon_as_its_run_grows_less_sure():
    decider = Decider(LABELS, ALL)
    assert decider.push(frames((1, 90), (1, 200))) == []
    (found,) = decider.push(frames((1, 199)))
    assert (found.frame, found.confidence) == (2, 200)
    assert decider.push(frames((1, 250), (1, 10), (BLANK, 0))) == []


def test_a_word_that_is_being_said_is_decided_on_at_the_end():
    assert heard([(0, 10), (0, 20)]) == [(0, 20, LABEL)]
    assert heard([]) == []


def test_words_that_touch():
    assert heard([(0, 200), (1, 210), (0, 220)]) == [(0, 200, LABEL), (1, 210, LABEL), (0, 220, LABEL)]


def test_the_same_word_twice_needs_a_pause():
    again = lambda pause: heard([(0, 200), *[(BLANK, 0)] * pause, (0, 201)])  # noqa: E731
    assert again(REFRACTORY) == [(0, 200, LABEL), (0, 201, LABEL)]
    assert again(REFRACTORY - 1) == [(0, 200, LABEL)]


def test_thresholds_are_of_each_label():
    thresholds = np.array([100, 201, 0], np.uint8)
    rows = [(0, 100), (BLANK, 0), (1, 200), (BLANK, 0), (0, 99)]
    assert [outcome for *_, outcome in heard(rows, thresholds)] == [LABEL, UNKNOWN, UNKNOWN]


def test_other_words_are_never_a_label():
    assert heard([(OTHER, 255)]) == [(OTHER, 255, UNKNOWN)]


ROWS = st.lists(st.tuples(st.integers(0, BLANK), st.integers(0, 255)), max_size=60)


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


def test_one_word_is_that_of_the_surest_frame():
    said = frames((BLANK, 30), (1, 120), (BLANK, 90), (0, 200), (BLANK, 10))
    assert one_word(said, LABELS, ALL) == (0, 200, LABEL)
    assert one_word(said, LABELS, np.array([201, 0, 0], np.uint8)) == (0, 200, UNKNOWN)


@pytest.mark.parametrize("rows", [[], [(BLANK, 0)], [(BLANK, 200)] * 5])
def test_nothing_but_blanks_is_nothing(rows):
    assert one_word(frames(*rows), LABELS, ALL)[2] == NOTHING


def test_other_words_alone_are_unknown():
    assert one_word(frames((OTHER, 3)), LABELS, np.array([4, 4, 4], np.uint8)) == (0, 3, UNKNOWN)


def test_confidence_of_floats_is_the_share_of_the_likeliest_label_asked_for():
    logits = np.log(np.array([[0.1, 0.2, 0.3, 0.4], [0.05, 0.85, 0.05, 0.05]], np.float32))
    found = float_frames(logits, LABELS)
    assert found.outputs.tolist() == [BLANK, 1]
    assert found.labels.tolist() == [1, 1]
    assert found.confidence.tolist() == [51, 217]
    assert float_frames(np.zeros((0, 4), np.float32), LABELS).outputs.shape == (0,)


@given(st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=4, max_size=4), min_size=1, max_size=9))
def test_confidence_is_within_its_byte(rows):
    found = float_frames(np.array(rows, np.float32), LABELS)
    assert ((found.confidence >= 0) & (found.confidence <= 255)).all()
    assert (found.labels < OTHER).all()
