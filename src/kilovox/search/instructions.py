"""Instructions a second of sound that a network will take on a core, before it is trained.

A model of a few numbers a part (front end, convolutions, layers, head, the rest), fitted by least squares of relative errors to
counts that emulated cores gave (`instructions.json` beside this file; `python benchmarks/instructions.py` makes it anew). How
far it is off is said by leaving out one network at a time: each is predicted by a fit to the others.
"""

import functools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kilovox.config import Configuration, Network
from kilovox.errors import KilovoxError

TABLE = Path(__file__).with_name("instructions.json")

DECISIONS = 1.0
"""A second, of a network that is read at the end of a word."""


@dataclass(frozen=True)
class Shape:
    """All of an integer network and its front end that instructions are predicted from; `rate`: frames a second."""

    arithmetic: str
    features: str
    mel_bands: int
    coefficients: int
    labels: int
    hidden: int
    network: Network
    rate: float = 50.0

    @classmethod
    def of(cls, config: Configuration) -> Self:
        """Of a configuration that knows its labels. Raises KilovoxError for a float network."""
        front_end = config.frontend
        if config.quantisation is None or front_end.kind != "fixed_point":
            raise KilovoxError(
                "instructions are predicted of integer networks; expected section 'quantisation', frontend.kind fixed_point"
            )
        return cls(
            config.quantisation.arithmetic, front_end.features, front_end.mel_bands, front_end.coefficients, config.outputs,
            config.hidden, config.model, front_end.sample_rate / front_end.hop,
        )  # fmt: skip

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Of what `as_json` gave."""
        return cls(**{**values, "network": Network.model_validate(values["network"])})

    def as_json(self) -> dict[str, Any]:
        """For a row of the table."""
        return {**vars(self), "network": self.network.model_dump(mode="json", exclude_defaults=True)}

    @property
    def kind(self) -> str:
        """Of network."""
        return self.network.kind

    def times(self) -> dict[str, float]:
        """By part: how often a second of sound it is gone through."""
        steps = self.rate / self.network.frame_stride
        decisions = steps if self.kind == "convolutional" else DECISIONS
        return {"front_end": self.rate, "convolutions": self.rate, "layers": steps, "head": decisions, "other": self.rate}

    def terms(self) -> dict[str, tuple[str, list[float]]]:
        """By part: what networks have the same coefficients of it, and what these are multiplied by, each time it is gone
        through.
        """
        cepstra = self.features == "cepstra"
        outputs = self.labels + (self.kind == "convolutional")
        inputs = self.network.projection or self.coefficients
        columns = [(inputs if layer == 0 else self.hidden) + self.hidden for layer in range(self.network.num_layers)]
        found = {
            "front_end": (self.features, [1.0, self.mel_bands, *([self.mel_bands * self.coefficients] if cepstra else [])]),
            "layers": (self.arithmetic, [len(columns), self.hidden * len(columns), float(self.hidden * sum(columns))]),
            "head": (f"{self.arithmetic} {self.kind}", [1.0, float(outputs * self.hidden)]),
            "other": (self.kind, [1.0]),
        }
        if self.kind == "convolutional":
            found["convolutions"] = (self.arithmetic, self._convolved())
        return found

    def _convolved(self) -> list[float]:
        """A frame of the front end: one, numbers put out, products of the full convolution, of depthwise ones, of pointwise
        ones and the projection."""
        bands, channels, share = self.mel_bands, 1, 1.0
        outputs = full = depthwise = dense = 0.0
        for number, block in enumerate(self.network.blocks):
            bands, share = -(-bands // block.band_stride), share / block.frame_stride
            kernel, seen = block.frames * block.bands, share * bands
            if number == 0:
                outputs, full = outputs + seen * block.channels, full + seen * block.channels * kernel
            else:
                outputs += seen * (channels + block.channels)
                depthwise, dense = depthwise + seen * channels * kernel, dense + seen * channels * block.channels
            channels = block.channels
        projected = self.network.projection or 0
        return [1.0, outputs + share * projected, full, depthwise, dense + share * projected * channels * bands]


@dataclass(frozen=True)
class Counted:
    """A network of the table: `parts`, instructions a time that each part was gone through, on one core."""

    name: str
    shape: Shape
    parts: dict[str, float]

    @property
    def per_second(self) -> float:
        """Of sound."""
        return sum(self.shape.times()[part] * count for part, count in self.parts.items())


Coefficients = dict[tuple[str, str], npt.NDArray[Any]]
"""By part, and what networks have them in common."""


def fitted(counted: Sequence[Counted]) -> Coefficients:
    """Least squares of the relative errors, a part at a time."""
    rows: dict[tuple[str, str], list[tuple[list[float], float]]] = {}
    for one in counted:
        for part, (which, terms) in one.shape.terms().items():
            rows.setdefault((part, which), []).append((terms, one.parts[part]))
    found: Coefficients = {}
    for key, pairs in rows.items():
        matrix, counts = np.array([terms for terms, _ in pairs]), np.array([count for _, count in pairs])
        found[key] = np.linalg.lstsq(matrix / counts[:, None], np.ones(len(counts)), rcond=None)[0]
    return found


def predicted(coefficients: Coefficients, shape: Shape) -> float:
    """Instructions a second of sound; every frame goes through the network, as while somebody speaks."""
    times = shape.times()
    return sum(
        times[part] * float(np.dot(coefficients[part, which], terms)) for part, (which, terms) in shape.terms().items()
    )  # fmt: skip


@dataclass(frozen=True)
class InstructionModel:
    """Of one core. `mean`, `worst`: relative errors of networks that were left out of the fit, `networks` of them."""

    core: str
    coefficients: Coefficients
    mean: float
    worst: float
    networks: int

    @classmethod
    def of(cls, core: str, counted: Sequence[Counted]) -> Self:
        """Fitted to all of `counted`; its errors, to all but one."""
        errors = left_out_errors(counted)
        return cls(core, fitted(counted), float(np.mean(errors)), max(errors), len(counted))

    def __call__(self, config: Configuration) -> int:
        """Instructions a second of sound of the network that `config` describes. Raises KilovoxError for a float network."""
        return math.ceil(predicted(self.coefficients, Shape.of(config)))

    @property
    def said(self) -> str:
        """How far it may be off, in a line."""
        return (
            f"instructions on {self.core} are predicted from counts of {self.networks} networks: each left out in turn, "
            f"they are {self.mean:.1%} off on average, {self.worst:.1%} at most"
        )


def left_out_errors(counted: Sequence[Counted]) -> list[float]:
    """Relative error of each, predicted by a fit to the others."""
    found = []
    for place, one in enumerate(counted):
        others = [*counted[:place], *counted[place + 1 :]]
        found.append(abs(predicted(fitted(others), one.shape) / one.per_second - 1))
    return found


def cores() -> tuple[str, ...]:
    """Those that the table has counts of."""
    return tuple(_table()["cores"])


def instruction_model(core: str) -> InstructionModel:
    """Raises KilovoxError for a core that nothing was counted on."""
    table = _table()
    if core not in table["cores"]:
        raise KilovoxError(f"core {core!r}: no counts of it; expected one of {', '.join(table['cores'])}")
    return InstructionModel.of(core, counted_on(core, table["networks"]))


def counted_on(core: str, networks: Sequence[dict[str, Any]]) -> list[Counted]:
    """Rows of the table, as counted on `core`."""
    return [Counted(row["name"], Shape.from_json(row["shape"]), row["counts"][core]) for row in networks]


_table: Callable[[], dict[str, Any]] = functools.cache(lambda: json.loads(TABLE.read_text()))
