"""A model judged in long sound: words of a corpus joined, whole utterances, and speech without any word of the vocabulary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kilovox.corpus.base import Corpus
from kilovox.corpus.sound_hash import sound_hash
from kilovox.corpus.utterances import open_utterances
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import judged_part
from kilovox.evaluation.spotting.material import (
    GAPS,
    Material,
    noises,
    other_strings,
    read_gaps,
    speech_files,
    with_sound,
    word_strings,
)
from kilovox.evaluation.spotting.scores import Heard, SpeechScore, WordScore, hear
from kilovox.evaluation.spotting.spotting import Spotting
from kilovox.evaluation.spotting.utterances import Chosen, chosen_utterances
from kilovox.integer.detection import Detector
from kilovox.integer.model_file import Metadata, short_hash
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import fast_detector

Listen = Callable[[Material], tuple[Heard, ...]]


@dataclass(frozen=True)
class Sources:
    """What is listened to besides the words of a corpus. gaps: between those, as `material.read_gaps` reads them; speakers:
    whose utterances; noise: minutes of it."""

    gaps: str = GAPS
    utterances: Path | None = None
    speakers: str | None = None
    speech: tuple[Path, ...] = ()
    noise: int = 0

    @property
    def said(self) -> str:
        """As options of the command."""
        text = " --spotting" + (f" --gaps {self.gaps}" if self.gaps != GAPS else "")
        text += f" --utterances {self.utterances}" if self.utterances else ""
        return (
            text
            + (f" --speakers {self.speakers}" if self.speakers is not None else "")
            + "".join(f" --speech {one}" for one in self.speech)
            + (f" --noise {self.noise}" if self.noise else "")
        )


def evaluate_spotting(
    recogniser: Recogniser,
    corpus: Corpus,
    split: str | None = None,
    sources: Sources | None = None,
    allow_trained: bool = False,
    quiet: bool = True,
) -> Spotting:
    """Judge a model that listens in long sound; the words are those that `kilovox.evaluation.evaluate.evaluate` judges.

    quiet: without a progress bar on standard error. Raises KilovoxError for a model that does not listen, where `evaluate`
    does, for a corpus without sound, for sources that are not there and, unless `allow_trained`, for sound that the model was
    trained on.
    """
    sources = sources or Sources()
    metadata, detector = recogniser.model.metadata, fast_detector(recogniser)
    gaps, rate = read_gaps(sources.gaps), detector.rate
    judged = judged_part(metadata, with_sound(corpus), split, allow_trained)
    words = {gap: word_strings(judged, metadata.labels, seconds, rate) for gap, seconds in gaps.items()}
    others = other_strings(corpus.subset(judged.others), rate) if judged.others else None
    chosen = _utterances(sources, metadata, allow_trained, rate)
    speech = [chosen.speech] if chosen.speech else []
    speech += [_speech(path, metadata, allow_trained, rate) for path in sources.speech]
    noise = noises(sources.noise, rate) if sources.noise else None
    everything = [
        *words.values(),
        *([others] if others else []),
        *([chosen.words] if chosen.words else []),
        *speech,
        *([noise] if noise else []),
    ]
    with _listening(detector, everything, quiet) as listen:
        return Spotting(
            strings={gap: WordScore(material.name, listen(material)) for gap, material in words.items()},
            utterances=WordScore(chosen.words.name, listen(chosen.words)) if chosen.words else None,
            others=SpeechScore(others.name, listen(others)) if others else None,
            speech=tuple(SpeechScore(material.name, listen(material)) for material in speech),
            noise=SpeechScore(noise.name, listen(noise)) if noise else None,
            chosen=chosen.said,
            notes=chosen.notes,
        )


def _utterances(sources: Sources, metadata: Metadata, allow_trained: bool, rate: int) -> Chosen:
    if sources.utterances is None:
        if sources.speakers is not None:
            raise KilovoxError(f"--speakers {sources.speakers}: says whose utterances judge; expected --utterances with it")
        return Chosen(None, None, "", ())
    return chosen_utterances(open_utterances(sources.utterances), metadata, sources.speakers, allow_trained, rate)


def _speech(path: Path, metadata: Metadata, allow_trained: bool, rate: int) -> Material:
    material, paths = speech_files(path, rate)
    trained = {short_hash(digest) for digest in metadata.trained_on.recordings}
    seen = [one for one in paths if not allow_trained and _hash(one) in trained]
    if seen:
        raise KilovoxError(
            f"--speech {path}: {metadata.name} was trained on {len(seen)} of its {len(paths)} files, such as {seen[0].name}; "
            "expected none, or --include-trained"
        )
    return material


def _hash(path: Path) -> str:
    """Of one that is too long to be trained on, or that cannot be read, which is said when it is listened to: nothing."""
    try:
        return short_hash(sound_hash(path))
    except KilovoxError:
        return ""


@contextmanager
def _listening(detector: Detector, everything: list[Material], quiet: bool) -> Iterator[Listen]:
    """How all of it is listened to, with a bar on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("listening", total=sum(material.count for material in everything))

        def listen(material: Material) -> tuple[Heard, ...]:
            bar.update(task, description=material.name)
            heard = []
            for passage in material.passages:
                heard.append(hear(detector, passage))
                bar.advance(task)
            return tuple(heard)

        yield listen
