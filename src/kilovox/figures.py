"""How figures are drawn: matplotlib without pyplot, so that nothing global is touched; the same numbers give the same SVG.

Colours: M. Okabe and K. Ito, "Color universal design" (2008), told apart by colour-blind readers, and by line style in print.
Every figure is at most WIDTH wide, a telephone's screen, so that its text keeps its size there; a page may enlarge it.
"""

import functools
import hashlib
import html
import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kilovox.errors import KilovoxError
from kilovox.files import replacing

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#999999"
INK = "#010203"
"""Text and axes; in an SVG it becomes the colour of the text around the figure, so that it reads on dark pages as well."""

WIDTH = 3.8
"""Inches: 365 pixels of a page."""

FORMATS = ("svg", "png", "pdf")

LONGEST_NAME = 18
"""Characters of a name in a figure; what is longer is cut, or nothing would be left of the axes."""

_STYLE: Any = {
    "font.size": 9, "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "kilovox", "figure.dpi": 96,
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False, "axes.titlesize": 9, "legend.frameon": False,
    "axes.facecolor": "none", "figure.facecolor": "none", "grid.color": GREY, "grid.alpha": 0.4,
    "axes.formatter.use_mathtext": False, "axes.formatter.useoffset": False, "axes.unicode_minus": True,
}  # fmt: skip

Arguments = ParamSpec("Arguments")


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """`draw` with our settings, which matplotlib reads whenever a part of a figure is made."""

    @functools.wraps(draw)
    def with_style(*args: Arguments.args, **options: Arguments.kwargs) -> Figure:
        with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
            # A label in a script that the measuring font lacks: the page's own font has it.
            warnings.filterwarnings("ignore", message="Glyph")
            return draw(*args, **options)

    return with_style


def new_figure(
    title: str, description: str, height: float, rows: int = 1, columns: int = 1, width: float = WIDTH, **sharing: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches, and its axes row by row.

    title, description: what it shows, for those who do not see it.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.set_label(f"{title}\n{description}")
    axes = figure.subplots(rows, columns, squeeze=False, **sharing)
    return figure, list(axes.flat)


def percent(share: float, _: object = None) -> str:
    """A fraction as a tick's label."""
    return f"{100 * share:.4g} %"


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """`name` in one line, cut where it is too long for a figure."""
    line = " ".join(name.split()) or "(empty)"
    return line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def to_svg(figure: Figure) -> str:
    """The figure as an <svg> element to put into a page: no date, a title and a description, text in the page's colour, and
    identifiers that no other figure there has.
    """
    buffer = io.StringIO()
    _save(figure, buffer, "svg")
    text = buffer.getvalue()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = text.replace(INK, "currentColor")
    title, _, description = str(figure.get_label()).partition("\n")
    own = hashlib.sha256((text + title + description).encode()).hexdigest()[:8]
    opening, rest = text.split(">", 1)
    said = f'<title id="title">{html.escape(title)}</title>\n <desc id="description">{html.escape(description)}</desc>'
    text = f'{opening} role="img" aria-labelledby="k{own}-title" aria-describedby="k{own}-description">\n {said}{rest}'
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>k{own}-", text)


def save_figure(figure: Figure, path: Path) -> None:
    """Write the figure to `path`, whose ending (.svg, .png or .pdf) is the format. Raises KilovoxError for another."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise KilovoxError(f"{path}: ending {path.suffix!r}; expected one of {', '.join('.' + name for name in FORMATS)}")
    with replacing(path) as temporary, temporary.open("wb") as file:
        _save(figure, file, kind)


def _save(figure: Figure, file: Any, kind: str) -> None:
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(file, format=kind, metadata=dates[kind], facecolor="white" if kind != "svg" else "none", dpi=192)
