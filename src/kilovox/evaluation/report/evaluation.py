"""The report of one model judged on one corpus."""

from pathlib import Path

from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.evaluation.evaluate import Evaluation, known_as
from kilovox.evaluation.report.report import (
    CorpusFacts,
    Report,
    Run,
    pictures_of,
    provenance_of,
    robustness_section,
    write_report,
)
from kilovox.evaluation.report.tradeoff import spotting_sections
from kilovox.evaluation.robustness import Robustness
from kilovox.evaluation.spotting.spotting import Spotting
from kilovox.integer.recogniser import Recogniser


def report_evaluation(
    path: Path,
    recogniser: Recogniser,
    result: Evaluation,
    robustness: Robustness | None,
    corpus: Corpus,
    command: str,
    spotting: Spotting | None = None,
) -> None:
    """Write `path`: figures by label and speaker, and the recordings that were not decided right, to be heard.

    Raises KilovoxError where it cannot be written.
    """
    metadata = recogniser.model.metadata
    run = Run(
        name=result.model, task="", size=recogniser.size, evaluations={result.split: result}, seconds=None,
        provenance=provenance_of(recogniser.model), front_end="integer" if recogniser.engine is not None else "float",
        method="",
    )  # fmt: skip
    known = [label for label in corpus.labels if known_as(metadata, label) in metadata.labels]
    pictures = pictures_of(recogniser.front_end, corpus, known) if isinstance(corpus, RecordingCorpus) else ()
    sections = [robustness_section(robustness)] if robustness else []
    sections += spotting_sections(spotting) if spotting else []
    report = Report(
        title=f"{result.model} on {result.corpus}", command=command, corpora=(CorpusFacts.of(corpus),), runs=(run,),
        seconds=None, sections=tuple(sections), pictures=pictures,
        text=_same_people(recogniser, corpus, result),
    )  # fmt: skip
    write_report(path, report, [corpus])


def _same_people(recogniser: Recogniser, corpus: Corpus, result: Evaluation) -> str:
    """Whether those who judge were in training."""
    trained = recogniser.model.metadata.trained_on
    if trained.fingerprint != corpus.fingerprint:
        return (
            f"Split {result.split}. Trained on {trained.corpus}, judged on {corpus.name}. Whether some speakers are in both "
            "is not known from their names; recordings that are in both would have been refused."
        )
    if trained.split.startswith(("speaker:", "fold:")) and trained.split == result.split:
        return f"Split {result.split}. The speakers who judge were not in training."
    return f"Split {result.split}. Speakers who judge may be in training too: how strangers are understood is not said."
