"""The integer front end against librosa's MFCC, in time, and against the same pipeline in float64, in accuracy.

    python benchmarks/front_end.py [FOLDER OF RECORDINGS]

The folder holds 8 kHz int16 WAV files; without one, that of the environment variable KILOVOX_FSDD. librosa runs one clip at a
time (its interface), on every fifth recording; both run in this process, so set OMP_NUM_THREADS=1 for one thread.
"""

import argparse
import json
import os
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

from kilovox.frontend.fixed_point import FixedPointMFCC, Samples
from kilovox.frontend.fixed_point_tables import LEVEL_BITS
from kilovox.frontend.mfcc import mel_filters

_LIBROSA_STRIDE = 5


def seconds_fixed_point(front_end: FixedPointMFCC, recordings: list[Samples]) -> float:
    """Best of three, a clip."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        front_end(recordings)
        times.append(time.perf_counter() - begin)
    return min(times) / len(recordings)


def seconds_librosa(front_end: FixedPointMFCC, recordings: list[Samples]) -> float:
    """Best of three, a clip; the same window, hop, bands and coefficients."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        for samples in recordings:
            librosa.feature.mfcc(
                y=samples.astype(np.float32) / 32768,
                sr=front_end.sample_rate,
                n_mfcc=front_end.coefficients,
                n_fft=front_end.window,
                hop_length=front_end.hop,
                n_mels=front_end.mel_bands,
                htk=True,
                norm=None,
            )
        times.append(time.perf_counter() - begin)
    return min(times) / len(recordings)


def error_decibels(front_end: FixedPointMFCC, recordings: list[Samples]) -> tuple[float, float, float]:
    """Mean, 99th percentile and maximum error of the log-mel levels within 60 dB of a frame's loudest band."""
    samples = np.concatenate(recordings)
    starts = np.arange(front_end.frames(len(samples))) * front_end.hop
    levels = front_end._levels(samples, starts) * (10 * np.log10(2) / (1 << LEVEL_BITS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, front_end.window)[starts].astype(np.float64)
    difference = np.diff(frames, axis=1, prepend=frames[:, :1])
    window = np.sin(np.pi * (np.arange(front_end.window) + 0.5) / front_end.window) ** 2
    spectrum = np.abs(np.fft.rfft(difference * window)) ** 2
    filters = mel_filters(front_end.sample_rate, front_end.window, front_end.mel_bands, front_end.low_hz, front_end.high_hz)
    exact = 10 * np.log10(filters @ spectrum.T + 1e-9) - 46 * 10 * np.log10(2)
    heard = (exact > exact.max(axis=0) - 60) & frames.any(axis=1)
    error = np.abs(levels - exact)[heard]
    return float(error.mean()), float(np.percentile(error, 99)), float(error.max())


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("KILOVOX_FSDD"))
    folder = parser.parse_args().folder
    if folder is None:
        parser.error("name a folder of recordings, or set KILOVOX_FSDD")
    recordings = [soundfile.read(path, dtype="int16")[0] for path in sorted(Path(folder).glob("*.wav"))]
    if not recordings:
        parser.error(f"{folder}: no .wav file in it")
    front_end = FixedPointMFCC()
    ours = seconds_fixed_point(front_end, recordings)
    theirs = seconds_librosa(front_end, recordings[::_LIBROSA_STRIDE])
    mean, percentile, largest = error_decibels(front_end, recordings[::_LIBROSA_STRIDE])
    print(
        json.dumps(
            {
                "recordings": len(recordings),
                "microseconds_a_clip": round(ours * 1e6, 1),
                "librosa_microseconds_a_clip": round(theirs * 1e6, 1),
                "times_as_fast_as_librosa": round(theirs / ours, 1),
                "log_mel_error_db": {"mean": round(mean, 4), "99%": round(percentile, 4), "max": round(largest, 2)},
                "table_bytes": front_end.table_bytes,
                "state_bytes": front_end.state_bytes,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
