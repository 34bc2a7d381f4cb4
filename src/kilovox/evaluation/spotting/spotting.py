"""A recogniser judged where a device lives: in long sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kilovox.evaluation.spotting.scores import Heard, SpeechScore, WordScore
from kilovox.evaluation.spotting.tradeoff import Point, tradeoff


@dataclass(frozen=True)
class Curve:
    """The trade-off of one score; `own`: where the model's own thresholds are on it, or beside it."""

    name: str
    own: Point
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Spotting:
    """What came of it.

    strings: words of a corpus joined, by the gap between them (whole, or seconds). utterances: whole ones, of which `chosen`
    says the speakers. others: recordings of other words joined. speech: sound without any word of the vocabulary; noise:
    sound without speech. notes: what was left out of `utterances`, and how much of it.
    """

    strings: Mapping[str, WordScore]
    utterances: WordScore | None = None
    others: SpeechScore | None = None
    speech: tuple[SpeechScore, ...] = ()
    noise: SpeechScore | None = None
    chosen: str = ""
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[WordScore, ...]:
        """Everything in which words are spoken."""
        return (*self.strings.values(), *([self.utterances] if self.utterances else []))

    @property
    def silence(self) -> tuple[SpeechScore, ...]:
        """Everything in which none is."""
        return (*([self.others] if self.others else []), *self.speech, *([self.noise] if self.noise else []))

    @property
    def alarms_of(self) -> str:
        """In what false alarms of the trade-off are counted: speech, or where there is none other words; "" for nothing."""
        return ", ".join(score.name for score in self._alarming)

    @property
    def alarm_hours(self) -> float:
        """Hours of that."""
        return sum(score.hours for score in self._alarming)

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The trade-off of each of `words`; none where nothing is without them."""
        speech = [passage for score in self._alarming for passage in score.heard]
        return tuple(_curve(score, speech) for score in self.words) if speech else ()

    @property
    def _alarming(self) -> tuple[SpeechScore, ...]:
        return self.speech or ((self.others,) if self.others else ())

    def as_json(self) -> dict[str, Any]:
        """Everything; rates and shares are fractions, times seconds."""
        return {
            "strings": {gap: score.as_json() for gap, score in self.strings.items()},
            "utterances": self.utterances.as_json() if self.utterances else None,
            "speakers": self.chosen,
            "notes": list(self.notes),
            "others": self.others.as_json() if self.others else None,
            "speech": [score.as_json() for score in self.speech],
            "noise": self.noise.as_json() if self.noise else None,
            "tradeoff": {
                "false_alarms_of": self.alarms_of,
                "curves": [
                    {"name": one.name, "own": vars(one.own), "points": [vars(point) for point in one.points]}
                    for one in self.curves
                ],
            },
        }


def _curve(score: WordScore, speech: Sequence[Heard]) -> Curve:
    right, spoken = sum(len(passage.right) for passage in score.heard), score.errors.words
    alarms = SpeechScore("", tuple(speech)).per_hour
    return Curve(score.name, Point(0.0, 1 - right / spoken, alarms), tradeoff(score.heard, speech))
