"""A model at work: samples (or precomputed features) to labels. NumPy only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from kilovox.audio import Samples
from kilovox.budget import GATES, Size
from kilovox.config import FixedPointFrontEnd, Network, parse_front_end
from kilovox.config.complaints import complaints
from kilovox.config.network import network_size, tensor_shapes
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.frontend.corpus_features import corpus_features
from kilovox.frontend.fixed_point import FixedPointMFCC
from kilovox.frontend.pipeline import as_floats, fixed_point_mfcc, pad, raw_features, read_normalisation, valid_frames
from kilovox.integer.calibration import IDENTITY
from kilovox.integer.convolution import Convolutions, IntegerListener, build_convolutions, whole_sounds
from kilovox.integer.decider import Frames, float_frames, integer_frames, likeliest, one_word
from kilovox.integer.description import smallest_exponent
from kilovox.integer.float_convolutional import FloatListener
from kilovox.integer.float_network import float_logits
from kilovox.integer.model_file import Model
from kilovox.integer.network import IntegerNetwork, build_network, confidence
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING, accept_all, judged

BATCH = 256
"""Clips computed at once."""
SOUNDS = 64
"""Whole sounds computed at once by a network that listens, all of whose outputs are kept."""
LARGEST_BATCH = 2**26
"""Numbers of one kind that a float network of many frames and units holds at once."""
SILENCE_SECONDS = 0.2
"""Without sound, after the end of one: a network that listens says a word when it is over."""
LARGEST_FLOAT = 1e6
"""Of a float network's weights: with normalised features no sum of theirs can leave float32."""

Array = npt.NDArray[Any]
Listener = FloatListener | IntegerListener


@dataclass(frozen=True)
class Decisions:
    """Of each clip: index of the likeliest label, confidence (0 to 1), logits (clips, labels), float32 or, in integers, int32,
    and what it comes to (kilovox.integer.outcome). Where nothing was heard index, confidence and logits are 0: no label.

    `likeliest`: index of the label it would be if nothing were rejected; -1 where there was nothing to go by.
    """

    indices: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    logits: Array
    outcomes: npt.NDArray[np.uint8]
    likeliest: npt.NDArray[np.int64]


