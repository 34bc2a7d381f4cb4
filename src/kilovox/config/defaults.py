"""What a configuration that leaves things out means: a name, a corpus and a memory are enough for a recogniser.

A configuration that says of everything what it wants is left as it is, and so is one without a budget and without
`quantisation`: it is a float network of the defaults that the sections document. With a budget, `hidden_dim` is `fit`.
"""

import copy
from typing import Any

RECIPE: dict[str, dict[str, Any]] = {
    "frontend": {"kind": "fixed_point", "words": {}},
    "model": {"hidden_dim": "fit", "num_layers": 1, "dropout": 0.2},
    "training": {
        "epochs": 110, "batch_size": 96, "learning_rate": 0.006, "averaging": 0.99,
        "augmentation": {
            "views": 7, "time_mask": 0, "feature_mask": 2,
            "acoustics": {
                "tempo": 0.5, "crop_ms": 60.0, "reverberation": 0.2, "noise": 0.45, "noise_db": 5.0,
            },
        },
    },
    "quantisation": {"epochs": 20, "learning_rate": 0.001},
}  # fmt: skip
"""Of integer networks: that of the bundled `digits`, without its synthetic voices and its teacher."""

LISTENING: dict[str, dict[str, Any]] = {
    "frontend": {"kind": "fixed_point", "features": "levels"},
    "model": {"hidden_dim": "fit", "num_layers": 1, "dropout": 0.1},
    "training": {"epochs": 12, "batch_size": 40, "learning_rate": 0.008, "averaging": 0.995},
    "quantisation": {"epochs": 3, "learning_rate": 0.001, "dropout": 0.0},
}
"""Of integer networks that read running sound, where there is a section `streams`: that of `listening`."""

_ALWAYS = ("dataset", "data_splitting", "frontend", "model", "training")
"""Sections that every configuration has."""


def complete(values: dict[str, Any]) -> dict[str, Any]:
    """`values`, sections of YAML, with what follows from them filled in; what is wrong in them is left for the check.

    An integer network is meant where `quantisation` or `budget.arithmetic` say so, or a budget is given that says nothing of
    arithmetic, beside no front end (or the integer one): then int8. What of the recipe the user did not write is filled in
    unless both sections name their arithmetic, as every configuration did before there was a recipe.
    """
    # A section of which every key is commented out is one that is not there.
    values = {name: part for name, part in values.items() if part is not None or name not in _ALWAYS}
    budget, quantisation = values.get("budget"), values.get("quantisation")
    if not all(isinstance(part, dict | None) for part in (budget, quantisation, values.get("frontend"), values.get("model"))):
        return values
    arithmetic = (quantisation or {}).get("arithmetic") or (budget or {}).get("arithmetic") or _default_arithmetic(values)
    meant = copy.deepcopy(values)
    if budget is not None:
        meant["model"] = {"hidden_dim": "fit", **(values.get("model") or {})}
    if arithmetic not in ("int8", "pow2"):
        return meant
    if budget is not None:
        meant["budget"] = {"arithmetic": arithmetic, **budget}
    if not _is_left_open(values):
        return meant
    recipe = copy.deepcopy(RECIPE if values.get("streams") is None else LISTENING)
    if "frontend" in values:
        del recipe["frontend"]
    if budget is None:
        del recipe["model"]["hidden_dim"]
    recipe["quantisation"]["arithmetic"] = arithmetic
    return _filled(meant, recipe)


def _default_arithmetic(values: dict[str, Any]) -> str | None:
    if values.get("budget") is None or ("quantisation" in values and values["quantisation"] is None):
        return None
    integers = "frontend" not in values or (values["frontend"] or {}).get("kind") == "fixed_point"
    return "int8" if integers and (values.get("model") or {}).get("readout", "last_valid") == "last_valid" else None


def _is_left_open(values: dict[str, Any]) -> bool:
    if "quantisation" in values and values["quantisation"] is None:
        return False
    said = values.get("quantisation") is not None
    return "frontend" not in values or not said or (values.get("budget") or {"arithmetic": ""}).get("arithmetic") is None


def _filled(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """`values` over `defaults`, section in section."""
    result = {**defaults, **values}
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(defaults.get(key), dict):
            result[key] = _filled(value, defaults[key])
    return result
