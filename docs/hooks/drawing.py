"""SVG by hand: curves and heat maps in the page's own colours, without a library."""

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LEFT, RIGHT, TOP, BOTTOM = 78, 16, 14, 48
"""Margins of a panel, in units of the drawing."""


@dataclass
class Panel:
    """One pair of axes. `x`, `y`: (from, to); parts are added, and `svg` gives the drawing at (0, at)."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = 640
    height: int = 240
    at: int = 0
    parts: list[str] = field(default_factory=list)

    def across(self, value: float) -> float:
        """From a value of x to units."""
        return LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.width - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """From a value of y to units."""
        return TOP + (self.y[1] - value) / (self.y[1] - self.y[0]) * (self.height - TOP - BOTTOM)

    def axes(self, below: Sequence[tuple[float, str]], beside: Sequence[tuple[float, str]], titles: tuple[str, str]) -> None:
        """Grid, labels and titles."""
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        for value, label in below:
            at = self.across(value)
            self.parts.append(f'<line class="kv-grid" x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{bottom}"/>')
            self.parts.append(_text(at, bottom + 18, label, "middle"))
        for value, label in beside:
            at = self.up(value)
            self.parts.append(f'<line class="kv-grid" x1="{LEFT}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}"/>')
            self.parts.append(_text(LEFT - 7, at + 4, label, "end"))
        self.parts.append(_text((LEFT + right) / 2, self.height - 8, titles[0], "middle"))
        middle = (TOP + bottom) / 2
        turned = f'transform="rotate(-90 14 {middle:.0f})"'
        self.parts.append(f'<text x="14" y="{middle:.0f}" text-anchor="middle" {turned}>{escape(titles[1])}</text>')

    def line(self, x: Sequence[float], y: Sequence[float], style: str = "kv-line", dots: bool = False) -> None:
        """A curve through points."""
        points = [(self.across(a), self.up(b)) for a, b in zip(x, y, strict=True)]
        self.parts.append(f'<polyline class="{style}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
        if dots:
            self.parts += [f'<circle class="{style}" cx="{a:.1f}" cy="{b:.1f}" r="2.6"/>' for a, b in points]

    def dot(self, x: float, y: float, label: str = "", style: str = "kv-mark", place: tuple[int, int] = (9, -7)) -> None:
        """One point, and what is said of it."""
        a, b = self.across(x), self.up(y)
        self.parts.append(f'<circle class="{style}" cx="{a:.1f}" cy="{b:.1f}" r="5"/>')
        if label:
            self.parts.append(_text(a + place[0], b + place[1], label, "start" if place[0] > 0 else "end"))

    def span(self, start: float, end: float, label: str = "") -> None:
        """A stretch of x, from bottom to top."""
        a, b = self.across(start), self.across(end)
        rectangle = f'x="{a:.1f}" y="{TOP}" width="{b - a:.1f}" height="{self.height - TOP - BOTTOM}"'
        self.parts.append(f'<rect class="kv-span" {rectangle}/>')
        if label:
            self.parts.append(_text((a + b) / 2, TOP + 14, label, "middle"))

    def word(self, x: float, y: float, text: str) -> None:
        """Words at a place."""
        self.parts.append(_text(self.across(x), self.up(y), text, "middle", "kv-word"))

    def image(self, values: Numbers) -> None:
        """(rows, columns) of 0 to 1 over the whole panel, the first row at the bottom: dark to bright."""
        area = f'x="{LEFT}" y="{TOP}" width="{self.width - LEFT - RIGHT}" height="{self.height - TOP - BOTTOM}"'
        data = base64.b64encode(_png(values[::-1])).decode()
        style = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
        self.parts.append(f'<image {area} {style} href="data:image/png;base64,{data}"/>')

    def svg(self) -> str:
        """The panel alone."""
        return f'<g transform="translate(0 {self.at})">{"".join(self.parts)}</g>'


def figure(panels: Sequence[Panel], title: str, caption: str) -> str:
    """HTML of one drawing; `title` is what somebody hears who does not see it."""
    width, height = panels[0].width, max(panel.at + panel.height for panel in panels)
    return figure_of("".join(panel.svg() for panel in panels), width, height, title, caption)


def figure_of(inside: str, width: int, height: int, title: str, caption: str) -> str:
    """HTML of a drawing whose parts are the SVG `inside`."""
    drawing = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{inside}</svg>'
    return f'<figure class="kv-figure">{drawing}<figcaption>{caption}</figcaption></figure>'


def _text(x: float, y: float, text: str, anchor: str, style: str = "") -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


_COLOURS = np.array([[22, 22, 50], [52, 50, 120], [70, 110, 170], [100, 180, 180], [250, 235, 150]], float)


def _png(values: Numbers) -> bytes:
    """(rows, columns) of 0 to 1 as an RGB PNG."""
    places = np.clip(values, 0, 1) * (len(_COLOURS) - 1)
    rgb = np.stack([np.interp(places, np.arange(len(_COLOURS)), _COLOURS[:, channel]) for channel in range(3)], axis=-1)
    rows, columns = values.shape
    raw = b"".join(b"\0" + row.tobytes() for row in np.rint(rgb).astype(np.uint8))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
