"""Everything a run found, as one HTML file that needs no other: figures as SVG, sounds as data, no script, no request."""

import base64
import io
import math
import re
import sys
import wave
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from matplotlib.figure import Figure

from kilovox.audio import Samples
from kilovox.budget import Scope, Size
from kilovox.config import AnyFrontEnd, FixedPointFrontEnd
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.evaluation.evaluate import Evaluation, Misclassified
from kilovox.evaluation.latency import Latency
from kilovox.evaluation.metrics import macro_average, weighted_average
from kilovox.evaluation.report import plots
from kilovox.evaluation.report.plots import Picture
from kilovox.evaluation.robustness import JUDGED_DB, Robustness
from kilovox.evaluation.scores import REJECTED
from kilovox.figures import WIDTH
from kilovox.files import write_text
from kilovox.frontend.corpus_features import corpus_features
from kilovox.integer.model_file import Model

PACKAGES = ("kilovox", "numpy", "torch", "safetensors", "soundfile")
"""Whose versions the report names, where they are installed."""


_FIGURE = re.compile(r"|[-+]?[0-9][0-9.,]*(?: ?%)?|[0-9]+/[0-9]+")


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, as far as they are installed."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class CorpusFacts:
    """What there is to know of a corpus."""

    name: str
    fingerprint: str
    recordings: int
    speakers: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, corpus: Corpus) -> "CorpusFacts":
        """The facts of `corpus`."""
        return cls(corpus.name, corpus.fingerprint, len(corpus), corpus.speakers, corpus.labels)


@dataclass(frozen=True)
class Run:
    """One network, trained and judged.

    `limit`: bytes that `scope` of it may take (None: no budget). `history`: one mapping an epoch, with the keys epoch, loss,
    accuracy, validation_loss, validation_accuracy, learning_rate. `evaluations` by split. `seconds`: of training, where it was
    trained here. `seeds`: by split, the accuracy (a fraction) of the same network trained with each seed, the one shown in
    detail among them. `task`: a letter, or "" where there is none. `method`: float, PTQ or QAT, "" where it is not known;
    `front_end`: float or integer.
    """

    name: str
    task: str
    size: Size
    evaluations: Mapping[str, Evaluation]
    seconds: float | None
    limit: int | None = None
    scope: Scope = "model"
    history: Sequence[Mapping[str, Any]] = ()
    latency: Latency | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    method: str = "float"
    front_end: str = "float"

    @property
    def task_shown(self) -> str:
        """A letter is a task's name."""
        return self.task.upper() if len(self.task) == 1 else self.task

    @property
    def title(self) -> str:
        """What its part of the report is called."""
        return f"Task {self.task_shown}: {self.name}" if len(self.task) == 1 else self.name

    @property
    def arithmetic(self) -> str:
        """float32, int8 or pow2."""
        return self.size.arithmetic

    @property
    def network(self) -> str:
        """Layers and units, such as 2 x LSTM 24."""
        return self.size.network

    def accuracy(self, split: str) -> float:
        """Accuracy under `split`, a fraction: the mean over the seeds, where it was trained with several."""
        seeds = self.seeds.get(split)
        return fmean(seeds.values()) if seeds else self.evaluations[split].accuracy


@dataclass(frozen=True)
class Table:
    """Cells are shown as they are, whole numbers with their thousands parted: fractions are to be formatted by who makes it."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Column by column, whether it holds figures alone, which are set to the right."""
        columns = [[str(row[place]) for row in self.rows if len(row) > place] for place in range(len(self.header))]
        return tuple(bool(any(column)) and all(map(_FIGURE.fullmatch, column)) for column in columns)


@dataclass(frozen=True)
class Section:
    """Anything else: `text` in paragraphs parted by blank lines, a table, a figure (from plots.to_svg)."""

    title: str
    text: str = ""
    table: Table | None = None
    figure_svg: str | None = None


