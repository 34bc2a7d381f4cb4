"""Programs that speak: espeak-ng and flite, each as voices that are drawn and then say any text."""

import functools
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from kilovox.errors import KilovoxError

ESPEAK_RATE, FLITE_RATE = 22_050, 16_000
"""Of the sound, Hz."""

Sound = npt.NDArray[np.float32]
Speaker = Callable[[str], Sound]
"""From a text to the sound of it; raises KilovoxError where the program is missing or fails."""

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
FLITE_VOICES = ("kal16", "awb", "rms", "slt")


def espeak_speaker(generator: np.random.Generator, scratch: Path, accents: Sequence[str] = ACCENTS) -> Speaker:
    """One of espeak-ng's variants with one of `accents`, a pitch and a speed; sound at ESPEAK_RATE."""
    accent, variant = str(generator.choice(accents)), str(generator.choice(_espeak_variants()))
    pitch, speed = int(generator.integers(20, 90)), int(generator.integers(110, 220))
    path = scratch / "said.wav"

    def say(text: str) -> Sound:
        run_program("espeak-ng", "-v", f"{accent}+{variant}", "-p", str(pitch), "-s", str(speed), "-w", str(path), text)
        sound: Sound = soundfile.read(path, dtype="float32")[0]
        return sound

    return say


def flite_speaker(generator: np.random.Generator, scratch: Path) -> Speaker:
    """One of flite's voices at some pitch and speed; sound at FLITE_RATE."""
    voice = str(generator.choice(FLITE_VOICES))
    stretch = f"duration_stretch={generator.uniform(0.8, 1.3):.3f}"
    mean = f"int_f0_target_mean={generator.uniform(80, 240):.1f}"
    return flite_voice_speaker(voice, scratch, "--setf", stretch, "--setf", mean)


def flite_voice_speaker(voice: str, scratch: Path, *settings: str) -> Speaker:
    """The flite voice of that name with the options `settings`; sound at FLITE_RATE."""
    path = scratch / "said.wav"

    def say(text: str) -> Sound:
        run_program("flite", "-voice", voice, *settings, "-t", text, "-o", str(path))
        sound, rate = soundfile.read(path, dtype="float32")
        resampled: Sound = soxr.resample(sound, rate, FLITE_RATE)
        return resampled

    return say


@functools.cache
def _espeak_variants() -> list[str]:
    listed = run_program("espeak-ng", "--voices=variant")
    return sorted({line.split()[4].split("/")[-1] for line in listed.splitlines()[1:] if len(line.split()) > 4})


def check_espeak_language(language: str) -> None:
    """Raise KilovoxError where espeak-ng has no voice of `language`, or is not installed."""
    known = _espeak_languages()
    if language not in known and language not in ACCENTS:
        near = sorted(one for one in known if one.partition("-")[0] == language.partition("-")[0])
        expected = f"one of {', '.join(near)}" if near else "one that espeak-ng --voices lists"
        raise KilovoxError(f"--language {language}: espeak-ng has no such voice; expected {expected}")


@functools.cache
def _espeak_languages() -> frozenset[str]:
    listed = run_program("espeak-ng", "--voices")
    return frozenset(line.split()[1] for line in listed.splitlines()[1:] if len(line.split()) > 1)


def is_installed(program: str) -> bool:
    """Whether it is on PATH."""
    return shutil.which(program) is not None


def run_program(program: str, *arguments: str) -> str:
    """What it prints. Raises KilovoxError where it is missing or fails."""
    if not is_installed(program):
        raise KilovoxError(f"{program} is not installed; expected it on PATH (Debian has a package {program})")
    try:
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        raise KilovoxError(f"{program}: {error}") from None
