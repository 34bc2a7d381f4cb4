"""A search under a budget: generations of proposals, halved, and the front of what was trained in full.

The same configuration, corpus and seed give the same front with any number of workers, and after any of them was killed:
a generation is proposed from the results of whole generations before it, a rung begins when the one before has ended, and a
trial's result depends on its configuration alone.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kilovox.budget import Scope
from kilovox.config import Configuration, Search
from kilovox.corpus.base import Corpus
from kilovox.corpus.mixture import Divided, Piece
from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import wilson_interval
from kilovox.files import lock, make_folder, read_small, write_json
from kilovox.search.candidates import Candidate, Candidates, Limits
from kilovox.search.executor import Executor
from kilovox.search.front import front
from kilovox.search.halving import halved, kept, shares, shortened
from kilovox.search.proposals import proposals
from kilovox.search.space import ANY_MEMORY, Space
from kilovox.search.trials import Result, Trials
from kilovox.training.run_folder import LARGEST_IDENTITY
from kilovox.training.run_key import RunKeys

IDENTITY_FILE = "search.json"
"""What a folder holds a search of."""


@dataclass(frozen=True)
class Trained:
    """A network that was trained for all its epochs."""

    candidate: Candidate
    result: Result

    @property
    def costs(self) -> list[float]:
        """As the candidate's."""
        return self.candidate.costs(self.result)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %, of its accuracy; recordings of one person are more alike than it takes them to be."""
        count = self.result.recordings
        return wilson_interval(round(self.result.accuracy * count), count)


@dataclass(frozen=True)
class Found:
    """What a search came to. front: the fewest bytes first; tried: all that were trained in full; candidates: how many networks
    were trained for any length; trainings: how many lengths of them; refused: points that did not fit, or were none."""

    name: str
    front: tuple[Trained, ...]
    tried: tuple[Trained, ...]
    candidates: int
    trainings: int
    refused: int
    memory: int
    scope: Scope
    proposals: str
    notes: tuple[str, ...]
    limits: Limits
    seconds: float

    @property
    def best(self) -> Trained:
        """The most accurate; of equals the one of fewest bytes, then instructions."""
        return min(self.front, key=lambda one: one.costs)


@dataclass(frozen=True)
class Asked:
    """What is searched: networks of `space` on a corpus, within `limits`; `plan`: how many, how long."""

    space: Space
    plan: Search
    limits: Limits
    notes: tuple[str, ...]

    def facts(self, keys: RunKeys) -> dict[str, Any]:
        """What makes it another search; how many networks are tried does not."""
        space, limits = self.space, self.limits
        return {
            "space": {one.key: one.range.model_dump() if one.range else list(one.choices) for one in space.dimensions},
            "budget": [space.memory, space.scope, space.hidden],
            **self.plan.model_dump(include={"generation", "reduction", "rungs"}),
            "core": limits.model.core if limits.model else None, "instructions": limits.instructions,
            "run": keys.of(space.base).identity,
        }  # fmt: skip


def asked_of(
    config: Configuration, corpus: Corpus, keys: RunKeys, *, memory: int | None = None, scope: Scope | None = None,
    trials: int | None = None, epochs: int | None = None, limits: Limits | None = None,
) -> Asked:  # fmt: skip
    """What `config` and the command line ask for; None: as the configuration says.

    epochs: of the float network; those of training for integers in the same proportion. Raises KilovoxError for a search
    without a budget, without anybody to validate on, and for a space that is none.
    """
    budget, plan = config.budget, config.search or Search()
    memory = memory or (budget.memory if budget else None)
    if memory is None:
        raise KilovoxError(f"{config.experiment.name}: no budget; expected --budget, such as 36KB, or a section 'budget'")
    if memory > ANY_MEMORY:
        raise KilovoxError(f"{config.experiment.name}: a budget of {memory:,} bytes; expected at most {ANY_MEMORY:,}")
    notes = []
    if config.distillation is not None:
        notes.append("teachers (section distillation) are left out of all trials; they can be added to a ready configuration")
    space = Space.of(_of_epochs(config, epochs), corpus, memory, scope or (budget.scope if budget else "model"), plan.space)
    notes += _validation_notes(space.base, keys.mixture(space.base).divided(space.base))
    if trials is not None:
        plan = plan.model_copy(update={"trials": trials})
    return Asked(space, plan, limits or Limits(), tuple(notes))


def _of_epochs(config: Configuration, epochs: int | None) -> Configuration:
    if epochs is None:
        return config
    changes: dict[str, dict[str, Any]] = {"training": {"epochs": epochs}}
    if config.quantisation is not None:
        part = config.quantisation.epochs * epochs / config.training.epochs
        changes["quantisation"] = {"epochs": max(1, round(part))}
    return config.changed(**changes)


def _validation_notes(config: Configuration, divided: Divided) -> list[str]:
    """What is chosen on. Raises KilovoxError where nothing is held out for that."""
    if not divided.validation:
        raise KilovoxError(
            f"data_splitting.validation_size is {config.data_splitting.validation_size:g}, and no corpus has role validation; "
            "expected recordings to choose on, such as validation_size: 0.2 with group: speaker"
        )
    chosen, taught = _people(divided.validation), _people(divided.train)
    if None in chosen or None in taught or chosen & taught:
        return [
            "the same people train and validate, or not all are named, which flatters; data_splitting.group: speaker keeps "
            "people apart"
        ]
    count = sum(len(piece.indices) for piece in divided.validation)
    return [f"validation: {count:,} recordings of {len(chosen):,} people whom nothing was trained on"]


def _people(pieces: Sequence[Piece]) -> set[tuple[str, str] | None]:
    """By corpus and name; None for somebody who is not named."""
    found: set[tuple[str, str] | None] = set()
    for piece in pieces:
        recordings = piece.part.corpus.recordings
        named = (recordings[index].speaker for index in piece.indices.tolist())
        found |= {None if name is None else (piece.part.name, name) for name in named}
    return found


def search(asked: Asked, name: str, corpus: Corpus, keys: RunKeys, out: Path, executor: Executor) -> Found:
    """Train what is not trained yet, in `out`; the same call goes on where an earlier one was interrupted.

    Raises KilovoxError where `out` holds another search, and what the executor raises.
    """
    started, plan = time.monotonic(), asked.plan
    costs = 2 + (asked.limits.model is not None)
    proposed = proposals(asked.space, asked.space.base.experiment.seed, costs, plan.generation)
    notes = list(asked.notes)
    if proposed.name == "random":
        notes.append("Optuna is not installed, so points are drawn at random (pip install '.[scale]' brings it)")
    with lock(make_folder(out) / "lock"):
        _claim(out, {**asked.facts(keys), "proposals": proposed.name})
        candidates = Candidates(asked.space, proposed, asked.limits)
        trials = Trials(corpus, keys, out, executor)
        tried: list[Trained] = []
        generations = trainings = 0
        count = 0
        with _progress() as progress:
            while count < plan.trials:
                generation = candidates.generation(min(plan.generation, plan.trials - count))
                if not generation:
                    notes.append(f"the space holds no more networks that fit: all {count:,} of them were tried")
                    break
                generations, count = generations + 1, count + len(generation)
                rungs = _one_generation(generation, plan, trials, progress(generations, count))
                candidates.learn([generation[place].costs(rungs[0][place]) for place in range(len(generation))])
                trainings += sum(map(len, rungs))
                tried += [Trained(generation[place], result) for place, result in rungs[-1].items()]
    tried = [one for one in tried if one.result.epoch]  # what diverged is no network
    if not tried:
        raise KilovoxError(f"all of {count:,} networks diverged; expected lower learning rates in search.space")
    best = sorted((tried[place] for place in front([one.costs for one in tried])), key=lambda one: one.costs[1:])
    return Found(
        name, tuple(best), tuple(tried), count, trainings, candidates.refused, asked.space.memory, asked.space.scope,
        proposed.name, tuple(notes), asked.limits, time.monotonic() - started,
    )  # fmt: skip


def _one_generation(
    generation: Sequence[Candidate], plan: Search, trials: Trials, bar: Callable[[int, int], Callable[[], None]]
) -> list[dict[int, Result]]:
    """Its rungs: results by place."""
    parts = shares(plan.rungs, plan.reduction)

    def train(rung: int, places: Sequence[int]) -> list[Result]:
        return trials.train([shortened(generation[place].config, parts[rung]) for place in places], bar(rung, len(places)))

    def costs(places: Sequence[int], results: Sequence[Result]) -> list[list[float]]:
        return [generation[place].costs(result) for place, result in zip(places, results, strict=True)]

    return halved(len(generation), plan.rungs, plan.reduction, train, costs)


def _claim(out: Path, facts: dict[str, Any]) -> None:
    """Say what `out` holds a search of. Raises KilovoxError where that is another one."""
    path, facts = out / IDENTITY_FILE, json.loads(json.dumps(facts))  # as it is read again, lists for tuples
    if path.exists():
        try:
            before = json.loads(read_small(path, LARGEST_IDENTITY, "a search"))["search"]
            found = [key for key in facts if facts[key] != before.get(key)] or (["more than that"] if before != facts else [])
            differing = ", ".join("configuration or corpus" if key == "run" else key for key in found) + " differ" * bool(found)
        except (KilovoxError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            differing = f"{IDENTITY_FILE} does not say of what"
        if differing:
            raise KilovoxError(f"{out}: holds another search ({differing}); expected another --out, or it removed")
    write_json(path, {"search": facts})


def planned_trainings(plan: Search) -> int:
    """How many trainings, of all lengths, `plan` comes to."""
    generations, left = divmod(plan.trials, plan.generation)
    return generations * _trainings_of(plan.generation, plan) + _trainings_of(left, plan)


def _trainings_of(size: int, plan: Search) -> int:
    """Of one generation."""
    total = 0
    for _ in range(plan.rungs):
        total += size
        size = kept(size, plan.reduction)
    return total


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], Callable[[int, int], Callable[[], None]]]]:
    """A bar a rung on standard error; where that is no terminal, a line when a rung begins."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"), MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), console=console,
        disable=not console.is_terminal,
    )  # fmt: skip

    def of_generation(number: int, count: int) -> Callable[[int, int], Callable[[], None]]:
        def of_rung(rung: int, trainings: int) -> Callable[[], None]:
            said = f"generation {number} (networks to {count:,}), rung {rung + 1}"
            if not console.is_terminal:
                console.print(f"{said}: {trainings:,} trainings", highlight=False)
            task = progress.add_task(said, total=trainings)
            return lambda: progress.advance(task)

        return of_rung

    with progress:
        yield of_generation
