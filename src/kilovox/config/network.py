"""Sections `model` and `budget`: the network, and the memory that it must fit."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from kilovox.budget import Arithmetic, Scope, parse_size
from kilovox.config.base import Count, Layers, Positive, Section, Share, Units
from kilovox.errors import KilovoxError


class Network(Section):
    """An LSTM of `num_layers` layers and a linear head; `hidden_dim: fit` takes the largest that the budget allows.

    `input_dim`, `output_dim`: coefficients a frame and labels; without them, those of the front end and of the corpus.
    """

    input_dim: Count | None = None
    hidden_dim: Units | Literal["fit"] = 128
    num_layers: Layers = 2
    output_dim: Count | None = None
    dropout: Share = 0.3
    readout: Literal["last_valid", "after_padding"] = "last_valid"


def _size(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except KilovoxError as error:
            raise ValueError(str(error)) from None
    return value


class Budget(Section):
    """The memory the parameters must fit into: of the whole model, or of any one layer."""

    memory: Annotated[Positive, BeforeValidator(_size)] = 36864
    scope: Scope = "model"
    arithmetic: Arithmetic = "float32"
