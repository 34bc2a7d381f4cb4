"""A model judged on recordings it was not trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from kilovox.config import DataSplitting
from kilovox.corpus.base import Corpus, FeatureCorpus, RecordingCorpus
from kilovox.corpus.fsdd import FINGERPRINT
from kilovox.corpus.splits import judging_indices
from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import ClassScores, class_scores, confusion_matrix, wilson_interval
from kilovox.evaluation.robustness import Robustness, robustness
from kilovox.integer.model_file import Metadata, short_hash
from kilovox.integer.recogniser import Recogniser


@dataclass(frozen=True)
class Misclassified:
    """One wrong decision: `index` is the recording's place in the corpus, `confidence` that of the wrong label."""

    recording: str
    truth: str
    predicted: str
    confidence: float
    index: int


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
        """Wilson's 95 % interval of the accuracy, as fractions."""
        return wilson_interval(self.correct, self.recordings)


@dataclass(frozen=True)
class Evaluation:
    """What a model decided on the recordings that judge it.

    `confusion`: (labels, labels) counts, a row a true label, a column a decision. `left_out`: recordings of words that the
    model does not know. `trained_on`: judged recordings that the model was trained on, 0 unless that was asked for.
    `sample_rate` in Hz: what the model hears.
    """

    model: str
    corpus: str
    fingerprint: str
    split: str
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    speakers: tuple[SpeakerScore, ...]
    misclassified: tuple[Misclassified, ...]
    left_out: int = 0
    trained_on: int = 0
    sample_rate: int = 8000

    @cached_property
    def recordings(self) -> int:
        """How many were judged."""
        return sum(map(sum, self.confusion))

    @cached_property
    def correct(self) -> int:
        """How many were decided right."""
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float:
        """As a fraction."""
        return self.correct / self.recordings

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy, as fractions."""
        return wilson_interval(self.correct, self.recordings)

    @property
    def per_speaker(self) -> dict[str, float]:
        """Accuracy of every named speaker, as a fraction."""
        return {score.speaker: score.accuracy for score in self.speakers}

    @cached_property
    def classes(self) -> tuple[ClassScores, ...]:
        """Precision, recall, F1 and support of every label."""
        return class_scores(self.confusion, self.labels)

    def as_json(self) -> dict[str, Any]:
        """What `kilovox evaluate --json` prints; accuracies are fractions."""
        return {
            "model": self.model,
            "corpus": self.corpus,
            "fingerprint": self.fingerprint,
            "split": self.split,
            "recordings": self.recordings,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "left_out": self.left_out,
            "trained_on": self.trained_on,
            "per_speaker": self.per_speaker,
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
            "classes": {score.label: {k: v for k, v in asdict(score).items() if k != "label"} for score in self.classes},
            "misclassified": [asdict(one) for one in self.misclassified],
        }


def _splitting(metadata: Metadata) -> DataSplitting:
    """As the model was trained. Raises KilovoxError where its metadata say nothing that could be."""
    values = metadata.configuration.get("data_splitting", {})
    try:
        return DataSplitting.model_validate(values)
    except ValidationError:
        raise KilovoxError(
            f"{metadata.name}: metadata configuration.data_splitting {values!r}; expected split, test_size, ..."
        ) from None


def evaluate(recogniser: Recogniser, corpus: Corpus, split: str | None = None, allow_trained: bool = False) -> Evaluation:
    """Judge a model on the recordings of `corpus` that `split` names: random, official, speaker:NAME or all.

    Without a split: on the corpus the model was trained on, the split it was trained with; on any other corpus, all of it.
    `random` is drawn as in training (test_size and random_state of the model's configuration). Recordings of words that the
    model does not know, as labels or aliases, are left out and counted.

    Raises KilovoxError for a split this corpus does not have, where nothing is left to judge and, unless `allow_trained`,
    where the model was trained on one of the recordings.
    """
    metadata = recogniser.model.metadata
    split, truth, judged, left_out, seen = _judged(metadata, corpus, split, allow_trained)
    decisions = recogniser.decide(recogniser.corpus_features(judged))
    predicted, confidence = decisions.indices.tolist(), decisions.confidence.tolist()
    confusion = confusion_matrix(list(truth.values()), predicted, len(metadata.labels))
    wrong = [
        Misclassified(corpus.recordings[index].name, metadata.labels[true], metadata.labels[decided], sure, index)
        for (index, true), decided, sure in zip(truth.items(), predicted, confidence, strict=True)
        if true != decided
    ]
    return Evaluation(
        model=metadata.name,
        corpus=corpus.name,
        fingerprint=corpus.fingerprint,
        split=split,
        labels=metadata.labels,
        confusion=tuple(map(tuple, confusion.tolist())),
        speakers=_speaker_scores(corpus, list(truth), {one.index for one in wrong}),
        misclassified=tuple(wrong),
        left_out=left_out,
        trained_on=len(seen),
        sample_rate=recogniser.front_end.sample_rate,
    )


def evaluate_robustness(
    recogniser: Recogniser, corpus: Corpus, split: str | None = None, allow_trained: bool = False
) -> Robustness:
    """Judge a model on the same recordings as `evaluate` under every condition of kilovox.evaluation.robustness.

    Raises KilovoxError as `evaluate` does, and for a corpus without sound.
    """
    _, truth, judged, _, _ = _judged(recogniser.model.metadata, corpus, split, allow_trained)
    if not isinstance(judged, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, for noise and rooms to be added")
    rate = recogniser.front_end.sample_rate
    return robustness(recogniser, [judged.samples(index, rate) for index in range(len(judged))], list(truth.values()))


def _judged(
    metadata: Metadata, corpus: Corpus, split: str | None, allow_trained: bool
) -> tuple[str, dict[int, int], Corpus, int, list[str]]:
    """The split, label by place in the corpus, these recordings, how many were left out, and those that were trained on."""
    if split is None:
        split = metadata.trained_on.split if corpus.fingerprint == metadata.trained_on.fingerprint else "all"
    splitting = _splitting(metadata)
    drawn = judging_indices(corpus, split, splitting.test_size, splitting.random_state, splitting.group)
    places = {label: index for index, label in enumerate(metadata.labels)}
    words = {int(index): places.get(known_as(metadata, corpus.recordings[index].label)) for index in drawn}
    truth = {index: place for index, place in words.items() if place is not None}
    if not truth:
        heard = ", ".join(corpus.labels[:20])
        raise KilovoxError(
            f"split {split} of {corpus.where}: no recording of a word that {metadata.name} knows "
            f"({', '.join(metadata.labels)}); its words are {heard}"
        )
    judged = corpus.subset(list(truth))
    if isinstance(judged, FeatureCorpus) and metadata.trained_on.fingerprint == FINGERPRINT:
        raise KilovoxError(
            f"{corpus.where}: features of another front end; expected recordings, for {metadata.name} hears sound "
            "(--corpus DIR, or KILOVOX_FSDD)"
        )
    whole = corpus.fingerprint in {source.fingerprint for source in metadata.trained_on.besides}
    seen = [one.name for one in judged.recordings] if whole else _trained_on(metadata, judged)
    if seen and not allow_trained:
        raise KilovoxError(
            f"{metadata.name} was trained on {len(seen)} of the {len(judged)} recordings of split {split} of {corpus.where}, "
            f"such as {seen[0]}; expected none: choose another split (it was trained with {metadata.trained_on.split}), or "
            "judge them all the same with --include-trained"
        )
    return split, truth, judged, len(words) - len(truth), seen


def known_as(metadata: Metadata, word: str) -> str:
    """The label that the model gives to `word`: a label stands for itself, then the aliases count."""
    return word if word in metadata.labels else metadata.aliases.get(word, word)


def _trained_on(metadata: Metadata, judged: Corpus) -> list[str]:
    trained = {short_hash(digest) for digest in metadata.trained_on.recordings}
    return [one.name for one, digest in zip(judged.recordings, judged.hashes, strict=True) if short_hash(digest) in trained]


def _speaker_scores(corpus: Corpus, judged: Sequence[int], wrong: set[int]) -> tuple[SpeakerScore, ...]:
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for index in judged:
        speaker = corpus.recordings[index].speaker
        if speaker is not None:
            total[speaker] += 1
            right[speaker] += index not in wrong
    return tuple(SpeakerScore(speaker, right[speaker], total[speaker]) for speaker in sorted(total))
