"""Whether models decide on sound at 16 to 48 kHz, brought to 8 kHz in integers, as on what soxr (HQ, floats) makes of it.

    python benchmarks/decimator.py [FOLDER OF RECORDINGS]

Without a folder: that of the environment variable KILOVOX_FSDD. Recordings at another rate than the one at hand are brought to
it by soxr first; Speech Commands is at 16,000 Hz as it was recorded. Only recordings that judge a model are heard.
"""

import os
import sys
from pathlib import Path

import numpy as np

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.open import open_corpus_at
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import judged_part
from kilovox.evaluation.robustness import told
from kilovox.frontend.decimator import STAGES, decimated
from kilovox.integer.bundled import open_recogniser


def main() -> None:
    """Print one line a bundled model and rate."""
    corpus = open_corpus_at(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["KILOVOX_FSDD"]))
    assert isinstance(corpus, RecordingCorpus)
    for name in ("digits", "digits-pow2", "fsdd-int8", "fsdd-pow2"):
        recogniser = open_recogniser(name)
        rate = recogniser.front_end.sample_rate
        try:
            found = judged_part(recogniser.model.metadata, corpus, None, False)
        except KilovoxError as error:
            print(error)
            continue
        judged, truth = found.part, np.array(list(found.truth.values()))
        assert isinstance(judged, RecordingCorpus)
        peer = told(recogniser([judged.samples(index, rate) for index in range(len(judged))]))
        for factor in list(STAGES)[1:]:
            heard = [decimated(judged.samples(index, factor * rate), factor) for index in range(len(judged))]
            ours = told(recogniser(heard))
            print(
                f"{name} on {len(truth)} recordings at {factor * rate:,} Hz: {(ours == truth).sum()} right, "
                f"{(peer == truth).sum()} by soxr; {(ours != peer).sum()} decisions are other ones"
            )


if __name__ == "__main__":
    main()
