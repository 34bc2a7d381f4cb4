"""Plots of a corpus with whatever labels it has."""

import dataclasses
import re
from xml.etree import ElementTree

import pytest

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.inspection import inspect_corpus
from kilovox.corpus.plots import NAMED, plots

TEXT = "{http://www.w3.org/2000/svg}text"


def said(path):
    return [element.text for element in ElementTree.parse(path).iter(TEXT)]


@pytest.mark.parametrize("label", ["$x$", "$\\frac$", "a_b^c", "語", "<b>&", "x" * 300, "100 %"])
def test_labels_are_text(synthetic_corpus, tmp_path, label):
    recordings = [dataclasses.replace(one, label=label if one.label == "0" else one.label, speaker=label)
                  for one in synthetic_corpus.recordings[:20]]  # fmt: skip
    files = plots(inspect_corpus(RecordingCorpus(label, recordings, "x")), tmp_path, "svg")
    shown = {path.stem: said(path) for path in files}
    expected = " ".join(label.split()) if len(label) < 18 else "x" * 17 + "\N{HORIZONTAL ELLIPSIS}"
    assert expected in shown["labels"]
    assert expected in shown["speakers"]


def test_no_markup_in_ticks(synthetic_corpus, tmp_path):
    for path in plots(inspect_corpus(synthetic_corpus), tmp_path, "svg"):
        assert not [text for text in said(path) if re.search(r"\$|\\|[{}]", text)]


def test_many_speakers_are_a_curve_most_first(synthetic_corpus, tmp_path):
    names = [f"s{number % (NAMED + 5)}" for number in range(len(synthetic_corpus))]
    recordings = [dataclasses.replace(one, speaker=name) for one, name in zip(synthetic_corpus.recordings, names, strict=True)]
    plots(inspect_corpus(RecordingCorpus("many", recordings, "x")), tmp_path, "svg")
    shown = said(tmp_path / "speakers.svg")
    assert f"{NAMED + 5} speakers, most recordings first" in shown
    assert "s1" not in shown
