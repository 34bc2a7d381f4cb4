"""The main job: from recordings to the trained networks of every task, judged, in one table and one report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from kilovox.config import Configuration, find_configuration
from kilovox.corpus.base import Corpus, RecordingCorpus
from kilovox.corpus.splits import judging_indices
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Evaluation, evaluate
from kilovox.evaluation.latency import Latency, measure_latency
from kilovox.evaluation.report import CorpusFacts, Report, Run, pictures_of, provenance_of, summary, write_report
from kilovox.files import make_folder, write_json
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.training.experiment import MODEL_FILE
from kilovox.training.parallel import Job, history_of, run_jobs

TASKS = ("a", "b")
RECIPES = ("kilovox", "seed")
SPLITS = ("random", "official")
LATENCY_CLIPS = 40


@dataclass(frozen=True)
class Plan:
    """One network of a task: its configuration, and the seeds it is trained with."""

    task: str
    name: str
    config: Configuration
    seeds: tuple[int, ...]


def plans(tasks: Sequence[str], recipe: str = "kilovox", quick: bool = False) -> list[Plan]:
    """The networks of `tasks`: A is 2 x 128; B in float32 is what fits 36 KB, 2 x 24 (three seeds) and 1 x 40.

    `recipe` "seed" trains 2 x 128 and 2 x 24 as this project's starting point did; `quick` trains less, and one seed.
    """
    task_a, task_b, seed = (find_configuration(name) for name in ("task-a", "task-b", "seed"))
    if recipe == "seed":
        networks = [
            Plan("a", "seed-2x128", seed, (42,)),
            Plan("b", "seed-2x24", seed.changed(model={"hidden_dim": 24}), (42, 43, 44)),
        ]
    else:
        one_layer = task_b.changed(model={"num_layers": 1})
        networks = [
            Plan("a", "2x128", task_a, (42,)),
            Plan("b", "2x24", task_b, (42, 43, 44)),
            Plan("b", "1x40", one_layer, (42,)),
        ]
    chosen = [plan for plan in networks if plan.task in tasks]
    return [_shortened(plan) for plan in chosen] if quick else chosen


def _shortened(plan: Plan) -> Plan:
    training = plan.config.training
    changes = {
        "epochs": max(1, training.epochs // 4),
        "augmentation": {**training.augmentation.model_dump(), "views": min(3, training.augmentation.views)},
    }
    return Plan(plan.task, plan.name, plan.config.changed(training=changes), plan.seeds[:1])


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
    splits = [split for split in SPLITS if _can(corpus, split)]
    chosen = plans(tasks, recipe, quick)
    jobs = {
        (plan.name, split, seed): _job(plan, split, seed, out / "networks")
        for plan in chosen
        for split in splits
        for seed in plan.seeds
    }
    run_jobs(list(jobs.values()), corpus)
    runs = tuple(_run(plan, {key[1:]: job for key, job in jobs.items() if key[0] == plan.name}, corpus) for plan in chosen)
    report = Report(
        title="kilovox reproduce" + (", quick" if quick else "") + (", the seed's recipe" if recipe == "seed" else ""),
        command=command,
        corpora=(CorpusFacts.of(corpus),),
        runs=runs,
        seconds=time.monotonic() - started,
        text=_explanation(splits, quick),
        pictures=pictures_of(chosen[0].config.frontend, corpus),
    )
    write_report(out / "report.html", report, [corpus])
    write_json(out / "summary.json", summary(report))
    return report


def _can(corpus: Corpus, split: str) -> bool:
    try:
        judging_indices(corpus, split)
    except KilovoxError:
        return False
    return True


def _job(plan: Plan, split: str, seed: int, folder: Path) -> Job:
    experiment = {"seed": seed, "name": f"{plan.config.experiment.name}-{plan.name}"}
    config = plan.config.changed(data_splitting={"split": split}, experiment=experiment)
    return Job(f"{plan.name} {split} seed {seed}", config, folder / f"{plan.name}-{split}-{seed}")


def _run(plan: Plan, jobs: dict[tuple[str, int], Job], corpus: Corpus) -> Run:
    """Judge the networks of one plan; what is shown in detail is that of the first seed."""
    recognisers = {key: Recogniser(load_model(job.folder / MODEL_FILE)) for key, job in jobs.items()}
    judged = {key: evaluate(recogniser, corpus) for key, recogniser in recognisers.items()}
    first = {split: evaluation for (split, seed), evaluation in judged.items() if seed == plan.seeds[0]}
    split = next(iter(first))
    shown = recognisers[split, plan.seeds[0]]
    history = history_of(jobs[split, plan.seeds[0]])
    budget = plan.config.budget
    return Run(
        name=plan.name,
        task=plan.task,
        size=shown.size,
        evaluations=first,
        seconds=fmean(sum(epoch["seconds"] for epoch in history_of(job)) for job in jobs.values()),
        limit=budget.memory if budget else None,
        scope=budget.scope if budget else "model",
        history=history,
        latency=_latency(shown, corpus),
        provenance=provenance_of(shown.model),
        seeds={split: _by_seed(judged, split) for split in first},
    )


def _by_seed(judged: dict[tuple[str, int], Evaluation], split: str) -> dict[int, float]:
    return {seed: evaluation.accuracy for (its_split, seed), evaluation in judged.items() if its_split == split}


def _latency(recogniser: Recogniser, corpus: Corpus) -> Latency | None:
    if not isinstance(corpus, RecordingCorpus):
        return None
    step = max(1, len(corpus) // LATENCY_CLIPS)
    rate = recogniser.front_end.sample_rate
    return measure_latency(recogniser, [corpus.samples(index, rate) for index in range(0, len(corpus), step)])


def _explanation(splits: Sequence[str], quick: bool) -> str:
    texts = {
        "random": "random: a fifth of the recordings, drawn at random, judges; the same speakers are in training and test.",
        "official": "official: takes 0 to 4 of every digit and speaker judge; the speakers are in training and test here too.",
    }
    parts = [texts[split] for split in splits]
    parts.append(
        "Neither says how well strangers are understood. Epochs are chosen on a tenth of the training part; nothing is chosen "
        "on the recordings that judge. Every split has networks of its own, trained on its training part alone."
    )
    if quick:
        parts.append("This was a quick run: a quarter of the epochs. Its figures are lower than what the full run reaches.")
    return "\n\n".join(parts)
