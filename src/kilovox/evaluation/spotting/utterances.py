"""Whole utterances: which judge, which words of the vocabulary are spoken in them, and which say nothing of either."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kilovox.audio import stream_audio
from kilovox.corpus.utterances import Utterance, UtteranceCorpus
from kilovox.corpus.vocabulary import default_vocabulary, digits
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import known_as, seen_in_training, splitting_of
from kilovox.evaluation.spotting.material import Material
from kilovox.evaluation.spotting.passages import Passage, Spoken
from kilovox.integer.model_file import Metadata

_TENS = ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine")
_TEENS = ("thir", "four", "fif", "six", "seven", "eigh", "nine")
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)
NUMBERS = (
    frozenset({"ten", "eleven", "twelve", "hundred", "hundredth", "thousand", "thousandth", "million", "billion", *_ORDINALS})
    | {stem + ending for stem in _TENS for ending in ("ty", "tieth")}
    | {stem + ending for stem in _TEENS for ending in ("teen", "teenth")}
)
"""Words of numbers that are no digits: some begin as one does, and who says them says no digit."""

ALL = "all"


@dataclass(frozen=True)
class Chosen:
    """Utterances of which words of the vocabulary are spoken, those of which none is, and what is to be said of the others;
    `said`: who the speakers are."""

    words: Material | None
    speech: Material | None
    said: str
    notes: tuple[str, ...]


def chosen_utterances(
    corpus: UtteranceCorpus, metadata: Metadata, speakers: str | None, allow_trained: bool, rate: int
) -> Chosen:
    """The utterances of `corpus` that judge a model, of `speakers`: all, speaker:NAME or fold:K/N, as splits have them.

    Words of the vocabulary are the model's labels and aliases, and the words of the digits where it knows digits. Where it
    does, utterances with another number (NUMBERS) in them are left out.

    Raises KilovoxError for speakers that are not there and, unless `allow_trained`, where the model was trained on one of them.
    """
    choice = ALL if speakers is None else speakers
    utterances, seen = _judging(corpus, metadata, choice, allow_trained)
    asked = set(metadata.labels) & set(digits().labels or ())
    numbers = {word for word in NUMBERS if asked and label_of(metadata, word) is None}
    left = [one for one in utterances if not any(word.word in numbers for word in one.words)]
    strange = len(utterances) - len(left)
    if not left:
        raise KilovoxError(
            f"{corpus.where} ({choice}): all {strange} utterances have numbers that are no digits; expected others"
        )
    spoken = [one for one in left if spoken_words(metadata, one)]
    silent = [one for one in left if not spoken_words(metadata, one)]
    notes = []
    if strange:
        notes.append(f"{strange} utterances of {corpus.name} with numbers that are no digits were left out")
    if seen:
        notes.append(f"{seen} utterances of {corpus.name} were trained on")
    people = [len({one.speaker for one in some if one.speaker is not None}) for some in (utterances, corpus.utterances)]
    return Chosen(
        _material(f"utterances of {corpus.name}", spoken, metadata, rate),
        _material(f"other utterances of {corpus.name}", silent, metadata, rate),
        f"{choice}, {people[0]} of {people[1]} of {corpus.name}",
        tuple(notes),
    )


def _judging(corpus: UtteranceCorpus, metadata: Metadata, choice: str, allow_trained: bool) -> tuple[list[Utterance], int]:
    """Those of the speakers chosen, and how many of them the model was trained on."""
    if choice != ALL and not choice.startswith(("speaker:", "fold:")):
        raise KilovoxError(f"--speakers {choice!r}: expected all, speaker:NAME or fold:K/N")
    indices = corpus.judging(choice, splitting_of(metadata).random_state).tolist()
    judged = corpus.subset(indices)
    seen = seen_in_training(metadata, judged.sounds)
    if seen and not allow_trained:
        raise KilovoxError(
            f"{metadata.name} was trained on {len(seen)} of the {len(judged)} utterances of {corpus.where} ({choice}), such as "
            f"{seen[0]}; expected none: choose others (--speakers), or judge them all the same with --include-trained"
        )
    return list(judged.utterances), len(seen)


def label_of(metadata: Metadata, word: str) -> str | None:
    """What the model calls `word`; None for one that it does not know."""
    label = known_as(metadata, word)
    if label not in metadata.labels:
        label = default_vocabulary().words.get(word, word)
    return label if label in metadata.labels else None


def spoken_words(metadata: Metadata, utterance: Utterance) -> tuple[Spoken, ...]:
    """The words of the vocabulary in it, in order."""
    labelled = ((label_of(metadata, word.word), word) for word in utterance.words)
    return tuple(Spoken(label, utterance.speaker, word.end) for label, word in labelled if label is not None)


def _material(name: str, utterances: Sequence[Utterance], metadata: Metadata, rate: int) -> Material | None:
    def read() -> Iterator[Passage]:
        for one in utterances:
            yield Passage(one.name, stream_audio(one.path, rate, rate, one.raw), spoken_words(metadata, one))

    return Material(name, read(), len(utterances)) if utterances else None
