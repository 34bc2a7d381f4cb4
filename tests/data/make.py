"""Make the synthetic recordings that the tests use: ten "digits", three made-up speakers, three takes.

    python tests/data/make.py [FOLDER]

A digit is a glide of two formants through a pulse train, after a burst of noise for some: nothing of a human voice, but as
long, as loud and as different from each other as spoken digits, so that a small LSTM learns them. 8 kHz, int16, 0.25-0.5 s.
The same bytes on every machine: the generator is seeded, and samples are rounded far above the error of a sine.
"""

import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
SPEAKERS = {"ada": (205.0, 1.12), "bo": (120.0, 1.0), "cy": (150.0, 0.93)}
"""Name: (pitch in Hz, factor on the formants)."""
TAKES = (0, 5, 6)
"""The official split judges takes 0 to 4, so that it has both parts."""
DIGITS = (
    # (formants at the start, at the end) in Hz, share of the word that is a burst of noise, (start, end) of loudness
    ((700, 1100), (300, 2200), 0.00, (1.0, 0.5)),
    ((300, 800), (700, 1300), 0.00, (0.6, 1.0)),
    ((300, 2300), (350, 900), 0.25, (1.0, 0.7)),
    ((500, 1500), (280, 2500), 0.40, (0.7, 1.0)),
    ((550, 850), (550, 850), 0.30, (1.0, 0.8)),
    ((750, 1200), (400, 2100), 0.45, (0.8, 0.8)),
    ((400, 2100), (400, 2100), 0.55, (1.0, 0.3)),
    ((600, 1800), (500, 1300), 0.35, (0.4, 1.0)),
    ((450, 2300), (300, 2400), 0.00, (1.0, 1.0)),
    ((280, 1500), (800, 1000), 0.10, (0.9, 0.9)),
)


def synthesise(digit: int, speaker: str, take: int) -> npt.NDArray[np.int16]:
    """One recording: (samples,) int16 at 8 kHz."""
    random = np.random.RandomState([digit, list(SPEAKERS).index(speaker), take])
    pitch, factor = SPEAKERS[speaker]
    start, end, noisy, (attack, decay) = DIGITS[digit]
    count = int(RATE * random.uniform(0.26, 0.48))
    position = np.linspace(0.0, 1.0, count)
    formants = [factor * random.uniform(0.97, 1.03) * (a + (b - a) * position) for a, b in zip(start, end, strict=True)]
    phase = np.cumsum(2 * np.pi * pitch * random.uniform(0.95, 1.05) * (1.05 - 0.1 * position) / RATE)
    voice = np.zeros(count)
    for harmonic in range(1, int(3800 / pitch / 1.2)):
        frequency = harmonic * pitch
        level = sum(np.exp(-0.5 * ((frequency - formant) / 130.0) ** 2) for formant in formants)
        voice += level * np.sin(harmonic * phase)
    noise = np.diff(random.standard_normal(count + 1))
    burst = position < noisy
    sound = np.where(burst, 0.5 * noise, voice) * (attack + (decay - attack) * position)
    edge = np.minimum(1.0, np.minimum(position, 1.0 - position) * count / 160)  # 20 ms, no click
    sound = edge * sound / np.abs(sound).max() * random.uniform(0.3, 0.8)
    sound += 0.002 * random.standard_normal(count)
    samples: npt.NDArray[np.int16] = np.rint(sound * 32767).astype(np.int16)
    return samples


def main(folder: Path) -> None:
    """Write every recording into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for digit in range(10):
        for speaker in SPEAKERS:
            for take in TAKES:
                with wave.open(str(folder / f"{digit}_{speaker}_{take}.wav"), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE)
                    file.writeframes(synthesise(digit, speaker, take).astype("<i2").tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "recordings")
