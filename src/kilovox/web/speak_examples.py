"""Speaks the examples of the page anew: python -m kilovox.web.speak_examples. Needs flite, whose licence leaves sound free."""

import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from kilovox.corpus.speech_programs import FLITE_RATE, Sound, flite_voice_speaker
from kilovox.files import make_folder
from kilovox.web.module import folder

RATE = 8000
QUIET_SECONDS = 0.3
EXAMPLES = {
    "apart": ("Four digits, apart", "slt", ("four", "seven", "one", "nine"), 0.35),
    "together": ("Five digits, together", "rms", ("three one five two six",), 0.0),
    "other": ("Other words", "rms", ("the weather will be fine in the afternoon",), 0.0),
}
"""File: title, voice of flite, what it says in how many breaths, and the seconds between them."""


def spoken(voice: str, texts: tuple[str, ...], gap: float, scratch: Path) -> Sound:
    """(samples,) at RATE, with a little silence around."""
    say = flite_voice_speaker(voice, scratch)
    parts = [np.zeros(round(QUIET_SECONDS * RATE), np.float32)]
    for text in texts:
        parts += [soxr.resample(say(text), FLITE_RATE, RATE), np.zeros(round(gap * RATE), np.float32)]
    sound = np.concatenate([*parts, parts[0]])
    scaled: Sound = sound * (0.5 / np.abs(sound).max())
    return scaled


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for file, (_, voice, texts, gap) in EXAMPLES.items():
            sound = spoken(voice, texts, gap, Path(name))
            soundfile.write(make_folder(folder() / "examples") / f"{file}.wav", sound, RATE, subtype="ULAW")
