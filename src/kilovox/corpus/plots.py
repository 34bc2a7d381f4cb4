"""What `inspect_corpus` finds, drawn: one histogram or bar chart a file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kilovox.corpus.inspection import SILENT_DB, Inspection
from kilovox.files import make_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 40
"""Up to so many labels or speakers get a bar with their name."""


def plots(inspection: Inspection, folder: Path, form: Literal["png", "svg"] = "png") -> list[Path]:
    """Draw durations, frames, counts a label, counts a speaker and peak levels into `folder`; returns the files.

    What the corpus does not have (sound, of precomputed features) is left out. Needs matplotlib; raises KilovoxError where
    `folder` cannot be written.
    """
    from kilovox.figures import save_figure, styled

    drawings: dict[str, Callable[[Inspection], Figure]] = {"labels": _labels, "speakers": _speakers}
    if inspection.seconds:
        drawings |= {"durations": _durations, "peaks": _peaks}
    if inspection.frames:
        drawings["frames"] = _frames
    make_folder(folder)
    written = []
    for name, draw in sorted(drawings.items()):
        path = folder / f"{name}.{form}"
        save_figure(styled(draw)(inspection), path)
        written.append(path)
    return written


def _durations(inspection: Inspection) -> "Figure":
    return _histogram(inspection, f"durations, median {np.median(inspection.seconds):.2f} s", "seconds", inspection.seconds, 60)


def _frames(inspection: Inspection) -> "Figure":
    from kilovox.figures import ORANGE

    bins = np.arange(min(inspection.frames), max(inspection.frames) + 2) - 0.5
    title = f"{inspection.fitting or 0:.1%} fit into {inspection.frame_limit} frames"
    figure = _histogram(inspection, title, "frames", inspection.frames, bins)
    figure.axes[0].axvline(inspection.frame_limit + 0.5, color=ORANGE, linestyle="--")
    return figure


def _peaks(inspection: Inspection) -> "Figure":
    from kilovox.figures import ORANGE

    finite = [peak for peak in inspection.peaks if np.isfinite(peak)]
    title = f"{len(inspection.clipped):,} clipped, {len(inspection.silent):,} silent"
    figure = _histogram(inspection, title, "loudest sample, dB below full scale", finite, 60)
    if finite and min(finite) < SILENT_DB:
        figure.axes[0].axvline(SILENT_DB, color=ORANGE, linestyle="--")
    return figure


def _labels(inspection: Inspection) -> "Figure":
    return _bars(inspection, "label", inspection.labels)


def _speakers(inspection: Inspection) -> "Figure":
    return _bars(inspection, "speaker", inspection.speakers)


def _histogram(inspection: Inspection, title: str, quantity: str, values: Any, bins: Any) -> "Figure":
    from matplotlib.ticker import MaxNLocator

    from kilovox.figures import BLUE, new_figure

    said = f"{len(values):,} recordings" + (f", from {min(values):.2f} to {max(values):.2f}" if len(values) else "")
    figure, (axes,) = new_figure(f"{inspection.name}: {title}", f"Histogram of {quantity}: {said}.", 2.6)
    axes.hist(values, bins=bins, color=BLUE)
    axes.set_xlabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    return _finished(inspection, figure, title)


def _bars(inspection: Inspection, kind: str, counts: dict[str, int]) -> "Figure":
    """A bar with its name each, downwards; of very many, a curve, most first."""
    from matplotlib.ticker import MaxNLocator

    from kilovox.figures import BLUE, new_figure, short

    title = f"recordings a {kind}"
    said = f"{len(counts):,} {kind}s of {min(counts.values()):,} to {max(counts.values()):,} recordings."
    many = len(counts) > NAMED
    figure, (axes,) = new_figure(f"{inspection.name}: {title}", said, 2.6 if many else 0.9 + 0.18 * len(counts))
    if many:
        axes.step(range(1, len(counts) + 1), sorted(counts.values(), reverse=True), where="mid", color=BLUE)
        axes.set_xlabel(f"{len(counts):,} {kind}s, most recordings first")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_ylim(bottom=0)
        return _finished(inspection, figure, title)
    axes.barh(range(len(counts)), list(counts.values()), color=BLUE)
    axes.set_yticks(range(len(counts)), [short(name) for name in counts])
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("recordings")
    axes.set_title(f"{short(inspection.name, 24)}: {title}")
    return figure


def _finished(inspection: Inspection, figure: "Figure", title: str) -> "Figure":
    from matplotlib.ticker import MaxNLocator

    from kilovox.figures import short

    (axes,) = figure.axes
    axes.set_ylabel("recordings")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(f"{short(inspection.name, 24)}: {title}")
    return figure
