"""What is heard while it is heard, for a terminal: level, spectrogram, the last detections. What is kept does not grow."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

import numpy as np
import numpy.typing as npt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from kilovox.audio import Samples
from kilovox.cli.spectrogram import ASCII_SHADES, SHADES, STEPS, spectrogram
from kilovox.frontend.mfcc import mel_filters
from kilovox.integer.detection import Detection, Detector

REFRESH_SECONDS = 0.1
SECONDS = 4.0
"""Of the spectrogram, in a terminal of a usual width."""
MOST_FRAMES = 1024
METER_SECONDS, HOLD_SECONDS = 0.1, 2.0
"""The meter shows the largest sample of so long, and holds the largest of so long."""
LEAST_DBFS, LOUD_DBFS, CLIPPED_DBFS = -60.0, -12.0, -0.1
WINDOW_SECONDS, HOP_SECONDS, BANDS = 0.032, 0.02, 32
SOFT_DB, LOUD_DB = -75.0, -20.0
"""Of a band, below a full-scale tone: where the colours begin and end."""
DETECTIONS, FEWEST_ROWS = 6, 3
CONFIDENCE_CELLS = 10


class View:
    """Is told what happens, and is drawn by rich, as wide as the console and no higher."""

    def __init__(self, rate: int, title: str) -> None:
        self._rate, self._title = rate, title
        self._window, self._hop = round(WINDOW_SECONDS * rate), round(HOP_SECONDS * rate)
        # A full-scale tone is 0 dB.
        self._shape = np.hanning(self._window) / (np.hanning(self._window).sum() / 2 * 32767)
        self._mel = mel_filters(rate, self._window, BANDS)
        self._pending = np.zeros(0, np.int16)
        self._frames: deque[npt.NDArray[np.int8]] = deque(maxlen=MOST_FRAMES)
        self._peaks: deque[tuple[int, int]] = deque()
        self._found: deque[Detection] = deque(maxlen=DETECTIONS)
        self._samples = self._heard = self._lost = 0

    def hear(self, piece: Samples) -> None:
        """(samples,) int16, the next ones."""
        self._samples += len(piece)
        self._peaks.append((self._samples, int(np.abs(piece.astype(np.int32)).max(initial=0))))
        while self._peaks[0][0] <= self._samples - HOLD_SECONDS * self._rate:
            self._peaks.popleft()
        self._pending = np.concatenate([self._pending, piece])
        while len(self._pending) >= self._window:
            self._frames.append(self._steps(self._pending[: self._window]))
            self._pending = self._pending[self._hop :]
            self._heard += 1

    def _steps(self, samples: Samples) -> npt.NDArray[np.int8]:
        """Of a frame, (window,): how loud each band is, (BANDS,) 0 to STEPS."""
        spectrum = np.abs(np.fft.rfft(samples * self._shape)) ** 2
        decibels = 10 * np.log10(np.maximum(self._mel @ spectrum, 1e-12))
        steps: npt.NDArray[np.int8] = np.clip(np.ceil((decibels - SOFT_DB) / (LOUD_DB - SOFT_DB) * STEPS), 0, STEPS).astype(
            np.int8
        )
        return steps

    def detect(self, detection: Detection) -> None:
        """The next one."""
        self._found.append(detection)

    def lose(self) -> None:
        """Samples were lost."""
        self._lost += 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.max_height
        rows = min(BANDS // 2, max(FEWEST_ROWS, height - 3 - DETECTIONS))
        every = max(1, round(SECONDS * self._rate / self._hop / width))
        shades = ASCII_SHADES if options.ascii_only else SHADES if console.color_system is None else None
        steps = np.array(self._frames, np.int8).reshape(-1, BANDS)
        yield self._header()
        yield self._meter(width, options.ascii_only)
        yield from spectrogram(steps, self._heard - len(steps), every, width, rows, shades)
        yield from self._detections(min(DETECTIONS, max(1, height - 3 - rows)), width, options.ascii_only)

    def _header(self) -> Text:
        minutes, seconds = divmod(self._samples // self._rate, 60)
        text = Text(f"{minutes}:{seconds:02}  ", no_wrap=True, overflow="crop")
        if self._lost:
            text.append(f"lost samples {self._lost} x  ", "bold red")
        return text.append(self._title)

    def _meter(self, width: int, ascii_only: bool) -> Text:
        """The level now as a bar, the largest held as a mark in it, both as numbers."""
        now = max((peak for end, peak in self._peaks if end > self._samples - METER_SECONDS * self._rate), default=0)
        held = max((peak for _, peak in self._peaks), default=0)
        numbers = f" {_decibels(now):4.0f}, peak {_decibels(held):3.0f} dBFS"
        cells = max(1, width - len(numbers))
        bar, mark = (min(cells, round(cells * (1 - _decibels(peak) / LEAST_DBFS))) for peak in (now, held))
        full, empty, peak = "#-|" if ascii_only else "█─┃"
        colour = "red" if _decibels(held) >= CLIPPED_DBFS else "yellow" if _decibels(now) > LOUD_DBFS else "green"
        text = Text(full * bar, colour, no_wrap=True, overflow="crop").append(empty * (cells - bar), "dim")
        if held and mark:
            text.plain = text.plain[: mark - 1] + peak + text.plain[mark:]
            text.stylize(f"bold {colour}", mark - 1, mark)
        return text.append(numbers, "default")

    def _detections(self, count: int, width: int, ascii_only: bool) -> Iterator[Text]:
        """The last ones, the newest first, and empty lines for those that are still to come."""
        full, empty, cut = ("#", ".", "~") if ascii_only else ("━", "─", "…")
        last = [*self._found][: -count - 1 : -1]
        room = max(4, min(width - 27, max((len(said(one)) for one in last), default=0)))
        for detection in last:
            sure, label = round(detection.confidence * CONFIDENCE_CELLS), said(detection)
            label = label if len(label) <= room else label[: room - 1] + cut
            text = Text(f"{detection.seconds:8.2f}  ", no_wrap=True, overflow="crop")
            text.append(f"{label:<{room}}", "bold" if detection.label is not None else "dim")
            text.append(f"  {full * sure}", "green").append(empty * (CONFIDENCE_CELLS - sure), "dim")
            yield text.append(f" {detection.confidence:.2f}")
        yield from [Text("")] * (count - len(self._found))


def said(detection: Detection) -> str:
    """The label, or what it may have been."""
    return detection.label if detection.label is not None else f"({detection.best}?)"


def watched(detector: Detector, pieces: Iterator[Samples], view: View, everything: bool, console: Console) -> None:
    """Listen to `pieces` until they end, and draw `view` on `console`; `everything`: what is no label is told too."""
    begun = list(islice(pieces, 1))  # what cannot be heard at all is an error without a view
    with Live(view, console=console, auto_refresh=False) as live:
        for detection in detector(_drawn(chain(begun, pieces), view, live)):
            if everything or detection.label is not None:
                view.detect(detection)


def _drawn(pieces: Iterable[Samples], view: View, live: Live) -> Iterator[Samples]:
    drawn = time.monotonic()
    for piece in pieces:
        view.hear(piece)
        if time.monotonic() - drawn >= REFRESH_SECONDS:
            live.refresh()
            drawn = time.monotonic()
        yield piece


def _decibels(peak: int) -> float:
    """Of a sample, below full scale; no less than LEAST_DBFS."""
    return max(LEAST_DBFS, 20 * float(np.log10(max(peak, 1) / 32767)))
