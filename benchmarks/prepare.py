"""How long it takes to prepare very many recordings for training, and in how much memory.

    python benchmarks/prepare.py [--recordings 100000] [--views 1] [--folder DIR]

Writes that many recordings of about half a second at 8 kHz once (tones in noise, ten labels, a hundred speakers; a folder that
is named is kept and used again), then opens, hashes, transforms, augments and splits them as `kilovox train` does, in a
process of its own with an empty cache and again with a warm one, and draws one epoch of batches. Times are in seconds; the
peak is that of the process, mapped files included.
"""

import argparse
import contextlib
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LIMIT_MB = 2048


def wav_bytes(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> bytes:
    """A WAV file of (samples,) at 8 kHz."""
    size = samples.nbytes
    chunks = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", size)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *chunks) + samples.tobytes()


def write_recordings(folder: Path, count: int) -> None:
    """`count` files word/speaker_nohash_take.wav; those that are there are kept."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for word in words:
        (folder / word).mkdir(parents=True, exist_ok=True)
    bank = (np.random.default_rng(0).normal(size=2**20) * 300).astype(np.int16)
    for number in range(count):
        path = folder / words[number % 10] / f"s{number // 10 % 100:03d}_nohash_{number // 1000}.wav"
        if path.exists():
            continue
        length, start = 3000 + number * 7919 % 2000, number * 104_729 % (len(bank) - 5000)
        time_ = np.arange(length, dtype=np.float32)
        tone = 8000 * np.sin(time_ * (0.2 + number % 10 * 0.2)) * np.sin(time_ * (np.pi / length))
        path.write_bytes(wav_bytes(bank[start : start + length] + tone.astype(np.int16)))


def prepare(folder: Path, views: int) -> dict[str, float]:
    """Times in seconds of each step, and the peak of memory in MB, in this process."""
    from kilovox.config import find_configuration
    from kilovox.corpus.folders import open_folders
    from kilovox.training.dataset import make_loader
    from kilovox.training.preparation import prepare as prepared_for

    config = find_configuration("task-b-int8").changed(
        training={"augmentation": {"views": views, "shift_ms": 100.0, "speed": 0.19, "noise_db": 10.0, "feature_mask": 2}}
    )
    figures: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        figures[name] = time.perf_counter() - started

    with timed("open"):
        corpus = open_folders(folder)
    with timed("hash"):
        _ = corpus.hashes
    with timed("prepare"):
        ready = prepared_for(config, corpus)
    with timed("one epoch of batches"):
        clips = sum(len(labels) for _, labels in make_loader(ready.train, 64, shuffle=True))
    figures |= {"processor time": time.process_time(), "clips": clips}
    figures["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def main() -> int:
    """Print the figures; 1 where the memory exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(prepare(asked.only, asked.views)))
        return 0
    with tempfile.TemporaryDirectory(prefix="kilovox-prepare-") as scratch:
        folder = asked.folder or Path(scratch) / "recordings"
        started = time.perf_counter()
        write_recordings(folder, asked.recordings)
        print(f"{asked.recordings:,} recordings in {folder}: {time.perf_counter() - started:.0f} s", flush=True)
        environment = {**os.environ, "KILOVOX_CACHE": f"{scratch}/cache"}
        peak = 0.0
        for cache in ("empty", "warm"):
            command = [sys.executable, __file__, "--only", str(folder), "--views", str(asked.views)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            figures = json.loads(done.stdout)
            peak = max(peak, figures["peak MB"])
            print(f"{cache} cache: " + ", ".join(f"{name} {value:,.1f}" for name, value in figures.items()), flush=True)
        stored = sum(file.stat().st_size for file in Path(scratch, "cache").rglob("*") if file.is_file())
        print(f"cache: {stored / 2**20:,.0f} MB; peak {peak:,.0f} MB, of {LIMIT_MB} MB")
    return int(peak > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
