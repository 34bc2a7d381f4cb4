import json

import pytest

from kilovox.cli.main import main
from kilovox.integer.model_file import Provenance, Source, save_model
from models import make_model


def call(runner, *arguments):
    return runner.invoke(main, ["inspect", *map(str, arguments)])


def test_json_says_what_the_file_holds(runner, model_file, tones):
    result = call(runner, model_file, "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["arithmetic"] == "float32"
    assert values["labels"] == ["0", "1", "2"]
    layers = [4 * 4 * (4 * (13 + 4) + 2 * 4), 4 * 4 * (4 * (4 + 4) + 2 * 4), 4 * (3 * 4 + 3)]
    assert values["bytes"] == {"total": sum(layers), "layers": layers, "tables": 0}
    assert values["parameters"] == sum(layers) // 4
    trained = {"corpus": "tones", "fingerprint": tones.fingerprint, "split": "random", "count": 1, "besides": [], "note": ""}
    assert values["trained_on"] == trained
    assert values["budget"] == {"memory": 36864, "scope": "layer", "used": max(layers), "free": 36864 - max(layers)}
    assert values["file_bytes"] == model_file.stat().st_size


def test_tables_for_people(runner, model_file, tones):
    result = call(runner, model_file)
    assert result.exit_code == 0, result.output
    for needed in ("2 x LSTM 4", "lstm 1", "head", "of 36,864 bytes (scope layer)", "of tones, split random", "zero = 0"):
        assert needed in result.stdout


def test_what_else_it_was_trained_on(runner, tmp_path):
    besides = (Source(corpus="voices", fingerprint="1" * 64, recordings=9800, licences={"flite": "BSD-like"}),)
    trained = Provenance(
        corpus="tones", fingerprint="0" * 64, split="all", recordings=(), besides=besides, note="judges nothing"
    )
    save_model(make_model(trained_on=trained), tmp_path / "m.safetensors")
    shown = call(runner, tmp_path / "m.safetensors").stdout
    for needed in ("and on voices", "9,800 recordings (BSD-like)", "judges nothing"):
        assert needed in shown
    values = json.loads(call(runner, tmp_path / "m.safetensors", "--json").stdout)["trained_on"]
    assert values["besides"][0]["licences"] == {"flite": "BSD-like"}
    assert values["note"] == "judges nothing"


def test_without_a_budget(runner, tmp_path):
    save_model(make_model(configuration={}, metrics={"accuracy": 0.5, "[bold]": "[/]"}), tmp_path / "m.safetensors")
    assert json.loads(call(runner, tmp_path / "m.safetensors", "--json").stdout)["budget"] is None
    shown = call(runner, tmp_path / "m.safetensors").stdout
    assert "0.5 " in shown
    assert "[bold]" in shown


@pytest.mark.parametrize("budget", [{"memory": "lots"}, 5])
def test_a_budget_that_is_none(runner, tmp_path, budget):
    save_model(make_model(configuration={"budget": budget}), tmp_path / "m.safetensors")
    result = call(runner, tmp_path / "m.safetensors")
    assert result.exit_code == 2
    assert "configuration.budget" in result.stderr


def test_a_file_that_is_no_model(runner, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"nothing")
    result = call(runner, tmp_path / "m.safetensors")
    assert result.exit_code == 2
    assert "not a whole .safetensors file" in result.stderr
