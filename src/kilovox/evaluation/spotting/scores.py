"""What came of listening to long sound: errors of words, and detections where there are none."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kilovox.alignment import Errors, Pair, Tally, align
from kilovox.audio import Samples
from kilovox.config.vocabulary import UNKNOWN
from kilovox.evaluation.intervals import Interval, poisson_interval, rate_interval
from kilovox.evaluation.spotting.passages import Passage, Spoken
from kilovox.integer.detection import Detection, Detector
from kilovox.integer.detection_errors import HOUR


@dataclass(frozen=True)
class Heard:
    """One passage, `seconds` long, as a detector heard it; words: as spoken; detections: all, accepted or not."""

    name: str
    seconds: float
    words: tuple[Spoken, ...]
    detections: tuple[Detection, ...]

    @cached_property
    def accepted(self) -> tuple[Detection, ...]:
        """Those that are a label, but for that of other words."""
        return tuple(one for one in self.detections if one.label not in (None, UNKNOWN))

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Places in words and accepted detections, aligned."""
        return align([word.label for word in self.words], [str(one.label) for one in self.accepted])

    @property
    def right(self) -> list[tuple[Spoken, Detection]]:
        """The words detected as what they are."""
        both = [(self.words[a], self.accepted[b]) for a, b in self.pairs if a is not None and b is not None]
        return [(word, one) for word, one in both if word.label == one.label]

    @cached_property
    def errors(self) -> Errors:
        """Of this passage."""
        return tally([self], lambda _, __: "").of("")

    def as_json(self) -> dict[str, Any]:
        """Spoken and detected labels, and the errors."""
        spoken, detected = [word.label for word in self.words], [one.label for one in self.accepted]
        seconds = {"seconds": self.seconds, "detected_at": [one.seconds for one in self.accepted]}
        return {"name": self.name, "spoken": spoken, "detected": detected, **errors_json(self.errors), **seconds}


def hear(detector: Detector, passage: Passage) -> Heard:
    """`passage`, read once."""
    samples = 0

    def counted() -> Iterator[Samples]:
        nonlocal samples
        for piece in passage.pieces:
            samples += len(piece)
            yield piece

    detections = tuple(detector(counted()))
    return Heard(passage.name, samples / detector.rate, passage.words, detections)


def tally(heard: Sequence[Heard], key: Callable[[Spoken, str], str]) -> Tally:
    """Errors by `key`, of a word and the label concerned: its own, or an inserted one, which counts for the word before it
    (the first word, where there is none before; no word at all is Spoken(""))."""
    found = Tally()
    for passage in heard:
        last = passage.words[0] if passage.words else Spoken("")
        for a, b in passage.pairs:
            if a is not None:
                last = passage.words[a]
                found.words[key(last, last.label)] += 1
            if a is None and b is not None:
                found.insertions[key(last, str(passage.accepted[b].label))] += 1
            elif b is None:
                found.deletions[key(last, last.label)] += 1
            elif passage.accepted[b].label != last.label:
                found.substitutions[key(last, last.label)] += 1
    return found


@dataclass(frozen=True)
class Latency:
    """From the end of a word to its detection, in seconds, of so many words."""

    words: int
    median: float
    p95: float


@dataclass(frozen=True)
class WordScore:
    """Passages in which it is known what is spoken, one at least of them with a word."""

    name: str
    heard: tuple[Heard, ...]

    @cached_property
    def errors(self) -> Errors:
        """Of all passages."""
        return tally(self.heard, lambda _, __: "").of("")

    @cached_property
    def by_label(self) -> dict[str, Errors]:
        """Of the words of each label, and insertions of it."""
        found = tally(self.heard, lambda _, label: label)
        return {label: found.of(label) for label in found.keys}

    @cached_property
    def by_speaker(self) -> dict[str, Errors]:
        """Of each speaker; those who are not named are one, ""."""
        found = tally(self.heard, lambda word, _: word.speaker or "")
        return {speaker: found.of(speaker) for speaker in found.keys}

    @cached_property
    def interval(self) -> Interval:
        """Of the error rate: speakers drawn as wholes."""
        people = self.by_speaker.values()
        return rate_interval([one.count for one in people], [one.words for one in people])

    @cached_property
    def latency(self) -> Latency | None:
        """Of words detected as what they are; None where no end is known."""
        late = [one.seconds - word.end for passage in self.heard for word, one in passage.right if word.end is not None]
        return Latency(len(late), float(np.median(late)), float(np.percentile(late, 95))) if late else None

    @property
    def seconds(self) -> float:
        """Of sound."""
        return sum(one.seconds for one in self.heard)

    def as_json(self) -> dict[str, Any]:
        """Everything; rates are fractions."""
        late = self.latency
        return {
            "name": self.name,
            "seconds": self.seconds,
            **errors_json(self.errors),
            "interval": list(self.interval.pair),
            "interval_method": self.interval.method,
            "speakers": len([name for name in self.by_speaker if name]),
            "latency": {"words": late.words, "median": late.median, "p95": late.p95} if late else None,
            "by_label": {label: errors_json(errors) for label, errors in self.by_label.items()},
            "passages": [one.as_json() for one in self.heard],
        }


@dataclass(frozen=True)
class SpeechScore:
    """Sound in which no word of the vocabulary is spoken: every detection that is accepted is false."""

    name: str
    heard: tuple[Heard, ...]

    @property
    def hours(self) -> float:
        """Of sound."""
        return sum(one.seconds for one in self.heard) / HOUR

    @property
    def detections(self) -> int:
        """False ones."""
        return sum(len(one.accepted) for one in self.heard)

    @property
    def per_hour(self) -> float:
        """False detections."""
        return self.detections / self.hours

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % of `per_hour`, as if false detections were independent of each other: kilovox.evaluation.intervals."""
        return poisson_interval(self.detections, self.hours)

    def as_json(self) -> dict[str, Any]:
        """Counts, hours, rate."""
        return {
            "name": self.name, "passages": len(self.heard), "hours": self.hours, "detections": self.detections,
            "per_hour": self.per_hour, "interval": list(self.interval), "interval_method": "poisson",
        }  # fmt: skip


def errors_json(errors: Errors) -> dict[str, Any]:
    """Counts, and the rate as a fraction."""
    return {
        "words": errors.words, "insertions": errors.insertions, "deletions": errors.deletions,
        "substitutions": errors.substitutions, "error_rate": errors.rate,
    }  # fmt: skip
