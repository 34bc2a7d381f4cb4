"""A model at work: samples (or precomputed features) to labels. NumPy only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from kilovox.audio import Samples
from kilovox.budget import GATES, Size, size_of
from kilovox.config import FixedPointFrontEnd, Network, parse_front_end
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import corpus_features
from kilovox.frontend.fixed_point import FixedPointMFCC
from kilovox.frontend.pipeline import as_floats, fixed_point_mfcc, pad, raw_features, read_normalisation, valid_frames
from kilovox.integer.float_network import float_logits
from kilovox.integer.model_file import Model
from kilovox.integer.network import IntegerNetwork, build_network, confidence

BATCH = 256
"""Clips computed at once."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Decisions:
    """Of each clip: index of the label, confidence (0 to 1), logits (clips, labels), float32 or, in integers, int32."""

    indices: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    logits: Array


class Recogniser:
    """Runs one model. Raises KilovoxError where the model's tensors do not fit together."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = f"model {model.metadata.name}"
        self.labels = model.metadata.labels
        self.front_end = parse_front_end(model.metadata.front_end)
        self.network = _network(model)
        self.hidden = _hidden(self.network, self.name)
        self._normalisation = read_normalisation(self.front_end, model.tensors)
        self.engine = self._engine()
        if len(self.labels) != self.network.output_dim:
            raise KilovoxError(
                f"{self.name}: {len(self.labels)} labels; expected network.output_dim, {self.network.output_dim}"
            )

    @property
    def size(self) -> Size:
        """Bytes of the network, layer by layer."""
        network = self.network
        return size_of(self.hidden, network.num_layers, self.model.metadata.arithmetic, network.input_dim, network.output_dim)

    @property
    def finds_words(self) -> bool:
        """Whether only words are heard, and nothing between them."""
        return isinstance(self.front_end, FixedPointFrontEnd) and self.front_end.words is not None

    def raw_features(self, recordings: Sequence[Samples]) -> list[Array]:
        """The front end's output, each (samples,) int16 -> (frames, coefficients)."""
        return raw_features(self.front_end, recordings)

    def corpus_features(self, corpus: Corpus) -> list[Array]:
        """The front end's output for every recording of `corpus`, cached; precomputed features as they are."""
        return corpus_features(corpus, self.front_end, lambda _, recordings: self.raw_features(recordings))

    def transform(self) -> FixedPointMFCC:
        """The front end of an integer model, for streams. Raises KilovoxError for another front end."""
        if not isinstance(self.front_end, FixedPointFrontEnd):
            raise KilovoxError(f"{self.name}: front end {self.front_end.kind}; expected fixed_point")
        return fixed_point_mfcc(self.front_end)

    def normalised(self, raw: Sequence[Array]) -> list[Array]:
        """The front end's output as the network reads it, each (frames, coefficients), float32 or int8."""
        for sequence in raw:
            if sequence.shape[1] != self.network.input_dim:
                found = sequence.shape[1]
                raise KilovoxError(f"{self.name}: reads {self.network.input_dim} coefficients a frame; found {found}")
        return self._normalisation(raw)

    def decide(self, raw: Sequence[Array]) -> Decisions:
        """Decisions on the front end's output of some clips, each (frames, coefficients)."""
        batches = [self._decide(self.normalised(raw[start : start + BATCH])) for start in range(0, len(raw), BATCH)]
        return Decisions(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))

    def __call__(self, recordings: Sequence[Samples]) -> Decisions:
        """Decisions on recordings, each (samples,) int16 at the front end's sample rate."""
        return self.decide(self.raw_features(recordings))

    def _decide(self, sequences: list[Array]) -> tuple[Array, Array, Array]:
        if self.engine is not None:
            values = self.engine.run(sequences)
            return values.argmax(axis=1), confidence(self.engine.head, values) / 255.0, values
        padded = as_floats(pad(sequences, self.front_end.frames))
        network = self.network
        logits = float_logits(self.model.tensors, padded, valid_frames(padded), network.num_layers, network.readout)
        shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return logits.argmax(axis=1), shares.max(axis=1) / shares.sum(axis=1), logits

    def _engine(self) -> IntegerNetwork | None:
        arithmetic, network = self.model.metadata.arithmetic, self.network
        if arithmetic == "float32":
            self._check_float_shapes()
            return None
        if not isinstance(self.front_end, FixedPointFrontEnd):
            raise KilovoxError(
                f"{self.name}: front end {self.front_end.kind} and arithmetic {arithmetic}; expected fixed_point"
            )
        try:
            engine = build_network(self.model.tensors, arithmetic, network.num_layers, network.input_dim)
        except KilovoxError as error:
            raise KilovoxError(f"{self.name}: {error}") from None
        shape = [layer.units for layer in engine.layers] + [len(engine.head.bias)]
        expected = [self.hidden] * network.num_layers + [network.output_dim]
        if shape != expected:
            raise KilovoxError(f"{self.name}: layers of {shape} rows; metadata say {expected}")
        self._check_stored()
        return engine

    def _check_stored(self) -> None:
        """What is stored is what is counted: no tensor more, no byte more."""
        stored = {name: tensor for name, tensor in self.model.tensors.items() if not name.startswith("front_end.")}
        known = re.compile(r"(lstm\d+|head)\.(weights|bias|shift|exponent)|activation\.tanh")
        unknown = [name for name in stored if not known.fullmatch(name)]
        found = sum(tensor.nbytes for tensor in stored.values())
        if unknown or found != self.size.bytes:
            extra = f" ({', '.join(unknown)} is unknown)" if unknown else ""
            raise KilovoxError(f"{self.name}: tensors of {found} bytes{extra}; expected {self.size.bytes}")

    def _check_float_shapes(self) -> None:
        network, hidden = self.network, self.hidden
        expected = {"fc.weight": (network.output_dim, hidden), "fc.bias": (network.output_dim,)}
        for layer in range(network.num_layers):
            inputs = network.input_dim if layer == 0 else hidden
            expected[f"lstm.weight_ih_l{layer}"] = (GATES * hidden, inputs)
            expected[f"lstm.weight_hh_l{layer}"] = (GATES * hidden, hidden)
            expected[f"lstm.bias_ih_l{layer}"] = expected[f"lstm.bias_hh_l{layer}"] = (GATES * hidden,)
        for name, shape in expected.items():
            found = self.model.tensor(name).shape
            if found != shape:
                raise KilovoxError(f"{self.name}: tensor {name} has shape {found}; expected {shape}")


def _network(model: Model) -> Network:
    try:
        return Network.model_validate(model.metadata.network)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in ("network", *first["loc"]))
        raise KilovoxError(f"model {model.metadata.name}: metadata {key}: {first['msg'].lower()}") from None


def _hidden(network: Network, name: str) -> int:
    if network.hidden_dim == "fit":
        raise KilovoxError(f"{name}: metadata network.hidden_dim 'fit'; expected a number")
    return network.hidden_dim
