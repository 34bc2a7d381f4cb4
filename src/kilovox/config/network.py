"""Sections `model` and `budget`: the network, and the memory that it must fit."""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from kilovox.budget import GATES, Arithmetic, Scope, Size, parse_size, size_of, size_of_shapes
from kilovox.config.base import Count, Layers, Positive, Section, Share, Units, as_tuple
from kilovox.errors import KilovoxError


class Block(Section):
    """Convolutions over `frames` x `bands` that give `channels`, every `frame_stride` frames and `band_stride` bands."""

    channels: Annotated[int, Field(gt=0, le=256)]
    frames: Annotated[int, Field(gt=0, le=15)] = 3
    bands: Annotated[int, Field(gt=0, le=15)] = 3
    frame_stride: Annotated[int, Field(gt=0, le=8)] = 1
    band_stride: Annotated[int, Field(gt=0, le=8)] = 1

    @model_validator(mode="after")
    def _centred(self) -> "Block":
        if self.bands % 2 == 0:
            raise ValueError(f"bands is {self.bands}; expected an odd number, the same on either side of a band")
        return self


class Network(Section):
    """An LSTM of `num_layers` layers and a linear head; `hidden_dim: fit` takes the largest that the budget allows.

    `input_dim`, `output_dim`: coefficients a frame and labels; without them, those of the front end and of the corpus.
    `kind: convolutional` has convolutions before the LSTM: `blocks`, of which the first is full and the others are depthwise
    and pointwise, then a projection onto `projection` numbers a frame; it gives a label, or none, every so many frames.
    """

    kind: Literal["lstm", "convolutional"] = "lstm"
    input_dim: Count | None = None
    hidden_dim: Units | Literal["fit"] = 128
    num_layers: Layers = 2
    output_dim: Count | None = None
    dropout: Share = 0.3
    readout: Literal["last_valid", "after_padding"] = "last_valid"
    blocks: Annotated[tuple[Block, ...], BeforeValidator(as_tuple)] = ()
    projection: Count | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Network":
        convolutional = self.kind == "convolutional"
        for name, there in (("blocks", bool(self.blocks)), ("projection", self.projection is not None)):
            if there != convolutional:
                what = "expected it for kind convolutional" if convolutional else "expected it for kind convolutional alone"
                raise ValueError(f"{name} {'is there' if there else 'is missing'}; {what}")
        if len(self.blocks) > 8:
            raise ValueError(f"{len(self.blocks)} blocks; expected at most 8")
        return self

    @property
    def frame_stride(self) -> int:
        """Frames of the front end for one of the LSTM."""
        return math.prod(block.frame_stride for block in self.blocks)


Shapes = dict[str, tuple[int, ...]]


def tensor_shapes(network: Network, inputs: int, hidden: int, outputs: int) -> Shapes:
    """Shape of every tensor of a float network of `inputs` numbers a frame and `outputs` outputs, the blank's included."""
    found: Shapes = {}
    if network.kind == "convolutional":
        found = _convolution_shapes(network, inputs)
        inputs = network.projection or 0
    found |= {"fc.weight": (outputs, hidden), "fc.bias": (outputs,)}
    for layer in range(network.num_layers):
        found[f"lstm.weight_ih_l{layer}"] = (GATES * hidden, inputs if layer == 0 else hidden)
        found[f"lstm.weight_hh_l{layer}"] = (GATES * hidden, hidden)
        found[f"lstm.bias_ih_l{layer}"] = found[f"lstm.bias_hh_l{layer}"] = (GATES * hidden,)
    return found


def _convolution_shapes(network: Network, bands: int) -> Shapes:
    found: Shapes = {}
    number, inputs = 0, 1
    for block in network.blocks:
        channels = inputs if number else block.channels
        found |= {f"conv{number}.weight": (channels, 1, block.frames, block.bands), f"conv{number}.bias": (channels,)}
        if number:
            number += 1
            found |= {f"conv{number}.weight": (block.channels, inputs, 1, 1), f"conv{number}.bias": (block.channels,)}
        number, inputs, bands = number + 1, block.channels, -(-bands // block.band_stride)
    projection = network.projection or 0
    return found | {"projection.weight": (projection, inputs * bands), "projection.bias": (projection,)}


def network_size(network: Network, hidden: int, arithmetic: Arithmetic, inputs: int, labels: int) -> Size:
    """The size of a network with `labels` labels. Raises KilovoxError where a count is not positive."""
    if network.kind == "lstm":
        return size_of(hidden, network.num_layers, arithmetic, inputs, labels)
    # One output more: the blank.
    shapes = tensor_shapes(network, inputs, hidden, labels + 1)
    return size_of_shapes(shapes, arithmetic, network.num_layers, hidden, inputs, labels)


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
