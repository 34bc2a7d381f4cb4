"""How long the NumPy engine takes for the 600 judged recordings, against torch running a float LSTM of the same size.

    python benchmarks/evaluate.py [FOLDER OF RECORDINGS]

Without a folder: that of the environment variable KILOVOX_FSDD. One thread each. The engine's time is from samples to decision;
torch's is of the network alone, on features that are ready.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.splits import judging_indices
from kilovox.frontend.pipeline import as_floats, pad
from kilovox.integer.bundled import open_recogniser
from kilovox.training.network import LSTMClassifier


def best_of(function: Callable[[], object], repeats: int = 3) -> float:
    """Seconds."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Print one line a bundled integer model."""
    torch.set_num_threads(1)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["KILOVOX_FSDD"])
    corpus = open_fsdd(folder)
    indices = judging_indices(corpus, "random")
    samples = [corpus.samples(int(index), 8000) for index in indices]
    for name in ("fsdd-int8", "fsdd-pow2"):
        recogniser = open_recogniser(name)
        network = LSTMClassifier(13, recogniser.hidden, recogniser.network.num_layers, 10).eval()
        sequences = recogniser.normalised(recogniser.raw_features(samples))
        padded = torch.from_numpy(as_floats(pad(sequences, max(map(len, sequences)))))
        valid = torch.from_numpy(np.array([len(sequence) for sequence in sequences]))
        whole = best_of(lambda model=recogniser: model(samples))
        front_end = best_of(lambda model=recogniser: model.raw_features(samples))
        with torch.no_grad():
            peer = best_of(lambda model=network, features=padded, ends=valid: model(features, ends))
        print(
            f"{name}: {len(samples)} recordings in {whole:.2f} s, of which the front end {front_end:.2f} s; "
            f"{whole / peer:.1f} times as long as torch's float LSTM of that size without front end ({peer:.2f} s)"
        )


if __name__ == "__main__":
    main()
