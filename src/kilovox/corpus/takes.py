"""Takes of words that a person says one after another: which are left, what is wrong with one, and where it is kept.

A take is WORD/SPEAKER_nohash_TAKE.wav, which readers of a folder a word understand, whoever else is there or is not.
"""

import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from kilovox.audio import Samples
from kilovox.config.words import checked_word
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, replacing
from kilovox.text import complaint, shown

RATE = 16_000
"""Of what is kept, Hz."""

QUIETEST_DB = -30.0
"""Of the peak, below full scale; who is quieter is too far from the microphone, or it is turned down."""
FULL_SCALE, CLIPPED_SAMPLES = 32_700, 3
"""So many samples as large as that are no chance."""
FRAME_MS = 10
NOISE_SHARE = 0.1
"""The quietest share of the frames is the noise."""
LEAST_DB = 10.0
"""A word is louder than the noise by this, in its loudest frame."""
WORD_DB, WORD_PART = 30.0, 0.65
"""A frame is of the word that is at most so far below the loudest, and at most this part of the way to the noise."""
EDGE_MS = 40
"""A word that begins or ends as near to an end of the take was cut off."""

_NOT_IN_SPEAKERS = '_/\\<>:"|?*,'


@dataclass(frozen=True)
class Take:
    """A word to be said by `speaker` for the `number`th time, from 0 on."""

    word: str
    speaker: str
    number: int

    def path(self, folder: Path) -> Path:
        """Where it is kept."""
        return folder / self.word / f"{self.speaker}_nohash_{self.number}.wav"


@dataclass(frozen=True)
class Level:
    """What a take sounds like. peak_db: below full scale, -inf for digital silence; problems: what is wrong with it, and what a
    person can do about it."""

    peak_db: float
    problems: tuple[str, ...]


def checked_speaker(name: str) -> str:
    """`name` as it stands in files. Raises KilovoxError for what cannot."""
    wrong = complaint(name, 40)
    if wrong is not None:
        raise KilovoxError(f"speaker: {wrong}")
    strange = next((character for character in name if character in _NOT_IN_SPEAKERS), None)
    if strange is not None or name[0] in ".-" or name[-1] == ".":
        found = f"has {strange!r} in it" if strange else "begins with . or -, or ends with a full stop"
        raise KilovoxError(f"speaker: {shown(name)} {found}; expected a name such as anna, letters and digits")
    return unicodedata.normalize("NFC", name)


def planned(folder: Path, speaker: str, words: Sequence[str], takes: int, others: Sequence[str] = ()) -> list[Take]:
    """What `speaker` has still to say: `words`, `takes` times, each time in another order, then each of `others` once.

    What lies in `folder` is said already. The order depends on the speaker, and on nothing else.
    """
    order = np.random.default_rng(zlib.crc32(speaker.encode()))
    wanted = [Take(words[place], speaker, number) for number in range(takes) for place in order.permutation(len(words))]
    wanted += [Take(checked_word(word), speaker, 0) for word in others]
    return [take for take in wanted if not take.path(folder).exists()]


def level(samples: Samples, rate: int) -> Level:
    """Of (samples,) int16 at `rate` Hz: silence, one word, silence."""
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    peak_db = 20 * float(np.log10(peak / 32768)) if peak else -np.inf
    power = _decibels(samples, rate)
    if not len(power) or peak == 0:
        return Level(peak_db, ("nothing heard: is this the right microphone, and is it on?",))
    loudest, noise = float(power.max()), float(np.quantile(power, NOISE_SHARE))
    problems = []
    clipped = int((np.abs(samples.astype(np.int32)) >= FULL_SCALE).sum()) >= CLIPPED_SAMPLES
    if loudest - noise < LEAST_DB and not clipped:
        problems.append("nothing heard above the noise: speak louder or nearer, or after Enter")
    elif peak_db < QUIETEST_DB:
        problems.append(f"too quiet ({peak_db:.0f} dB): come nearer, or turn the microphone up")
    if clipped:
        problems.append("clipped: go further away, or turn the microphone down")
    if not problems:
        problems += _cut_off(power, loudest, noise)
    return Level(peak_db, tuple(problems))


def _cut_off(power: npt.NDArray[np.float64], loudest: float, noise: float) -> list[str]:
    heard = np.flatnonzero(power >= loudest - min(WORD_DB, WORD_PART * (loudest - noise)))
    edge = EDGE_MS // FRAME_MS
    if heard[0] < edge:
        return ["cut off at the beginning: speak after the word is shown"]
    return ["cut off at the end: speak sooner, or ask for more --seconds"] if heard[-1] >= len(power) - edge else []


def _decibels(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """(frames,) power of each whole frame; digital silence is that of noise of one."""
    frame = rate * FRAME_MS // 1000
    count = len(samples) // frame
    power = np.square(samples[: count * frame].reshape(count, frame), dtype=np.float64).mean(axis=1)
    found: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1.0))
    return found


def keep(folder: Path, take: Take, samples: Samples, rate: int) -> Path:
    """Write it as 16-bit WAV, whole or not at all."""
    path = take.path(folder)
    make_folder(path.parent)
    with replacing(path) as temporary:
        soundfile.write(temporary, samples, rate, subtype="PCM_16", format="WAV")
    return path
