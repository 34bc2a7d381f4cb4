"""Which networks the main job trains, task by task, and which model files of each are judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kilovox.config import Configuration, find_configuration
from kilovox.search.tasks import RECIPES, TASKS
from kilovox.training.run_folder import FLOAT_FILE, MODEL_FILE, PTQ_FILE

__all__ = ["RECIPES", "SPLITS", "TASKS", "Plan", "plans"]

SPLITS = ("random", "official")

FLOAT = {"float": MODEL_FILE}
INTEGERS = {"float": FLOAT_FILE, "PTQ": PTQ_FILE, "QAT": MODEL_FILE}
"""By method: the float twin, the same quantised at once, and trained on with the integers simulated."""

SMALL = (12, 20, 24, 28, 40, 60)
"""Units of the one-layer int8 networks on the curve of accuracy against bytes, besides the one that fills the budget."""


@dataclass(frozen=True)
class Plan:
    """One network: its configuration, the seeds and splits it is trained with, the model files that are judged by method."""

    task: str
    name: str
    config: Configuration
    seeds: tuple[int, ...] = (42,)
    splits: tuple[str, ...] = SPLITS
    methods: tuple[tuple[str, str], ...] = tuple(FLOAT.items())
    curve: bool = False
    quick: bool = True


def plans(tasks: Sequence[str], recipe: str = "kilovox", quick: bool = False) -> list[Plan]:
    """The networks of `tasks`.

    A is 2 x 128. B in float32 is what fits 36 KB, 2 x 24 (three seeds) and 1 x 40; in int8 1 x 85, its float twin, that
    network without teachers on the float and on the integer front end, and smaller ones. C is 1 x 123 in powers of two.
    `recipe` "seed" trains 2 x 128 and 2 x 24 as this project's starting point did; `quick` trains less, with one seed and on
    the random split alone.
    """
    networks = _seed_plans() if recipe == "seed" else _plans()
    chosen = [plan for plan in networks if plan.task in tasks]
    return [_shortened(plan) for plan in chosen if plan.quick] if quick else chosen


def _seed_plans() -> list[Plan]:
    seed = find_configuration("seed")
    small = seed.changed(model={"hidden_dim": 24})
    return [Plan("a", "seed-2x128", seed), Plan("b", "seed-2x24", small, (42, 43, 44))]


def _plans() -> list[Plan]:
    task_a, task_b, int8, pow2 = (find_configuration(name) for name in ("task-a", "task-b", "task-b-int8", "task-c"))
    integers = tuple(INTEGERS.items())
    twin = int8.changed(model={"hidden_dim": int8.hidden}, experiment={"name": "twin"})
    twin = twin.without("quantisation", "budget", "distillation")
    on_mfcc = twin.changed(frontend=task_a.frontend.model_dump(), experiment={"name": "twin-on-mfcc"})
    small = [int8.changed(model={"hidden_dim": units, "dropout": 0.05}, quantisation={"epochs": 30}) for units in SMALL]
    return [
        Plan("a", "2x128", task_a),
        Plan("b", "2x24", task_b, (42, 43, 44)),
        Plan("b", "1x40", task_b.changed(model={"num_layers": 1})),
        Plan("b", "twin-on-mfcc", on_mfcc, splits=("random",), quick=False),
        Plan("b", "twin-on-integers", twin, splits=("random",), quick=False),
        Plan("b", "int8", int8, methods=integers),
        *(
            Plan("b", f"1x{units}-int8", config, splits=("random",), methods=(("QAT", MODEL_FILE),), curve=True, quick=False)
            for units, config in zip(SMALL, small, strict=True)
        ),
        Plan("c", "pow2", pow2, methods=integers),
    ]


def _shortened(plan: Plan) -> Plan:
    training, quantisation = plan.config.training, plan.config.quantisation
    changes = {
        "epochs": max(1, training.epochs // 6),
        "augmentation": {**training.augmentation.model_dump(), "views": min(3, training.augmentation.views)},
    }
    config = plan.config.changed(training=changes)
    if quantisation:
        config = config.changed(quantisation={"epochs": max(1, quantisation.epochs // 6)}).without("distillation")
    return replace(plan, config=config, seeds=plan.seeds[:1], splits=plan.splits[:1])
