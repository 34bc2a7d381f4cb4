"""kilovox inspect: what a model file holds, or a configuration means."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kilovox.budget import Size
from kilovox.cli.sizes import against_budget, layer_table, network_in_words
from kilovox.config import Budget, bundled_configurations
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import bundled_models, open_recogniser, resolve_model
from kilovox.integer.calibration import IDENTITY, calibrated
from kilovox.integer.description import description
from kilovox.integer.detection_errors import HOUR
from kilovox.integer.model_file import Metadata
from kilovox.integer.outcome import FULL_CONFIDENCE
from kilovox.text import printable, shown

CONFIGURATIONS = (".yaml", ".yml")


@click.command("inspect")
@click.argument("model")
@click.option("--config", is_flag=True, help="MODEL is a configuration, whatever its name (digits is both).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(model: str, config: bool, as_json: bool) -> None:
    """Show layers, bytes, labels, front end, provenance and metrics of MODEL, a file or the name of a bundled model.

    Of a configuration, a YAML file or one that comes along (task-a, ...): every key with the value it has or defaults to, and
    the bytes of the network it asks for.
    """
    if config or Path(model).suffix.lower() in CONFIGURATIONS or _is_configuration(model):
        from kilovox.cli.inspect_configuration import show

        show(model, as_json)
        return
    path = resolve_model(model)
    recogniser = open_recogniser(model)
    metadata, size = recogniser.model.metadata, recogniser.size
    facts = _facts(metadata, size) | description(recogniser.model) | {"file": str(path), "file_bytes": path.stat().st_size}
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _show(facts, size)


def _is_configuration(name: str) -> bool:
    return name in bundled_configurations() and name not in bundled_models()


def _facts(metadata: Metadata, size: Size) -> dict[str, Any]:
    trained = metadata.trained_on
    return {
        "name": metadata.name,
        "format_version": metadata.format_version,
        "arithmetic": metadata.arithmetic,
        "labels": list(metadata.labels),
        "aliases": metadata.aliases,
        "layers": size.layers,
        "hidden": size.hidden,
        "parameters": size.parameters,
        "layer_parameters": list(size.layer_parameters),
        "bytes": {"total": size.bytes, "layers": list(size.layer_bytes), "tables": size.tables},
        "budget": _budget(metadata, size),
        "network": metadata.network,
        "front_end": metadata.front_end,
        "trained_on": {
            "corpus": trained.corpus,
            "fingerprint": trained.fingerprint,
            "split": trained.split,
            "count": len(trained.recordings),
            "besides": [source.model_dump(mode="json") for source in trained.besides],
            "note": trained.note,
        },
        "metrics": metadata.metrics,
        "thresholds": list(metadata.thresholds),
        "calibration": list(metadata.calibration),
        "detection_errors": _errors(metadata),
        "configuration": metadata.configuration,
    }


def _errors(metadata: Metadata) -> dict[str, Any] | None:
    """The errors of people who validated; `confidence`: what is told where a network is so sure."""
    errors = metadata.detection_errors
    if errors is None:
        return None
    told = [calibrated(level, metadata.calibration or IDENTITY) for level in errors.levels]
    return errors.model_dump(mode="json") | {
        "missed": list(errors.missed), "per_hour": list(errors.per_hour),
        "confidence": [level / FULL_CONFIDENCE for level in told],
    }  # fmt: skip


def _budget(metadata: Metadata, size: Size) -> dict[str, Any] | None:
    """The budget that the model was made for, and what it takes of it; None where there was none."""
    values = metadata.configuration.get("budget")
    if values is None:
        return None
    try:
        budget = Budget.model_validate(values)
    except ValidationError:
        raise KilovoxError(
            f"model {metadata.name}: metadata configuration.budget {shown(values)}; expected memory, scope and arithmetic"
        ) from None
    used = size.within(budget.scope)
    return {"memory": budget.memory, "scope": budget.scope, "used": used, "free": budget.memory - used}


def _show(facts: dict[str, Any], size: Size) -> None:
    console = Console()
    console.print(layer_table(size, f"{facts['name']}: {network_in_words(size)}"))
    budget = facts["budget"]
    if budget is not None:
        line = against_budget(budget["used"], budget["memory"], budget["scope"])
        console.print(line, highlight=False, soft_wrap=True)
    trained = facts["trained_on"]
    console.print(_pairs("Model", {
        "file": f"{printable(facts['file'])} ({facts['file_bytes']:,} bytes)",
        "labels": " ".join(facts["labels"]),
        "aliases": ", ".join(f"{word} = {label}" for word, label in facts["aliases"].items()) or "none",
        "trained on": _trained(trained),
        "fingerprint": trained["fingerprint"],
        **{f"and on {source['corpus']}": _source(source) for source in trained["besides"]},
        **({"note": trained["note"]} if trained["note"] else {}),
    }))  # fmt: skip
    for title, key in (
        ("Front end", "front_end"), ("Network", "network"), ("Widths and Q formats", "q_formats"), ("Metrics", "metrics"),
    ):  # fmt: skip
        if facts[key]:
            console.print(_pairs(title, facts[key]))
    if facts["detection_errors"]:
        console.print(_error_table(facts["detection_errors"], set(facts["thresholds"]) - {0}))
    for title, key in (("Rows by requantisation shift", "shifts"), ("Weights +-2^k by k", "exponents")):
        if facts.get(key):
            console.print(_histograms(title, facts[key]))


def _error_table(errors: dict[str, Any], thresholds: set[int]) -> Table:
    """A row a level; an arrow where it is a threshold of the model."""
    spoken = f"{errors['words']:,} words in {errors['seconds'] / HOUR:.2f} h, as noisy as what was trained on"
    table = Table("", title="Detection errors of people who validate", caption=f"{spoken}; >: accepted from here on")
    for column in ("sure, of 255", "confidence", "words missed", "false an hour"):
        table.add_column(column, justify="right")
    columns = (errors[key] for key in ("levels", "confidence", "missed", "per_hour"))
    for level, told, missed, alarms in zip(*columns, strict=True):
        table.add_row(">" if level in thresholds else "", f"{level}", f"{told:.2f}", f"{missed:.1%}", f"{alarms:,.1f}")
    return table


def _trained(trained: dict[str, Any]) -> str:
    """`count` is of all that somebody spoke, in whatever corpus."""
    other = " and what follows" if any(not source["licences"] for source in trained["besides"]) else ""
    return f"{trained['count']:,} recordings of {trained['corpus']}{other}, split {trained['split']}"


def _source(source: dict[str, Any]) -> str:
    licences = "; ".join(source["licences"].values())
    return f"{source['recordings']:,} recordings ({licences})" if licences else f"{source['recordings']:,} recordings"


def _histograms(title: str, by_layer: dict[str, dict[int, int]]) -> Table:
    """A row a layer: of those there may be many, and their names are long."""
    keys = sorted({key for counts in by_layer.values() for key in counts})
    table = Table("layer", title=title)
    for key in keys:
        table.add_column(str(key), justify="right")
    for layer, counts in by_layer.items():
        table.add_row(layer, *(f"{counts[key]:,}" if key in counts else "." for key in keys))
    return table


def _pairs(title: str, values: dict[str, Any]) -> Table:
    table = Table("", "", title=title, show_header=False)
    table.columns[1].overflow = "fold"
    for key, value in values.items():
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(Text(key), Text(text))
    return table
