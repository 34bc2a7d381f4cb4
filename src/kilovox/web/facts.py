"""What the page tells of a model, as it is in the model's file."""

import re
from typing import Any

from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.web.module import check_listens

MOST_AN_HOUR = 1e9
"""False detections, as they are told: a curve of next to no time has more than a picture of them shows."""


def facts(model: Model, module: bytes) -> dict[str, Any]:
    """As models.json keeps it. module: its WebAssembly. Raises KilovoxError for a model that the page cannot run."""
    check_listens(model)
    metadata, recogniser = model.metadata, Recogniser(model)
    asked = [threshold for threshold in metadata.thresholds or () if threshold]
    return {
        "name": metadata.name,
        "arithmetic": metadata.arithmetic,
        "about": f"{metadata.arithmetic}, {'running sound' if recogniser.listens else 'words one by one'}",
        "listens": recogniser.listens,
        "bytes": recogniser.size.bytes,
        "module": f"{_file_name(metadata.name)}.wasm",
        "module_bytes": len(module),
        "features": "mel levels" if metadata.front_end.get("features") == "levels" else "cepstra",
        "threshold": min(asked, default=0),
        "curve": _curve(model),
        "learnt": _learnt(model),
    }


def _curve(model: Model) -> dict[str, list[float]] | None:
    """The detection-error curve: levels of 255, shares of words missed, false detections an hour. None where there is none."""
    errors = model.metadata.detection_errors
    if errors is None or errors.words == 0:
        return None
    return {
        "levels": [float(level) for level in errors.levels],
        "missed": [round(missed, 5) for missed in errors.missed],
        "hourly": [round(min(hourly, MOST_AN_HOUR), 2) for hourly in errors.per_hour],
    }


def _learnt(model: Model) -> str:
    trained = model.metadata.trained_on
    parts = [(len(trained.recordings), trained.corpus)] + [(one.recordings, one.corpus) for one in trained.besides]
    return ", ".join(f"{count:,} recordings of {corpus}" for count, corpus in parts)


def _file_name(name: str) -> str:
    """Of letters, digits, - and _: a model's name is a stranger's text."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
