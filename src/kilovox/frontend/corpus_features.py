"""Features of every recording of a corpus, computed once, in bounded memory."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, Self, overload

import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.config import AnyFrontEnd, FixedPointFrontEnd
from kilovox.config.front_end import without_later_keys
from kilovox.corpus.base import Corpus, FeatureCorpus, RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.frontend.cache import stored
from kilovox.frontend.pipeline import VERSION, as_integers, raw_features
from kilovox.workers import HERE, Workers

NOT_OF_RAW_FEATURES = {"frames", "normalise", "deviations", "feature_bits"}
"""Fields of a front end's configuration that its output before normalisation does not depend on."""

BLOCK_SAMPLES = 2**22
"""Of recordings in memory at once, beyond the last of them."""

KEPT_RECORDINGS = 256

Transform = Callable[[AnyFrontEnd, Sequence[Samples]], list[npt.NDArray[Any]]]
"""Recordings to their features before normalisation, as `raw_features` does it; other ways must give the same bits."""


def check_length(samples: Samples, config: AnyFrontEnd, where: str) -> None:
    """Raise KilovoxError, naming `where`, for a recording too short to be transformed."""
    if len(samples) < config.minimum_samples:
        raise KilovoxError(
            f"{where}: {len(samples)} samples at {config.sample_rate} Hz; expected at least {config.minimum_samples}"
        )


class CorpusSamples(Sequence[Samples]):
    """The recordings of a corpus, (samples,) int16 at `rate` Hz each, read when they are asked for; a few are kept."""

    def __init__(self, corpus: RecordingCorpus, rate: int, places: Sequence[int]) -> None:
        self._made_of, self._places = (corpus, rate, places), places
        self._read = lru_cache(KEPT_RECORDINGS)(lambda place: corpus.samples(place, rate))

    def __reduce__(self) -> tuple[type[Self], tuple[RecordingCorpus, int, Sequence[int]]]:
        return type(self), self._made_of  # what was read is not sent to a worker

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Samples: ...
    @overload
    def __getitem__(self, index: slice) -> "list[Samples]": ...
    def __getitem__(self, index: int | slice) -> Samples | list[Samples]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return self._read(int(self._places[index]))


def settings_of(config: AnyFrontEnd) -> dict[str, Any]:
    """What features before normalisation depend on besides the recording, as JSON."""
    return {"version": VERSION, "front_end": without_later_keys(config.model_dump(mode="json", exclude=NOT_OF_RAW_FEATURES))}


def transformed(
    config: AnyFrontEnd, recordings: Sequence[Samples], transform: Transform = raw_features
) -> list[npt.NDArray[Any]]:
    """Features before normalisation of `recordings`, which do not depend on which recordings are transformed together."""
    if isinstance(config, FixedPointFrontEnd):
        return transform(config, recordings)
    # A matrix product of floats may round another way when it has another number of rows.
    return [transform(config, [samples])[0] for samples in recordings]


def blocks(places: Sequence[int], samples: Callable[[int], Samples]) -> Iterator[tuple[list[int], list[Samples]]]:
    """`places` and what `samples` gives for each, in blocks of a few million samples."""
    chosen: list[int] = []
    held: list[Samples] = []
    total = 0
    for place in places:
        chosen.append(place)
        held.append(samples(place))
        total += len(held[-1])
        if total >= BLOCK_SAMPLES:
            yield chosen, held
            chosen, held, total = [], [], 0
    if chosen:
        yield chosen, held


def corpus_features(
    corpus: Corpus, config: AnyFrontEnd, transform: Transform = raw_features, workers: Workers = HERE
) -> list[npt.NDArray[Any]]:
    """Features before normalisation of every recording of `corpus`, each (frames, coefficients); cached, read-only.

    workers: who computes them; then `transform` is a function that a module has at its top.
    """
    if isinstance(corpus, FeatureCorpus):
        if isinstance(config, FixedPointFrontEnd):
            if config.words is not None:
                raise KilovoxError(f"{corpus.where}: features without sound; expected recordings, for words to be found in")
            return [as_integers(config, sequence) for sequence in corpus.features]
        return list(corpus.features)
    if not isinstance(corpus, RecordingCorpus):
        raise KilovoxError(f"{corpus.where}: neither recordings nor features")

    return stored(settings_of(config), corpus.hashes, partial(_features_at, corpus, config, transform), workers)


def _features_at(
    corpus: RecordingCorpus, config: AnyFrontEnd, transform: Transform, places: list[int]
) -> list[npt.NDArray[Any]]:
    def samples(place: int) -> Samples:
        found = corpus.samples(place, config.sample_rate)
        check_length(found, config, corpus.recordings[place].where)
        return found

    return [features for _, block in blocks(places, samples) for features in transformed(config, block, transform)]
