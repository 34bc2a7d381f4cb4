"""A network on mel levels through every command: trained, told of, heard with, exported, verified."""

import json
import re

import pytest
import yaml
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.integer.model_file import load_model
from kilovox.verification.host import NoCompilerError, find_compiler
from models import make_recordings

BANDS = 20


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module", params=["int8", "pow2"])
def trained(request, tmp_path_factory):
    """(arithmetic, folder of a run, folder of its recordings)."""
    folder = tmp_path_factory.mktemp("levels")
    for one in make_recordings(folder / "tones").recordings:
        path = folder / "words" / one.label / f"{one.speaker}_nohash_{one.take}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.path.read_bytes())
    config = {
        "experiment": {"name": "on-levels"},
        "dataset": {"kind": "folders", "path": str(folder / "words")},
        "data_splitting": {"validation_size": 0.2},
        "frontend": {"kind": "fixed_point", "features": "levels", "mel_bands": BANDS},
        "model": {"hidden_dim": 6, "num_layers": 1},
        "training": {
            "epochs": 2,
            "batch_size": 8,
            "augmentation": {"views": 1, "feature_mask": 2, "acoustics": {"noise": 0.5}},
        },
        "quantisation": {"arithmetic": request.param, "epochs": 2},
    }
    (folder / "on-levels.yaml").write_text(yaml.safe_dump(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILOVOX_CACHE", str(folder / "cache"))
        run("train", folder / "on-levels.yaml", "--out", folder / "run", "--json")
    return request.param, folder / "run", folder / "words"


def test_what_was_trained(trained):
    arithmetic, folder, _ = trained
    for file, kind in (("model", arithmetic), ("ptq", arithmetic), ("float", "float32")):
        model = load_model(folder / f"{file}.safetensors")
        assert model.metadata.arithmetic == kind
        front_end = model.metadata.front_end
        assert (front_end["features"], front_end["coefficients"], front_end["mel_bands"]) == ("levels", BANDS, BANDS)
        assert model.metadata.network["input_dim"] == BANDS
        assert model.tensors["front_end.offset"].shape == (BANDS,)


def test_it_is_told_of(trained):
    _, folder, words = trained
    facts = run("inspect", folder / "model.safetensors", "--json")
    assert facts["front_end"]["features"] == "levels"
    assert facts["front_end"]["coefficients"] == BANDS
    told = run("inspect", folder.parent / "on-levels.yaml", "--json")
    assert told["configuration"]["frontend"]["coefficients"] == told["configuration"]["model"]["input_dim"] == BANDS
    judged = run("evaluate", folder / "model.safetensors", "--corpus", words, "--json")
    assert judged["recordings"] == 5
    heard = run("predict", folder / "model.safetensors", next(words.rglob("*.wav")), "--json")
    assert heard


def test_it_is_exported_and_verified(trained, tmp_path):
    try:
        find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))
    _, folder, words = trained
    model = folder / "model.safetensors"
    for target in ("c", "arduino", "wasm"):
        run("export", model, tmp_path / target, "--target", target, "--json")
    header = (tmp_path / "c" / "src" / "kilovox_model.h").read_text()
    assert re.search(r"KV_LEVELS 1\n", header)
    report = run("verify", model, "--target", "host", "--clips", 4, "--corpus", words, "--json")
    assert report["targets"]["host"]["equal"]


def test_onnx_is_for_models_of_the_float_front_end(trained, tmp_path):
    """As of cepstra in integers."""
    pytest.importorskip("onnx")
    _, folder, _ = trained
    for file, said in (
        ("model", "ONNX takes float32"),
        ("float", "fixed_point; ONNX takes networks of kind lstm on front end mfcc"),
    ):
        result = CliRunner().invoke(main, ["export", str(folder / f"{file}.safetensors"), str(tmp_path), "--target", "onnx"])
        assert result.exit_code == 2
        assert said in result.output