@dataclass(frozen=True)
class Report:
    """What was done, and what came out.

    `seconds`: of everything, where that says anything; `pictures`: clips to show as the networks see them.
    """

    title: str
    command: str
    corpora: tuple[CorpusFacts, ...]
    runs: tuple[Run, ...]
    seconds: float | None
    text: str = ""
    sections: tuple[Section, ...] = ()
    pictures: tuple[Picture, ...] = ()
    versions: Mapping[str, str] = field(default_factory=package_versions)


@dataclass(frozen=True)
class Misheard:
    """One recording that some run got wrong; `wrong`: (run, split, decision); `audio`: a data URI, None without sound."""

    recording: str
    corpus: str
    truth: str
    wrong: tuple[tuple[str, str, Misclassified], ...]
    audio: str | None


def write_report(path: Path, report: Report, corpora: Iterable[Corpus] = ()) -> None:
    """Write the report to `path`; `corpora`: where to take the sound of misclassified recordings from, as far as there is any.

    The same report gives the same bytes. Raises KilovoxError where `path` cannot be written or a recording cannot be read.
    """
    write_text(path, render_report(report, corpora))


def render_report(report: Report, corpora: Iterable[Corpus] = ()) -> str:
    """The report as HTML; see `write_report`."""
    return _template().render(
        report=report,
        splits=list(dict.fromkeys(split for run in report.runs for split in run.evaluations)),
        misheard=misheard(report.runs, corpora),
        plots=plots,
        svg=_svg,
        by_speaker=any(judged.interval_speakers for run in report.runs for judged in run.evaluations.values()),
        classes=_classes,
        # Folds: a column each would run out of the page.
        one_each=len(report.runs) > 1
        and len({tuple(run.evaluations) for run in report.runs}) == len(report.runs)
        and all(len(run.evaluations) == 1 for run in report.runs),
        tasks=any(len(run.task) == 1 for run in report.runs),
        methods=any(run.method for run in report.runs),
        timed=any(run.seconds is not None for run in report.runs),
        latency=_latency,
        sure_of=REJECTED,
        missed=lambda judged: {"rejected": judged.rejected, "nothing heard": judged.nothing},
        paragraphs=lambda text: [part.strip() for part in text.split("\n\n") if part.strip()],
    )


def summary(report: Report) -> dict[str, Any]:
    """What `kilovox reproduce --json` prints and writes as summary.json; accuracies are fractions, times seconds."""
    rows = [
        {
            "task": run.task,
            "network": run.network,
            "name": run.name,
            "arithmetic": run.arithmetic,
            "method": run.method,
            "front_end": run.front_end,
            "parameters": run.size.parameters,
            "bytes": run.size.bytes,
            "limit": run.limit,
            "scope": run.scope,
            "accuracy": {split: run.accuracy(split) for split in run.evaluations},
            "seeds": {split: {str(seed): accuracy for seed, accuracy in seeds.items()} for split, seeds in run.seeds.items()},
            "interval": {split: list(evaluation.interval) for split, evaluation in run.evaluations.items()},
            "interval_kind": {split: evaluation.interval_kind for split, evaluation in run.evaluations.items()},
            "interval_recordings": {split: list(judged.interval_recordings) for split, judged in run.evaluations.items()},
            "seconds": run.seconds,
        }
        for run in report.runs
    ]
    runs = {
        run.name: {
            "evaluations": {split: evaluation.as_json() for split, evaluation in run.evaluations.items()},
            "latency": run.latency.as_json() if run.latency else None,
            "history": [dict(epoch) for epoch in run.history],
            "provenance": dict(run.provenance),
        }
        for run in report.runs
    }
    facts = [vars(corpus) | {"speakers": list(corpus.speakers), "labels": list(corpus.labels)} for corpus in report.corpora]
    values = {"title": report.title, "command": report.command, "rows": rows, "seconds": report.seconds, "runs": runs,
              "corpora": facts, "versions": dict(report.versions)}  # fmt: skip
    return {key: _finite(value) for key, value in values.items()}


