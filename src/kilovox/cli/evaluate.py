"""kilovox evaluate: a model judged on recordings it was not trained on."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from kilovox.config.data import Task
    from kilovox.evaluation.evaluate import Evaluation
    from kilovox.evaluation.robustness import Robustness

SHOWN = 20
"""Misclassified recordings and speakers listed on a terminal; --json has all of them."""

PAGE = b"<!DOCTYPE html>"
"""How a report begins."""

TASKS: dict[str, "Task"] = {"12": 12, "35": 35}

ENOUGH = 10
"""Recordings of a speaker that make a line of its own worth reading, where there are many speakers."""


@click.command("evaluate")
@click.argument("model")
@click.option(
    "--corpus",
    "folder",
    type=click.Path(path_type=Path),
    help="The recordings to judge on.  [default: those of the model's run; FSDD for a bundled model or one of digits]",
)
@click.option(
    "--split",
    metavar="random|official|speaker:NAME|fold:K/N|all",
    help="Which of them.  [default: the model's own split on the corpus it was trained on, all of any other]",
)
@click.option("--task", type=click.Choice(tuple(TASKS)), help="Of Speech Commands: 12 classes, or the 35 words.")
@click.option("--include-trained", is_flag=True, help="Judge what the model was trained on as well, and say how much.")
@click.option("--robustness", "robust", is_flag=True, help="Judge in noise, rooms, at other levels, speeds and rates too.")
@click.option("--spotting", is_flag=True, help="Judge in long sound too: words joined, and what the next five options name.")
@click.option(
    "--gaps",
    metavar="whole,SECONDS,...",
    help="Between words joined; whole: recordings as they are.  [default: whole,0,0.2,0.6]",
)
@click.option("--utterances", type=click.Path(path_type=Path), help="Transcribed utterances: a folder with utterances.csv.")
@click.option("--speakers", metavar="fold:K/N|speaker:NAME|all", help="Whose utterances.  [default: all]")
@click.option(
    "--speech", multiple=True, type=click.Path(path_type=Path), help="Sound without any of the words: a file or a folder."
)
@click.option("--noise", type=click.IntRange(1, 600), metavar="MINUTES", help="So much noise without speech, of every kind.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a report with figures and sounds, an HTML file, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    model: str,
    folder: Path | None,
    split: str | None,
    task: str | None,
    include_trained: bool,
    robust: bool,
    spotting: bool,
    gaps: str | None,
    utterances: Path | None,
    speakers: str | None,
    speech: tuple[Path, ...],
    noise: int | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Judge MODEL, a file or the name of a bundled model, on recordings it was not trained on."""
    from kilovox.cli.spotting import show_spotting, sources_of
    from kilovox.evaluation.evaluate import evaluate, evaluate_robustness
    from kilovox.evaluation.own_corpus import corpus_for, own_corpus
    from kilovox.evaluation.spotting.evaluate import evaluate_spotting
    from kilovox.native.fast import open_fast_recogniser

    sources = sources_of(spotting, gaps, utterances, speakers, speech, noise)
    if report is not None:
        _check_report(report)  # before minutes of listening in vain
    recogniser = open_fast_recogniser(model)
    if folder is not None:
        corpus = corpus_for(recogniser.model.metadata, folder, TASKS.get(task or ""))
    else:
        corpus = own_corpus(model, recogniser.model.metadata, quiet=as_json)
    result = evaluate(recogniser, corpus, split, allow_trained=include_trained)
    table = evaluate_robustness(recogniser, corpus, split, allow_trained=include_trained) if robust else None
    long = evaluate_spotting(recogniser, corpus, split, sources, include_trained, quiet=as_json) if sources else None
    if report is not None:
        from kilovox.evaluation.report.evaluation import report_evaluation

        said = f"kilovox evaluate {model}" + (f" --corpus {folder}" if folder else "") + (f" --split {split}" if split else "")
        said += " --include-trained" * include_trained + " --robustness" * robust + (sources.said if sources else "")
        report_evaluation(report, recogniser, result, table, corpus, said, long)
    if as_json:
        values = result.as_json() | ({"robustness": table.as_json()} if table else {})
        click.echo(json.dumps(values | ({"spotting": long.as_json()} if long else {})))
        return
    _show(result)
    if table:
        show_robustness(table)
    if long:
        show_spotting(long)


def _check_report(path: Path) -> None:
    """Raise KilovoxError where a report cannot be written, or would take the place of something else: a model, a recording."""
    from kilovox.errors import KilovoxError
    from kilovox.files import check_file

    check_file(path)
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(len(PAGE))
        if head and head != PAGE:
            raise KilovoxError(f"{path}: holds something else than a report; name another file")


