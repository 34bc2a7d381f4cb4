"""Errors by passage, label and speaker, latency, and false detections an hour, of a detector that says what it is told to."""

import numpy as np
import pytest

from kilovox.alignment import Errors
from kilovox.evaluation.intervals import poisson_interval, rate_interval
from kilovox.evaluation.spotting.passages import Passage, Spoken
from kilovox.evaluation.spotting.scores import Heard, SpeechScore, WordScore, hear
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN


def said(label, seconds=0.0, confidence=1.0, outcome=LABEL):
    return Detection(seconds, label if outcome == LABEL else None, label, confidence, outcome)


def heard(spoken, detections, speaker="ada", seconds=36.0):
    words = tuple(Spoken(label, speaker, end) for label, end in spoken)
    return Heard("a passage", seconds, words, tuple(detections))


ONE = heard([("1", 1.0), ("2", 2.0), ("3", 3.0)], [said("1", 1.2), said("5", 2.1), said("3", 3.5), said("3", 3.8)])
"""A word for another, and one too many."""
OTHER = heard([("1", None), ("4", None)], [said("2", 0.5, outcome=UNKNOWN), said("4", 2.0)], "bob")
"""A word that is not accepted is not there."""


def test_errors_of_all_and_by_passage_label_and_speaker():
    score = WordScore("words", (ONE, OTHER))
    assert score.errors == Errors(5, 1, 1, 1)
    assert [one.errors for one in score.heard] == [Errors(3, 1, 0, 1), Errors(2, 0, 1, 0)]
    assert score.by_label == {
        "1": Errors(2, 0, 1, 0), "2": Errors(1, 0, 0, 1), "3": Errors(1, 1, 0, 0), "4": Errors(1, 0, 0, 0),
    }  # fmt: skip
    assert score.by_speaker == {"ada": Errors(3, 1, 0, 1), "bob": Errors(2, 0, 1, 0)}
    assert score.interval == rate_interval([2, 1], [3, 2])
    assert sum(one.count for one in score.by_label.values()) == score.errors.count


def test_an_insertion_is_of_who_spoke_before_it():
    words = (Spoken("1", "ada"), Spoken("2", None))
    score = WordScore("words", (Heard("x", 1.0, words, (said("9"), said("1"), said("2"), said("8"))),))
    assert score.by_speaker == {"ada": Errors(1, 1, 0, 0), "": Errors(1, 1, 0, 0)}
    assert score.as_json()["speakers"] == 1


def test_latency_is_of_words_detected_as_what_they_are():
    late = WordScore("words", (ONE, OTHER)).latency
    assert (late.words, late.median) == (2, pytest.approx(0.2 + (0.5 - 0.2) / 2))
    assert late.p95 == pytest.approx(np.percentile([0.2, 0.5], 95))
    assert WordScore("words", (OTHER,)).latency is None


def test_detections_where_none_is_spoken_are_false():
    silent = Heard("silent", 1800.0, (), (said("1"), said("2", outcome=UNKNOWN), said("3")))
    score = SpeechScore("speech", (silent, silent))
    assert (score.hours, score.detections, score.per_hour) == (1.0, 4, 4.0)
    assert score.interval == poisson_interval(4, 1.0)
    assert score.as_json()["per_hour"] == 4.0


def test_a_passage_is_read_once_and_measured():
    class Detector:
        rate, labels = 100, ("1",)

        def __call__(self, pieces):
            for piece in pieces:
                yield said("1", len(piece) / 100, outcome=NOTHING)

    passage = Passage("x", iter([np.zeros(150, np.int16), np.zeros(50, np.int16)]), (Spoken("1"),))
    found = hear(Detector(), passage)
    assert (found.seconds, len(found.detections), found.accepted) == (2.0, 2, ())
    assert found.errors == Errors(1, 0, 1, 0)
    assert found.as_json()["spoken"] == ["1"]
    assert found.as_json()["detected"] == []


def test_the_label_of_other_words_is_no_detection():
    score = WordScore("words", (heard([("1", 1.0)], [said("unknown"), said("1"), said("unknown")]),))
    assert score.errors == Errors(1, 0, 0, 0)
