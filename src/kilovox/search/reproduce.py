"""The main job: from recordings to the trained networks of every task, judged, in one table and one report."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.splits import judging_indices, make_split
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Evaluation, evaluate
from kilovox.evaluation.latency import Latency, measure_latency
from kilovox.evaluation.level import level_rows
from kilovox.evaluation.report import plots
from kilovox.evaluation.report.report import (
    CorpusFacts,
    Report,
    Run,
    Section,
    Table,
    pictures_of,
    provenance_of,
    summary,
    write_report,
)
from kilovox.files import make_folder, write_json
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import as_fast_as_possible
from kilovox.search.jobs import Job, history_of, run_jobs
from kilovox.search.plans import Plan, plans
from kilovox.training.run_folder import QUANTISED_FOLDER

LATENCY_CLIPS = 40

Jobs = Mapping[tuple[str, int], Job]
"""Of one plan, by split and seed."""


def reproduce(
    tasks: Sequence[str],
    corpus: Corpus,
    out: Path,
    *,
    recipe: str = "kilovox",
    quick: bool = False,
    command: str = "kilovox reproduce",
) -> Report:
    """Train what is not trained yet, judge it, and write `out`/report.html and `out`/summary.json.

    Every network lies in `out`/networks. Interrupted, the same call goes on. Raises KilovoxError where the corpus is of no
    use or `out` cannot be written.
    """
    started = time.monotonic()
    make_folder(out)
    chosen = plans(tasks, recipe, quick)
    splits = [split for split in dict.fromkeys(split for plan in chosen for split in plan.splits) if _can(corpus, split)]
    jobs = {plan.name: _jobs(plan, splits, out / ("networks-quick" if quick else "networks")) for plan in chosen}
    run_jobs([job for of_plan in jobs.values() for job in of_plan.values()], corpus)
    runs = tuple(run for plan in chosen for run in _runs(plan, jobs[plan.name], corpus, 1 if quick else 5))
    report = Report(
        title="kilovox reproduce" + (", quick" if quick else "") + (", the seed's recipe" if recipe == "seed" else ""),
        command=command,
        corpora=(CorpusFacts.of(corpus),),
        runs=runs,
        seconds=time.monotonic() - started,
        text=_explanation(splits, quick),
        pictures=pictures_of(chosen[0].config.frontend, corpus),
        sections=(*_curve(runs), *_levels(chosen, jobs, corpus)),
    )
    write_report(out / "report.html", report, [corpus])
    write_json(out / "summary.json", summary(report))
    return report


def _can(corpus: Corpus, split: str) -> bool:
    try:
        make_split(corpus, split)
    except KilovoxError:
        return False
    return True


def _jobs(plan: Plan, splits: Sequence[str], folder: Path) -> dict[tuple[str, int], Job]:
    return {(split, seed): _job(plan, split, seed, folder) for split in splits if split in plan.splits for seed in plan.seeds}


def _job(plan: Plan, split: str, seed: int, folder: Path) -> Job:
    """Of the configuration's own split and seed it is that experiment itself; of others one with a name of its own."""
    config, name = plan.config, f"{plan.name}-{split}-{seed}"
    if (config.data_splitting.split, config.experiment.seed) != (split, seed) or plan.curve:
        config = config.changed(data_splitting={"split": split}, experiment={"seed": seed, "name": name})
    return Job(name, config, folder / name)


def _runs(plan: Plan, jobs: Jobs, corpus: Corpus, repeats: int) -> list[Run]:
    """Judge the networks of one plan, a run a method; what is shown in detail is that of the first split and seed."""
    runs = []
    for method, file in plan.methods:
        recognisers = {key: as_fast_as_possible(Recogniser(load_model(job.folder / file))) for key, job in jobs.items()}
        judged = {key: evaluate(recogniser, corpus) for key, recogniser in recognisers.items()}
        first = {split: evaluation for (split, seed), evaluation in judged.items() if seed == plan.seeds[0]}
        key = (next(iter(first)), plan.seeds[0])
        shown = recognisers[key]
        # PTQ has no training of its own; its curve is its float twin's.
        history = history_of(jobs[key], [QUANTISED_FOLDER] if method == "QAT" else [""])
        budget = plan.config.budget
        limited = budget is not None and budget.arithmetic == shown.size.arithmetic
        runs.append(Run(
            name=plan.name if len(plan.methods) == 1 else f"{plan.name} {method}",
            task=plan.task,
            size=shown.size,
            evaluations=first,
            seconds=fmean(sum(epoch["seconds"] for epoch in _parts(job, method)) for job in jobs.values()),
            limit=budget.memory if budget and limited else None,
            scope=budget.scope if budget and limited else "model",
            history=history,
            latency=_latency(shown, corpus, repeats),
            provenance=provenance_of(shown.model),
            seeds={split: _by_seed(judged, split) for split in first},
            method=method,
            front_end="integer" if shown.front_end.kind == "fixed_point" else "float",
        ))  # fmt: skip
    return runs


