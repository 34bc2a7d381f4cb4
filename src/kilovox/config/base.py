"""What every section of a configuration is made of."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from kilovox.files import expanded

LARGEST_COUNT = 1024

Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
Units = Annotated[int, Field(gt=0, le=4096)]
Layers = Annotated[int, Field(gt=0, le=16)]
Samples = Annotated[int, Field(gt=0, le=2**16)]
Hertz = Annotated[int, Field(gt=0, le=384_000)]
Frames = Annotated[int, Field(gt=0, le=2**14)]
Count = Annotated[int, Field(gt=0, le=LARGEST_COUNT)]
Decibels = Annotated[float, Field(ge=0, le=200)]
Share = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]


def user_path(value: Any) -> Any:
    """A path as YAML gives it; `~` is the home of the user (of nobody else: `~name` stays as it is)."""
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError(f"{value!r} is no path; expected the name of a file or folder")
    return expanded(value) if value == "~" or value.startswith("~/") else Path(value)


def as_tuple(value: Any) -> Any:
    """A list, as YAML gives it, as the tuple that a frozen section holds."""
    return tuple(value) if isinstance(value, list) else value


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
UserPath = Annotated[Path | None, BeforeValidator(user_path)]


class Section(BaseModel):
    """Frozen, nothing unknown, no silent conversion of one type to another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class GrownSection(Section):
    """One with keys that came when there were runs and models already: `LATER`.

    They are written only where they say something, so that what was there before stays the same.
    """

    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        silent = {key for key in self.LATER if getattr(self, key) == type(self).model_fields[key].default}
        return {key: value for key, value in values.items() if key not in silent}
