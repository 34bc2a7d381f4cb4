"""How sure a model that listens must be: chosen on the people that validate, and written into its file."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.config import Configuration
from kilovox.config.vocabulary import UNKNOWN
from kilovox.corpus.mixture import Divided
from kilovox.frontend.corpus_features import corpus_features
from kilovox.integer.model_file import Model
from kilovox.integer.outcome import FULL_CONFIDENCE
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import fast_raw_features

REJECTED = 0.05
"""Of the words of each label that validation people say and that are recognised: so many are given up at most."""


def with_thresholds(model: Model, config: Configuration, divided: Divided) -> Model:
    """`model` with the largest thresholds, label by label, at which REJECTED of the right decisions on validation people's
    recordings are rejected at most. Without validation people, or for a label they never say, everything is accepted."""
    if not divided.validation:
        return model
    recogniser = Recogniser(model)
    raw: list[npt.NDArray[Any]] = []
    for piece in divided.validation:
        raw += corpus_features(piece.part.corpus.subset(piece.indices.tolist()), config.frontend, fast_raw_features)
    truth = np.concatenate([piece.classes for piece in divided.validation])
    decided = recogniser.decide(raw)
    sure = np.rint(decided.confidence * FULL_CONFIDENCE).astype(np.int64)
    right = decided.indices == truth
    labels = model.metadata.labels
    found = [0 if label == UNKNOWN else threshold(sure[right & (truth == place)]) for place, label in enumerate(labels)]
    return model.model_copy(update={"metadata": model.metadata.model_copy(update={"thresholds": tuple(found)})})


def threshold(sure: npt.NDArray[np.int64], rejected: float = REJECTED) -> int:
    """The largest of 255 that at most the share `rejected` of the confidences `sure` lies below; 0 of none."""
    if not len(sure):
        return 0
    return int(np.sort(sure)[int(rejected * len(sure))])
