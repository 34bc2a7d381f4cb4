"""What is in a corpus: formats, durations, levels, counts, and what is wrong with single recordings."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import SAMPLE_RATE, Sound
from kilovox.corpus.base import Corpus, FeatureCorpus, LeftOut, RecordingCorpus
from kilovox.corpus.sound_hash import hash_of_sound
from kilovox.corpus.splits import Indices, contradictions, duplicates
from kilovox.errors import KilovoxError

PERCENTILES = (5, 25, 50, 75, 95, 99)

CLIPPED_RUN = 3
"""A recording counts as clipped where this many samples of a channel in a row sit at full scale, on the same side."""

SILENT_DB = -60.0
"""dB below full scale. A recording counts as silent where no sample is louder: 33 of 32,768, less than the noise of a room."""

UNKNOWN = "(unknown)"
"""The speaker of a recording that names none."""


@dataclass(frozen=True)
class Distribution:
    """Of one quantity over the recordings; `percentiles` as in PERCENTILES."""

    minimum: float
    median: float
    mean: float
    p95: float
    maximum: float
    percentiles: dict[str, float]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Distribution | None":
        """None where there is nothing to describe."""
        if not values:
            return None
        points = {str(point): round(float(np.percentile(values, point)), 4) for point in PERCENTILES}
        mean = round(float(np.mean(values)), 4)
        return cls(round(float(min(values)), 4), points["50"], mean, points["95"], round(float(max(values)), 4), points)


@dataclass(frozen=True)
class Inspection:
    """What `inspect_corpus` finds.

    files: that the recordings are in, fewer than those where they are parts of files. channels, sample_rates (Hz),
    subtypes: how many recordings have which. seconds, peaks (dB below full scale, -inf for digital silence): of each
    readable recording, in order. frames: of each, every `hop` samples at `sample_rate`. clipped, silent: names; unreadable:
    name -> why. duplicates: names of recordings that sound the same, sample by sample, group by group; contradictions:
    those of them that stand under more than one label. left_out: what the reader found and did not take. Of precomputed
    features only counts, frames and duplicates are known.
    """

    name: str
    where: str
    kind: str
    recordings: int
    files: int
    fingerprint: str | None
    labels: dict[str, int]
    speakers: dict[str, int]
    labels_by_speaker: dict[str, dict[str, int]]
    channels: dict[int, int]
    sample_rates: dict[int, int]
    subtypes: dict[str, int]
    seconds: tuple[float, ...]
    peaks: tuple[float, ...]
    frames: tuple[int, ...]
    frame_limit: int
    clipped: tuple[str, ...]
    silent: tuple[str, ...]
    unreadable: dict[str, str]
    duplicates: tuple[tuple[str, ...], ...] = ()
    contradictions: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def fitting(self) -> float | None:
        """Share of the readable recordings that fit wholly into `frame_limit` frames."""
        return float(np.mean(np.array(self.frames) <= self.frame_limit)) if self.frames else None

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON: distributions in place of what is known of each recording."""
        values = dataclasses.asdict(self)
        for key in ("channels", "sample_rates"):
            values[key] = {str(value): count for value, count in values[key].items()}
        for key in ("clipped", "silent", "duplicates", "contradictions", "left_out"):
            values[key] = list(values[key])
        finite = [peak for peak in self.peaks if np.isfinite(peak)]
        for key, sequence in (("seconds", self.seconds), ("frames", self.frames), ("peaks", finite)):
            found = Distribution.of(sequence)
            values[key] = None if found is None else dataclasses.asdict(found)
        values["fitting"] = self.fitting
        return values


def inspect_corpus(corpus: Corpus, hop: int = 160, sample_rate: int = SAMPLE_RATE, frame_limit: int = 36) -> Inspection:
    """Look at every recording of `corpus`. Nothing in a single recording stops it: what cannot be read is listed.

    hop: samples from frame to frame at `sample_rate` Hz; frame_limit: frames that a network reads, a longer clip is trimmed.
    """
    seconds, peaks, frames, clipped, silent, unreadable = [], [], [], [], [], {}
    heard: Corpus | None = corpus
    channels: Counter[int] = Counter()
    rates: Counter[int] = Counter()
    subtypes: Counter[str] = Counter()
    if isinstance(corpus, FeatureCorpus):
        frames = [len(sequence) for sequence in corpus.features]
    elif isinstance(corpus, RecordingCorpus):
        places, hashes = [], []
        for place, recording in enumerate(corpus.recordings):
            try:
                sound = recording.sound
            except KilovoxError as error:
                unreadable[recording.name] = str(error)
                continue
            places.append(place)
            hashes.append(hash_of_sound(sound))
            channels[sound.samples.shape[1]] += 1
            rates[sound.rate] += 1
            subtypes[sound.subtype] += 1
            seconds.append(len(sound.samples) / sound.rate)
            frames.append(-(-len(sound.samples) * sample_rate // sound.rate) // hop + 1)
            peaks.append(peak_db(sound))
            if peaks[-1] < SILENT_DB:
                silent.append(recording.name)
            if is_clipped(sound):
                clipped.append(recording.name)
        heard = corpus.subset(places).knowing(hashes) if places else None
    return Inspection(
        corpus.name,
        corpus.where,
        "features" if isinstance(corpus, FeatureCorpus) else "recordings",
        len(corpus),
        len({recording.path for recording in corpus.recordings if recording.path is not None}),
        None if heard is None or unreadable else heard.fingerprint,
        _counts(recording.label for recording in corpus.recordings),
        _counts(recording.speaker or UNKNOWN for recording in corpus.recordings),
        _counts_by_speaker(corpus),
        dict(sorted(channels.items())),
        dict(sorted(rates.items())),
        dict(sorted(subtypes.items())),
        tuple(seconds),
        tuple(peaks),
        tuple(frames),
        frame_limit,
        tuple(clipped),
        tuple(silent),
        unreadable,
        _names(heard, duplicates(heard)) if heard else (),
        _names(heard, contradictions(heard)) if heard else (),
        corpus.left_out,
    )


def peak_db(sound: Sound) -> float:
    """The loudest sample, in dB below full scale; -inf for digital silence."""
    peak = np.abs(_scaled(sound)).max()
    return float(20 * np.log10(peak)) if peak > 0 else -np.inf


def is_clipped(sound: Sound) -> bool:
    """Whether CLIPPED_RUN samples of a channel in a row sit at full scale, on the same side."""
    scaled = _scaled(sound)
    for full in (scaled >= 32767 / 32768, scaled <= -32767 / 32768):
        run = full[CLIPPED_RUN - 1 :].copy()
        for earlier in range(1, CLIPPED_RUN):
            run &= full[CLIPPED_RUN - 1 - earlier : len(full) - earlier]
        if run.any():
            return True
    return False


def _scaled(sound: Sound) -> npt.NDArray[np.float64]:
    """(samples, channels) in -1 ... 1."""
    return sound.samples / 32768.0 if sound.samples.dtype == np.int16 else sound.samples.astype(np.float64)


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _counts_by_speaker(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Speaker -> label -> recordings, zeros included."""
    counts = Counter((recording.speaker or UNKNOWN, recording.label) for recording in corpus.recordings)
    speakers = sorted({speaker for speaker, _ in counts})
    return {speaker: {label: counts[speaker, label] for label in corpus.labels} for speaker in speakers}


def _names(corpus: Corpus, groups: Iterable[Indices]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(corpus.recordings[index].name for index in group) for group in groups)
