"""The report as a browser draws it: nothing over anything else, nothing out of the page, no markup, text that can be read."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from kilovox.budget import size_of
from kilovox.evaluation.evaluate import Evaluation, Misclassified, Others, SpeakerScore
from kilovox.evaluation.latency import Latency, Percentiles
from kilovox.evaluation.report.plots import Picture, Point, accuracy_against_bytes, to_svg
from kilovox.evaluation.report.report import CorpusFacts, Report, Run, Section, Table, render_report
from kilovox.evaluation.report.tradeoff import spotting_sections
from kilovox.evaluation.spotting.passages import Spoken
from kilovox.evaluation.spotting.scores import Heard, SpeechScore, WordScore
from kilovox.evaluation.spotting.spotting import Spotting
from kilovox.integer.detection import Detection
from kilovox.integer.outcome import LABEL

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

LOOK = """<script>
const found = {width: innerWidth, page: document.documentElement.scrollWidth, texts: [], over: [], small: [], out: []};
for (const svg of document.querySelectorAll("svg")) {
  const whole = svg.getBoundingClientRect(), scale = whole.width / svg.viewBox.baseVal.width;
  const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect(), text]);
  boxes.forEach(([said, box, text], place) => {
    found.texts.push(said);
    if (parseFloat(getComputedStyle(text).fontSize) * scale < 10) found.small.push(said);
    if (box.left < whole.left - 2 || box.right > whole.right + 2 || box.bottom > whole.bottom + 2) found.out.push(said);
    for (const [other, beside] of boxes.slice(place + 1)) {
      const wide = Math.min(box.right, beside.right) - Math.max(box.left, beside.left);
      const high = Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top);
      // A line's box is higher than its letters.
      if (wide > 1 && high > 4) found.over.push([said, other]);
    }
  });
}
for (const cell of document.querySelectorAll("th, td, p, li, dd, figcaption")) found.texts.push(cell.textContent);
parent.postMessage(found, "*");
</script>"""

COLLECT = """<script>
addEventListener("message", event => document.getElementById("found").append(JSON.stringify(event.data) + "\\n"));
</script>"""

WIDTHS = (1200, 400)

CURVE = [
    ("2 x 128", "float32", 826408, 1.0), ("2 x 24", "float32", 35176, 0.9911), ("1 x 40", "float32", 36840, 0.9933),
    ("1 x 85", "float32", 139440, 0.9967), ("1 x 85", "int8 PTQ", 36169, 0.9933), ("1 x 85", "int8 QAT", 36169, 0.9967),
    ("1 x 12", "int8 QAT", 1859, 0.9383), ("1 x 20", "int8 QAT", 3539, 0.965), ("1 x 24", "int8 QAT", 4571, 0.975),
    ("1 x 28", "int8 QAT", 5731, 0.9883), ("1 x 40", "int8 QAT", 9979, 0.9933), ("1 x 60", "int8 QAT", 19619, 0.9967),
    ("1 x 123", "float32", 276544, 0.995), ("1 x 123", "pow2 PTQ", 36346, 0.995), ("1 x 123", "pow2 QAT", 36346, 0.9983),
]  # fmt: skip


def curve(points):
    made = [
        Point(name, series, size, share, (share - 0.01, min(1, share + 0.005)), series if "QAT" in series else "")
        for name, series, size, share in points
    ]
    return to_svg(accuracy_against_bytes(made, 36864))


def run(name, labels, speakers, epochs=60, splits=("random",)):
    count = len(labels)
    confusion = np.diag([120] * count) + np.eye(count, k=1, dtype=int) * 7
    scores = tuple(SpeakerScore(f"speaker {n}", 9 - n % 2, 9) for n in range(speakers))
    wrong = tuple(Misclassified(f"{labels[0]}/recording_{n}.wav", labels[0], labels[1], 0.5, n) for n in range(3))
    nothing = Misclassified("quiet.wav", labels[0], None, 0.0, 9, "nothing")
    evaluation = Evaluation(
        name, "a corpus", "f" * 64, "random", tuple(labels), tuple(map(tuple, confusion.tolist())), scores, (*wrong, nothing),
        Others(40, 39), 0, 8000, (0,) * count, (1, *(0,) * (count - 1)),
    )  # fmt: skip
    history = [
        {"epoch": n, "loss": 2 / n, "accuracy": 1 - 0.9 / n, "validation_loss": 3 / n, "validation_accuracy": 1 - 1 / n}
        for n in range(1, epochs + 1)
    ]
    times = Percentiles(1.0, 2.0, 3.0, 4.0)
    return Run(
        name, "b", size_of(85, 2, "int8", outputs=count), dict.fromkeys(splits, evaluation), 1234.5, 36864,
        "model", history, Latency(times, times, times, 40, 1, "a processor of a long name @ 3.20GHz", 1),
        {"model": name, "fingerprint": "f" * 64}, {"random": {1: 0.99, 2: 0.98, 3: 0.97}}, "QAT", "integer",
    )  # fmt: skip


def long_sound():
    """Twenty words of five kinds of sound, one alarm to a hundred thousand an hour."""
    words = tuple(Spoken(str(n % 10), f"s{n % 4}", float(n)) for n in range(20))
    speech = tuple(Detection(n, "1", "1", 1 - 0.003 * n, LABEL) for n in range(300))
    names = ("joined whole", "0 s apart", "0.2 s apart", "0.6 s apart", "utterances of a corpus")
    scores = []
    for right, name in zip(range(4, 20, 3), names, strict=False):
        found = tuple(Detection(n + 0.3, str(n % 10), str(n % 10), n / 20, LABEL) for n in range(right))
        scores.append(WordScore(name, (Heard("x", 60.0, words, found),)))
    silent = (
        SpeechScore("a lecture", (Heard("y", 10.0, (), speech),)),
        SpeechScore("a long silence", (Heard("y", 3.6e6, (), ()),)),
    )
    strings = dict(zip(("whole", "0", "0.2", "0.6"), scores, strict=False))
    return Spotting(
        strings, scores[4], silent[1], silent[:1], chosen="fold:1/6, 13 of 74 of a corpus", notes=("33 were left out",)
    )


def report():
    digits, words = [str(n) for n in range(10)], ["$x^{2}$", *(f"word number {n}" for n in range(34))]
    runs = (
        run("int8 QAT", digits, 6, splits=("random", "official")),
        run("words", words, 300, 1),
        run("two", ["yes", "no"], 1, 400),
    )
    table = Table(
        ("network", "arithmetic", "method", "bytes", "accuracy"), (("2 x LSTM 128", "float32", "float", 826408, "99 %"),)
    )
    sections = (
        Section("Accuracy against bytes", "A text.", table, curve(CURVE)),
        Section("Two networks", figure_svg=curve(CURVE[1:3])),
        Section("One network", figure_svg=curve(CURVE[:1])),
        *spotting_sections(long_sound()),
        Section("Confusion", "", Table(("spoken", *digits), tuple((name, *[12345] * 10) for name in digits))),
    )
    features = np.random.default_rng(0).normal(size=(40, 13))
    pictures = tuple(Picture(label, f"{label}.wav", features, 0.02) for label in digits)
    facts = CorpusFacts("a corpus", "f" * 64, 3000, tuple(f"s{n}" for n in range(6)), tuple(digits))
    return Report("A title", "kilovox reproduce " + "--a-long-option " * 9, (facts,), runs, 3661.0, "Text.", sections, pictures)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the page says of itself, by how many pixels wide it is drawn: in a frame, for windows are never that narrow."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here, which draws the page")
    folder = tmp_path_factory.mktemp("page")
    text = render_report(report()).replace("</body>", LOOK + "</body>")
    frames = "".join(
        f'<iframe width="{width}" height="2000" frameborder="0" srcdoc="{html.escape(text)}"></iframe>' for width in WIDTHS
    )
    (folder / "page.html").write_text(f"<!DOCTYPE html><body><pre id=found></pre>{COLLECT}{frames}", encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1300,2000",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", "--dump-dom", (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    return {one["width"]: one for one in map(json.loads, html.unescape(found).splitlines())}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_over_anything_or_out_of_the_page(seen, width):
    found = seen[width]
    assert found["page"] <= width, "the page scrolls sideways"
    assert found["over"] == [], "texts lie over one another"
    assert found["out"] == [], "texts run out of their figure"
    assert found["small"] == [], "texts too small to be read"
    assert "1 x 12" in found["texts"]
    marked = [said for said in found["texts"] if re.search(r"\\math|\$|[{}]", said) and "$x^{2}$" not in said]
    assert marked == [], "markup in a label"
    assert "$x^{2}$" in found["texts"], "a label is what it is"
