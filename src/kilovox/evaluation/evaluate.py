"""A model judged on recordings it was not trained on."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from kilovox.audio import Samples
from kilovox.config import DataSplitting, vocabulary
from kilovox.corpus.base import Corpus, FeatureCorpus, RecordingCorpus
from kilovox.corpus.fsdd import FINGERPRINT
from kilovox.corpus.splits import judging_indices
from kilovox.errors import KilovoxError
from kilovox.evaluation.intervals import speaker_interval
from kilovox.evaluation.metrics import confusion_matrix, wilson_interval
from kilovox.evaluation.robustness import Robustness, robustness
from kilovox.evaluation.scores import REJECTED, Answers, Evaluation, Misclassified, Others, SpeakerScore
from kilovox.frontend.corpus_features import blocks, check_length
from kilovox.integer.model_file import Metadata, short_hash
from kilovox.integer.outcome import LABEL, NAMES, NOTHING, UNKNOWN
from kilovox.integer.recogniser import Decisions, Recogniser
from kilovox.native.fast import fast_raw_features
from kilovox.text import shown

__all__ = ["Evaluation", "Misclassified", "Others", "SpeakerScore", "evaluate", "evaluate_robustness", "known_as"]


@dataclass(frozen=True)
class Judged:
    """`truth`: label by place in the corpus; `part`: those recordings; `others`: places of words that the model does not know;
    `seen`: names of those that it was trained on."""

    split: str
    truth: dict[int, int]
    part: Corpus
    others: list[int]
    seen: list[str]


def splitting_of(metadata: Metadata) -> DataSplitting:
    """As the model was trained. Raises KilovoxError where its metadata say nothing that could be."""
    values = metadata.configuration.get("data_splitting", {})
    try:
        return DataSplitting.model_validate(values)
    except ValidationError:
        raise KilovoxError(
            f"{metadata.name}: metadata configuration.data_splitting {shown(values)}; expected split, test_size, ..."
        ) from None


def evaluate(recogniser: Recogniser, corpus: Corpus, split: str | None = None, allow_trained: bool = False) -> Evaluation:
    """Judge a model on the recordings of `corpus` that `split` names: random, official, speaker:NAME or all.

    Without a split: on the corpus the model was trained on, the split it was trained with; on any other corpus, all of it.
    `random` is drawn as in training (test_size and random_state of the model's configuration). Recordings of words that the
    model does not know, as labels or aliases, are left out of accuracy; it is counted how many are taken for one that it does.

    Raises KilovoxError for a split this corpus does not have, where nothing is left to judge and, unless `allow_trained`,
    where the model was trained on one of the recordings.
    """
    metadata = recogniser.model.metadata
    quiet = set(nothing_words(metadata))
    judged = judged_part(metadata, corpus, split, allow_trained)
    decisions = _decided(recogniser, judged.part)
    truth = np.array(list(judged.truth.values()), np.int64)
    accepted = decisions.outcomes == LABEL
    confusion = confusion_matrix(truth[accepted], decisions.indices[accepted], len(metadata.labels))
    right = accepted & (decisions.indices == truth)
    wrong = [
        Misclassified(
            recording=corpus.recordings[index].name,
            truth=metadata.labels[truth[place]],
            predicted=metadata.labels[decisions.indices[place]] if accepted[place] else None,
            confidence=float(decisions.confidence[place]),
            index=index,
            outcome=NAMES[decisions.outcomes[place]],
        )
        for place, index in enumerate(judged.truth)
        if not right[place]
    ]
    silent = [index for index in judged.others if corpus.recordings[index].label in quiet]
    strange = [index for index in judged.others if corpus.recordings[index].label not in quiet]
    others, unknown = _others(recogniser, corpus, strange, decisions)
    missed = [_by_label(truth[decisions.outcomes == outcome], len(metadata.labels)) for outcome in (UNKNOWN, NOTHING)]
    return Evaluation(
        model=metadata.name,
        corpus=corpus.name,
        fingerprint=corpus.fingerprint,
        split=judged.split,
        labels=metadata.labels,
        confusion=tuple(map(tuple, confusion.tolist())),
        speakers=_speaker_scores(corpus, list(judged.truth), {one.index for one in wrong}),
        misclassified=tuple(wrong),
        others=others,
        trained_on=len(judged.seen),
        sample_rate=recogniser.front_end.sample_rate,
        rejected=missed[0],
        nothing=missed[1],
        likeliest=int((decisions.likeliest == truth).sum()),
        answers=_answers(judged.part, right, unknown, _silences(recogniser, corpus, silent)) if judged.others else None,
    )


Right = tuple[Corpus, npt.NDArray[np.bool_]]
"""Recordings, and whether the answer to each is right."""


def nothing_words(metadata: Metadata) -> tuple[str, ...]:
    """The words whose recordings hold nothing to be heard, as it was trained. Raises KilovoxError for what is no words."""
    values = metadata.configuration.get("vocabulary") or {}
    words = values.get("nothing", ()) if isinstance(values, dict) else None
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise KilovoxError(
            f"{metadata.name}: metadata configuration.vocabulary {shown(values)}; expected keys and values, nothing: words"
        )
    return tuple(words)


def _silences(recogniser: Recogniser, corpus: Corpus, places: Sequence[int]) -> Right | None:
    """Nothing is to be heard in these."""
    part = corpus.subset(places) if places else None
    return None if part is None else (part, _decided(recogniser, part).outcomes == NOTHING)


def _answers(words: Corpus, right: npt.NDArray[np.bool_], unknown: Right | None, silence: Right | None) -> Answers:
    kinds: list[Right | None] = [(words, right), unknown, silence]
    total: Counter[str | None] = Counter()
    correct: Counter[str | None] = Counter()
    for part, answers in (kind for kind in kinds if kind is not None):
        for one, answered in zip(part.recordings, answers.tolist(), strict=True):
            total[one.speaker] += 1
            correct[one.speaker] += answered
    # Who is not named may be one person; so is nobody.
    counts = [(0, 0) if kind is None else (int(kind[1].sum()), len(kind[1])) for kind in kinds]
    by_speaker = speaker_interval([correct[one] for one in total], list(total.values()))
    interval = by_speaker.pair if by_speaker else wilson_interval(correct.total(), total.total())
    return Answers(counts[0], counts[1], counts[2], interval)


def _by_label(truth: npt.NDArray[np.int64], labels: int) -> tuple[int, ...]:
    return tuple(np.bincount(truth, minlength=labels).tolist())


def _decided(recogniser: Recogniser, corpus: Corpus) -> Decisions:
    """On every recording of `corpus`."""
    if not (recogniser.listens and isinstance(corpus, RecordingCorpus)):
        return recogniser.decide(recogniser.corpus_features(corpus))
    # Features of what is heard after a recording are not those that the cache keeps of it.
    front_end = recogniser.front_end

    def heard(place: int) -> Samples:
        samples = corpus.samples(place, front_end.sample_rate)
        check_length(samples, front_end, corpus.recordings[place].where)
        return recogniser.heard_out(samples)

    read = blocks(range(len(corpus)), heard)
    return recogniser.decide([one for _, block in read for one in fast_raw_features(front_end, block)])


def _others(recogniser: Recogniser, corpus: Corpus, places: Sequence[int], known: Decisions) -> tuple[Others, Right | None]:
    """How many of the words that the model does not know it takes for one that it does, and which it rejects; `known`: what it
    makes of those that it knows."""
    if not places:
        return Others(), None
    part = corpus.subset(places)
    decisions = _decided(recogniser, part)
    taken = np.array([label != vocabulary.UNKNOWN for label in recogniser.labels])[decisions.indices]
    accepted = taken & (decisions.outcomes == LABEL)
    sure = np.sort(known.confidence * (known.outcomes != NOTHING))[int(REJECTED * len(known.confidence))]
    surely = taken & (decisions.outcomes != NOTHING) & (decisions.confidence >= sure)
    rejected = ~accepted & (decisions.outcomes != NOTHING)
    return Others(len(places), int(accepted.sum()), int(surely.sum())), (part, rejected)


def evaluate_robustness(
    recogniser: Recogniser, corpus: Corpus, split: str | None = None, allow_trained: bool = False
) -> Robustness:
    """Judge a model on the same recordings as `evaluate` under every condition of kilovox.evaluation.robustness.

    Raises KilovoxError as `evaluate` does, and for a corpus without sound.
    """
    found = judged_part(recogniser.model.metadata, corpus, split, allow_trained)
    judged = found.part
    if not isinstance(judged, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, for noise and rooms to be added")
    rate = recogniser.front_end.sample_rate
    return robustness(recogniser, [judged.samples(index, rate) for index in range(len(judged))], list(found.truth.values()))


def judged_part(metadata: Metadata, corpus: Corpus, split: str | None, allow_trained: bool) -> Judged:
    """The recordings of `corpus` that judge the model, as `evaluate` says, which raises what this raises."""
    if split is None:
        split = metadata.trained_on.split if corpus.fingerprint == metadata.trained_on.fingerprint else "all"
    splitting = splitting_of(metadata)
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
    seen = [one.name for one in judged.recordings] if whole else seen_in_training(metadata, judged)
    if seen and not allow_trained:
        raise KilovoxError(
            f"{metadata.name} was trained on {len(seen)} of the {len(judged)} recordings of split {split} of {corpus.where}, "
            f"such as {seen[0]}; expected none: choose another split (it was trained with {metadata.trained_on.split}), or "
            "judge them all the same with --include-trained"
        )
    return Judged(split, truth, judged, [index for index, place in words.items() if place is None], seen)


def known_as(metadata: Metadata, word: str) -> str:
    """The label that the model gives to `word`: a label stands for itself, then the aliases count."""
    return word if word in metadata.labels else metadata.aliases.get(word, word)


def seen_in_training(metadata: Metadata, judged: Corpus) -> list[str]:
    """The names of those recordings that the model was trained on, known by their sound."""
    trained = {short_hash(digest) for digest in metadata.trained_on.recordings}
    return [one.name for one, digest in zip(judged.recordings, judged.hashes, strict=True) if short_hash(digest) in trained]


def _speaker_scores(corpus: Corpus, judged: Sequence[int], wrong: Collection[int]) -> tuple[SpeakerScore, ...]:
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for index in judged:
        speaker = corpus.recordings[index].speaker
        if speaker is not None:
            total[speaker] += 1
            right[speaker] += index not in wrong
    return tuple(SpeakerScore(speaker, right[speaker], total[speaker]) for speaker in sorted(total))
