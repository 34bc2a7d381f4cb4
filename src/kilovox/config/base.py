"""What every section of a configuration is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
Units = Annotated[int, Field(gt=0, le=4096)]
Layers = Annotated[int, Field(gt=0, le=16)]
Samples = Annotated[int, Field(gt=0, le=2**16)]
Hertz = Annotated[int, Field(gt=0, le=384_000)]
Frames = Annotated[int, Field(gt=0, le=2**14)]
Count = Annotated[int, Field(gt=0, le=1024)]
Decibels = Annotated[float, Field(ge=0, le=200)]
Share = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """Frozen, nothing unknown, no silent conversion of one type to another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
