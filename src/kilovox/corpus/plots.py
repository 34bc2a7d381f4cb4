"""What `inspect_corpus` finds, drawn: one histogram or bar chart a file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from kilovox.corpus.inspection import SILENT_DB, Inspection
from kilovox.files import make_folder, replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plots(inspection: Inspection, folder: Path, form: Literal["png", "svg"] = "png") -> list[Path]:
    """Draw durations, frames, counts a label, counts a speaker and peak levels into `folder`; returns the files.

    What the corpus does not have (sound, of precomputed features) is left out. Needs matplotlib; raises KilovoxError where
    `folder` cannot be written.
    """
    from matplotlib.figure import Figure  # a figure of its own: no pyplot, no state, no display

    drawings: dict[str, Callable[[Axes, Inspection], None]] = {"labels": _labels, "speakers": _speakers}
    if inspection.seconds:
        drawings |= {"durations": _durations, "peaks": _peaks}
    if inspection.frames:
        drawings["frames"] = _frames
    make_folder(folder)
    written = []
    for name, draw in sorted(drawings.items()):
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot()
        draw(axes, inspection)
        axes.set_ylabel("recordings")
        axes.spines[["top", "right"]].set_visible(False)
        path = folder / f"{name}.{form}"
        with replacing(path) as temporary:
            figure.savefig(temporary, format=form, dpi=120)
        written.append(path)
    return written


def _durations(axes: "Axes", inspection: Inspection) -> None:
    axes.hist(inspection.seconds, bins=60, color="#2f6f9f")
    axes.set_xlabel("seconds")
    axes.set_title(f"{inspection.name}: durations, median {np.median(inspection.seconds):.2f} s")


def _frames(axes: "Axes", inspection: Inspection) -> None:
    axes.hist(inspection.frames, bins=range(min(inspection.frames), max(inspection.frames) + 2), color="#2f6f9f", align="left")
    axes.axvline(inspection.frame_limit + 0.5, color="#c2452d")
    axes.set_xlabel("frames")
    axes.set_title(f"{inspection.name}: {inspection.fitting or 0:.1%} fit into {inspection.frame_limit} frames")


def _peaks(axes: "Axes", inspection: Inspection) -> None:
    finite = [peak for peak in inspection.peaks if np.isfinite(peak)]
    axes.hist(finite, bins=60, color="#2f6f9f")
    if finite and min(finite) < SILENT_DB:
        axes.axvline(SILENT_DB, color="#c2452d")
    axes.set_xlabel("loudest sample, dB below full scale")
    axes.set_title(f"{inspection.name}: {len(inspection.clipped)} clipped, {len(inspection.silent)} silent")


def _labels(axes: "Axes", inspection: Inspection) -> None:
    _bars(axes, inspection.labels, f"{inspection.name}: recordings a label")


def _speakers(axes: "Axes", inspection: Inspection) -> None:
    _bars(axes, inspection.speakers, f"{inspection.name}: recordings a speaker")


def _bars(axes: "Axes", counts: dict[str, int], title: str) -> None:
    positions = np.arange(len(counts))
    axes.bar(positions, list(counts.values()), color="#2f6f9f")
    if len(counts) <= 40:  # more names than that only make each other unreadable
        axes.set_xticks(positions, list(counts), rotation=90 if len(counts) > 12 else 0)
    else:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(counts)} of them")
    axes.set_title(title)
