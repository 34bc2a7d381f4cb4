"""Bytes of a network, and the largest network that fits a memory. Integers only; nothing is estimated.

A network here is `layers` LSTM layers of the same hidden size h on `inputs` features, and a linear head of `outputs` labels.
What a layer of n inputs (the head: h inputs, one row an output) holds, by arithmetic:

    float32   4 bytes a weight and a bias; two biases a gate row, as PyTorch keeps them (torch.nn.LSTM)
    int8      1 byte a weight, an int32 bias and a one-byte shift a row (the head: one shift, for its rows are compared)
    pow2      4 bits a weight (sign and exponent, two a byte, each row begins on a byte), an int32 bias a row,
              one byte for the layer's smallest exponent and one for its shift

The integer networks also need the activation table, which all layers share.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from kilovox.errors import KilovoxError
from kilovox.text import shown

Arithmetic = Literal["float32", "int8", "pow2"]
Scope = Literal["layer", "model"]

ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)
SCOPES: tuple[Scope, ...] = get_args(Scope)

GATES = 4
"""Input, forget, cell candidate, output."""

ACTIVATION_TABLE_ENTRIES = 129
"""int16 values of tanh on 0 ... 8 in steps of 1/16; sigmoid is read from the same table."""

LARGEST_COLUMNS = 700
"""Inputs and units of an integer layer together, that training can simulate: 700 x 127 x 128 + 2^22 < 2^24, so that every
partial sum is a float32 exactly."""

_UNITS = {"": 1, "B": 1, "KB": 1024, "KIB": 1024, "MB": 1024**2, "MIB": 1024**2}


@dataclass(frozen=True)
class Size:
    """Bytes and parameters of one network; `layer_bytes` and `layer_parameters` end with the head."""

    arithmetic: Arithmetic
    layers: int
    hidden: int
    inputs: int
    outputs: int
    layer_parameters: tuple[int, ...]
    layer_bytes: tuple[int, ...]
    tables: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the layers, in order."""
        before = len(self.layer_bytes) - self.layers - 1
        convolutions = [f"conv {number}" for number in range(before - 1)] + ["projection"] if before else []
        return (*convolutions, *(f"lstm {layer}" for layer in range(self.layers)), "head")

    @property
    def network(self) -> str:
        """What it is made of, such as 2 x LSTM 24, or 7 convolutions, 1 x LSTM 54."""
        convolutions = sum(name.startswith("conv") for name in self.names)
        return (f"{convolutions} convolutions, " if convolutions else "") + f"{self.layers} x LSTM {self.hidden}"

    @property
    def parameters(self) -> int:
        """Weights and biases of the whole network."""
        return sum(self.layer_parameters)

    @property
    def bytes(self) -> int:
        """Bytes of the whole network, tables included."""
        return sum(self.layer_bytes) + self.tables

    @property
    def largest_layer(self) -> int:
        """Bytes that must be in memory at once where one layer is loaded at a time: the largest, and the tables."""
        return max(self.layer_bytes) + self.tables

    def within(self, scope: Scope) -> int:
        """The bytes that a budget of `scope` bounds."""
        return self.bytes if scope == "model" else self.largest_layer

    def as_json(self, scope: Scope, limit: int) -> dict[str, Any]:
        """What `kilovox size --json` prints."""
        values = asdict(self)
        return {**values, "scope": scope, "limit": limit, "parameters": self.parameters, "bytes": self.bytes,
                "largest_layer": self.largest_layer, "free": limit - self.within(scope)}  # fmt: skip


def parse_size(text: str) -> int:
    """Bytes of a size such as 36KB, 36 KiB, 36864 or 1MB, where 1 KB is 1,024 bytes. Raises KilovoxError."""
    match = re.fullmatch(r"(\d+)\s*([A-Z]*)", text.strip().upper())
    if match is None or match[2] not in _UNITS or len(match[1]) > 15 or int(match[1]) == 0:
        raise KilovoxError(
            f"{shown(text)} is not a size of memory; expected a positive whole number and B, KB or MB, such as 36KB"
        )
    return int(match[1]) * _UNITS[match[2]]