def show_robustness(result: "Robustness") -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kilovox.evaluation.robustness import JUDGED_DB

    table = Table("condition", title="Robustness")
    table.add_column("right", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_column("other decisions", justify="right")
    for score in result.scores:
        right = f"{score.correct}/{score.recordings}"
        table.add_row(Text(score.condition), right, f"{score.accuracy:.2%}", f"{score.changed}")
    table.add_section()
    table.add_row(f"mean over noises at {JUDGED_DB} dB, of clean", "", f"{result.kept_in_noise:.2%}", "")
    Console().print(table)


def outcomes_in_words(outcomes: "Mapping[str, int]") -> str:
    """What came of how many recordings."""
    return ", ".join(f"{name} {count:,}" for name, count in outcomes.items())


def _show(result: "Evaluation") -> None:
    from rich.console import Console

    from kilovox.evaluation.metrics import classification_report
    from kilovox.evaluation.scores import REJECTED

    console = Console()
    low, high = result.interval
    by_speaker = result.interval_speakers
    counted = f"counting {len(result.speakers):,} speakers" if by_speaker else "counting recordings"
    first = (
        f"{result.model} on {result.corpus}, split {result.split}: {result.correct} of {result.recordings} right, "
        f"{result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}, {counted})"
    )
    lines = [first]
    if by_speaker:
        least, most = result.interval_recordings
        lines.append(f"interval if every recording were another person's: {least:.2%} to {most:.2%}")
    if sum(result.missed):
        lines.append(outcomes_in_words(result.outcomes))
        lines.append(f"if nothing were rejected: {result.likeliest} right, {result.likeliest / result.recordings:.2%}")
    if result.left_out:
        others = result.others
        lines.append(
            f"{others.recordings} recordings of words the model does not know were left out; {others.accepted} of them are "
            f"taken for one that it does, {others.accepted_surely} where {REJECTED:.0%} of those it knows are rejected"
        )
    if result.answers:
        kinds = (("words", result.answers.words), ("unknown", result.answers.unknown), ("silence", result.answers.silence))
        least, most = result.answers.interval
        lines.append(
            f"where other words and nothing are answers too: {result.answers.correct} of {result.answers.recordings} right, "
            f"{result.answers.correct / result.answers.recordings:.2%} (95 % interval {least:.2%} to {most:.2%}): "
            + ", ".join(f"{name} {right:,} of {count:,}" for name, (right, count) in kinds if count)
        )
    if result.trained_on:
        lines.append(f"{result.trained_on} of the {result.recordings} recordings were trained on")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{classification_report(result.confusion, result.labels, result.missed)}", markup=False, highlight=False)
    console.print(_confusion_table(result))
    if result.speakers:
        console.print(_speaker_table(result))
    if result.misclassified:
        console.print(_misclassified_table(result))


def _confusion_table(result: "Evaluation") -> "Table":
    from rich.table import Table
    from rich.text import Text

    extra = {name: counts for name, counts in (("rejected", result.rejected), ("nothing", result.nothing)) if any(counts)}
    table = Table("spoken", title="Confusion matrix: spoken by decided")
    for label in (*result.labels, *extra):
        table.add_column(Text(label), justify="right")
    for index, (label, row) in enumerate(zip(result.labels, result.confusion, strict=True)):
        counts = (*row, *(values[index] for values in extra.values()))
        table.add_row(Text(label), *(str(count) if count else "." for count in counts))
    return table


def _speaker_table(result: "Evaluation") -> "Table":
    """Each speaker; where there are many, those with enough recordings to say anything, and how the others fare together."""
    from rich.table import Table
    from rich.text import Text

    many = len(result.speakers) > SHOWN
    ordered = sorted(result.speakers, key=lambda score: (score.accuracy, score.speaker))
    alone = [score for score in ordered if not many or score.recordings >= ENOUGH]
    table = Table("speaker", title=_title("Speakers", len(alone), ", worst first"))
    table.add_column("right", justify="right")
    table.add_column("accuracy", justify="right")
    for score in alone[:SHOWN]:
        table.add_row(Text(score.speaker), f"{score.correct}/{score.recordings}", f"{score.accuracy:.2%}")
    few = [score for score in ordered if score not in alone]
    if few:
        table.add_section()
        kinds = {
            "all right": [score for score in few if score.correct == score.recordings],
            "some right": [score for score in few if 0 < score.correct < score.recordings],
            "none right": [score for score in few if score.correct == 0],
        }
        for name, scores in kinds.items():
            right, total = sum(score.correct for score in scores), sum(score.recordings for score in scores)
            if scores:
                said = f"{len(scores):,} speaker{'s' * (len(scores) > 1)} of fewer than {ENOUGH} recordings, {name}"
                table.add_row(said, f"{right}/{total}", f"{right / total:.2%}")
    return table


def _misclassified_table(result: "Evaluation") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("recording", "spoken", "decided", title=_title("Misclassified", len(result.misclassified)))
    table.add_column("confidence", justify="right")
    for one in result.misclassified[:SHOWN]:
        decided = one.predicted if one.predicted is not None else f"({one.outcome})"
        table.add_row(Text(one.recording), Text(one.truth), Text(decided), f"{one.confidence:.3f}")
    return table


def _title(name: str, count: int, order: str = "") -> str:
    return f"{name}{order} ({SHOWN} of {count})" if count > SHOWN else f"{name}{order}"
