"""Figures of the report: matplotlib without pyplot, so that nothing global is touched; the same numbers give the same SVG.

Colours: M. Okabe and K. Ito, "Color universal design" (2008), told apart by colour-blind readers, and by line style in print.
"""

import functools
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kilovox.budget import Scope, Size
from kilovox.errors import KilovoxError
from kilovox.files import replacing

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
INK = "#010203"
"""Text and axes; in an SVG it becomes the colour of the text around the figure, so that it reads on dark pages as well."""

FORMATS = ("svg", "png", "pdf")
SPEAKERS_NAMED = 40
"""Up to so many speakers get a bar of their own."""

LONGEST_NAME = 18
"""Characters of a label or a speaker; what is longer is cut, or nothing would be left of the axes."""

_STYLE: Any = {
    "font.size": 9, "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "kilovox", "figure.dpi": 96,
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False, "axes.titlesize": 9, "legend.frameon": False,
    "axes.facecolor": "none", "figure.facecolor": "none", "grid.color": GREY, "grid.alpha": 0.4,
}  # fmt: skip


Arguments = ParamSpec("Arguments")


def _styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """`draw` with our settings, which matplotlib reads whenever a part of a figure is made."""

    @functools.wraps(draw)
    def styled(*args: Arguments.args, **options: Arguments.kwargs) -> Figure:
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **options)

    return styled


@dataclass(frozen=True)
class Picture:
    """One clip as the network sees it. features: (frames, coefficients); `seconds_per_frame`: the hop."""

    label: str
    recording: str
    features: npt.NDArray[Any]
    seconds_per_frame: float


@dataclass(frozen=True)
class Point:
    """One network on the curve of accuracy against bytes; accuracy and interval are fractions."""

    name: str
    series: str
    bytes: int
    accuracy: float
    interval: tuple[float, float] | None = None


