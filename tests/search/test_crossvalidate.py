"""Leave one speaker out."""

import json

import pytest
import yaml
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.errors import KilovoxError
from kilovox.integer.model_file import load_model, short_hash
from kilovox.search.crossvalidate import crossvalidate


@pytest.fixture
def config_file(tmp_path):
    config = find_configuration("task-b").changed(
        training={"epochs": 2, "batch_size": 16, "augmentation": {"views": 1}}, model={"hidden_dim": 6},
        data_splitting={"validation_size": 0.2},
    )  # fmt: skip
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return path


def test_every_speaker_is_left_out_once(config_file, synthetic_folder, synthetic_corpus, tmp_path):
    arguments = ["crossvalidate", str(config_file), "--corpus", str(synthetic_folder), "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert {"config", "folds", "mean", "worst"} <= found.keys()
    assert set(found["folds"]) == {"ada", "bo", "cy"}
    assert found["mean"] == pytest.approx(sum(found["folds"].values()) / 3)
    assert found["worst"] == min(found["folds"].values())
    assert sum(map(sum, found["confusion"])) == 90
    assert 0 <= found["random"] <= 1
    random = load_model(tmp_path / "out" / "random" / "model.safetensors").metadata.trained_on
    assert (random.split, len(random.recordings)) == ("random", 72)
    assert json.loads((tmp_path / "out" / "crossvalidation.json").read_text()) == found
    hashes = {
        recording.name: short_hash(digest)
        for recording, digest in zip(synthetic_corpus.recordings, synthetic_corpus.hashes, strict=True)
    }
    for speaker in found["folds"]:
        trained = set(load_model(tmp_path / "out" / "folds" / speaker / "model.safetensors").metadata.trained_on.recordings)
        assert not trained & {digest for name, digest in hashes.items() if f"_{speaker}_" in name}
        assert len(trained) == 60
    table = CliRunner().invoke(main, arguments[:-1])
    assert "worst" in table.stdout
    assert "random split" in table.stdout
    report = (tmp_path / "out" / "report.html").read_text()
    assert "random split" in report
    assert "36,864" in report


def test_one_speaker_cannot_be_left_out(config_file, synthetic_corpus, tmp_path):
    alone = synthetic_corpus.subset([i for i, r in enumerate(synthetic_corpus.recordings) if r.speaker == "bo"])
    with pytest.raises(KilovoxError, match="speakers bo; expected at least two"):
        crossvalidate(find_configuration(str(config_file)), alone, tmp_path)
