import re
from functools import cache
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from kilovox.budget import size_of
from kilovox.config.network import Block, Network, network_size
from kilovox.errors import KilovoxError
from kilovox.evaluation.report import plots

HISTORY = [
    {"epoch": n, "loss": 2 / n, "accuracy": 1 - 1 / n, "validation_loss": 3 / n, "validation_accuracy": 0.9 - 1 / n}
    for n in range(1, 6)
]  # fmt: skip
BLIND = [{**one, "validation_loss": None, "validation_accuracy": None} for one in HISTORY]
PICTURES = [plots.Picture(str(n), "x.wav", np.random.default_rng(n).normal(size=(9, 13)), 0.02) for n in range(7)]
FIGURES = {
    "learning": lambda: plots.learning_curves(HISTORY),
    "no validation": lambda: plots.learning_curves(BLIND),
    "one epoch": lambda: plots.learning_curves(HISTORY[:1]),
    "no epoch": lambda: plots.learning_curves([]),
    "confusion": lambda: plots.confusion_heat_map(np.diag([5, 3, 0]) + [[0, 1, 0]] * 3, ["0", "1", "2"]),
    "many labels": lambda: plots.confusion_heat_map(np.eye(35), [f"word {n}" for n in range(35)]),
    "bytes": lambda: plots.layer_bytes(size_of(24, 2, "int8"), 36864, "model"),
    "bytes without limit": lambda: plots.layer_bytes(size_of(24, 1, "float32")),
    "bytes a layer": lambda: plots.layer_bytes(size_of(67, 2, "float32"), 36864, "layer"),
    "features": lambda: plots.feature_pictures(PICTURES),
    "one silent clip": lambda: plots.feature_pictures([plots.Picture("0", "x.wav", np.zeros((9, 13)), 0.02)]),
    "mel bands": lambda: plots.feature_pictures([plots.Picture("0", "x.wav", np.arange(72).reshape(9, 8), 0.02, levels=True)]),
    "one clip of nothing": lambda: plots.feature_pictures([plots.Picture("0", "x.wav", np.zeros((0, 13)), 0.02)]),
    "mel bands of nothing": lambda: plots.feature_pictures([plots.Picture("0", "x.wav", np.zeros((0, 8)), 0.02, levels=True)]),
    "one coefficient": lambda: plots.feature_pictures([plots.Picture("0", "x.wav", np.zeros((9, 1)), 0.02)]),
    "speakers": lambda: plots.speaker_bars({"ada": 0.9, "bob": 1.0}),
    "many speakers": lambda: plots.speaker_bars({f"s{n}": n / 300 for n in range(300)}),
    "curve": lambda: plots.accuracy_against_bytes(
        [plots.Point("2 x 24", "int8", 9000, 0.97, (0.95, 0.98)), plots.Point("2 x 67", "float32", 230000, 0.99)], 36864
    ),
    "empty curve": lambda: plots.accuracy_against_bytes([plots.Point("a", "pow2", 1, 1.0)]),
}  # fmt: skip


SVG = "{http://www.w3.org/2000/svg}"


@cache
def drawn(name):
    return plots.to_svg(FIGURES[name]())


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", FIGURES)
def test_no_markup_in_any_text_and_a_title_for_who_does_not_see_it(name):
    svg = drawn(name)
    root = ElementTree.fromstring(svg)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (title.get("id"), description.get("id"))
    for said in (*texts(svg), title.text, description.text):
        assert said
        assert not re.search(r"\$|\\math|[{}_^]", said), said


