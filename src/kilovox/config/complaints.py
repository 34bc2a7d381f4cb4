"""What pydantic finds wrong, in our words."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from kilovox.text import printable, shown

Key = tuple[int | str, ...]

_NOT_KEYS = ("constrained-int", "literal['fit']", "int", "float", "mfcc", "fixed_point", "values", "range")
"""Parts of a location that say which of several types was tried."""

_HINTS = {"bool_type": ", true or false", "string_type": ", in quotes where it looks like something else"}
"""By pydantic's type of error: how YAML writes what is expected."""


def complaints(error: ValidationError, root: Any) -> list[str]:
    """A line for each thing that is wrong: key, value, what would be right. `root`: the type that was asked for."""
    return [line for _, line in located(error, root)]


def located(error: ValidationError, root: Any) -> list[tuple[Key, str]]:
    """The same, each with the keys that lead to it."""
    found: dict[Key, list[str]] = {}
    for item in error.errors():
        keys = tuple(part for part in item["loc"] if part not in _NOT_KEYS)
        key = printable(".".join(str(part) for part in keys), 200)
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if item["type"] == "extra_forbidden":
            line = f"{key}: unknown key (value {shown(item['input'])}); expected {_known_keys(item['loc'], root)}"
        elif item["type"] == "missing":
            line = f"{key}: missing; it is required"
        elif item["type"] in ("value_error", "front_end", "search_values"):
            line = f"{key}: {message}" if key else message
        else:
            if item["type"] in ("model_type", "model_attributes_type", "dict_type"):
                message = "a section, keys and values"
            message += _HINTS.get(item["type"], "")
            line = f"{key}: {shown(item['input'])}; expected {message}"
        found.setdefault(keys, []).append(line)
    # Of a value that may be of several types, what is expected of each is one complaint.
    return [(keys, _joined(lines)) for keys, lines in found.items()]


def _joined(lines: list[str]) -> str:
    first, *others = dict.fromkeys(lines)
    start = first.partition("; expected ")[0]
    if all(line.startswith(f"{start}; expected ") for line in others):
        return " or ".join([first, *(line.removeprefix(f"{start}; expected ") for line in others)])
    return "; ".join([first, *others])


def _known_keys(location: tuple[int | str, ...], root: Any) -> str:
    options = _sections(root)
    for part in location[:-1]:
        section = options[0]
        if isinstance(part, int):
            continue  # a place in a list of such sections
        if part in section.model_fields:
            options = _sections(section.model_fields[str(part)].annotation) or options
        else:
            kinds = {one: get_args(one.model_fields["kind"].annotation) for one in options if "kind" in one.model_fields}
            options = [one for one in options if part in kinds.get(one, ())] or options
    return "one of " + ", ".join(options[0].model_fields)


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections that an annotation admits."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for one in get_args(annotation) for section in _sections(one)]
