"""Long sound in the report: one table and picture for each thing that is there."""

import re

import pytest

from kilovox.evaluation.report.plots import to_svg
from kilovox.evaluation.report.tradeoff import detection_tradeoff, spotting_sections
from kilovox.evaluation.spotting.passages import Spoken
from kilovox.evaluation.spotting.scores import Heard, SpeechScore, WordScore
from kilovox.evaluation.spotting.spotting import Spotting
from kilovox.evaluation.spotting.tables import speech_table, tradeoff_table, word_table
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import LABEL


def score(name, right, seconds=60.0):
    """Ten words of two people of which `right` are detected, with rising confidence."""
    words = tuple(Spoken(str(n), f"s{n % 2}", float(n)) for n in range(10))
    found = tuple(Detection(n + 0.25, str(n), str(n), (n + 1) / 10, LABEL) for n in range(right))
    return WordScore(name, (Heard("x", seconds, words, found),))


def speech(name, alarms, hours):
    found = tuple(Detection(n * 2.0, "1", "1", (n % 100) / 100, LABEL) for n in range(alarms))
    return SpeechScore(name, (Heard("y", hours * 3600, (), found),))


def spotting(**other):
    values = {
        "others": speech("other words", 40, 0.1),
        "speech": (speech("a lecture of a long name", 30, 2.0),),
        "chosen": "all",
    }
    strings = {"whole": score("joined whole", 5), "0.2": score("0.2 s apart", 10)}
    return Spotting(strings, score("utterances of a corpus", 8), **values | {"notes": ("3 were left out",)} | other)


def test_tables():
    result = spotting()
    header, rows = word_table(result)
    assert rows[0][:4] == ("joined whole", "10", "0+5+0", "50.0%")
    assert rows[0][-1] == "0.25, 0.25"
    assert all(len(row) == len(header) for row in rows)
    assert speech_table(result)[1][1][:4] == ("a lecture of a long name", "2.00", "30", "15.0")
    header, rows = tradeoff_table(result)
    assert header[1:] == ("none", "1/h", "10/h", "100/h", "1000/h", "as it is")
    assert rows[1][-1] == "0.0% at 15/h"
    assert result.alarms_of == "a lecture of a long name"
    assert spotting(speech=()).alarms_of == "other words"


def test_rates_that_so_little_sound_cannot_tell_are_not_told():
    header, _ = tradeoff_table(spotting(speech=(speech("short", 3, 0.05),)))
    assert header[1:] == ("none", "100/h", "1000/h", "as it is")


def test_sections():
    sections = spotting_sections(spotting())
    assert len(sections) == 4
    assert "Speakers of the utterances: all." in sections[0].text
    assert "3 were left out" in sections[0].text
    assert sections[3].figure_svg.startswith("<svg")
    assert len(spotting_sections(spotting(others=None, speech=()))) == 2
    assert spotting(others=None, speech=()).curves == ()


@pytest.mark.parametrize(
    "result", [spotting(), spotting(speech=(speech("silence", 0, 1.0),)), spotting(others=None, speech=())]
)
def test_the_picture(result):
    svg = to_svg(detection_tradeoff(result.curves))
    assert "false alarms an hour" in svg
    assert not re.search(r"\$|\\math", svg)
    assert svg == to_svg(detection_tradeoff(result.curves))


def test_json():
    values = spotting().as_json()
    assert values["strings"].keys() == {"whole", "0.2"}
    assert values["strings"]["whole"]["error_rate"] == 0.5
    assert values["tradeoff"]["false_alarms_of"] == "a lecture of a long name"
    assert [curve["name"] for curve in values["tradeoff"]["curves"]] == [
        "joined whole", "0.2 s apart", "utterances of a corpus",
    ]  # fmt: skip
    assert values["tradeoff"]["curves"][0]["own"] == {"threshold": 0.0, "missed": 0.5, "per_hour": 15.0}
