"""What came of judging a model: outcomes, shares and their intervals, by label and by speaker."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from kilovox.evaluation.intervals import Interval, speaker_interval
from kilovox.evaluation.metrics import ClassScores, class_scores, wilson_interval

REJECTED = 0.08
"""Of the words that a model knows, rightly heard or not: what other words are compared at."""


@dataclass(frozen=True)
class Misclassified:
    """One decision that is not right: `index` is the recording's place in the corpus.

    predicted: the label taken for it, with `confidence`; None where none was: see `outcome` (label, unknown or nothing).
    """

    recording: str
    truth: str
    predicted: str | None
    confidence: float
    index: int
    outcome: str = "label"


@dataclass(frozen=True)
class SpeakerScore:
    """Right decisions on one speaker's recordings."""

    speaker: str
    correct: int
    recordings: int

    @property
    def accuracy(self) -> float:
        """As a fraction."""
        return self.correct / self.recordings

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy on more recordings of this speaker, as fractions."""
        return wilson_interval(self.correct, self.recordings)


@dataclass(frozen=True)
class Others:
    """Recordings of words that the model does not know, and how many of them it took for one that it does.

    `accepted_surely`: how many it would take at the confidence that rejects no more than REJECTED of the words it knows.
    """

    recordings: int = 0
    accepted: int = 0
    accepted_surely: int = 0


@dataclass(frozen=True)
class Answers:
    """The figure in which "none of them" and "nothing" are answers too, as in the 12 classes of Speech Commands.

    Right is a word that is asked for taken for itself, any other word rejected (unknown, not nothing), and nothing heard where
    there is nothing. `words`, `unknown`, `silence`: (right, recordings) of each kind; interval: 95 %, as fractions.
    """

    words: tuple[int, int]
    unknown: tuple[int, int]
    silence: tuple[int, int]
    interval: tuple[float, float]

    @property
    def correct(self) -> int:
        """Right answers of every kind."""
        return self.words[0] + self.unknown[0] + self.silence[0]

    @property
    def recordings(self) -> int:
        """Of every kind."""
        return self.words[1] + self.unknown[1] + self.silence[1]

    def as_json(self) -> dict[str, Any]:
        """Plain values; accuracy and interval are fractions."""
        values = {"recordings": self.recordings, "correct": self.correct, "accuracy": self.correct / self.recordings}
        return {**asdict(self), **values, "interval": list(self.interval)}


@dataclass(frozen=True)
class Evaluation:
    """What a model decided on the recordings that judge it.

    `confusion`: (labels, labels) counts of decisions that are a label, a row a true label, a column a decision. `rejected`,
    `nothing`: by true label, how many were taken for none of the labels, and in how many nothing was heard; empty for none.
    `likeliest`: how many would be right if the likeliest label were always taken, nothing rejected.
    `others`: recordings of words that the model does not know, which accuracy leaves out; `answers` counts them and those that
    hold nothing, and is None where there are none. `trained_on`: judged recordings that
    the model was trained on, 0 unless that was asked for. `sample_rate` in Hz: what the model hears.
    """

    model: str
    corpus: str
    fingerprint: str
    split: str
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    speakers: tuple[SpeakerScore, ...]
    misclassified: tuple[Misclassified, ...]
    others: Others = Others()
    trained_on: int = 0
    sample_rate: int = 8000
    rejected: tuple[int, ...] = ()
    nothing: tuple[int, ...] = ()
    likeliest: int = 0
    answers: Answers | None = None

    @cached_property
    def recordings(self) -> int:
        """How many were judged."""
        return sum(map(sum, self.confusion)) + sum(self.missed)

    @cached_property
    def correct(self) -> int:
        """How many were decided right."""
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def left_out(self) -> int:
        """Recordings of words that the model does not know."""
        return self.others.recordings

    @cached_property
    def missed(self) -> tuple[int, ...]:
        """By true label, recordings of which no decision was a label."""
        none = (0,) * len(self.labels)
        return tuple(a + b for a, b in zip(self.rejected or none, self.nothing or none, strict=True))

    @property
    def outcomes(self) -> dict[str, int]:
        """Recordings by what came of them: right, wrong, rejected, nothing."""
        wrong = self.recordings - self.correct - sum(self.missed)
        return {"right": self.correct, "wrong": wrong, "rejected": sum(self.rejected), "nothing": sum(self.nothing)}

    @property
    def accuracy(self) -> float:
        """Right decisions of all, as a fraction: a recording that was rejected or not heard is not right."""
        return self.correct / self.recordings

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy, as fractions: the one that counts people, where speakers are named."""
        return self.interval_speakers.pair if self.interval_speakers else self.interval_recordings

    @property
    def interval_kind(self) -> str:
        """What `interval` takes as drawn: speakers or recordings."""
        return "speakers" if self.interval_speakers else "recordings"

    @property
    def interval_recordings(self) -> tuple[float, float]:
        """Wilson's 95 % interval, as fractions: of more recordings of the very same people."""
        return wilson_interval(self.correct, self.recordings)

    @cached_property
    def interval_speakers(self) -> Interval | None:
        """95 % interval of the accuracy on other people; None where fewer than two speakers are named."""
        if len(self.speakers) < 2:
            return None
        right, total = [one.correct for one in self.speakers], [one.recordings for one in self.speakers]
        if sum(total) < self.recordings:
            # Those that name no speaker may all be of one.
            right.append(self.correct - sum(right))
            total.append(self.recordings - sum(total))
        return speaker_interval(right, total)

    @property
    def per_speaker(self) -> dict[str, float]:
        """Accuracy of every named speaker, as a fraction."""
        return {score.speaker: score.accuracy for score in self.speakers}

    @cached_property
    def classes(self) -> tuple[ClassScores, ...]:
        """Precision, recall, F1 and support of every label."""
        return class_scores(self.confusion, self.labels, self.missed)

    def as_json(self) -> dict[str, Any]:
        """What `kilovox evaluate --json` prints; accuracies are fractions."""
        by_speaker = self.interval_speakers
        return {
            "model": self.model,
            "corpus": self.corpus,
            "fingerprint": self.fingerprint,
            "split": self.split,
            "recordings": self.recordings,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "interval_kind": self.interval_kind,
            "interval_recordings": list(self.interval_recordings),
            "interval_speakers": list(by_speaker.pair) if by_speaker else None,
            "interval_method": by_speaker.method if by_speaker else "wilson",
            "outcomes": self.outcomes,
            "likeliest": self.likeliest,
            "others": asdict(self.others),
            "answers": self.answers.as_json() if self.answers else None,
            "left_out": self.left_out,
            "trained_on": self.trained_on,
            "per_speaker": self.per_speaker,
            "per_speaker_recordings": {score.speaker: score.recordings for score in self.speakers},
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
            "classes": {score.label: {k: v for k, v in asdict(score).items() if k != "label"} for score in self.classes},
            "misclassified": [asdict(one) for one in self.misclassified],
        }
