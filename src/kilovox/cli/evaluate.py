"""kilovox evaluate: a model judged on recordings it was not trained on."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kilovox.corpus.open import open_corpus_at, open_default_corpus
from kilovox.evaluation.evaluate import Evaluation, evaluate, evaluate_robustness
from kilovox.evaluation.metrics import classification_report
from kilovox.evaluation.robustness import JUDGED_DB, Robustness
from kilovox.native.fast import open_fast_recogniser

SHOWN = 20
"""Misclassified recordings and speakers listed on a terminal; --json has all of them."""


@click.command("evaluate")
@click.argument("model")
@click.option("--corpus", "folder", type=click.Path(path_type=Path), help="The recordings to judge on.  [default: FSDD]")
@click.option(
    "--split",
    metavar="random|official|speaker:NAME|all",
    help="Which of them.  [default: the model's own split on the corpus it was trained on, all of any other]",
)
@click.option("--include-trained", is_flag=True, help="Judge what the model was trained on as well, and say how much.")
@click.option("--robustness", "robust", is_flag=True, help="Judge in noise, rooms, other levels and speeds too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(model: str, folder: Path | None, split: str | None, include_trained: bool, robust: bool, as_json: bool) -> None:
    """Judge MODEL, a file or the name of a bundled model, on recordings it was not trained on."""
    recogniser = open_fast_recogniser(model)
    corpus = open_corpus_at(folder) if folder is not None else open_default_corpus(quiet=as_json)
    result = evaluate(recogniser, corpus, split, allow_trained=include_trained)
    table = evaluate_robustness(recogniser, corpus, split, allow_trained=include_trained) if robust else None
    if as_json:
        click.echo(json.dumps(result.as_json() | ({"robustness": table.as_json()} if table else {})))
        return
    _show(result)
    if table:
        show_robustness(table)


def show_robustness(result: Robustness) -> None:
    """Print the table."""
    table = Table("condition", title="Robustness")
    table.add_column("right", justify="right")
    table.add_column("accuracy", justify="right")
    for score in result.scores:
        table.add_row(Text(score.condition), f"{score.correct}/{score.recordings}", f"{score.accuracy:.2%}")
    table.add_section()
    table.add_row(f"mean over noises at {JUDGED_DB} dB, of clean", "", f"{result.kept_in_noise:.2%}")
    Console().print(table)


def _show(result: Evaluation) -> None:
    console = Console()
    low, high = result.interval
    console.print(
        f"{result.model} on {result.corpus}, split {result.split}: {result.correct} of {result.recordings} right, "
        f"{result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%})",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    if result.left_out:
        console.print(f"{result.left_out} recordings of words the model does not know were left out", highlight=False)
    if result.trained_on:
        console.print(f"{result.trained_on} of the {result.recordings} recordings were trained on", highlight=False)
    console.print(f"\n{classification_report(result.confusion, result.labels)}", markup=False, highlight=False)
    console.print(_confusion_table(result))
    if result.speakers:
        console.print(_speaker_table(result))
    if result.misclassified:
        console.print(_misclassified_table(result))


def _confusion_table(result: Evaluation) -> Table:
    table = Table("spoken", title="Confusion matrix: spoken by decided")
    for label in result.labels:
        table.add_column(Text(label), justify="right")
    for label, row in zip(result.labels, result.confusion, strict=True):
        table.add_row(Text(label), *(str(count) if count else "." for count in row))
    return table


def _speaker_table(result: Evaluation) -> Table:
    table = Table("speaker", title=_title("Speakers", len(result.speakers), ", worst first"))
    table.add_column("right", justify="right")
    table.add_column("accuracy", justify="right")
    for score in sorted(result.speakers, key=lambda score: (score.accuracy, score.speaker))[:SHOWN]:
        table.add_row(Text(score.speaker), f"{score.correct}/{score.recordings}", f"{score.accuracy:.2%}")
    return table


def _misclassified_table(result: Evaluation) -> Table:
    table = Table("recording", "spoken", "decided", title=_title("Misclassified", len(result.misclassified)))
    table.add_column("confidence", justify="right")
    for one in result.misclassified[:SHOWN]:
        table.add_row(Text(one.recording), Text(one.truth), Text(one.predicted), f"{one.confidence:.3f}")
    return table


def _title(name: str, count: int, order: str = "") -> str:
    return f"{name}{order} ({SHOWN} of {count})" if count > SHOWN else f"{name}{order}"
