"""Programs that speak: espeak-ng and flite, each as voices that are drawn and then say any text."""

import functools
import shutil
import subprocess
from collections.abc import Callable
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


def espeak_speaker(generator: np.random.Generator, scratch: Path) -> Speaker:
    """One of espeak-ng's variants with an accent, a pitch and a speed; sound at ESPEAK_RATE."""
    accent, variant = str(generator.choice(ACCENTS)), str(generator.choice(_espeak_variants()))
    pitch, speed = int(generator.integers(20, 90)), int(generator.integers(110, 220))
    path = scratch / "said.wav"

    def say(text: str) -> Sound:
        _run("espeak-ng", "-v", f"{accent}+{variant}", "-p", str(pitch), "-s", str(speed), "-w", str(path), text)
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
        _run("flite", "-voice", voice, *settings, "-t", text, "-o", str(path))
        sound, rate = soundfile.read(path, dtype="float32")
        resampled: Sound = soxr.resample(sound, rate, FLITE_RATE)
        return resampled

    return say


@functools.cache
def _espeak_variants() -> list[str]:
    listed = _run("espeak-ng", "--voices=variant")
    return sorted({line.split()[4].split("/")[-1] for line in listed.splitlines()[1:] if len(line.split()) > 4})


def _run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        raise KilovoxError(f"{program} is not installed; expected it on PATH (Debian has a package {program})")
    try:
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        raise KilovoxError(f"{program}: {error}") from None
