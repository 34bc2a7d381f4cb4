"""A model at work: samples (or precomputed features) to labels. NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.budget import GATES, Size, size_of
from kilovox.config import FrontEnd, Network
from kilovox.corpus.base import Corpus, FeatureCorpus, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import cached
from kilovox.frontend.pipeline import Normalisation, pad, raw_features, valid_frames
from kilovox.integer.float_network import float_logits
from kilovox.integer.model_file import Model

BATCH = 256
"""Clips computed at once."""


@dataclass(frozen=True)
class Decisions:
    """Of each clip: index of the label, confidence (0 to 1), logits (clips, labels)."""

    indices: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    logits: npt.NDArray[Any]


class Recogniser:
    """Runs one model. Raises KilovoxError where the model's tensors do not fit together."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.labels = model.metadata.labels
        self.front_end = FrontEnd.model_validate(model.metadata.front_end)
        self.network = Network.model_validate(model.metadata.network)
        self._normalisation = Normalisation(model.tensor("front_end.mean"), model.tensor("front_end.deviation"))
        self._check_shapes()

    @property
    def size(self) -> Size:
        """Bytes of the network, layer by layer."""
        hidden, network = self.network.hidden_dim, self.network
        if hidden == "fit":
            raise KilovoxError(f"model {self.model.metadata.name}: metadata network.hidden_dim 'fit'; expected a number")
        return size_of(hidden, network.num_layers, self.model.metadata.arithmetic, network.input_dim, network.output_dim)

    def raw_features(self, recordings: Sequence[Samples]) -> list[npt.NDArray[Any]]:
        """The front end's output, each (samples,) int16 -> (frames, coefficients)."""
        return raw_features(self.front_end, recordings)

    def corpus_features(self, corpus: Corpus) -> list[npt.NDArray[Any]]:
        """The front end's output for every recording of `corpus`, cached; precomputed features as they are."""
        return corpus_features(corpus, self.front_end)

    def prepare(self, raw: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The front end's output as the network reads it: normalised, (clips, frames, coefficients), padding zero."""
        for sequence in raw:
            if sequence.shape[1] != self.network.input_dim:
                raise KilovoxError(
                    f"model {self.model.metadata.name}: reads {self.network.input_dim} coefficients a frame; "
                    f"found {sequence.shape[1]}"
                )
        return pad(self._normalisation(raw), self.front_end.frames)

    def decide(self, raw: Sequence[npt.NDArray[Any]]) -> Decisions:
        """Decisions on the front end's output of some clips, each (frames, coefficients)."""
        batches = []
        for start in range(0, len(raw), BATCH):
            padded = self.prepare(raw[start : start + BATCH])
            batches.append(self._logits(padded, valid_frames(padded)))
        logits = np.concatenate(batches)
        shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return Decisions(logits.argmax(axis=1), shares.max(axis=1) / shares.sum(axis=1), logits)

    def __call__(self, recordings: Sequence[Samples]) -> Decisions:
        """Decisions on recordings, each (samples,) int16 at the front end's sample rate."""
        return self.decide(self.raw_features(recordings))

    def _logits(self, padded: npt.NDArray[Any], valid: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        return float_logits(self.model.tensors, padded, valid, self.network.num_layers, self.network.readout)

    def _check_shapes(self) -> None:
        network, hidden = self.network, self.size.hidden
        expected = {"fc.weight": (network.output_dim, hidden), "fc.bias": (network.output_dim,)}
        for layer in range(network.num_layers):
            inputs = network.input_dim if layer == 0 else hidden
            expected[f"lstm.weight_ih_l{layer}"] = (GATES * hidden, inputs)
            expected[f"lstm.weight_hh_l{layer}"] = (GATES * hidden, hidden)
            expected[f"lstm.bias_ih_l{layer}"] = expected[f"lstm.bias_hh_l{layer}"] = (GATES * hidden,)
        for name, shape in expected.items():
            found = self.model.tensor(name).shape
            if found != shape:
                raise KilovoxError(f"model {self.model.metadata.name}: tensor {name} has shape {found}; expected {shape}")


def check_length(samples: Samples, config: FrontEnd, where: str) -> None:
    """Raise KilovoxError, naming `where`, for a recording too short to be transformed."""
    if len(samples) < config.minimum_samples:
        raise KilovoxError(
            f"{where}: {len(samples)} samples at {config.sample_rate} Hz; expected at least {config.minimum_samples}"
        )


def corpus_features(corpus: Corpus, config: FrontEnd) -> list[npt.NDArray[Any]]:
    """Features before normalisation of every recording of `corpus`, in order, each (frames, coefficients); cached."""
    if isinstance(corpus, FeatureCorpus):
        return list(corpus.features)
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: neither recordings nor features")
    key = {"recordings": corpus.hashes, "front_end": config.model_dump(mode="json", exclude={"frames", "normalise"})}

    def compute() -> list[npt.NDArray[Any]]:
        recordings = [corpus.samples(index, config.sample_rate) for index in range(len(corpus))]
        for recording, samples in zip(corpus.recordings, recordings, strict=True):
            check_length(samples, config, str(recording.path))
        return raw_features(config, recordings)

    return cached(key, compute)
