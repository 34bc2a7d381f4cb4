"""The reference of a configuration's keys: types, defaults and bounds from the pydantic models, meanings from keys.yaml."""

import json
from pathlib import Path
from typing import Any

import yaml

from kilovox.config import Configuration, Experiment
from kilovox.config.defaults import LISTENING, RECIPE

MEANINGS = Path(__file__).parent / "keys.yaml"

OPENING = """\
# Configuration

One YAML file is one experiment: `kilovox train FILE` trains it, `kilovox inspect FILE` shows every key with the value it has or
defaults to. A wrong key or value is named with its line and what would be right. Only `experiment.name` must be there.

YAML is read as version 1.2 means it: `yes` and `on` are words, `1e-3` is a number. Counts are whole numbers. `null` switches an
optional section off.

Defaults in the tables are those of a float network. Where there is a `budget` or a `quantisation` that leaves something open,
an integer network is meant, and [the recipe](#the-recipe-of-integer-networks) fills in what the file does not say.

This page is made from the code of this version.
"""

RECIPE_OPENING = """\
## The recipe of integer networks

What is filled in where an integer network is meant and the file says nothing else. The left column is the recipe of `digits`,
without its synthetic voices and its teacher; the right one, that of `listening`, where there is a section `streams`.
"""


def page() -> str:
    """The page, Markdown."""
    meanings = yaml.safe_load(MEANINGS.read_text())
    schema = Configuration.model_json_schema()
    parts = [OPENING]
    for section, (model, about) in meanings["sections"].items():
        title = section if " " in section else f"`{section}`"
        parts.append(f"## {title}\n\n{about}\n\n{_table(schema['$defs'][model], meanings['keys'][model])}")
    return "\n".join([*parts, _recipe()])


def _table(schema: dict[str, Any], meanings: dict[str, str]) -> str:
    required = schema.get("required", [])
    rows = ["| key | type, bounds | default | what it means |", "|---|---|---|---|"]
    for key, values in schema["properties"].items():
        default = "required" if key in required else _value(values.get("default"))
        kind = ", ".join(filter(None, (_type(values), _bounds(values))))
        rows.append(f"| `{key}` | {kind} | {default} | {_cell(meanings[key])} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "section below" if value else f"`{json.dumps(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


_NAME = Experiment.model_json_schema()["properties"]["name"]["pattern"]
"""What a name may be; what a split may be is said by its meaning."""

_NAMES = {
    "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null", "string": "text",
    "object": "text to text",
}  # fmt: skip


def _type(values: dict[str, Any]) -> str:
    """In words."""
    if "const" in values or "enum" in values:
        return ", ".join(f"`{one}`" for one in values.get("enum", [values.get("const")]))
    if "anyOf" in values:
        return " or ".join(_type(one) for one in values["anyOf"])
    if "$ref" in values:
        return "section"
    if values["type"] == "array":
        return "list of sections" if "$ref" in values["items"] else "list of text"
    if values["type"] == "object" and values["additionalProperties"].get("type") != "string":
        return "keys to lists or sections"
    return "path" if values.get("format") == "path" else _NAMES[values["type"]]


def _bounds(values: dict[str, Any]) -> str:
    """Of a number, or what a name may hold; of alternatives, those of whichever has any."""
    if "anyOf" in values:
        return "".join(filter(None, (_bounds(one) for one in values["anyOf"])))
    found = []
    for key, sign in (("exclusiveMinimum", ">"), ("minimum", "&ge;"), ("exclusiveMaximum", "<"), ("maximum", "&le;")):
        if key in values:
            found.append(f"{sign} {_number(values[key])}")
    if values.get("pattern") == _NAME:
        found.append("of letters, digits and `_.-`, at most 100")
    return ", ".join(found)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _recipe() -> str:
    left, right = dict(_flat(RECIPE)), dict(_flat(LISTENING))
    rows = ["| key | recipe | with `streams` |", "|---|---|---|"]
    for key in dict.fromkeys([*left, *right]):
        rows.append(f"| `{key}` | {_value(left[key]) if key in left else ''} | {_value(right[key]) if key in right else ''} |")
    return f"{RECIPE_OPENING}\n" + "\n".join(rows) + "\n"


def _flat(values: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in values.items():
        found += _flat(value, f"{before}{key}.") if isinstance(value, dict) and value else [(before + key, value)]
    return found
