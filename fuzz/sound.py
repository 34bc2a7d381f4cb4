"""Damaged sound files: nothing but KilovoxError may come of them, in bounded memory and time.

    python fuzz/sound.py [--seconds 600] [--seed 0]

Small valid files of every format are changed (bits, numbers, pieces cut, moved, repeated, of another file), then read as a
file, a pipe and piece by piece. They are read in processes of their own, for a crash of a library must not end the fuzzing.
What fails is left in the present folder as crash-*.
"""

import argparse
import contextlib
import hashlib
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from kilovox.audio import RawFormat, read_audio, read_sound, stream_audio
from kilovox.errors import KilovoxError

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from audio.sounds import STATED, UNSTATED, sound

FILES_A_PROCESS = 400
MEMORY = 3 * 2**30
"""Bytes of address space of a process: libraries take 1.5 GB of it, none of it used."""
SECONDS_A_FILE = 20.0
SECONDS_A_PROCESS = 3600
NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)


def mutated(random: np.random.Generator) -> bytes:
    """A small sound file with one to five changes."""
    pairs = [*STATED, *UNSTATED]
    kind, coding = pairs[random.integers(len(pairs))]
    stereo = kind in ("WAV", "AIFF", "CAF", "FLAC", "OGG", "MP3") and coding in ("PCM_16", "FLOAT", "VORBIS", "MPEG_LAYER_III")
    data = bytearray(sound(kind, coding, channels=int(random.integers(1, 2 + stereo))))
    for _ in range(random.integers(1, 6)):
        # Half of the changes are in the header, where they matter most.
        at = int(random.integers(max(1, min(len(data), 120) if random.random() < 0.5 else len(data))))
        size = int(random.integers(1, 9))
        match random.integers(7):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << int(random.integers(8))
            case 1:
                number = int(NUMBERS[random.integers(len(NUMBERS))]) % 256**size
                data[at : at + size] = number.to_bytes(size, "little" if random.random() < 0.5 else "big")
            case 2:
                data[at : at + size] = random.bytes(size)
            case 3:
                del data[at:]
            case 4:
                del data[at : at + int(random.integers(1, 300))]
            case 5:
                data[at:at] = data[at : at + int(random.integers(1, 300))]
            case _:
                other = sound(*pairs[random.integers(len(pairs))])
                data[at:] = other[at:]
    return bytes(data)


def check(data: bytes, path: Path) -> None:
    """Read `data` in every way, at `path` where it has to be a file. Raises what is no KilovoxError, and AssertionError."""
    path.write_bytes(data)
    raw = RawFormat(16000, 2)
    for read in (
        lambda: read_audio(path),
        lambda: read_sound(path),
        lambda: read_audio(io.BytesIO(data)),
        lambda: list(stream_audio(path, 8000, 160)),
        lambda: read_audio(path, raw=raw),
    ):
        began = time.monotonic()
        with contextlib.suppress(KilovoxError):
            found = read()
            if len(found if isinstance(found, list | np.ndarray) else found.samples) == 0:
                raise AssertionError("no samples, and no error")
        if time.monotonic() - began > SECONDS_A_FILE:
            raise AssertionError("too slow")


def work(seed: int, count: int, path: Path) -> None:
    """Check `count` files; the one at `path` is the last, should this process end."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    random = np.random.default_rng(seed)
    for _ in range(count):
        check(mutated(random), path)


def fuzz(seconds: float, seed: int) -> int:
    """Returns how many files failed."""
    began, files, failures = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "sound"
        while time.monotonic() - began < seconds:
            arguments = [sys.executable, "-W", "error", __file__, "--work", str(seed), str(path)]
            done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=SECONDS_A_PROCESS)
            trouble = done.returncode != 0 or "Traceback" in done.stderr or done.stdout
            if trouble:
                left = Path(f"crash-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}")
                left.write_bytes(path.read_bytes())
                print(f"seed {seed}: status {done.returncode}, {left}\n{done.stderr[-2000:]}", flush=True)
                failures += 1
            seed, files = seed + 1, files + FILES_A_PROCESS
    print(f"{files} files in {time.monotonic() - began:.0f} s: {failures} failures")
    return failures


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=int, default=FILES_A_PROCESS, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=2, metavar=("SEED", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(int(arguments.work[0]), arguments.files, Path(arguments.work[1]))
    else:
        sys.exit(1 if fuzz(arguments.seconds, arguments.seed) else 0)


if __name__ == "__main__":
    main()
