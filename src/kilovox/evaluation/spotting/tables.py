"""What came of long sound, as rows of text: for a terminal and for a report."""

from kilovox.alignment import Errors
from kilovox.evaluation.spotting.spotting import Curve, Spotting
from kilovox.evaluation.spotting.tradeoff import Point, fewest_missed

Rows = tuple[tuple[str, ...], ...]

ALARMS = (1, 10, 100, 1000)
"""False alarms an hour at which the trade-off is told."""


def word_table(result: Spotting) -> tuple[tuple[str, ...], Rows]:
    """Errors and latency, a row a kind of sound."""
    rows = []
    for score in result.words:
        errors, late, (low, high) = score.errors, score.latency, score.interval.pair
        latency = f"{late.median:.2f}, {late.p95:.2f}" if late else "-"
        rows.append(
            (score.name, f"{errors.words}", counts(errors), f"{errors.rate:.1%}", f"{100 * low:.1f}-{high:.1%}", latency)
        )
    return ("sound", "words", "ins+del+sub", "errors", "95 % interval", "latency s, 95 %"), tuple(rows)


def label_table(result: Spotting) -> tuple[tuple[str, ...], Rows]:
    """Errors by label, a column a kind of sound: insertions of it, and deletions and substitutions of its words; of words."""
    labels = sorted({label for score in result.words for label in score.by_label})
    rows = []
    for label in labels:
        found = (score.by_label.get(label) for score in result.words)
        rows.append((label, *(f"{counts(errors)}/{errors.words}" if errors else "-" for errors in found)))
    return ("label", *(score.name for score in result.words)), tuple(rows)


def counts(errors: Errors) -> str:
    """Insertions, deletions and substitutions."""
    return f"{errors.insertions}+{errors.deletions}+{errors.substitutions}"


def speech_table(result: Spotting) -> tuple[tuple[str, ...], Rows]:
    """False detections, a row a kind of sound."""
    rows = []
    for score in result.silence:
        low, high = score.interval
        hours = f"{score.hours:.2f}" if score.hours >= 0.1 else f"{score.hours:.4f}"
        rows.append((score.name, hours, f"{score.detections}", f"{score.per_hour:,.1f}", f"{low:,.1f} to {high:,.1f}"))
    return ("sound without words", "hours", "detected", "an hour", "95 % interval"), tuple(rows)


def tradeoff_table(result: Spotting) -> tuple[tuple[str, ...], Rows]:
    """Words missed without any false alarm, and at some an hour, as far as so little sound can tell; a row a kind of sound."""
    told = [alarms for alarms in ALARMS if alarms * result.alarm_hours >= 1]
    rows = []
    for curve in result.curves:
        points = [fewest_missed(curve.points, alarms) for alarms in (0, *told)]
        rows.append((curve.name, *map(_missed, points), own(curve)))
    return ("words missed, by false alarms", "none", *(f"{alarms}/h" for alarms in told), "as it is"), tuple(rows)


def own(curve: Curve) -> str:
    """Where the model's own thresholds bring it."""
    return f"{curve.own.missed:.1%} at {curve.own.per_hour:,.0f}/h"


def _missed(point: Point | None) -> str:
    return f"{point.missed:.1%}" if point else "-"
