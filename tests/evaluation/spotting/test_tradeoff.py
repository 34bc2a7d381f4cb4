"""The trade-off, against its definition threshold by threshold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.alignment import align
from kilovox.evaluation.spotting.passages import Spoken
from kilovox.evaluation.spotting.scores import Heard
from kilovox.evaluation.spotting.tradeoff import Point, fewest_missed, tradeoff
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN


def detection(best, level, outcome=LABEL):
    return Detection(0.0, best if outcome == LABEL else None, best, level / 255, outcome)


DETECTIONS = st.lists(
    st.builds(detection, st.sampled_from("ab"), st.integers(0, 255), st.sampled_from([LABEL, UNKNOWN])), max_size=6
)


def passage(words, found):
    """A minute."""
    return Heard("", 60.0, tuple(map(Spoken, words)), tuple(found))


PASSAGES = st.lists(st.builds(passage, st.text("ab", min_size=1, max_size=4), DETECTIONS), min_size=1, max_size=3)


@given(PASSAGES, PASSAGES)
def test_every_point_is_what_its_threshold_gives(words, speech):
    points = tradeoff(words, speech)
    assert [point.threshold for point in points] == sorted({point.threshold for point in points})
    alarms = [one for silent in speech for one in silent.detections]
    for point in points:
        right = spoken = 0
        for one in words:
            labels = [word.label for word in one.words]
            kept = [said.best for said in one.detections if said.confidence >= point.threshold - 1e-9]
            pairs = align(labels, kept)
            right += sum(a is not None and b is not None and labels[a] == kept[b] for a, b in pairs)
            spoken += len(labels)
        assert point.missed == pytest.approx(1 - right / spoken)
        hours = len(speech) / 60
        assert point.per_hour == pytest.approx(sum(one.confidence >= point.threshold - 1e-9 for one in alarms) / hours)
    rates = [point.per_hour for point in points]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(len(alarms) / (len(speech) / 60))


def test_where_nothing_was_heard_there_is_no_decision():
    nothing = Detection(0.0, None, None, 0.0, NOTHING)
    assert tradeoff([Heard("", 60.0, (Spoken("a"),), (nothing,))], [Heard("", 3600.0, (), (nothing,))]) == (
        Point(0.0, 1.0, 0.0),
    )


def test_the_fewest_missed():
    points = (Point(0.0, 0.1, 100.0), Point(0.5, 0.2, 10.0), Point(0.6, 0.3, 10.0), Point(0.9, 0.5, 1.0))
    assert [fewest_missed(points, alarms) for alarms in (1000, 10, 9, 0)] == [points[0], points[1], points[3], None]