def pictures_of(front_end: AnyFrontEnd, corpus: Corpus, labels: Sequence[str] | None = None) -> tuple[Picture, ...]:
    """The first recording of every label (of `labels`, where given) as features before normalisation."""
    wanted = corpus.labels if labels is None else labels
    first = {one.label: index for index, one in reversed(list(enumerate(corpus.recordings)))}
    indices = [first[label] for label in wanted if label in first]
    if not indices:
        return ()
    chosen = corpus.subset(indices)
    hop = front_end.hop / front_end.sample_rate
    features = zip(chosen.recordings, corpus_features(chosen, front_end), strict=True)
    levels = isinstance(front_end, FixedPointFrontEnd) and front_end.features == "levels"
    by_label = {one.label: Picture(one.label, one.name, sequence, hop, levels) for one, sequence in features}
    return tuple(by_label[label] for label in wanted if label in by_label)


def robustness_section(result: Robustness) -> Section:
    """The table of conditions."""
    rows = [
        (score.condition, f"{score.correct}/{score.recordings}", f"{score.accuracy:.2%}", f"{score.changed}")
        for score in result.scores
    ]
    text = f"Mean over the noises at {JUDGED_DB} dB: {result.kept_in_noise:.2%} of the clean accuracy."
    return Section("Robustness", text, Table(("condition", "right", "accuracy", "other decisions"), tuple(rows)))


def provenance_of(model: Model) -> dict[str, str]:
    """Where a model comes from, as the rows of a table."""
    trained = model.metadata.trained_on
    return {
        "model": model.metadata.name,
        "corpus": trained.corpus,
        "fingerprint": trained.fingerprint,
        "split": trained.split,
        "recordings trained on": f"{len(trained.recordings):,}",
        "labels": " ".join(model.metadata.labels),
    }


def misheard(runs: Sequence[Run], corpora: Iterable[Corpus]) -> list[Misheard]:
    """Every recording that some run got wrong, once, with all wrong decisions on it; in order of corpus and name."""
    sounds = {corpus.fingerprint: corpus for corpus in corpora}
    found: dict[tuple[str, str, int], list[tuple[str, str, Misclassified]]] = {}
    rates = {}
    for run in runs:
        for split, evaluation in run.evaluations.items():
            for one in evaluation.misclassified:
                key = (evaluation.corpus, evaluation.fingerprint, one.index)
                found.setdefault(key, []).append((run.name, split, one))
                rates[key] = evaluation.sample_rate
    rows = []
    for key in sorted(found):
        (name, fingerprint, index), wrong = key, found[key]
        sound = sounds.get(fingerprint)
        audio = _wav_uri(sound.samples(index, rates[key]), rates[key]) if isinstance(sound, RecordingCorpus) else None
        rows.append(Misheard(wrong[0][2].recording, name, wrong[0][2].truth, tuple(wrong), audio))
    return rows


def _classes(judged: Evaluation) -> Table:
    scores = (*judged.classes, macro_average(judged.classes), weighted_average(judged.classes))
    rows = [(one.label, f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}", one.support) for one in scores]
    return Table(("label", "precision", "recall", "F1", "support"), tuple(rows))


def _latency(latency: Latency) -> Table:
    parts = (("front end", latency.front_end), ("network", latency.network), ("samples to decision", latency.total))
    rows = [(name, *(f"{time:.3f}" for time in (times.p5, times.p50, times.p95, times.p99))) for name, times in parts]
    return Table(("milliseconds", "5 %", "median", "95 %", "99 %"), tuple(rows))


def _wav_uri(samples: Samples, rate: int) -> str:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(buffer.getvalue()).decode()


def _svg(figure: Figure | str) -> Markup:
    """Figures are ours, not the user's; their texts were escaped when they were drawn."""
    text = figure if isinstance(figure, str) else plots.to_svg(figure)
    # A wide one keeps its size, and is scrolled on a narrow screen: its text would not be read otherwise.
    width = re.search(r'<svg [^>]*?\bwidth="([0-9.]+)pt"', text)
    kind = "wide" if width and float(width[1]) > 72 * WIDTH + 1 else "narrow"
    return Markup(text.replace("<svg ", f'<svg class="{kind}" ', 1))  # noqa: S704


def _finite(value: Any) -> Any:
    """`value` with None for what JSON cannot say: a loss that is not a number."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((files("kilovox.evaluation.report") / "report.html.j2").read_text(encoding="utf-8"))