def size_of(hidden: int, layers: int, arithmetic: Arithmetic, inputs: int = 13, outputs: int = 10) -> Size:
    """The size of a network of `layers` layers of `hidden` units. Raises KilovoxError where a count is not positive."""
    for name, value in (("hidden size", hidden), ("layers", layers), ("inputs", inputs), ("outputs", outputs)):
        if value < 1:
            raise KilovoxError(f"{name} {value}; expected at least 1")
    # A gate row takes the layer's inputs and the layer's own state; a row of the head takes the state alone.
    shapes = [(GATES * hidden, (inputs if layer == 0 else hidden) + hidden) for layer in range(layers)] + [(outputs, hidden)]
    parameters, sizes = [], []
    for index, (rows, columns) in enumerate(shapes):
        biases = rows * (2 if index < layers else 1) if arithmetic == "float32" else rows
        parameters.append(rows * columns + biases)
        shifts = rows if index < layers else 1
        sizes.append(_layer_bytes(arithmetic, rows, columns, biases, shifts))
    tables = 0 if arithmetic == "float32" else 2 * ACTIVATION_TABLE_ENTRIES
    return Size(arithmetic, layers, hidden, inputs, outputs, tuple(parameters), tuple(sizes), tables)


def size_of_shapes(
    shapes: Mapping[str, tuple[int, ...]], arithmetic: Arithmetic, layers: int, hidden: int, inputs: int, outputs: int
) -> Size:
    """The size of a network with convolutions before its LSTM, from the shapes of its float tensors.

    A convolution and the projection hold what an LSTM layer of as many rows holds, but in pow2, where each row has a shift of
    its own in the place of the layer's exponent and shift: batch normalisation folded in spreads the channels. In integers the
    two matrices and biases of an LSTM layer are one.
    """
    parameters, sizes = [], []
    for name in [name for name in shapes if name.startswith(("conv", "projection")) and name.endswith(".weight")]:
        rows, *columns = shapes[name]
        several = math.prod(columns)
        # A shift a row in every arithmetic, which says the exponents of powers of two as well.
        sizes.append(_layer_bytes(arithmetic, rows, several, rows, rows) + (rows - 2 if arithmetic == "pow2" else 0))
        parameters.append(rows * math.prod(columns) + rows)
    for layer in range(layers):
        rows, own = shapes[f"lstm.weight_hh_l{layer}"]
        inputs_and_own = own + shapes[f"lstm.weight_ih_l{layer}"][1]
        biases = 2 * rows if arithmetic == "float32" else rows
        sizes.append(_layer_bytes(arithmetic, rows, inputs_and_own, biases, rows))
        parameters.append(rows * inputs_and_own + biases)
    rows, units = shapes["fc.weight"]
    sizes.append(_layer_bytes(arithmetic, rows, units, rows, 1))
    parameters.append(rows * units + rows)
    tables = 0 if arithmetic == "float32" else 2 * ACTIVATION_TABLE_ENTRIES
    return Size(arithmetic, layers, hidden, inputs, outputs, tuple(parameters), tuple(sizes), tables)


def _layer_bytes(arithmetic: Arithmetic, rows: int, columns: int, biases: int, shifts: int) -> int:
    if arithmetic == "float32":
        return 4 * (rows * columns + biases)
    if arithmetic == "int8":
        return rows * columns + 4 * biases + shifts
    return rows * ((columns + 1) // 2) + 4 * biases + 2


def fit_hidden(
    memory: int, layers: int, arithmetic: Arithmetic, scope: Scope = "model", inputs: int = 13, outputs: int = 10
) -> Size:
    """The network with the most units a layer whose bytes within `scope` are at most `memory` bytes.

    Raises KilovoxError where none does.
    """

    def needs(hidden: int) -> int:
        return size_of(hidden, layers, arithmetic, inputs, outputs).within(scope)

    fits = largest_that_fits(needs, memory, f"{layers} layers in {arithmetic} (scope {scope})")
    return size_of(fits, layers, arithmetic, inputs, outputs)


def largest_that_fits(needs: Callable[[int], int], memory: int, what: str) -> int:
    """The most units a layer for which the bytes that `needs` tells are at most `memory`; they grow with the units.

    Exact: bisection finds the last that fits. Raises KilovoxError, saying `what` does not fit, where none does.
    """
    if needs(1) > memory:
        raise KilovoxError(f"{memory} bytes hold no network of {what}; one unit a layer needs {needs(1)} bytes")
    fits, too_large = 1, 2
    while needs(too_large) <= memory:
        fits, too_large = too_large, 2 * too_large
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        fits, too_large = (middle, too_large) if needs(middle) <= memory else (fits, middle)
    return fits
