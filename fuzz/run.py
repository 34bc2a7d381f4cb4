"""The C under sanitizers, under a fuzzer, and how much of it they reach.

    python fuzz/run.py soak [--seconds 3600]       random and adversarial sound, so long each, for every model
    python fuzz/run.py fuzz [--seconds 600]        libFuzzer (clang), so long for all models together; grows fuzz/corpus
    python fuzz/run.py coverage                    lines and branches of every C file that these and the self-tests reach (gcc)

Models: the bundled fsdd-int8, fsdd-pow2, digits, listening and listening-pow2, and small ones of random weights that find
words, keep the level, read mel levels, or listen.
"""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kilovox.firmware.export import export
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.model_file import Model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from firmware.models import random_listener, random_model

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
CORPUS_BYTES = 150_000
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
# The shortest recording, between two hops of silence, is shorter than a window with the hop of 100 samples alone.
WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}


Subject = tuple[Model, int | None]
"""A model, and the rate of the sound that it is given, in Hz; None: its own."""


def models() -> Iterator[Subject]:
    """The bundled ones, and variants whose front ends they do not have."""
    for name in ("fsdd-int8", "fsdd-pow2", "digits"):
        yield open_recogniser(name).model, None
    for name, changes in (("fsdd-int8", {"words": WORDS, "hop": 100}), ("fsdd-pow2", {"words": {}, "energy": "absolute"})):
        model = open_recogniser(name).model
        metadata = model.metadata.model_copy(
            update={"front_end": {**model.metadata.front_end, **changes}, "name": f"{name}-{'-'.join(changes)}"}
        )
        yield model.model_copy(update={"metadata": metadata}), None
    for arithmetic in ("int8", "pow2"):  # of an odd number of columns, and sure of itself
        yield random_model(arithmetic, 24, 2), None
    yield random_model("int8", 5, 1, features="levels", mel_bands=20, energy="absolute"), None
    yield random_listener("int8", layers=2), None
    yield random_listener("pow2", labels=("a", "b", "c"), features="cepstra", hop=100), None  # without other words
    yield random_listener("int8"), 48000
    for name in ("listening", "listening-pow2"):
        yield open_recogniser(name).model, None


def _export(subject: Subject, folder: Path) -> None:
    model, rate = subject
    export(model, folder, input_rate=rate)


def objects(subject: Subject, folder: Path, compiler: str, *flags: str) -> list[Path]:
    """The C of `subject`, exported to `folder` and compiled there, for several programs."""
    _export(subject, folder)
    units = [str(path.resolve()) for path in sorted((folder / "src").glob("*.c"))]
    subprocess.run([compiler, *STRICT, *flags, "-c", *units], check=True, cwd=folder)
    return sorted(folder.glob("*.o"))


def build(
    subject: Subject, folder: Path, program: Path, compiler: str, *flags: str, compiled: Sequence[Path] | None = None
) -> Path:
    """`program` with the C of `subject`, compiled in `folder`; with `compiled` of it, where that was done before."""
    _export(subject, folder)
    binary = folder / program.stem
    units = [str(path.resolve()) for path in compiled or sorted((folder / "src").glob("*.c"))]
    arguments = [compiler, *STRICT, *flags, f"-I{folder / 'src'}", f"-I{folder / 'test'}", *units, str(program), "-o"]
    subprocess.run([*arguments, str(binary)], check=True, cwd=folder)
    return binary


def soak(seconds: int) -> None:
    """An error of a sanitizer ends it."""
    compiler = shutil.which("clang") or "cc"
    for subject in models():
        with tempfile.TemporaryDirectory() as name:
            binary = build(subject, Path(name) / "out", HERE.resolve() / "soak.c", compiler, *SANITIZERS)
            print(f"{subject[0].metadata.name}{f' at {subject[1]} Hz' if subject[1] else ''}:", flush=True)
            subprocess.run([str(binary), str(seconds)], check=True)


def fuzz(seconds: int) -> None:
    """A difference or an error of a sanitizer ends it, and leaves the input in the present folder. The corpus is minimised."""
    seed_corpus()
    every = list(models())
    for subject in every:
        with tempfile.TemporaryDirectory() as name:
            flags = [*SANITIZERS, "-fsanitize=fuzzer"]
            binary = build(subject, Path(name) / "out", HERE.resolve() / "push.c", "clang", *flags)
            found = Path(name) / "found"
            found.mkdir()
            options = [f"-max_total_time={max(1, seconds // len(every))}", "-max_len=4000", "-print_final_stats=1"]
            subprocess.run([str(binary), str(found), str(CORPUS), *options], check=True)
            subprocess.run([str(binary), "-merge=1", "-max_len=4000", str(CORPUS), str(found)], check=True)
    _keep_smallest()


