"""A spectrogram in a terminal: two bands a row, as half blocks in colour, or one, in shades, where there is none."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style

COLOURS = ((52, 64, 112), (92, 66, 158), (160, 62, 150), (214, 80, 96), (240, 128, 48))
"""From soft to loud, all to be told from black and from white; what is softer has none."""
STEPS = 16
"""Of loudness; 0 is nothing."""
SHADES, ASCII_SHADES = " ░▒▓█", " .:+#"


def spectrogram(
    steps: npt.NDArray[np.int8], first: int, every: int, width: int, rows: int, shades: str | None
) -> Iterator[Segment]:
    """`rows` lines of `width` cells, the highest band on top, the last frame at the right.

    steps: (frames, bands), 0 to STEPS, from frame number `first` of the sound on; a column is of `every` frames, always the
    same ones however far the picture has moved. shades: from soft to loud, instead of colours.
    """
    columns = _columns(steps, first, every, width)
    bands = np.array_split(columns[:, ::-1], rows * (1 if shades else 2), axis=1)
    picture = np.stack([part.max(axis=1) for part in bands]).tolist()
    for row in range(rows):
        if shades:
            yield Segment("".join(shades[-(-step * (len(shades) - 1) // STEPS)] for step in picture[row]))
        else:
            yield from (_cell(*pair) for pair in zip(picture[2 * row], picture[2 * row + 1], strict=True))
        yield Segment.line()


def _columns(steps: npt.NDArray[np.int8], first: int, every: int, width: int) -> npt.NDArray[np.int8]:
    """(width, bands): the loudest of the frames of each column; 0 before there were any."""
    frames, bands = steps.shape
    last = -(-(first + frames) // every)
    begin = (last - width) * every
    everything = np.zeros((width * every, bands), np.int8)
    kept = steps[max(0, begin - first) :]
    start = max(0, first - begin)
    everything[start : start + len(kept)] = kept
    found: npt.NDArray[np.int8] = everything.reshape(width, every, bands).max(axis=1)
    return found


@cache
def _cell(upper: int, lower: int) -> Segment:
    if not upper and not lower:
        return Segment(" ")
    if not upper:
        return Segment("▄", Style(color=_colour(lower)))
    return Segment("▀", Style(color=_colour(upper), bgcolor=_colour(lower) if lower else None))


def _colour(step: int) -> str:
    """Of a step from 1 on: between its two neighbours of COLOURS."""
    place = (step - 1) / (STEPS - 1) * (len(COLOURS) - 1)
    below = min(int(place), len(COLOURS) - 2)
    red, green, blue = (round(a + (b - a) * (place - below)) for a, b in zip(COLOURS[below], COLOURS[below + 1], strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