def test_an_arithmetic_is_a_colour_and_a_method_a_marker():
    series = ["float32", "int8 PTQ", "int8 QAT", "pow2 PTQ", "pow2 QAT", "else", "something else"]
    figure = plots.accuracy_against_bytes([plots.Point("n", one, 1000 * 2**n, 0.9) for n, one in enumerate(series)])
    drawn = {line.get_label(): (line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
    assert len(set(drawn.values())) == len(series), "no two look the same"
    colour = {name: look[0] for name, look in drawn.items()}
    assert colour["int8 PTQ"] == colour["int8 QAT"] != colour["pow2 QAT"] == colour["pow2 PTQ"] != colour["float32"]
    assert drawn["int8 QAT"][1] == drawn["pow2 QAT"][1] != drawn["int8 PTQ"][1]


def test_only_a_family_is_joined():
    points = [plots.Point(f"1 x {n}", "int8 QAT", 100 * n, 0.9, family="one") for n in (1, 2, 3)]
    alone = [plots.Point(f"2 x {n}", "float32", 100 * n, 0.8) for n in (1, 2, 3)]
    lines = [line for line in plots.accuracy_against_bytes([*points, *alone]).axes[0].lines if line.get_linestyle() == "-"]
    assert [line.get_xdata().tolist() for line in lines] == [[100, 200, 300]]


@pytest.mark.parametrize(("low", "high"), [(1859, 826408), (36169, 36840), (35176, 139440), (1, 1), (20, 90), (1e3, 1e9)])
def test_bytes_have_ticks_that_can_be_read(low, high):
    figure = plots.accuracy_against_bytes([plots.Point("a", "int8 QAT", low, 0.9), plots.Point("b", "float32", high, 0.8)])
    axes = figure.axes[0]
    ticks = axes.xaxis.get_major_locator()()
    shown = [axes.xaxis.get_major_formatter()(tick) for tick in ticks]
    left, right = axes.get_xlim()
    assert 1 <= len(shown) <= 6
    assert len(set(shown)) == len(shown)
    assert all(re.fullmatch(r"[\d.e+]+( KB)?", one) for one in shown)
    assert all(left <= tick <= right for tick in ticks)


def test_what_was_not_decided_is_in_the_confusion_matrix():
    shown = texts(plots.to_svg(plots.confusion_heat_map(np.diag([5, 3]), ["a", "b"], {"rejected": [0, 17], "nothing": [0, 0]})))
    assert {"17", "rejected"} <= set(shown)
    assert "nothing" not in shown


@pytest.mark.parametrize("name", FIGURES)
def test_an_svg_of_its_own_the_same_every_time(name):
    svg = drawn(name)
    assert svg == plots.to_svg(FIGURES[name]())
    root = ElementTree.fromstring(svg)
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
    assert used <= set(identifiers)
    for source in re.findall(r'href="([^"]*)"', svg):
        assert source.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"<!DOCTYPE|<metadata|<script|dc:date", svg)
    assert plots.INK not in svg


def test_identifiers_differ_between_figures():
    first, second = (set(re.findall(r'id="([^"]+)"', drawn(name))) for name in ("learning", "one epoch"))
    assert first
    assert not first & second


def test_counts_and_limits_can_be_read():
    size = size_of(24, 2, "int8")
    shown = texts(plots.to_svg(plots.layer_bytes(size, 36864)))
    assert {f"{size.bytes:,}", "limit 36,864", "LSTM 1", "LSTM 2", "head", "tables", "whole model"} <= set(shown)
    network = Network(kind="convolutional", blocks=(Block(channels=4), Block(channels=8)), projection=8, num_layers=1)
    size = network_size(network, 8, "int8", 16, 3)
    shown = texts(plots.to_svg(plots.layer_bytes(size)))
    assert {"conv 0", "conv 1", "conv 2", "projection", "LSTM 1", "head"} <= set(shown)
    assert "LSTM 2" not in shown
    assert size.network == "3 convolutions, 1 x LSTM 8"
    shown = texts(drawn("confusion"))
    assert shown.count("1") >= 3
    assert "spoken" in shown
    assert {"90.0%", "100.0%"} <= set(texts(drawn("speakers")))


def test_long_labels_leave_room_for_the_axes():
    shown = texts(plots.to_svg(plots.confusion_heat_map(np.eye(2), ["x" * 500, "b"])))
    assert "x" * 17 + "\N{HORIZONTAL ELLIPSIS}" in shown


@pytest.mark.parametrize("label", ["<script>1</script>", "$x", "$\\frac$", "語", "a&b"])
def test_labels_are_text(label):
    svg = plots.to_svg(plots.confusion_heat_map(np.eye(2), [label, "b"]))
    assert label in texts(svg)
    assert "<script" not in svg


def test_matplotlibs_settings_are_left_alone():
    before = dict(matplotlib.rcParams)
    plots.to_svg(FIGURES["learning"]())
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("ending", plots.FORMATS)
def test_saved_the_same_every_time(tmp_path, ending):
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (first, second):
        plots.save_figure(FIGURES["confusion"](), path)
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(KilovoxError, match=r"ending '.gif'; expected one of .svg, .png, .pdf"):
        plots.save_figure(FIGURES["confusion"](), tmp_path / "a.gif")


@pytest.mark.parametrize("name", FIGURES)
def test_text_has_the_colour_of_the_page(name):
    for element in ElementTree.fromstring(drawn(name)).iter("{http://www.w3.org/2000/svg}text"):
        style = element.get("style", "")
        # Counts on a heat map's darkest shades are white.
        on_a_shade = element.text.isdigit() and "#ffffff" in style
        assert "fill: currentColor" in style or (name in ("confusion", "many labels") and on_a_shade), (element.text, style)
