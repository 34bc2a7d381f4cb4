"""The picture of a search: accuracy of what was trained in full against bytes and, where they count, instructions a second."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from kilovox.figures import BLUE, GREY, ORANGE, new_figure, percent, styled

KILOBYTE, MILLION = 1024, 1_000_000

TICKS = 5


@dataclass(frozen=True)
class FrontPoint:
    """A network: its accuracy and interval are fractions. front: whether no other is better in everything."""

    name: str
    accuracy: float
    bytes: int
    interval: tuple[float, float]
    front: bool
    instructions: int | None = None


@styled
def front_against_costs(points: Sequence[FrontPoint], memory: int | None = None, instructions: int | None = None) -> Figure:
    """All of `points` over their bytes and, where they have them, instructions a second (both logarithmic); those of the front
    joined where bytes alone count, and lines at the limits.

    memory: bytes at most; instructions: a second, at most.
    """
    counted = any(point.instructions is not None for point in points)
    said = "; ".join(f"{one.name}: {one.accuracy:.2%}, {one.bytes:,} bytes" for one in points if one.front)
    figure, axes = new_figure("Accuracy against cost", f"The front: {said}.", 5.6 if counted else 3.4, rows=1 + counted)
    _draw(axes[0], [(one.bytes, one) for one in points], memory, KILOBYTE)
    axes[0].set_xlabel("bytes, 1 KB = 1,024")
    axes[0].xaxis.set_major_formatter(lambda value, _: f"{value / KILOBYTE:.3g} KB")
    if counted:
        _draw(axes[1], [(one.instructions or 0, one) for one in points], instructions, MILLION)
        axes[1].set_xlabel("instructions a second of sound, predicted")
        axes[1].xaxis.set_major_formatter(lambda value, _: f"{value / MILLION:.3g} M")
    else:
        _join(axes[0], [one for one in points if one.front])
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, columnspacing=1, handletextpad=0.4)
    return figure


def _join(axes: Axes, points: Sequence[FrontPoint]) -> None:
    """The most accurate of what costs no more: it stays until the next is better."""
    ordered = sorted((one.bytes, one.accuracy) for one in points)
    axes.plot(*zip(*ordered, strict=True), color=BLUE, alpha=0.35, linewidth=1, drawstyle="steps-post")


def _draw(axes: Axes, points: Sequence[tuple[int, FrontPoint]], limit: int | None, unit: int) -> None:
    """Each point at its cost, with its interval."""
    for front, colour, marker, label in ((False, GREY, "o", "dominated"), (True, BLUE, "D", "front")):
        chosen = [(cost, one) for cost, one in points if one.front == front]
        for cost, one in chosen:
            axes.plot([cost] * 2, one.interval, color=colour, linewidth=1, alpha=0.4)
        if chosen:
            across, up = zip(*((cost, one.accuracy) for cost, one in chosen), strict=True)
            axes.plot(across, up, marker, color=colour, label=label, markersize=5)
    if limit is not None:
        axes.axvline(limit, color=ORANGE, linestyle="--", linewidth=1, label="limit")
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.08)
    low, high = (edge / unit for edge in axes.get_xlim())
    steps = [(high / low) ** ((number + 0.5) / TICKS) for number in range(TICKS)]
    axes.xaxis.set_major_locator(FixedLocator(sorted({unit * float(f"{low * step:.2g}") for step in steps})))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(percent)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel("accuracy, validation")
    axes.grid(axis="y")