def _keep_smallest() -> None:
    """The corpus is part of the repository: the smallest inputs stay, up to CORPUS_BYTES together."""
    total = 0
    for path in sorted(CORPUS.iterdir(), key=lambda path: (path.stat().st_size, path.name)):
        total += path.stat().st_size
        if total > CORPUS_BYTES:
            path.unlink()


def seed_corpus() -> None:
    """Words of noise and tones between silence, if there is nothing yet."""
    CORPUS.mkdir(exist_ok=True)
    if any(CORPUS.iterdir()):
        return
    random = np.random.default_rng(1)
    signals = {
        "silence": np.zeros(900),
        "noise": random.integers(-32768, 32768, 1200),
        "square": np.where(np.arange(1500) // 20 % 2, 32767, -32768),
        "words": np.concatenate([random.integers(-3, 4, 1600), 8000 * np.sin(np.arange(1600) / 3), np.zeros(1600)] * 1),
        "short": np.arange(40),
        "nothing": np.zeros(0),
        # The one product of a frame is -1, whose bits are those of 0.
        "last step": np.where(np.arange(256) == 255, 4, 5),
    }
    for name, samples in signals.items():
        sizes = bytes([3, 0, 160, 7])
        (CORPUS / name).write_bytes(sizes + samples.astype("<i2").tobytes())


def coverage() -> int:
    """Prints a line a file, and every line and branch that nothing reached. Returns how many those are."""
    lines: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    branches: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for subject in models():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "out"
            flags = ["-O0", "--coverage"]
            programs = {
                HERE.resolve() / "soak.c": ["120"],
                HERE.resolve() / "push.c": [str(path.resolve()) for path in sorted(CORPUS.iterdir())],
                folder / "test" / "self_test.c": [],
            }
            _export(subject, folder)
            for program, arguments in programs.items():
                own = ["-DKV_REPLAY"] if program.name == "push.c" else []
                binary = build(subject, folder, program, "gcc", *flags, *own)
                subprocess.run([str(binary), *arguments], check=True, stdout=subprocess.DEVNULL)
                _add_coverage(folder, lines, branches)
                for file in folder.glob("*.gc*"):
                    file.unlink()
    missed = 0
    for file in sorted(lines):
        reached = sum(count > 0 for count in lines[file].values())
        taken = sum(count > 0 for count in branches[file].values())
        print(f"{file:28}{reached:5}/{len(lines[file]):<5} lines {taken:5}/{len(branches[file]):<5} branches")
        gaps = [f"line {line}" for line, count in lines[file].items() if not count]
        gaps += [f"line {line}, branch {number}" for (line, number), count in branches[file].items() if not count]
        missed += len(gaps)
        for gap in gaps:
            print(f"    never: {gap}")
    return missed


def _add_coverage(folder: Path, lines: dict[str, dict[int, int]], branches: dict[str, dict[tuple[int, int], int]]) -> None:
    notes = [str(path) for path in sorted(folder.glob("*.gcda"))]
    subprocess.run(["gcov", "--json-format", "-b", *notes], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    for report in folder.glob("*.gcov.json.gz"):
        for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
            name = Path(file["file"]).name
            if not name.startswith("kv_"):
                continue
            for line in file["lines"]:
                lines[name][line["line_number"]] += line["count"]
                for number, branch in enumerate(line["branches"]):
                    branches[name][line["line_number"], number] += branch["count"]


def main() -> int:
    """The exit status: 1 where coverage is not whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["soak", "fuzz", "coverage"])
    parser.add_argument("--seconds", type=int, help="soak: of sound of either kind; fuzz: of time")
    asked = parser.parse_args()
    if asked.what == "coverage":
        return 1 if coverage() else 0
    {"soak": soak, "fuzz": fuzz}[asked.what](asked.seconds or {"soak": 3600, "fuzz": 600}[asked.what])
    return 0


if __name__ == "__main__":
    sys.exit(main())
