"""Figures of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from kilovox.budget import Scope, Size
from kilovox.figures import (
    BLUE,
    FORMATS,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    WIDTH,
    new_figure,
    percent,
    save_figure,
    short,
    styled,
    to_svg,
)

__all__ = [
    "FORMATS", "INK", "Picture", "Point", "accuracy_against_bytes", "confusion_heat_map", "feature_pictures", "layer_bytes",
    "learning_curves", "save_figure", "speaker_bars", "to_svg",
]  # fmt: skip

SPEAKERS_NAMED = 40
"""Up to so many speakers get a bar of their own."""

COLOURS = {"float32": BLUE, "int8": ORANGE, "pow2": GREEN}
"""Of the networks' arithmetic."""

MARKERS = {"float": "o", "PTQ": "s", "QAT": "^"}
"""Of how they came to it."""


@dataclass(frozen=True)
class Picture:
    """One clip as the network sees it. features: (frames, rows); `seconds_per_frame`: the hop; `levels`: a row is the level of
    a mel band, not a cepstral coefficient."""

    label: str
    recording: str
    features: npt.NDArray[Any]
    seconds_per_frame: float
    levels: bool = False


@dataclass(frozen=True)
class Point:
    """One network on the picture of accuracy against bytes; accuracy and interval are fractions.

    series: its arithmetic, or that and how it came to it, such as "int8 QAT". family: networks of one recipe that differ in
    their size alone, which a line may join; "" for none.
    """

    name: str
    series: str
    bytes: int
    accuracy: float
    interval: tuple[float, float] | None = None
    family: str = ""


