"""The board in Verilator: bits of a microphone in, samples and text out; and what a microphone makes of sound."""

import subprocess
from pathlib import Path

import numpy as np

from kilovox.gateware.board import FLASH, chip_sources
from kilovox.verification.simulator import run_tool

BENCH = Path(__file__).parent / "bench"
BITS = 150
"""Of a sample."""


def modulated(samples, gain=1.0):
    """What a PDM microphone gives of (n,) int16 at 8,000 Hz: (150 n,) 0 or 1, by a sigma-delta modulator of second order."""
    places = np.arange(BITS * len(samples)) / BITS
    sound = np.interp(places, np.arange(len(samples)), samples) * (gain / 32768)
    first = second = 0.0
    bits = np.empty(len(sound), np.uint8)
    for place, value in enumerate(sound.tolist()):
        bit = second >= 0
        back = 1.0 if bit else -1.0
        first += value - back
        second += first - back
        bits[place] = bit
    return bits


class Board:
    """The gateware of `model` on the board, compiled in `folder`."""

    def __init__(self, model, folder):
        self.folder = folder
        for name, data in chip_sources(model).items():
            (folder / name).write_bytes(data)
        modules = sorted(path.name for path in folder.glob("*.v"))
        run_tool([
            "verilator", "--cc", "--exe", "--build", "-O3", "--top-module", "board_bench", "+define+KV_POISON",
            "-CFLAGS", "-O0", "-Mdir", "build", *modules, str(BENCH / "board_bench.v"), str(BENCH / "board_bench.cpp"),
        ], folder)  # fmt: skip

    def run(self, bits, button=None, flash=None):
        """Samples that were taken, text, segments, and whether the green and the red LED are on."""
        (self.folder / "flash.bin").write_bytes((self.folder / FLASH).read_bytes() if flash is None else flash)
        held = np.zeros(len(bits), np.uint8) if button is None else button
        command = [str(self.folder / "build" / "Vboard_bench"), "flash.bin"]
        played = (bits | held << 1).astype(np.uint8).tobytes()
        told = subprocess.run(command, input=played, capture_output=True, cwd=self.folder, check=True).stdout
        kinds, values = np.frombuffer(told, "<i4").reshape(-1, 2).T
        text = bytes(values[kinds == 1].tolist()).decode()
        leds = int(values[kinds == 3][0])
        return values[kinds == 0], text, int(values[kinds == 2][0]), bool(leds & 2), bool(leds & 1)
