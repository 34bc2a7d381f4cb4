"""The pictures of the tour, drawn from sounds in docs/sounds by the bundled models themselves, and from docs/results.md.

The two sounds are spoken by flite's voice awb (Carnegie Mellon University, BSD-like licence): no person's recordings.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from block_diagram import gateware
from drawing import Numbers, Panel, figure

from kilovox.audio import Samples, read_audio
from kilovox.frontend.fixed_point import FixedPointMFCC
from kilovox.frontend.fixed_point_tables import FEATURE_BITS
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.decider import Decider

DOCS = Path(__file__).parents[1]
SEVEN = DOCS / "sounds" / "seven.wav"
STRING = DOCS / "sounds" / "three-one-nine.wav"
RATE = 8000


def _levels(samples: Samples) -> Numbers:
    """(bands, frames) of 0 to 1: the levels of the mel bands, from 60 dB below the loudest of all up to it."""
    transform = FixedPointMFCC(features="levels", coefficients=32, energy="absolute", floor_db=None)
    octaves = transform([samples])[0].astype(float) / 2**FEATURE_BITS
    decibels: Numbers = 10 * np.log10(2) * (octaves - octaves.max())
    return 1 + decibels.T / 60


def _sound(panel: Panel, samples: Samples) -> None:
    """Of each piece of some 4 ms the smallest and the largest sample."""
    pieces = np.array_split(samples / 32768, max(1, len(samples) // 30))
    times = np.linspace(0, len(samples) / RATE, len(pieces))
    points = [(time, value) for time, piece in zip(times, pieces, strict=True) for value in (piece.min(), piece.max())]
    panel.line([time for time, _ in points], [value for _, value in points], "kv-sound")


def _seconds(until: float, step: float) -> list[tuple[float, str]]:
    return [(value, f"{value:g}") for value in np.round(np.arange(0, until + 1e-9, step), 6)]


def hearing() -> str:
    """One word: samples, levels of the mel bands, and the word that is found."""
    samples, recogniser = read_audio(SEVEN, RATE), open_recogniser("digits")
    end = len(samples) / RATE
    sound = Panel((0, end), (-1, 1), height=170)
    sound.axes(_seconds(end, 0.2), [(-1, "-1"), (0, "0"), (1, "1")], ("seconds", "sample"))
    _sound(sound, samples)
    bands = Panel((0, end), (0, 32), height=210, at=165)
    bands.image(_levels(samples))
    bands.axes(_seconds(end, 0.2), [(0, "0"), (16, "16"), (32, "32")], ("seconds", "mel band"))
    decision = recogniser([samples])
    label, sure = recogniser.labels[int(decision.indices[0])], float(decision.confidence[0])
    caption = (
        f"“Seven”, spoken by a synthetic voice: its samples, and the levels of 32 mel bands every 20 ms, bright where loud. "
        f"<code>digits</code> says {label}, confidence {sure:.3f}."
    )
    return figure([sound, bands], "Samples of a spoken word, and below them the levels of its mel bands over time", caption)


def listening() -> str:
    """A string of words: the levels, and the outputs of the network over time, with what it says."""
    recogniser = open_recogniser("listening")
    samples = recogniser.heard_out(read_audio(STRING, RATE))
    end = len(samples) / RATE
    frames = recogniser.frames(recogniser.read_out(recogniser.normalised(recogniser.raw_features([samples])))[0])
    seconds = np.arange(1, len(frames.share) + 1) * 0.04
    bands = Panel((0, end), (0, 32), height=190)
    bands.image(_levels(samples))
    bands.axes(_seconds(end, 0.2), [(0, "0"), (16, "16"), (32, "32")], ("seconds", "mel band"))
    shares = Panel((0, end), (0, 1.15), height=230, at=185)
    shares.axes(_seconds(end, 0.2), [(0, "0"), (0.5, "0.5"), (1, "1")], ("seconds", "share of the outputs"))
    shares.line(seconds.tolist(), (frames.share / 255).tolist(), "kv-line")
    shares.line(seconds.tolist(), (frames.others / 255).tolist(), "kv-second")
    decider, said = Decider(recogniser.labels, recogniser.thresholds, recogniser.knots), []
    for word in decider.push(frames):
        said.append(recogniser.labels[word.best])
        shares.word(word.frame * 0.04, 1.04, said[-1])
    caption = (
        "“Three, one, nine” in one breath, and what <code>listening</code> makes of it: the share of the likeliest digit in "
        "every frame of 40 ms, and (dashed) the share of other words. In between the network says that no word ends here. "
        f"It tells of {', '.join(said)}."
    )
    return figure(
        [bands, shares], "Mel levels of three spoken digits, and below them three peaks of the network's output", caption
    )


def sizes() -> str:
    """Accuracy of FSDD's random split against bytes: the rows of the table of tasks in results.md that have one figure."""
    rows = re.findall(
        r"^\| ([ABC]) \| (\S+ x LSTM \d+) \| (float32|int8|pow2) \| (?:float|QAT) \| \S+ \| [\d,]+ \| ([\d,]+) \| ([\d.]+)%",
        (DOCS / "results.md").read_text(), re.MULTILINE,
    )  # fmt: skip
    ticks = [
        (np.log10(size), label)
        for size, label in ((2e3, "2 KB"), (5e3, "5"), (1e4, "10"), (3.6e4, "36"), (1e5, "100"), (8e5, "800"))
    ]
    panel = Panel((3.2, 6.0), (95, 100.2), height=300)
    panel.axes(
        ticks, [(value, f"{value} %") for value in (95, 96, 97, 98, 99, 100)], ("bytes of the network", "right, random split")
    )
    styles = {"float32": "kv-second", "int8": "kv-mark", "pow2": "kv-third"}
    for _, network, arithmetic, size, right in rows:
        value = float(right)
        panel.dot(np.log10(int(size.replace(",", ""))), value, style=styles[arithmetic])
        assert network  # noqa: S101 (part of a row)
    for number, (name, style) in enumerate(styles.items()):
        panel.dot(5.35, 97.1 - 0.55 * number, name, style, (12, 4))
    caption = (
        "Networks of the three tasks on FSDD's <code>random</code> split, whose six speakers are in training and test alike: "
        "the table of <a href='results.html#the-tasks-make-reproduce'>Results</a>. People who are not in training are another "
        "matter: <a href='explanation/strangers.html'>Strangers</a>."
    )
    return figure([panel], "Accuracy of networks against their size in bytes", caption)


PICTURES: dict[str, Callable[[], str]] = {
    "hearing": hearing,
    "listening": listening,
    "sizes": sizes,
    "gateware": gateware,
}
"""By the name that a page has in <!-- picture: NAME -->."""
