"""Half blocks and shades of what was heard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment

from kilovox.cli.spectrogram import ASCII_SHADES, SHADES, STEPS, spectrogram


def lines(steps, first=0, every=1, width=4, rows=1, shades=None):
    segments = list(spectrogram(np.array(steps, np.int8), first, every, width, rows, shades))
    return ["".join(segment.text for segment in line) for line in Segment.split_lines(segments)]


def test_two_bands_a_row_the_highest_on_top():
    (line,) = lines([[0, 0], [0, 9], [9, 0], [9, 9]])
    assert line == " ▀▄▀"
    cells = list(spectrogram(np.array([[3, 16]], np.int8), 0, 1, 1, 1, None))
    assert (cells[0].style.color.name, cells[0].style.bgcolor.name) == ("#f08030", "#494189")


def test_the_last_frames_are_at_the_right():
    assert lines([[16], [0]], shades=SHADES) == ["  █ "]
    assert lines([[1], [5], [9], [13], [16]], shades=SHADES) == ["▒▓██"]
    assert lines([[1], [8], [16]], shades=ASCII_SHADES) == [" .:#"]
    assert lines(np.zeros((0, 2))) == ["    "]


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 40), st.data())
def test_a_column_is_always_of_the_same_frames(every, width, count, data):
    everything = data.draw(st.lists(st.lists(st.integers(0, STEPS), min_size=2, max_size=2), min_size=count, max_size=count))
    sound = np.array(everything, np.int8).reshape(-1, 2)
    kept = min(count, every * width + data.draw(st.integers(0, 9)))
    shown = lines(sound[count - kept :], count - kept, every, width, 1, SHADES)
    loudest = (int(part.max()) if len(part) else 0 for part in chunks(sound, every, width))
    expected = ["".join(SHADES[-(-step * 4 // STEPS)] for step in loudest)]
    assert shown == expected


def chunks(sound, every, width):
    """The frames of each column: that of all frames by `every`, the last `width` of them."""
    found = [sound[start : start + every] for start in range(0, len(sound), every)]
    return [sound[:0]] * (width - len(found)) + found[-width:]


@pytest.mark.parametrize(("bands", "rows"), [(32, 16), (32, 5), (6, 3), (8, 3)])
def test_as_many_rows_and_cells_as_asked_for(bands, rows):
    random = np.random.default_rng(2).integers(0, STEPS + 1, (30, bands))
    for shades in (None, SHADES):
        shown = lines(random, 7, 2, 11, rows, shades)
        assert [len(line) for line in shown] == [11] * rows
