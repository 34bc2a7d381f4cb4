"""Speech Commands at full size: how long its reader and its tasks take, and features of all of it, and in how much memory.

    python benchmarks/corpora.py [--recordings 105000] [--samples 1600] [--folder DIR]

Makes a corpus laid out as version 0.02 is: 35 words of 2,600 people, called as the published recordings are, with both lists
and six minutes of background noise; its recordings are noise of `--samples` at 8 kHz. A folder that is named is kept and used
again. Every step runs in a process of its own: opening, the task of 12 classes, hashes of all sounds, the integer front end's
features of all recordings into an empty cache and out of it again. Peaks are those of the process, mapped files included.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from prepare import LIMIT_MB, wav_bytes

PEOPLE, NOISES = 2600, 6


def write_corpus(folder: Path, count: int, samples: int) -> None:
    """`count` recordings, the lists of who validates and judges, and background noise."""
    from kilovox.corpus.base import Recording
    from kilovox.corpus.folders import part_by_speaker
    from kilovox.corpus.speech_commands_tasks import WORDS

    bank = (np.random.default_rng(0).normal(size=2**22) * 3000).clip(-32768, 32767).astype(np.int16)
    people = [hashlib.sha1(b"%d" % number, usedforsecurity=False).hexdigest()[:8] for number in range(PEOPLE)]
    parts = {speaker: part_by_speaker(Recording("", "", speaker)) for speaker in people}
    lists: dict[str, list[str]] = {"validation": [], "test": [], "train": []}
    for word in (*WORDS, "_background_noise_"):
        (folder / word).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        speaker = people[number // len(WORDS) % PEOPLE]
        name = f"{WORDS[number % len(WORDS)]}/{speaker}_nohash_{number // (len(WORDS) * PEOPLE)}.wav"
        lists[parts[speaker]].append(f"{name}\n")
        start = number * 7919 % (len(bank) - samples)
        (folder / name).write_bytes(wav_bytes(bank[start : start + samples]))
    (folder / "validation_list.txt").write_text("".join(lists["validation"]))
    (folder / "testing_list.txt").write_text("".join(lists["test"]))
    for number in range(NOISES):
        noise = bank[number * 2**19 : number * 2**19 + 60 * 8000]
        (folder / "_background_noise_" / f"noise_{number}.wav").write_bytes(wav_bytes(noise))


def step(name: str, folder: Path) -> dict[str, float]:
    """Seconds, recordings and the peak of memory in MB of one step, in this process."""
    from kilovox.config import parse_front_end
    from kilovox.corpus.speech_commands_tasks import open_task
    from kilovox.frontend.corpus_features import corpus_features
    from kilovox.native.fast import fast_raw_features

    started = time.perf_counter()
    corpus = open_task(folder, 12 if name == "12 classes" else 35)
    if name == "hashes":
        _ = corpus.hashes
    elif name.startswith("features"):
        front_end = parse_front_end({"kind": "fixed_point", "features": "levels"})
        corpus_features(corpus, front_end, fast_raw_features)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "processor": time.process_time(), "recordings": len(corpus), "peak MB": peak}


STEPS = ("35 words", "12 classes", "hashes", "features, empty cache", "features, out of the cache")


def main() -> int:
    """Print the figures; 1 where the memory exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=105_000)
    parser.add_argument("--samples", type=int, default=1600)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(step(asked.only, asked.folder)))
        return 0
    peak = 0.0
    with tempfile.TemporaryDirectory(prefix="kilovox-corpora-") as scratch:
        folder = asked.folder or Path(scratch) / "speech_commands"
        started = time.perf_counter()
        if not (folder / "testing_list.txt").exists():
            write_corpus(folder, asked.recordings, asked.samples)
        print(f"{asked.recordings:,} recordings in {folder}: {time.perf_counter() - started:.0f} s", flush=True)
        environment = {**os.environ, "KILOVOX_CACHE": f"{scratch}/cache"}
        for name in STEPS:
            command = [sys.executable, __file__, "--folder", str(folder), "--only", name]
            figures = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
            peak = max(peak, figures["peak MB"])
            print(f"{name}: " + ", ".join(f"{what} {value:,.1f}" for what, value in figures.items()), flush=True)
    print(f"peak {peak:,.0f} MB, of {LIMIT_MB} MB")
    return int(peak > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
