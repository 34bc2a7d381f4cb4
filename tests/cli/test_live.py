"""The live view, as text: what it says, and that it never outgrows its terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from kilovox.cli.live import DETECTIONS, MOST_FRAMES, View, watched
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import LABEL, UNKNOWN

TONE = (16384 * np.sin(np.arange(1600) * 0.8)).astype(np.int16)


def drawn(view, width=80, height=24, colours=None, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(
        record=True, width=width, height=height, file=file, force_terminal=True, color_system=colours, legacy_windows=False
    )
    console.print(view)
    return console.export_text(styles=colours is not None)


def found(seconds, label, confidence, accepted=True):
    return Detection(seconds, label if accepted else None, label, confidence, LABEL if accepted else UNKNOWN)


@pytest.fixture
def view():
    """Half a second of silence, two tenths of a tone, two detections."""
    view = View(8000, "digits")
    for piece in [np.zeros(160, np.int16)] * 25 + np.array_split(TONE, 10):
        view.hear(piece)
    view.detect(found(0.5, "seven", 0.93))
    view.detect(found(0.75, "four", 0.31, accepted=False))
    return view


def test_what_it_says(view):
    lines = drawn(view).splitlines()
    assert lines[0].split() == ["0:00", "digits"]
    assert lines[1].endswith("  -6, peak  -6 dBFS")
    assert lines[1].startswith("█" * 53 + "┃" + "─" * 6 + " ")
    assert [line.split() for line in lines[-DETECTIONS:][:2]] == [
        ["0.75", "(four?)", "━━━───────", "0.31"], ["0.50", "seven", "━━━━━━━━━─", "0.93"],
    ]  # fmt: skip
    pictured = lines[2:-DETECTIONS]
    assert all(line[:-11].strip() == "" for line in pictured)
    # The tone lies in the second kilohertz; ten columns of two frames at the right are loud there.
    assert sum("█" in line for line in pictured) in range(1, 6)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 14), (200, 60), (20, 9), (40, 8)])
@pytest.mark.parametrize(
    ("colours", "encoding"), [("truecolor", "utf-8"), ("standard", "utf-8"), (None, "utf-8"), (None, "ascii")]
)
def test_it_fits(view, width, height, colours, encoding):
    view.lose()
    for number in range(9):
        view.detect(found(number, "a label as long as they come", 1.0))
    plain = drawn(view, width, height, colours, encoding)
    text = drawn(view, width, height, None, encoding) if colours else plain
    lines = text.splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert "lost samples" in text or width < 24
    assert ("\x1b[" in plain) == (colours is not None)
    if encoding == "ascii":
        assert text.isascii()


def test_the_peak_is_held_for_two_seconds(view):
    for pieces, held in ((95, " -6"), (10, "-60")):
        for _ in range(pieces):
            view.hear(np.zeros(160, np.int16))
        assert f" -60, peak {held} dBFS" in drawn(view)


def test_full_scale_is_red(view):
    assert "\x1b[32m█" in drawn(view, colours="standard")[:400] or "\x1b[33m█" in drawn(view, colours="standard")
    view.hear(np.full(160, -32768, np.int16))
    assert "\x1b[31m█" in drawn(view, colours="standard")
    assert "   0, peak   0 dBFS" in drawn(view)


def test_what_is_kept_does_not_grow(view):
    for number in range(3000):
        view.hear(TONE[:160])
        view.detect(found(number, "1", 0.5))
    assert len(view._frames) == MOST_FRAMES
    assert len(view._found) == DETECTIONS
    assert len(view._peaks) <= 100
    assert drawn(view).splitlines()[0].split() == ["1:00", "digits"]


class Detector:
    """Detects something in every piece."""

    def __call__(self, pieces):
        for number, _ in enumerate(pieces):
            yield found(float(number), str(number), 0.5, accepted=number % 2 == 0)


@pytest.mark.parametrize(("everything", "labels"), [(False, ["4", "2", "0"]), (True, ["4", "(3?)", "2", "(1?)", "0"])])
def test_detections_are_told_as_asked_for(everything, labels):
    view = View(8000, "digits")
    console = Console(file=io.StringIO(), force_terminal=True, width=60, height=20)
    watched(Detector(), iter([TONE[:160]] * 5), view, everything, console)
    assert [line.split()[1] for line in drawn(view).splitlines()[-DETECTIONS:] if line.strip()] == labels
    assert "0.50" in console.file.getvalue()


def test_what_cannot_be_heard_draws_nothing():
    def broken():
        raise OSError("gone")
        yield

    console = Console(file=io.StringIO(), force_terminal=True)
    with pytest.raises(OSError, match="gone"):
        watched(Detector(), broken(), View(8000, "digits"), False, console)
    assert console.file.getvalue() == ""
