"""Long sound in the report: its tables, and the picture of the detection-error trade-off."""

from collections.abc import Sequence
from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from kilovox.evaluation.report.report import Section, Table
from kilovox.evaluation.spotting.spotting import Curve, Spotting
from kilovox.evaluation.spotting.tables import label_table, own, speech_table, tradeoff_table, word_table
from kilovox.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure, percent, styled, to_svg

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of words missed, where the axis has a tick."""


@styled
def detection_tradeoff(curves: Sequence[Curve]) -> Figure:
    """Share of words missed over false alarms an hour, both logarithmic; a dot where the model's own thresholds are.

    What is 0 has no place there and is not drawn.
    """
    said = "; ".join(f"{curve.name}: as it is {own(curve)}" for curve in curves)
    figure, (axes,) = new_figure("Words missed against false alarms an hour", said, 3.4 + 0.2 * len(curves))
    looks = zip(cycle((BLUE, ORANGE, GREEN, PURPLE, GREY)), cycle(("-", "--", "-.", ":", "-", "--", "-.")), strict=False)
    for curve, (colour, line) in zip(curves, looks, strict=False):
        drawn = [(point.per_hour, point.missed) for point in curve.points if point.per_hour > 0 and point.missed > 0]
        axes.plot(
            *zip(*drawn, strict=True) if drawn else ([], []), line, color=colour, label=curve.name, drawstyle="steps-post"
        )
        if curve.own.per_hour > 0 and curve.own.missed > 0:
            axes.plot([curve.own.per_hour], [curve.own.missed], "o", color=colour, markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.yaxis.set_major_formatter(percent)
    low, high = axes.get_ylim()
    inside = [share for share in SHARES if low <= share <= high] or [low, high]
    axes.yaxis.set_major_locator(FixedLocator(inside))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel("false alarms an hour")
    axes.set_ylabel("words missed")
    axes.grid(axis="both")
    if curves:
        figure.legend(loc="outside lower center", ncols=1)
    return figure


def spotting_sections(result: Spotting) -> tuple[Section, ...]:
    """Words, false detections and the trade-off of both."""
    words = (
        "Insertions, deletions and substitutions over words spoken. The interval counts speakers as drawn. Latency: from the "
        "end of a word to its detection, the median and the 95th percentile of words detected as what they are."
    )
    notes = "\n\n".join(
        note for note in (f"Speakers of the utterances: {result.chosen}." if result.chosen else "", *result.notes)
    )
    sections = [Section("In long sound: words", f"{words}\n\n{notes}", Table(*word_table(result)))]
    text = "Insertions of the label + deletions + substitutions of its words, of so many spoken."
    sections.append(Section("In long sound: labels", text, Table(*label_table(result))))
    if result.silence:
        text = "Every detection is false. The interval takes them as independent of each other (Poisson's)."
        sections.append(Section("In long sound: where no word is spoken", text, Table(*speech_table(result))))
    if result.curves:
        text = (
            f"As the confidence that is asked for rises, more words are missed and fewer false alarms are heard in "
            f"{result.alarms_of}. A dot: the model's own thresholds. A word taken for another counts as missed."
        )
        figure = to_svg(detection_tradeoff(result.curves))
        sections.append(Section("Detection-error trade-off", text, Table(*tradeoff_table(result)), figure))
    return tuple(sections)
