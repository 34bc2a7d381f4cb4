"""What a search leaves: its front as configurations that are ready to be trained, with its figures and a picture."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from kilovox.config import Configuration
from kilovox.evaluation.report.front import FrontPoint, front_against_costs
from kilovox.figures import to_svg
from kilovox.files import Written
from kilovox.search.search import Found, Trained

FRONT_FOLDER = "front"
FRONT_FILE, PICTURE_FILE = "front.json", "front.svg"

_FOLDER = Written("files.json", "a front", re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(json|svg|yaml)"))

_LONGEST = 90
"""Characters of a name, with room for a number."""


def check_front(out: Path) -> None:
    """Raise KilovoxError where `out`/front holds something else: it is said before hours of training, not after them."""
    _FOLDER.check(out / FRONT_FOLDER)


def write_front(found: Found, out: Path) -> dict[str, Any]:
    """Write `out`/front: a configuration for each network, the figures and the picture. Returns what `--json` prints.

    Raises KilovoxError where that folder holds something else.
    """
    folder = out / FRONT_FOLDER
    names = [f"{found.name[:_LONGEST]}-{number}" for number in range(1, len(found.front) + 1)]
    configurations = {f"{name}.yaml": ready(one, name) for name, one in zip(names, found.front, strict=True)}
    values = as_json(found, [str(folder / file) for file in configurations])
    files = {
        **configurations,
        FRONT_FILE: json.dumps(values, indent=2) + "\n",
        PICTURE_FILE: _picture(found, names),
    }  # fmt: skip
    _FOLDER.write(folder, {name: text.encode() for name, text in files.items()})
    return values


def as_json(found: Found, paths: list[str]) -> dict[str, Any]:
    """What `kilovox search --json` prints; accuracies are fractions. paths: of the ready configurations."""
    return {
        "front": [_row(one, path) for one, path in zip(found.front, paths, strict=True)],
        "best": paths[found.front.index(found.best)],
        "trials": found.candidates, "trainings": found.trainings, "refused": found.refused, "seconds": found.seconds,
        "budget": {"memory": found.memory, "scope": found.scope}, "proposals": found.proposals, "notes": list(found.notes),
        "prediction": _prediction(found),
    }  # fmt: skip


def _row(one: Trained, path: str) -> dict[str, Any]:
    size = one.candidate.size
    return {
        "bytes": size.bytes, "accuracy": one.result.accuracy, "instructions": one.candidate.instructions, "config": path,
        "network": size.network, "arithmetic": size.arithmetic, "parameters": size.parameters,
        "recordings": one.result.recordings, "interval": list(one.interval), "epoch": one.result.epoch,
    }  # fmt: skip


def _prediction(found: Found) -> dict[str, Any] | None:
    model = found.limits.model
    if model is None:
        return None
    return {"core": model.core, "networks": model.networks, "mean_error": model.mean, "worst_error": model.worst}


def ready(one: Trained, name: str) -> str:
    """YAML that `kilovox train` takes, of that name."""
    size, config = one.candidate.size, one.candidate.config.changed(experiment={"name": name})
    said = [
        f"Found by kilovox search: {size.network}, {size.arithmetic}, {size.bytes:,} bytes.",
        f"{one.result.accuracy:.2%} of {one.result.recordings:,} recordings that validate, which it was chosen on; "
        "kilovox evaluate judges it on others.",
    ]
    return "".join(f"# {line}\n" for line in said) + as_yaml(config)


def as_yaml(config: Configuration) -> str:
    """Every key of the sections that are there; what reads it is the same configuration."""
    values = {name: part for name, part in config.model_dump(mode="json").items() if part is not None}
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    return text


def _picture(found: Found, names: list[str]) -> str:
    of_front = dict(zip(map(id, found.front), names, strict=True))
    points = [
        FrontPoint(
            of_front.get(id(one), ""), one.result.accuracy, one.candidate.size.bytes, one.interval, id(one) in of_front,
            one.candidate.instructions,
        )
        for one in found.tried
    ]  # fmt: skip
    return (
        to_svg(front_against_costs(points, found.memory if found.scope == "model" else None, found.limits.instructions)) + "\n"
    )