def _curve(runs: Sequence[Run]) -> list[Section]:
    """Accuracy against bytes of everything judged on the random split."""
    shown = [run for run in runs if "random" in run.evaluations]
    if not any(run.arithmetic != "float32" for run in shown):
        return []
    points = [
        plots.Point(
            name=f"{run.size.layers} x {run.size.hidden}",
            series=_series(run),
            bytes=run.size.bytes,
            accuracy=run.accuracy("random"),
            interval=run.evaluations["random"].interval,
            family=_family(run),
        )
        for run in shown
    ]
    figure = plots.to_svg(plots.accuracy_against_bytes(points, limit=36 * 1024))
    rows = tuple((run.network, run.arithmetic, run.method, run.size.bytes, f"{run.accuracy('random'):.2%}") for run in shown)
    table = Table(("network", "arithmetic", "method", "bytes", "accuracy"), rows)
    text = (
        "Split random. Networks are named by layers and units; colours are the arithmetic, markers the method; "
        "upright lines are the intervals of the table above. A line joins networks of one recipe that differ in their "
        "size alone."
    )
    return [Section("Accuracy against bytes", text, table, figure)]


def _series(run: Run) -> str:
    return run.arithmetic if run.method == "float" else f"{run.arithmetic} {run.method}"


def _family(run: Run) -> str:
    """Networks for integers of as many layers are of one recipe."""
    return f"{_series(run)}, {run.size.layers}" if run.method == "QAT" else ""


def _levels(chosen: Sequence[Plan], jobs: Mapping[str, Jobs], corpus: Corpus) -> list[Section]:
    """How the integer networks take other levels, on the test part of the random split."""
    if not isinstance(corpus, RecordingCorpus):
        return []
    sections = []
    for plan in chosen:
        key = ("random", plan.seeds[0])
        if plan.config.quantisation is None or plan.curve or key not in jobs[plan.name]:
            continue
        model = load_model(jobs[plan.name][key].folder / dict(plan.methods)["QAT"])
        recogniser = as_fast_as_possible(Recogniser(model))
        judged = corpus.subset(judging_indices(corpus, "random").tolist())
        samples = [judged.samples(index, recogniser.front_end.sample_rate) for index in range(len(judged))]
        truth = [recogniser.labels.index(recording.label) for recording in judged.recordings]
        rows = tuple((row.level, f"{row.changed:.2%}", f"{row.accuracy:.2%}") for row in level_rows(recogniser, samples, truth))
        table = Table(("level", "decisions changed", "accuracy"), rows)
        text = "The judged recordings of split random quieter, at full scale, and clipped."
        sections.append(Section(f"Level: {plan.name}", text, table))
    return sections


def _parts(job: Job, method: str) -> list[dict[str, float]]:
    """All epochs that a method's network comes from: a float twin's and PTQ's are none of training for integers."""
    return history_of(job) if method == "QAT" else history_of(job, [*job.teachers, ""])


def _by_seed(judged: dict[tuple[str, int], Evaluation], split: str) -> dict[int, float]:
    return {seed: evaluation.accuracy for (its_split, seed), evaluation in judged.items() if its_split == split}


def _latency(recogniser: Recogniser, corpus: Corpus, repeats: int) -> Latency | None:
    if not isinstance(corpus, RecordingCorpus):
        return None
    step = max(1, len(corpus) // LATENCY_CLIPS)
    rate = recogniser.front_end.sample_rate
    return measure_latency(recogniser, [corpus.samples(index, rate) for index in range(0, len(corpus), step)], repeats)


def _explanation(splits: Sequence[str], quick: bool) -> str:
    texts = {
        "random": "Split random: a fifth of the recordings, drawn at random, judges; the same speakers are in training and "
        "test.",
        "official": "Split official, of FSDD: takes 0 to 4 of every digit and speaker judge; the same speakers are in training "
        "and test here too.",
    }
    parts = [texts[split] for split in splits]
    none = {1: "It does not say", 2: "Neither says"}.get(len(splits), "None of them says")
    parts.append(
        f"{none} how well strangers are understood: kilovox crossvalidate does. Epochs are chosen on a part of the training "
        "part; nothing is chosen on the recordings that judge. "
        + ("Every split has networks of its own, trained on its training part alone." if len(splits) > 1 else "")
    )
    if quick:
        parts.append("This was a quick run: a sixth of the epochs, no teachers. The full run's figures are higher.")
    return "\n\n".join(parts)
