"""The exported self-test, built in every ordinary way and run: a table of models and ways.

    python fuzz/compilers.py [MODEL ...]     all bundled integer models, and small random ones, unless some are named

Ways: gcc and clang at every level of optimisation, each file by itself, of the whole program (-flto) and all files in one; for
this very processor; under sanitizers; for big-endian s390x (qemu) and for AVR (simavr). What is not installed is left out and
said. Warnings are errors. Exit status 1 where a build or a self-test fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kilovox.firmware.export import export
from kilovox.integer.bundled import bundled_models, open_recogniser
from kilovox.integer.model_file import Model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from firmware.models import random_listener, random_model

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror")
WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}
SECONDS = 600


@dataclass(frozen=True)
class Way:
    """How a program is built and run. one: all sources in one file; runner: what runs it, where it is not this machine."""

    compiler: str
    flags: tuple[str, ...]
    one: bool = False
    runner: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.compiler, *self.flags, *(["all in one"] if self.one else [])])


def _ways(compiler: str) -> Iterator[Way]:
    for level in ("-O0", "-O1", "-O2", "-O3", "-Os"):
        yield Way(compiler, (level,))
        yield Way(compiler, (level, "-flto"))
    for flags in (("-O3", "-march=native"), ("-O3", "-flto", "-march=native"), ("-O2", "-funsigned-char")):
        yield Way(compiler, flags)
    for level in ("-O0", "-O2", "-O3"):
        yield Way(compiler, (level,), one=True)
    yield Way(compiler, ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"))
    yield Way(compiler, ("-O2", "-g", "-fsanitize=type", "-fno-sanitize-recover=all"))


HOST = (*_ways("gcc"), *_ways("clang"))
OTHERS = (
    Way("gcc", ("-m32", "-O3")),
    Way("s390x-linux-gnu-gcc", ("-O2", "-static"), runner=("qemu-s390x",)),
    Way("s390x-linux-gnu-gcc", ("-O3", "-flto", "-static"), runner=("qemu-s390x",)),
    Way("avr-gcc", ("-Os", "-mmcu=atmega2560"), runner=("simavr", "-m", "atmega2560", "-f", "16000000")),
    Way("avr-gcc", ("-O2", "-mmcu=atmega1284p"), runner=("simavr", "-m", "atmega1284p", "-f", "16000000")),
)
"""Of other sizes of pointers, another order of bytes, another int."""


def small_models() -> list[tuple[Model, int | None]]:
    """Of either arithmetic, with words and without, on levels, listening; small, of odd and even numbers of columns. With each
    the rate of its sound in Hz; None: its own."""
    models = [
        random_model("int8", 5), random_model("pow2", 5, 1), random_model("int8", 8, 1, words=WORDS),
        random_model("pow2", 8, 2, words=WORDS), random_model("int8", 5, 1, features="levels", mel_bands=20),
        random_listener("int8"), random_listener("pow2"),
    ]  # fmt: skip
    return [*((model, None) for model in models), (random_listener("int8"), 48000)]


@cache
def missing(way: Way) -> str:
    """Why `way` cannot be tried here; nothing where it can."""
    for program in (way.compiler, *way.runner[:1]):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    with tempfile.TemporaryDirectory() as name:
        probe = Path(name) / "probe.c"
        probe.write_text("int main(void) { return 0; }\n")
        done = subprocess.run(
            [way.compiler, *way.flags, probe.name, "-o", "probe"], cwd=name, capture_output=True, text=True, check=False
        )
    return (
        "" if done.returncode == 0 else f"{way.compiler} cannot: {(done.stderr.strip() or 'no reason given').splitlines()[0]}"
    )


def tried(way: Way, folder: Path) -> str:
    """What went wrong with building and running the self-test of the exported `folder`; nothing where all is equal."""
    units = [*sorted((folder / "src").glob("*.c")), folder / "test" / "self_test.c"]
    with tempfile.TemporaryDirectory() as name:
        if way.one:
            (Path(name) / "one.c").write_text("".join(f'#include "{unit}"\n' for unit in units))
            units = [Path(name) / "one.c"]
        # Tables are read from AVR's flash with what strict C has no word for.
        strict = [flag for flag in STRICT if way.compiler != "avr-gcc" or flag not in ("-std=c99", "-pedantic")]
        program = str(Path(name) / "self_test")
        include = [f"-I{folder / 'src'}", f"-I{folder / 'test'}"]
        if failed := _run([way.compiler, *strict, *way.flags, *include, *map(str, units), "-o", program], "")[0]:
            return failed
        failed, told = _run([*way.runner, program], "all equal")
        return failed or ("" if "all equal" in told else f"says {told[-200:]!r}")


def _run(command: Sequence[str], expected: str) -> tuple[str, str]:
    """What went wrong, and what was printed. A simulator of AVR has no exit status to give: what is expected counts."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), ""
    told = done.stdout + done.stderr
    if done.returncode != 0 or expected not in told:
        return f"{command[0]}: exit status {done.returncode}: {told.strip()[:400]}", told
    return "", told


def main() -> int:
    """The exit status: 1 where something failed."""
    named = sys.argv[1:]
    bundled = [
        model for name in named or bundled_models() if (model := open_recogniser(name).model).metadata.arithmetic != "float32"
    ]
    models = [*((model, None) for model in bundled), *([] if named else small_models())]
    wrong = 0
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = {}
        for number, (model, rate) in enumerate(models):
            finds_words = model.metadata.front_end.get("words") and "random" in model.metadata.name
            title = f"{model.metadata.name}{' words' if finds_words else ''}{f' {rate}' if rate else ''}"
            folders[title] = Path(name) / str(number)
            export(model, folders[title], input_rate=rate)
        print(" " * 72 + "  ".join(folders))
        for way in (*HOST, *OTHERS):
            if reason := missing(way):
                print(f"{way!s:72}left out: {reason}", flush=True)
                continue
            results = list(pool.map(lambda folder, way=way: tried(way, folder), folders.values()))
            # A model, or a recording, that does not fit into a chip is refused while it is compiled.
            large = [way.compiler == "avr-gcc" and ("#error" in found or "is too large" in found) for found in results]
            words = [
                "equal" if not found else "too large" if refused else "FAILS"
                for found, refused in zip(results, large, strict=True)
            ]
            print(
                f"{way!s:72}" + "  ".join(f"{word:{len(title)}}" for title, word in zip(folders, words, strict=True)),
                flush=True,
            )
            for found, refused in zip(results, large, strict=True):
                if found and not refused:
                    wrong += 1
                    print(f"    {found}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