class Recogniser:
    """Runs one model. Raises KilovoxError where the model's tensors do not fit together."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = f"model {model.metadata.name}"
        self.labels = model.metadata.labels
        self.front_end = parse_front_end(model.metadata.front_end)
        self.network = _network(model)
        self.thresholds = _thresholds(model)
        self.knots = _knots(model, self.listens)
        self.inputs, self.hidden, self.outputs = _sizes(self.network, self.name)
        try:
            self._normalisation = read_normalisation(self.front_end, model.tensors, self.inputs)
            if isinstance(self.front_end, FixedPointFrontEnd):
                fixed_point_mfcc(self.front_end)
        except KilovoxError as error:
            raise KilovoxError(f"{self.name}: {error}") from None
        self.convolutions: Convolutions | None = None
        self.engine = self._engine()
        if len(self.labels) != self.outputs:
            raise KilovoxError(f"{self.name}: {len(self.labels)} labels; expected network.output_dim, {self.outputs}")

    @property
    def size(self) -> Size:
        """Bytes of the network, layer by layer."""
        return network_size(self.network, self.hidden, self.model.metadata.arithmetic, self.inputs, self.outputs)

    @property
    def listens(self) -> bool:
        """Whether the network tells, frame by frame, which word has ended there; else it tells one of all that it heard."""
        return self.network.kind == "convolutional"

    def heard_out(self, samples: Samples) -> Samples:
        """(samples,) as a whole recording is heard: by a model that listens with `silence` after it; none stay none."""
        return np.concatenate([samples, self.silence]) if self.listens and len(samples) else samples

    @property
    def silence(self) -> Samples:
        """(samples,) int16, what a model that listens hears after the end of a sound."""
        return np.zeros(round(SILENCE_SECONDS * self.front_end.sample_rate), np.int16)

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
            if sequence.shape[1] != self.inputs:
                raise KilovoxError(f"{self.name}: reads {self.inputs} coefficients a frame; found {sequence.shape[1]}")
        return self._normalisation(raw)

    def decide(self, raw: Sequence[Array]) -> Decisions:
        """Decisions on the front end's output of some clips, each (frames, coefficients). No frames: nothing was heard."""
        if self.listens:
            return self._words(self.read_out(self.normalised(raw)))
        heard = [index for index, sequence in enumerate(raw) if len(sequence)]
        kind = np.float32 if self.engine is None else np.int32
        indices, sure, size = np.zeros(len(raw), np.int64), np.zeros(len(raw)), self._batch()
        logits, outcomes = np.zeros((len(raw), len(self.labels)), kind), np.full(len(raw), NOTHING, np.uint8)
        for start in range(0, len(heard), size):
            batch = heard[start : start + size]
            indices[batch], sure[batch], logits[batch] = self._decide(self.normalised([raw[index] for index in batch]))
        outcomes[heard] = judged(indices[heard], sure[heard], self.thresholds)
        return Decisions(indices, sure, logits, outcomes, np.where(outcomes == NOTHING, -1, indices))

    def listener(self) -> Listener:
        """The network of a model that listens, for one sound."""
        if self.engine is not None and self.convolutions is not None:
            return IntegerListener(self.convolutions, self.engine)
        return FloatListener(self.model.tensors, self.network, self.inputs)

    def read_out(self, features: Sequence[Array]) -> list[Array]:
        """The logits (frames, labels + 1) of a model that listens, of the normalised features of whole sounds."""
        if self.engine is None or self.convolutions is None:
            return [self.listener().push(self.as_read(sequence)) for sequence in features]
        blocks = (features[start : start + SOUNDS] for start in range(0, len(features), SOUNDS))
        return [one for block in blocks for one in whole_sounds(self.convolutions, self.engine, block)]

    def frames(self, logits: Array) -> Frames:
        """What the outputs of a network that listens say, frame by frame."""
        if self.engine is not None:
            return integer_frames(self.engine.head, logits, self.labels)
        return float_frames(logits, self.labels)

    def as_read(self, features: Array) -> Array:
        """Normalised features as the network of a model that listens reads them: int8, or floats."""
        return features if self.engine is not None else as_floats(features)

    def _words(self, outputs: Sequence[Array]) -> Decisions:
        """The one word of each sound, of whose logits there are (frames, labels + 1)."""
        heard = [self.frames(logits) for logits in outputs]
        found = [one_word(frames, self.labels, self.thresholds, self.knots) for frames in heard]
        indices, sure, outcomes = np.array(found, np.int64).reshape(-1, 3).T
        forced = np.array([likeliest(frames) for frames in heard], np.int64)
        largest = [
            logits.max(axis=0, initial=0)[: len(self.labels)] * (outcome != NOTHING)
            for logits, outcome in zip(outputs, outcomes, strict=True)
        ]
        kept = np.array(largest, outputs[0].dtype if outputs else np.float32).reshape(-1, len(self.labels))
        return Decisions(indices, sure / FULL_CONFIDENCE, kept, outcomes.astype(np.uint8), forced)

    def __call__(self, recordings: Sequence[Samples]) -> Decisions:
        """Decisions on recordings, each (samples,) int16 at the front end's sample rate."""
        return self.decide(self.raw_features(recordings))

    def _batch(self) -> int:
        """Clips computed at once: fewer of a network whose states, which are all kept, would take hundreds of megabytes."""
        if self.engine is not None:
            return BATCH
        return max(1, min(BATCH, LARGEST_BATCH // (self.front_end.frames * GATES * max(self.inputs, self.hidden))))

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
            self._check_floats()
            return None
        if network.readout != "last_valid":
            raise KilovoxError(
                f"{self.name}: network.readout '{network.readout}' and arithmetic {arithmetic}; expected last_valid"
            )
        if not isinstance(self.front_end, FixedPointFrontEnd):
            raise KilovoxError(
                f"{self.name}: front end {self.front_end.kind} and arithmetic {arithmetic}; expected fixed_point"
            )
        try:
            inputs = self.inputs
            if self.listens:
                self.convolutions = build_convolutions(self.model.tensors, arithmetic, network, inputs)
                inputs = network.projection or 0
            engine = build_network(self.model.tensors, arithmetic, network.num_layers, inputs)
            if arithmetic == "pow2":
                for layer in [*(f"lstm{index}" for index in range(network.num_layers)), "head"]:
                    smallest_exponent(self.model, layer)
        except KilovoxError as error:
            raise KilovoxError(f"{self.name}: {error}") from None
        shape = [layer.units for layer in engine.layers] + [len(engine.head.bias)]
        expected = [self.hidden] * network.num_layers + [self.outputs + self.listens]
        if shape != expected:
            raise KilovoxError(f"{self.name}: layers of {shape} rows; metadata say {expected}")
        self._check_stored()
        return engine

    def _check_stored(self) -> None:
        """What is stored is what is counted: no tensor more, no byte more."""
        stored = {name: tensor for name, tensor in self.model.tensors.items() if not name.startswith("front_end.")}
        known = re.compile(r"(lstm\d+|head|conv\d+|projection)\.(weights|bias|shift|exponent)|activation\.tanh")
        unknown = [name for name in stored if not known.fullmatch(name)]
        found = sum(tensor.nbytes for tensor in stored.values())
        if unknown or found != self.size.bytes:
            extra = f" ({', '.join(unknown)} is unknown)" if unknown else ""
            raise KilovoxError(f"{self.name}: tensors of {found} bytes{extra}; expected {self.size.bytes}")

    def _check_floats(self) -> None:
        # A network that listens has one output more: the blank.
        expected = tensor_shapes(self.network, self.inputs, self.hidden, self.outputs + self.listens)
        for name, shape in expected.items():
            tensor = self.model.tensor(name)
            if tensor.shape != shape:
                raise KilovoxError(f"{self.name}: tensor {name} has shape {tensor.shape}; expected {shape}")
            if tensor.dtype != np.float32 or not (np.abs(tensor) <= LARGEST_FLOAT).all():
                raise KilovoxError(f"{self.name}: tensor {name}: expected float32, finite and within +-{LARGEST_FLOAT:g}")
        unknown = sorted(name for name in self.model.tensors if name not in expected and not name.startswith("front_end."))
        if unknown:
            raise KilovoxError(f"{self.name}: tensor {unknown[0]} is unknown; expected {', '.join(expected)}")


def _network(model: Model) -> Network:
    missing = [key for key in ("input_dim", "hidden_dim", "num_layers", "output_dim") if key not in model.metadata.network]
    if missing:
        raise KilovoxError(f"model {model.metadata.name}: metadata network.{missing[0]}: missing; it is required")
    try:
        return Network.model_validate(model.metadata.network)
    except ValidationError as error:
        said = "; ".join(complaints(error, Network))
        raise KilovoxError(f"model {model.metadata.name}: metadata network.{said}") from None


def _sizes(network: Network, name: str) -> tuple[int, int, int]:
    """Inputs, units a layer and outputs, which a configuration may leave open and a model file may not."""
    sizes = {key: getattr(network, key) for key in ("input_dim", "hidden_dim", "output_dim")}
    for key, size in sizes.items():
        if not isinstance(size, int):
            raise KilovoxError(f"{name}: metadata network.{key} {size!r}; expected a number")
    return sizes["input_dim"], sizes["hidden_dim"], sizes["output_dim"]


def _thresholds(model: Model) -> npt.NDArray[np.uint8]:
    """The confidence that each label takes, (labels,) of 255."""
    name, thresholds, labels = model.metadata.name, model.metadata.thresholds, len(model.metadata.labels)
    if not thresholds:
        return accept_all(labels)
    if len(thresholds) != labels:
        raise KilovoxError(f"model {name}: {len(thresholds)} thresholds; expected one for each of {labels} labels")
    return np.array(thresholds, np.uint8)


def _knots(model: Model, listens: bool) -> tuple[int, ...]:
    """What being so sure is worth, as kilovox.integer.calibration reads it."""
    if model.metadata.calibration and not listens:
        raise KilovoxError(f"model {model.metadata.name}: a calibration; expected that of networks of kind convolutional alone")
    return model.metadata.calibration or IDENTITY
