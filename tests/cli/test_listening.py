"""What the commands make of a model that listens."""

import json

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner

from kilovox.budget import parse_size
from kilovox.cli.main import main
from kilovox.config.network import Block
from kilovox.corpus.folders import open_folders
from kilovox.frontend.pipeline import IntegerNormalisation
from kilovox.integer.detection_errors import DetectionErrors
from kilovox.integer.model_file import load_model, save_model
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier
from models import make_model, make_recordings

BLOCKS = [{"channels": 4, "band_stride": 2}, {"channels": 4, "frame_stride": 2}]
LABELS = ("0", "1", "2", "unknown")


@pytest.fixture(scope="module", params=["float32", "int8", "pow2"])
def model_file(request, tmp_path_factory):
    """Random weights that often say something."""
    torch.manual_seed(4)
    blocks = [Block(**values) for values in BLOCKS]
    network = ConvolutionalClassifier(8, blocks, 8, 6, 1, len(LABELS) + 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.7)
    tensors = network.eval().float_tensors()
    if request.param != "float32":
        quantised = QuantisedConvolutionalClassifier(8, blocks, 8, 6, 1, len(LABELS) + 1, request.param)
        quantised.take(network)
        tensors = quantised.integer_tensors()
    normalisation = IntegerNormalisation(np.full(8, -300, np.int16), np.full(8, 4000, np.int16), 16)
    described = make_model(
        arithmetic=request.param, labels=LABELS, aliases={}, configuration={},
        front_end={"kind": "fixed_point", "features": "levels", "mel_bands": 8},
        network={
            "kind": "convolutional", "blocks": BLOCKS, "projection": 8, "input_dim": 8, "hidden_dim": 6, "num_layers": 1,
            "output_dim": len(LABELS),
        },
    )  # fmt: skip
    path = tmp_path_factory.mktemp(request.param) / "model.safetensors"
    save_model(described.model_copy(update={"tensors": {**tensors, **normalisation.tensors()}}), path)
    return path


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    root = tmp_path_factory.mktemp("sounds") / "words"
    for label in ("0", "1", "stop"):
        make_recordings(root / label, labels=(label,), takes=2)
    return open_folders(root)


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_inspect(model_file):
    facts = json.loads(call("inspect", model_file, "--json").stdout)
    assert facts["bytes"]["total"] == sum(facts["bytes"]["layers"]) + facts["bytes"]["tables"]
    assert len(facts["bytes"]["layers"]) == 6
    shown = call("inspect", model_file)
    assert shown.exit_code == 0, shown.output
    assert "3 convolutions, 1 x LSTM 6" in " ".join(shown.stdout.split())
    assert "projection" in shown.stdout
    assert parse_size("36KB") > facts["bytes"]["total"]


def test_inspect_shows_errors_of_people_who_validated(model_file, tmp_path):
    facts = json.loads(call("inspect", model_file, "--json").stdout)
    assert (facts["detection_errors"], facts["calibration"], facts["thresholds"]) == (None, [], [])
    model = load_model(model_file)
    errors = {"words": 40, "seconds": 1800.0, "levels": (0, 140, 255), "right": (36, 30, 4), "false": (50, 7, 0)}
    said = {
        "detection_errors": DetectionErrors(**errors), "thresholds": (140, 140, 140, 0),
        "calibration": (*range(0, 160, 10), 250),
    }  # fmt: skip
    path = tmp_path / "model.safetensors"
    save_model(model.model_copy(update={"metadata": model.metadata.model_copy(update=said)}), path)
    lines = [line.strip("│ ").split() for line in call("inspect", path).stdout.splitlines()]
    assert [">", "│", "140", "│", "0.35", "│", "25.0%", "│", "14.0"] in lines
    assert ["255", "│", "0.96", "│", "90.0%", "│", "0.0"] in lines
    assert json.loads(call("inspect", path, "--json").stdout)["detection_errors"]["per_hour"] == [100.0, 14.0, 0.0]


def test_predict_gives_one_line_a_file(model_file, sounds, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(8000, np.int16), 8000)
    paths = [sounds.recordings[0].path, tmp_path / "silence.wav"]
    lines = [json.loads(line) for line in call("predict", model_file, *paths, "--json").stdout.splitlines()]
    assert [set(line) for line in lines] == [{"file", "label", "confidence", "outcome", "best"}] * 2
    assert lines[0]["label"] in (None, "0", "1", "2")
    assert (lines[1]["outcome"], lines[1]["label"], lines[1]["best"]) == ("nothing", None, None)


def test_evaluate_counts_outcomes_and_long_sound(model_file, sounds):
    result = call("evaluate", model_file, "--corpus", sounds.where, "--json", "--spotting", "--gaps", "whole,0.2")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert sum(values["outcomes"].values()) == values["recordings"] == 8
    assert values["others"]["recordings"] == 4
    assert set(values["spotting"]["strings"]) == {"whole", "0.2"}


def test_listen_says_the_same_in_pieces(model_file, sounds, tmp_path):
    samples = np.concatenate([sounds.samples(place, 8000) for place in range(len(sounds))])
    soundfile.write(tmp_path / "all.wav", samples, 8000)
    result = call("listen", model_file, "--file", tmp_path / "all.wav", "--all", "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(line["label"] != "unknown" and 0 < line["seconds"] <= len(samples) / 8000 for line in lines)
    assert [line["seconds"] for line in lines] == sorted(line["seconds"] for line in lines)


def test_export_and_verify(model_file, tmp_path):
    arithmetic = json.loads(call("inspect", model_file, "--json").stdout)["arithmetic"]
    exported = call("export", model_file, tmp_path / "out")
    verified = call("verify", model_file, "--target", "host", "--clips", "3", "--json")
    if arithmetic == "float32":
        assert (exported.exit_code, verified.exit_code) == (2, 2)
        assert "int8 or pow2" in exported.stderr
        assert "int8 or pow2" in verified.stderr
        return
    assert exported.exit_code == 0, exported.output
    assert (tmp_path / "out" / "src" / "kv_listen.c").is_file()
    assert verified.exit_code == 0, verified.output
    assert json.loads(verified.stdout)["targets"]["host"]["equal"]


def test_no_onnx(model_file, tmp_path):
    result = call("export", model_file, tmp_path / "out", "--target", "onnx")
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert any(what in result.stderr for what in ("kind lstm", "float32", "ONNX"))
    assert not (tmp_path / "out").exists()
