"""What pydantic finds wrong, in our words."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_NOT_KEYS = ("constrained-int", "literal['fit']", "int", "mfcc", "fixed_point")
"""Parts of a location that say which of several types was tried."""


def complaints(error: ValidationError, root: Any) -> list[str]:
    """A line for each thing that is wrong: key, value, what would be right. `root`: the type that was asked for."""
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"] if part not in _NOT_KEYS)
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if item["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key (value {item['input']!r}); expected {_known_keys(item['loc'], root)}")
        elif item["type"] == "missing":
            lines.append(f"{key}: missing; it is required")
        elif item["type"] in ("value_error", "front_end"):
            lines.append(f"{key}: {message}" if key else message)
        else:
            lines.append(f"{key}: {item['input']!r}; expected {message}")
    return lines


def _known_keys(location: tuple[int | str, ...], root: Any) -> str:
    options = _sections(root)
    for part in location[:-1]:
        section = options[0]
        if part in section.model_fields:
            options = _sections(section.model_fields[str(part)].annotation) or options
        else:
            options = [one for one in options if part in get_args(one.model_fields["kind"].annotation)] or options
    return "one of " + ", ".join(options[0].model_fields)


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections that an annotation admits."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for one in get_args(annotation) for section in _sections(one)]
