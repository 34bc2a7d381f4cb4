import base64
import dataclasses
import io
import json
import re
import wave
from html.parser import HTMLParser

import numpy as np
import pytest

from kilovox.budget import size_of
from kilovox.config import FrontEnd
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Evaluation, Misclassified, Others, SpeakerScore, evaluate
from kilovox.evaluation.latency import measure_latency
from kilovox.evaluation.report import plots
from kilovox.evaluation.report.plots import Point, accuracy_against_bytes, to_svg
from kilovox.evaluation.report.report import (
    CorpusFacts,
    Report,
    Run,
    Section,
    Table,
    pictures_of,
    provenance_of,
    render_report,
    summary,
    write_report,
)
from kilovox.integer.recogniser import Recogniser
from models import make_features, make_model, make_recordings

NASTY = "<img src=x onerror=alert(1)>&\"'{{ 7 * 7 }}"
VOID = {"meta", "br", "img", "link", "input", "hr", "source"}


class Balanced(HTMLParser):
    """Fails where a tag is closed that is not open; collects tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.shown = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown.append(data)

    def attributes(self, tag, name):
        return [attrs[name] for found, attrs in self.tags if found == tag and name in attrs]

    @property
    def text(self):
        return " ".join(self.shown)


@pytest.fixture
def run(tones):
    recogniser = Recogniser(make_model(tones))
    history = [{"epoch": 1, "loss": 2.0, "accuracy": 0.5, "validation_loss": float("nan"), "validation_accuracy": None}]
    return Run(
        name="tiny",
        task="b",
        size=recogniser.size,
        evaluations={"all": evaluate(recogniser, tones, "all")},
        seconds=1.25,
        limit=36864,
        scope="layer",
        history=history,
        latency=measure_latency(recogniser, [tones.samples(0, 8000)], 1),
        provenance=provenance_of(recogniser.model),
        seeds={"all": {1: 0.5, 2: 0.25}},
    )


@pytest.fixture
def report(run, tones):
    table = Table(("fold", "accuracy"), (("ada", "90.0 %"), ("bob", 7)))
    svg = to_svg(accuracy_against_bytes([Point("n", "int8", 100, 0.9)]))
    return Report(
        "A title", "kilovox reproduce --quick", (CorpusFacts.of(tones),), (run,), 12.5, "What was done.\n\nAnd why.",
        (Section("Cross-validation", "Speaker by speaker.", table), Section("A curve", figure_svg=svg)),
        pictures_of(FrontEnd(), tones), {"python": "3.11"},
    )  # fmt: skip


def test_holds_everything_and_asks_nobody(report, tones):
    html = render_report(report, [tones])
    page = Balanced(html)
    for needed in (
        "A title",
        "kilovox reproduce --quick",
        tones.fingerprint,
        "python 3.11",
        "And why.",
        "Cross-validation",
        "90.0 %",
        "2 x LSTM 4",
        "float32",
        "36,864",
        "12.5 s",
        "ada",
        "Latency",
        "Provenance",
        "weighted avg",
    ):
        assert needed in page.text, needed
    assert "mean 37.50\N{NO-BREAK SPACE}%" in page.text
    assert html.startswith("<!DOCTYPE html>")
    assert page.attributes("meta", "name") == ["viewport"]
    asks = ("src", "href", "xlink:href", "action")
    addresses = [value for _, attrs in page.tags for name, value in attrs.items() if name in asks]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe", html)
    # Names of XML vocabularies are all that may look like an address.
    assert set(re.findall(r"https?://[^\"' <]+", html)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    links = [address[1:] for address in page.attributes("a", "href")]
    identifiers = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert set(links) <= set(identifiers)
    assert len(identifiers) == len(set(identifiers))
    # Bytes, learning curves, confusion, speakers, features, and the section's own.
    assert len([tag for tag, _ in page.tags if tag == "svg"]) == 6


def test_the_same_report_is_the_same_bytes(report, tones, tmp_path):
    write_report(tmp_path / "a.html", report, [tones])
    write_report(tmp_path / "b.html", report, [tones])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_every_misclassified_recording_can_be_heard_once(report, run, tones):
    wrong = run.evaluations["all"].misclassified
    assert wrong
    twice = dataclasses.replace(report, runs=(run, dataclasses.replace(run, name="again")))
    page = Balanced(render_report(twice, [tones]))
    sounds = page.attributes("audio", "src")
    assert len(sounds) == len(wrong)
    assert page.attributes("audio", "aria-label") == sorted(one.recording for one in wrong)
    first = min(wrong, key=lambda one: one.recording)
    with wave.open(io.BytesIO(base64.b64decode(sounds[0].removeprefix("data:audio/wav;base64,")))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert heard.tolist() == tones.samples(first.index, 8000).tolist()
    assert "again, all" in page.text
    assert f"{100 * first.confidence:.2f}\N{NO-BREAK SPACE}%" in page.text


def test_features_have_no_sound_and_no_speakers():
    corpus = make_features()
    recogniser = Recogniser(make_model())
    result = evaluate(recogniser, corpus)
    run = Run("features", "a", recogniser.size, {"all": result}, 0.0)
    page = Balanced(render_report(Report("t", "c", (CorpusFacts.of(corpus),), (run,), 0.0), [corpus]))
    assert result.misclassified
    assert page.attributes("audio", "src") == []
    assert result.misclassified[0].recording in page.text
    assert "unnamed speakers" in page.text


def test_without_the_corpus_there_is_no_sound(report):
    assert Balanced(render_report(report)).attributes("audio", "src") == []


def test_nothing_misclassified():
    result = Evaluation("m", "c", "f", "random", ("a", "b"), ((3, 0), (0, 2)), (), ())
    run = Run("r", "a", size_of(4, 1, "pow2", outputs=2), {"random": result}, 1.0)
    page = Balanced(render_report(Report("t", "c", (), (run,), 1.0)))
    assert "None." in page.text
    assert "100.00" in page.text


def test_what_was_rejected_and_what_passes_is_told():
    result = Evaluation(
        "m", "c", "f", "random", ("a", "b"), ((3, 1), (0, 2)), (), (), Others(40, 7, 5), rejected=(1, 0), nothing=(0, 2),
        likeliest=6,
    )  # fmt: skip
    run = Run("r", "a", size_of(4, 1, "pow2", outputs=2), {"random": result}, 1.0)
    text = " ".join(Balanced(render_report(Report("t", "c", (), (run,), 1.0))).text.split())
    assert "Right 5, wrong 1, rejected 1, nothing heard 2; 6 would be right if nothing were rejected." in text
    assert "Of 40 recordings of words that it does not know, 7 were taken for one that it does, 5 where 8 % of those" in text


def test_nasty_names_stay_text():
    result = Evaluation(
        NASTY, NASTY, "f", NASTY, (NASTY, "b"), ((3, 1), (0, 2)), (SpeakerScore(NASTY, 5, 6),),
        (Misclassified(NASTY, NASTY, "b", 0.7, 0),),
    )  # fmt: skip
    run = Run(NASTY, NASTY, size_of(4, 1, "pow2", outputs=2), {NASTY: result}, 1.0, provenance={NASTY: NASTY})
    facts = CorpusFacts(NASTY, NASTY, 6, (NASTY,), (NASTY, "b"))
    sections = (Section(NASTY, NASTY, Table((NASTY,), ((NASTY,),))),)
    page = Balanced(render_report(Report(NASTY, NASTY, (facts,), (run,), 1.0, NASTY, sections, (), {NASTY: NASTY})))
    assert page.attributes("img", "src") == []
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert NASTY in page.text


def test_summary_has_what_users_depend_on(report, run, tones):
    values = json.loads(json.dumps(summary(report), allow_nan=False))
    row = values["rows"][0]
    assert {"task", "network", "arithmetic", "parameters", "bytes", "accuracy"} <= row.keys()
    assert row["task"] == "b"
    assert row["network"] == "2 x LSTM 4"
    assert row["parameters"] == run.size.parameters
    assert row["bytes"] == run.size.bytes
    assert row["seeds"] == {"all": {"1": 0.5, "2": 0.25}}
    assert row["accuracy"] == {"all": 0.375}
    assert row["interval"] == {"all": list(run.evaluations["all"].interval)}
    assert values["seconds"] == 12.5
    assert values["runs"]["tiny"]["evaluations"]["all"]["recordings"] == len(tones)
    assert values["runs"]["tiny"]["history"][0]["validation_loss"] is None
    assert values["runs"]["tiny"]["latency"]["clips"] == 1
    assert values["corpora"][0]["fingerprint"] == tones.fingerprint


def test_accuracy_without_seeds_is_that_of_the_evaluation(report, run):
    once = dataclasses.replace(run, seeds={})
    accuracy = summary(dataclasses.replace(report, runs=(once,)))["rows"][0]["accuracy"]
    assert accuracy == {"all": run.evaluations["all"].accuracy}


def test_one_picture_of_each_label(tmp_path):
    corpus = make_recordings(tmp_path / "words", labels=("two", "one"), takes=2)
    pictures = pictures_of(FrontEnd(), corpus)
    assert [(picture.label, picture.recording) for picture in pictures] == [("one", "one_ada_0.wav"), ("two", "two_ada_0.wav")]
    assert pictures[0].features.shape[1] == 13
    assert pictures[0].seconds_per_frame == 0.02
    assert [picture.label for picture in pictures_of(FrontEnd(), corpus, ["two", "six"])] == ["two"]
    assert pictures_of(FrontEnd(), corpus, ["six"]) == ()


def test_a_place_that_cannot_be_written_is_named(report, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KilovoxError, match="file"):
        write_report(tmp_path / "file" / "report.html", report)


def test_folds_share_a_column(report, run, monkeypatch):
    """Twenty folds are no twenty columns, which no page is wide enough for; their eighty figures are not drawn here."""
    for name in ("confusion_heat_map", "layer_bytes", "learning_curves", "speaker_bars"):
        monkeypatch.setattr(plots, name, lambda *_, **__: "<svg></svg>")
    (judged,) = run.evaluations.values()
    runs = tuple(
        dataclasses.replace(run, name=f"fold {n}", evaluations={f"fold:{n}/20": judged}, seeds={}) for n in range(1, 21)
    )
    page = render_report(dataclasses.replace(report, runs=runs))
    summary_table = page[page.index('id="summary"') : page.index("</table>")]
    assert summary_table.count("<th ") < 12
    assert "fold:7/20" in summary_table
    assert summary_table.count(f"{judged.correct}/{judged.recordings}") == 20


def test_words_fit_their_counts(report, run):
    page = Balanced(render_report(report))
    text = " ".join(page.text.split())
    assert "Task B: tiny" in text
    assert "each timed once" in text
    assert "1 times" not in text
    assert "Contents" in text
    table = Table(("a", "b", "c"), ((1234567, "12.50 %", "x"), (2, "3 %", "y")))
    assert table.numeric == (True, True, False)
    shown = render_report(dataclasses.replace(report, sections=(Section("s", "", table),)))
    assert "1,234,567" in shown
