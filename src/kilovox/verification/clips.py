"""Recordings that a model is verified on."""

from pathlib import Path

import numpy as np

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.cache import cache_folder
from kilovox.corpus.download import VERSION
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.open import fsdd_folder_named, open_corpus_at
from kilovox.corpus.splits import judging_indices
from kilovox.errors import KilovoxError
from kilovox.verification.verify import Clip

SYNTHETIC = 60
"""Recordings made here where there are none at hand."""


def find_clips(folder: Path | None, sample_rate: int) -> tuple[list[Clip], str]:
    """Recordings by name, (samples,) int16 at `sample_rate` Hz, and what they are.

    Those of the corpus at `folder`, else of FSDD where it is at hand, that judge under the split random; else synthetic
    ones. Nothing is downloaded. Raises KilovoxError for a folder without recordings.
    """
    if folder is None:
        at_hand = fsdd_folder_named() or cache_folder() / f"fsdd-v{VERSION}"
        if fsdd_folder_named() is None and not at_hand.is_dir():
            return synthetic_clips(SYNTHETIC, sample_rate), f"{SYNTHETIC} synthetic recordings; --corpus names real ones"
        corpus = open_fsdd(at_hand)
    else:
        found = open_corpus_at(folder)
        if not isinstance(found, RecordingCorpus):
            raise KilovoxError(f"{folder}: precomputed features; expected recordings")
        corpus = found
    indices = judging_indices(corpus, "random").tolist()
    clips = [(corpus.recordings[index].name, corpus.samples(index, sample_rate)) for index in indices]
    return clips, f"{len(clips)} recordings of {corpus.name}, split random"


def synthetic_clips(count: int, sample_rate: int) -> list[Clip]:
    """`count` recordings, the same every time: tones that rise and fall in noise, of 0.1 to 0.9 s, every fifth something odd.

    The odd ones: shorter than a frame, one sample, silence, the loudest square wave, the loudest noise.
    """
    random, clips = np.random.default_rng(20), []
    for number in range(count):
        length = int(random.integers(sample_rate // 10, sample_rate * 9 // 10))
        time = np.arange(length)
        odd = number // 5 % 5 if number % 5 == 4 else -1
        if odd == 0:
            samples = random.integers(-9000, 9000, 100)
        elif odd == 1:
            samples = np.array([-32768])
        elif odd == 2:
            samples = np.zeros(length, np.int64)
        elif odd == 3:
            samples = np.where(time // 20 % 2, 32767, -32768)
        elif odd == 4:
            samples = random.integers(-32768, 32768, length)
        else:
            envelope = np.sin(np.pi * time / length) * 2.0 ** random.uniform(4, 14)
            tone = np.sin(2 * np.pi * random.uniform(0.01, 0.4) * time * (1 + time / length / 8))
            samples = envelope * (tone + 0.1 * random.normal(size=length)) + random.normal(size=length) * 3
        clips.append((f"synthetic-{number:03d}", np.clip(samples, -32768, 32767).astype(np.int16)))
    return clips
