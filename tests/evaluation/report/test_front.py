"""The picture of a search."""

import re

from kilovox.evaluation.report.front import FrontPoint, front_against_costs
from kilovox.figures import to_svg

POINTS = [
    FrontPoint("a-1", 0.8, 2000, (0.7, 0.9), True, 2_000_000),
    FrontPoint("a-2", 0.95, 9000, (0.9, 0.97), True, 9_000_000),
    FrontPoint("", 0.7, 5000, (0.6, 0.8), False, 4_000_000),
]


def without_instructions(point):
    return FrontPoint(point.name, point.accuracy, point.bytes, point.interval, point.front)


def test_it_says_what_it_shows():
    svg = to_svg(front_against_costs(POINTS, 12288, 10_000_000))
    assert "The front: a-1: 80.00%, 2,000 bytes; a-2: 95.00%, 9,000 bytes." in svg
    texts = re.findall(r">([^<>]+)</text>", svg)
    for text in ("front", "dominated", "limit", "bytes, 1 KB = 1,024", "instructions a second of sound, predicted"):
        assert text in texts
    assert sum(text.endswith(" KB") for text in texts) > 2
    assert sum(text.endswith(" M") for text in texts) > 2


def test_without_instructions_there_is_one_part_and_the_front_is_joined():
    points = [without_instructions(point) for point in POINTS]
    figure = front_against_costs(points)
    (axes,) = figure.axes
    (joined,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert joined.get_xydata().tolist() == [[2000, 0.8], [9000, 0.95]]
    assert len(front_against_costs(POINTS).axes) == 2


def test_one_network_is_a_picture_too():
    assert "<svg" in to_svg(front_against_costs([without_instructions(POINTS[0])], 2048))