@_styled
def learning_curves(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Loss and accuracy by epoch; entries have epoch, loss, accuracy, validation_loss, validation_accuracy (None: unknown)."""
    figure, (left, right) = _figure(7.2, 2.8, columns=2)
    for axes, key, name in ((left, "loss", "loss"), (right, "accuracy", "accuracy")):
        for source, label, colour, style in ((key, "training", BLUE, "-"), (f"validation_{key}", "validation", ORANGE, "--")):
            known = [(one["epoch"], one[source]) for one in history if one.get(source) is not None]
            if known:
                axes.plot(*zip(*known, strict=True), style, color=colour, label=label, marker="." if len(known) < 3 else "")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(name)
        axes.grid(axis="y")
        if axes.lines:
            axes.legend()
    return figure


@_styled
def confusion_heat_map(confusion: npt.ArrayLike, labels: Sequence[str]) -> Figure:
    """Counts, (labels, labels), a row a true label; the shade is the share of the row."""
    counts = np.asarray(confusion, np.int64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [_short(label) for label in labels]
    longest = max(map(len, names))
    side = min(12.0, 1.2 + 0.38 * len(names) + 0.07 * longest)
    figure, (axes,) = _figure(side + 0.4, side)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            colour = "#ffffff" if shares[row, column] > 0.5 else "#000000"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(names)), names, rotation=0 if longest < 4 else 90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("decided")
    axes.set_ylabel("spoken")
    return figure


@_styled
def layer_bytes(size: Size, limit: int | None = None, scope: Scope = "model") -> Figure:
    """Bytes of every layer, of the tables and of what `scope` bounds, and a line at `limit` bytes."""
    parts = [(f"LSTM {index + 1}", count) for index, count in enumerate(size.layer_bytes[:-1])]
    parts += [("head", size.layer_bytes[-1])] + ([("tables", size.tables)] if size.tables else [])
    parts += [("whole model" if scope == "model" else "largest layer", size.within(scope))]
    figure, (axes,) = _figure(6.4, 0.9 + 0.3 * len(parts))
    names, counts = zip(*parts, strict=True)
    axes.barh(range(len(parts)), counts, color=[BLUE] * (len(parts) - 1) + [GREEN])
    for row, count in enumerate(counts):
        # In a column at the right: beside the bars they would meet the line.
        axes.text(1, row, f"{count:,}", transform=axes.get_yaxis_transform(), ha="right", va="center")
    if limit is not None:
        axes.axvline(limit, color=ORANGE, linestyle="--", label=f"limit {limit:,}")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    axes.set_yticks(range(len(parts)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2 * max(*counts, limit or 0))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("bytes")
    return figure


@_styled
def feature_pictures(pictures: Sequence[Picture]) -> Figure:
    """Features of some clips side by side, time along x in seconds, coefficients upwards, all on one scale of colours."""
    columns = min(5, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = _figure(1.9 * columns, 1.7 * rows + 0.3, rows, columns)
    # Without the first coefficient, which is loudness: it dwarfs the others.
    others = np.concatenate([picture.features[:, 1:].reshape(-1) for picture in pictures])
    spread = float(np.percentile(np.abs(others), 99)) if len(others) else 1.0
    for place, picture in zip(axes, pictures, strict=False):
        frames, coefficients = picture.features.shape
        place.imshow(
            picture.features.T, origin="lower", aspect="auto", cmap="cividis", interpolation="none",
            vmin=-(spread or 1.0), vmax=spread or 1.0,
            extent=(0, frames * picture.seconds_per_frame, -0.5, coefficients - 0.5),
        )  # fmt: skip
        place.set_title(_short(picture.label))
    for place in axes[len(pictures) :]:
        place.set_axis_off()
    figure.supxlabel("time (s)", fontsize=9)
    figure.supylabel("coefficient", fontsize=9)
    return figure


@_styled
def speaker_bars(per_speaker: Mapping[str, float]) -> Figure:
    """Accuracy (fractions) of every speaker, worst first; of very many, as a curve over the speakers."""
    ordered = sorted(per_speaker.items(), key=lambda item: (item[1], item[0]))
    names, shares = [_short(name) for name, _ in ordered], [share for _, share in ordered]
    if len(ordered) > SPEAKERS_NAMED:
        figure, (axes,) = _figure(6.4, 2.8)
        axes.step(range(1, len(shares) + 1), shares, where="mid", color=BLUE)
        axes.set_xlabel("speakers, worst first")
        axes.set_ylabel("accuracy")
        axes.set_ylim(0, 1.02)
        axes.grid(axis="y")
        return figure
    figure, (axes,) = _figure(6.4, 0.8 + 0.26 * len(ordered))
    bars = axes.barh(range(len(ordered)), shares, color=BLUE)
    axes.bar_label(bars, labels=[f"{share:.1%}" for share in shares], padding=3)
    axes.set_yticks(range(len(ordered)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel("accuracy")
    return figure


@_styled
def accuracy_against_bytes(points: Sequence[Point], limit: int | None = None) -> Figure:
    """One curve a series over the bytes (logarithmic), with the intervals as bars, and a line at `limit` bytes."""
    figure, (axes,) = _figure(6.4, 3.6)
    looks = [(BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", ":"), (GREY, "D", "-.")]
    for number, series in enumerate(dict.fromkeys(point.series for point in points)):
        colour, marker, style = looks[number % len(looks)]
        chosen = sorted((point for point in points if point.series == series), key=lambda point: point.bytes)
        sizes, shares = [point.bytes for point in chosen], [point.accuracy for point in chosen]
        axes.plot(sizes, shares, color=colour, marker=marker, linestyle=style, label=series)
        for point in chosen:
            if point.interval is not None:
                axes.plot([point.bytes] * 2, point.interval, color=colour, linewidth=1)
            axes.annotate(_short(point.name), (point.bytes, point.accuracy), (4, 4), textcoords="offset points", fontsize=8)
    if limit is not None:
        axes.axvline(limit, color=INK, linestyle="--", linewidth=1, label=f"limit {limit:,}")
    axes.set_xscale("log")
    axes.set_xlabel("bytes")
    axes.set_ylabel("accuracy")
    axes.grid(axis="y")
    if points or limit is not None:
        axes.legend()
    return figure


def to_svg(figure: Figure) -> str:
    """The figure as an <svg> element to put into a page: no date, and identifiers that no other figure there has."""
    buffer = io.StringIO()
    _save(figure, buffer, "svg")
    text = buffer.getvalue()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = text.replace(INK, "currentColor")
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
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
    background = "none" if kind == "svg" else "white"
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A label in a script that the measuring font lacks: the page's own font has it.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(file, format=kind, metadata=dates[kind], facecolor=background)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches, and its axes row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)