@styled
def learning_curves(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Loss and accuracy by epoch; entries have epoch, loss, accuracy, validation_loss, validation_accuracy (None: unknown)."""
    said = f"{len(history)} epochs."
    if len(history) > 1:
        first, last = history[0], history[-1]
        said += f" Loss in training from {first['loss']:.3g} to {last['loss']:.3g}, "
        said += f"accuracy from {first['accuracy']:.1%} to {last['accuracy']:.1%}."
    figure, axes = new_figure("Loss and accuracy by epoch", said, 3.6, rows=2, sharex=True)
    for place, key in zip(axes, ("loss", "accuracy"), strict=True):
        for source, label, colour, style in ((key, "training", BLUE, "-"), (f"validation_{key}", "validation", ORANGE, "--")):
            known = [(one["epoch"], one[source]) for one in history if one.get(source) is not None]
            if known:
                place.plot(*zip(*known, strict=True), style, color=colour, label=label, marker="." if len(known) < 3 else "")
        place.set_ylabel(key)
        place.grid(axis="y")
        place.yaxis.set_major_locator(MaxNLocator(5))
    axes[1].yaxis.set_major_formatter(percent)
    axes[1].xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes[1].set_xlabel("epoch")
    if axes[0].lines:
        axes[0].legend()
    return figure


@styled
def confusion_heat_map(
    confusion: npt.ArrayLike, labels: Sequence[str], missed: Mapping[str, Sequence[int]] | None = None
) -> Figure:
    """Counts, (labels, labels), a row a true label; the shade is the share of the row.

    missed: further columns by name, each (labels,): decisions that are no label.
    """
    extra = {name: values for name, values in (missed or {}).items() if any(values)}
    counts = np.column_stack([np.asarray(confusion, np.int64), *extra.values()]).astype(np.int64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows, columns = [short(label) for label in labels], [short(name) for name in (*labels, *extra)]
    cell = max(0.27, 0.075 * len(str(counts.max(initial=0))) + 0.06)
    margin = 0.6 + 0.075 * max(map(len, columns))
    width, height = max(WIDTH, min(16.0, margin + cell * len(columns))), min(16.0, margin + cell * len(rows))
    right = sum(counts[index, index] for index in range(len(rows)))
    said = f"{right} of {counts.sum()} recordings of {len(rows)} labels are decided right. " + _confused(counts, rows, columns)
    figure, (axes,) = new_figure("Confusion matrix, spoken by decided", said, height, width=width)
    shades = np.empty((*counts.shape, 4))
    shades[..., :3] = to_rgb(BLUE)
    # Nothing is drawn where nothing was counted, and a single recording of many can still be seen.
    shades[..., 3] = np.where(counts > 0, np.maximum(shares, 0.1), 0.0)
    axes.imshow(shades, interpolation="none", aspect="auto" if len(columns) < 6 else "equal")
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            colour = "#ffffff" if shares[row, column] > 0.9 else INK
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=0 if max(map(len, columns)) < 4 else 90)
    axes.set_yticks(range(len(rows)), rows)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel("decided")
    axes.set_ylabel("spoken")
    return figure


def _confused(counts: npt.NDArray[np.int64], rows: Sequence[str], columns: Sequence[str]) -> str:
    """The three confusions that occur most often."""
    pairs = [(int(counts[row, column]), row, column) for row, column in np.ndindex(counts.shape) if row != column]
    most = sorted((pair for pair in pairs if pair[0]), reverse=True)[:3]
    said = ", ".join(f"{rows[row]} as {columns[column]} {count} times" for count, row, column in most)
    return f"Most often confused: {said}." if most else ""


@styled
def layer_bytes(size: Size, limit: int | None = None, scope: Scope = "model") -> Figure:
    """Bytes of every layer, of the tables and of what `scope` bounds, and a line at `limit` bytes."""
    layers = [f"LSTM {int(name.split()[1]) + 1}" if name.startswith("lstm") else name for name in size.names]
    parts = [*zip(layers, size.layer_bytes, strict=True)] + ([("tables", size.tables)] if size.tables else [])
    parts += [("whole model" if scope == "model" else "largest layer", size.within(scope))]
    said = ", ".join(f"{name} {count:,}" for name, count in parts) + (f"; limit {limit:,}" if limit is not None else "")
    figure, (axes,) = new_figure("Bytes of each layer", said + " bytes.", 1.0 + 0.3 * len(parts))
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
    axes.set_xlim(0, 1.35 * max(*counts, limit or 0))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("bytes")
    return figure


@styled
def feature_pictures(pictures: Sequence[Picture]) -> Figure:
    """Features of some clips side by side, time along x, rows upwards, all on one scale of colours."""
    levels = pictures[0].levels
    rows_are = "mel bands" if levels else "coefficients"
    columns = min(5 if max(len(picture.label) for picture in pictures) < 8 else 3, len(pictures))
    rows = -(-len(pictures) // columns)
    said = "One clip each of " + ", ".join(picture.label for picture in pictures) + f": time along x, {rows_are} upwards."
    figure, axes = new_figure("Features of some clips", said, 1.1 * rows + 0.5, rows, columns, sharey=True)
    # Without the first coefficient, which is loudness: it dwarfs the others.
    others = np.concatenate([picture.features[:, 0 if levels else 1 :].reshape(-1) for picture in pictures])
    spread = float(np.percentile(np.abs(others), 99)) if len(others) else 1.0
    low, high = (others.min(), others.max()) if levels and len(others) else (-(spread or 1.0), spread or 1.0)
    for place, picture in zip(axes, pictures, strict=False):
        frames, coefficients = picture.features.shape
        seconds = frames * picture.seconds_per_frame
        place.set_xlabel(f"{seconds:.2f} s", fontsize=8)
        if frames:  # of silence there are none
            place.imshow(
                picture.features.T, origin="lower", aspect="auto", cmap="cividis", interpolation="none",
                vmin=low, vmax=high, extent=(0, seconds, -0.5, coefficients - 0.5),
            )  # fmt: skip
        place.set_title(short(picture.label, 12))
        place.set_xticks([])
        place.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for place in axes[len(pictures) :]:
        place.set_axis_off()
    figure.supylabel(rows_are, fontsize=9)
    return figure


@styled
def speaker_bars(per_speaker: Mapping[str, float]) -> Figure:
    """Accuracy (fractions) of every speaker, worst first; of very many, as a curve over the speakers."""
    ordered = sorted(per_speaker.items(), key=lambda item: (item[1], item[0]))
    names, shares = [short(name) for name, _ in ordered], [share for _, share in ordered]
    said = f"{len(ordered)} speakers, from {shares[0]:.1%} to {shares[-1]:.1%}; median {np.median(shares):.1%}."
    if len(ordered) > SPEAKERS_NAMED:
        figure, (axes,) = new_figure("Accuracy of each speaker", said, 2.4)
        axes.step(range(1, len(shares) + 1), shares, where="mid", color=BLUE)
        axes.set_xlabel("speakers, worst first")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_ylabel("accuracy")
        axes.yaxis.set_major_formatter(percent)
        axes.set_ylim(0, 1.02)
        axes.grid(axis="y")
        return figure
    figure, (axes,) = new_figure("Accuracy of each speaker", said, 0.8 + 0.26 * len(ordered))
    bars = axes.barh(range(len(ordered)), shares, color=BLUE)
    axes.bar_label(bars, labels=[f"{share:.1%}" for share in shares], padding=3)
    axes.set_yticks(range(len(ordered)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3)
    axes.set_xticks([0, 0.5, 1])
    axes.xaxis.set_major_formatter(percent)
    axes.set_xlabel("accuracy")
    return figure


@styled
def accuracy_against_bytes(points: Sequence[Point], limit: int | None = None) -> Figure:
    """Every network over its bytes (logarithmic), with its interval, and a line at `limit` bytes.

    The colour is that of the arithmetic, the marker that of the method; networks of one family are joined.
    """
    said = "; ".join(f"{one.name} {one.series}: {one.bytes:,} bytes, {one.accuracy:.2%}" for one in points)
    figure, (axes,) = new_figure("Accuracy against bytes", said, 4.2)
    looks = _looks(dict.fromkeys(point.series for point in points))
    for family in dict.fromkeys(point.family for point in points if point.family):
        joined = sorted((point for point in points if point.family == family), key=lambda point: point.bytes)
        axes.plot([one.bytes for one in joined], [one.accuracy for one in joined], color=looks[joined[0].series][0], alpha=0.5)
    for series, (colour, marker) in looks.items():
        chosen = [point for point in points if point.series == series]
        for point in chosen:
            if point.interval is not None:
                axes.plot([point.bytes] * 2, point.interval, color=colour, linewidth=1, alpha=0.4)
        axes.plot([one.bytes for one in chosen], [one.accuracy for one in chosen], marker, color=colour, label=series)
    if limit is not None:
        axes.axvline(limit, color=INK, linestyle="--", linewidth=1, label=f"limit {limit:,}")
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.08)
    _tick_bytes(axes)
    axes.set_xlabel("bytes, 1 KB = 1,024")
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylabel("accuracy")
    axes.grid(axis="y")
    if points or limit is not None:
        figure.legend(loc="outside lower center", ncols=3, columnspacing=1, handletextpad=0.4)
    _name(figure, axes, points, limit)
    return figure


def _looks(series: Mapping[str, None]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for each, no two the same."""
    free = ((colour, marker) for marker in "Dvpo" for colour in (PURPLE, GREY, BLUE, ORANGE, GREEN))
    looks: dict[str, tuple[str, str]] = {}
    for name in series:
        arithmetic, _, method = name.partition(" ")
        look = (COLOURS.get(arithmetic, ""), MARKERS.get(method or "float", ""))
        looks[name] = look if all(look) else next(one for one in free if one not in looks.values())
    return looks


def _tick_bytes(axes: Axes) -> None:
    """Ticks at powers of two, as many as can be read."""
    low, high = axes.get_xlim()
    powers = range(-1, int(np.ceil(np.log2(high))) + 1)
    for steps in ((1,), (1, 1.5), (1, 1.125, 1.25, 1.375, 1.5, 1.625, 1.75, 1.875)):
        ticks = [2**power * step for power in powers for step in steps if low <= 2**power * step <= high]
        if len(ticks) > 2:
            break
    ticks = ticks[:: max(1, -(-len(ticks) // 5))] or [float(np.sqrt(low * high))]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1024:.3g} KB" if value >= 1024 else f"{value:.3g}")


def _name(figure: Figure, axes: Axes, points: Sequence[Point], limit: int | None) -> None:
    """The points' names beside them, where there is room; the table has those that there is none for."""
    canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
    canvas.draw()
    renderer = canvas.get_renderer()
    centres = {point: axes.transData.transform((point.bytes, point.accuracy)) for point in points}
    places = np.array(list(centres.values()))
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places]
    inside = axes.get_window_extent(renderer)
    lines = [(point.bytes, *point.interval) for point in points if point.interval]
    for across, bottom, top in [*lines, *([(limit, *axes.get_ylim())] if limit else [])]:
        (x, low), (_, high) = axes.transData.transform([(across, bottom), (across, top)])
        taken.append(Bbox.from_extents(x - 1, low, x + 1, high))
    named: list[tuple[str, float, float]] = []
    for point, (x, y) in centres.items():
        if any(name == point.name and np.hypot(x - across, y - up) < 20 for name, across, up in named):
            continue  # the same network by another method, nearly where that one is
        low, high = point.interval or (point.accuracy, point.accuracy)
        beside = [(point.accuracy, right, up) for up in (0, 9, -9) for right in (7, -7)]
        for share, right, up in (*beside, (high, 0, 7), (low, 0, -7)):
            text = axes.annotate(
                short(point.name), (point.bytes, share), (right, up), textcoords="offset points", fontsize=8,
                ha={0: "center", 7: "left", -7: "right"}[right], va="center", annotation_clip=False,
            )  # fmt: skip
            text.set_in_layout(False)
            box = text.get_window_extent(renderer).padded(1)
            middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
            nearest = places[int(np.argmin(np.hypot(*(places - middle).T)))]
            fits = box.x0 >= inside.x0 and box.x1 <= figure.bbox.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if fits and np.hypot(*(nearest - centres[point])) < 20 and not box.count_overlaps(taken):
                taken.append(box)
                named.append((point.name, x, y))
                break
            text.remove()
