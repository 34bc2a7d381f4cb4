"""Features of every recording of a corpus, computed once."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import AnyFrontEnd, FixedPointFrontEnd
from kilovox.corpus.base import Corpus, FeatureCorpus, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import cached
from kilovox.frontend.pipeline import VERSION, as_integers, raw_features

NOT_OF_RAW_FEATURES = {"frames", "normalise", "deviations", "feature_bits"}
"""Fields of a front end's configuration that its output before normalisation does not depend on."""


def check_length(samples: Samples, config: AnyFrontEnd, where: str) -> None:
    """Raise KilovoxError, naming `where`, for a recording too short to be transformed."""
    if len(samples) < config.minimum_samples:
        raise KilovoxError(
            f"{where}: {len(samples)} samples at {config.sample_rate} Hz; expected at least {config.minimum_samples}"
        )


Transform = Callable[[AnyFrontEnd, Sequence[Samples]], list[npt.NDArray[Any]]]
"""What gives the bits of kilovox.frontend.pipeline.raw_features, perhaps faster."""


def corpus_features(corpus: Corpus, config: AnyFrontEnd, transform: Transform = raw_features) -> list[npt.NDArray[Any]]:
    """Features before normalisation of every recording of `corpus`, in order, each (frames, coefficients); cached."""
    if isinstance(corpus, FeatureCorpus):
        if isinstance(config, FixedPointFrontEnd):
            if config.words is not None:
                raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, for words to be found in")
            return [as_integers(config, sequence) for sequence in corpus.features]
        return list(corpus.features)
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: neither recordings nor features")
    key = {
        "version": VERSION,
        "recordings": corpus.hashes,
        "front_end": config.model_dump(mode="json", exclude=NOT_OF_RAW_FEATURES),
    }

    def compute() -> list[npt.NDArray[Any]]:
        recordings = [corpus.samples(index, config.sample_rate) for index in range(len(corpus))]
        for recording, samples in zip(corpus.recordings, recordings, strict=True):
            check_length(samples, config, str(recording.path))
        return transform(config, recordings)

    found = cached(key, compute)
    return found if len(found) == len(corpus) else compute()
