"""Leave one speaker out."""

import json
import statistics

import pytest
import yaml
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.corpus.open import open_corpus_at
from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import wilson_interval
from kilovox.integer.model_file import load_model, short_hash
from kilovox.search.crossvalidate import crossvalidate
from models import write_wav


@pytest.fixture
def config_file(tmp_path):
    config = find_configuration("task-b").changed(
        training={"epochs": 2, "batch_size": 16, "augmentation": {"views": 1}}, model={"hidden_dim": 6},
        data_splitting={"validation_size": 0.2},
    )  # fmt: skip
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return path


def test_every_speaker_is_left_out_once(in_this_process, config_file, synthetic_folder, synthetic_corpus, tmp_path):
    arguments = ["crossvalidate", str(config_file), "--corpus", str(synthetic_folder), "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert {"config", "folds", "mean", "worst"} <= found.keys()
    assert set(found["folds"]) == {"ada", "bo", "cy"}
    assert found["mean"] == pytest.approx(sum(found["folds"].values()) / 3)
    assert found["worst"] == min(found["folds"].values())
    assert (found["interval_kind"], found["speakers"]) == ("speakers", 3)
    assert found["interval"] == found["speaker_interval"]
    # Three speakers: 4.303 standard errors either way, as far as there are such accuracies, no less than Wilson's.
    half = 4.302653 * statistics.stdev(found["folds"].values()) / 3**0.5
    wilson = wilson_interval(found["outcomes"]["right"], 90)
    assert found["interval"][0] == pytest.approx(min(wilson[0], max(0, found["mean"] - half)), abs=1e-6)
    assert found["interval"][1] == pytest.approx(max(wilson[1], min(1, found["mean"] + half)), abs=1e-6)
    assert sum(found["outcomes"].values()) == 90
    assert "3 speakers left out in turn, and the random split: 4 trainings of 2 epochs, roughly" in result.stderr
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
    assert "they flatter it" in report
    assert "36,864" in report


def test_one_speaker_cannot_be_left_out(config_file, synthetic_corpus, tmp_path):
    alone = synthetic_corpus.subset([i for i, r in enumerate(synthetic_corpus.recordings) if r.speaker == "bo"])
    with pytest.raises(KilovoxError, match="speakers bo; expected at least two"):
        crossvalidate(find_configuration(str(config_file)), alone, tmp_path)


def test_groups_of_whole_speakers(in_this_process, config_file, synthetic_folder, synthetic_corpus, tmp_path):
    arguments = ["crossvalidate", str(config_file), "--corpus", str(synthetic_folder), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, [*arguments, "--folds", "2", "--json"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found["folds"]) == {"1/2", "2/2"}
    assert (found["interval_kind"], found["speakers"]) == ("groups of speakers", 3)
    assert set(found["per_speaker"]) == {"ada", "bo", "cy"}
    assert found["speaker_mean"] == pytest.approx(sum(found["per_speaker"].values()) / 3)
    assert sorted(found["recordings"].values()) == [30, 60]
    by_hash = {digest: one.speaker for one, digest in zip(synthetic_corpus.recordings, synthetic_corpus.hashes, strict=True)}
    judged = {name: set() for name in found["folds"]}
    for name in judged:
        model = load_model(tmp_path / "out" / "folds" / name.replace("/", "-") / "model.safetensors").metadata.trained_on
        assert model.split == f"fold:{name}"
        trained = {speaker for digest, speaker in by_hash.items() if any(digest.startswith(one) for one in model.recordings)}
        judged[name] = {"ada", "bo", "cy"} - trained
    assert sorted(map(len, judged.values())) == [1, 2]
    assert judged["1/2"] | judged["2/2"] == {"ada", "bo", "cy"}
    table = CliRunner().invoke(main, [*arguments, "--folds", "2"])
    assert "mean of 3 speakers" in table.stdout


@pytest.mark.parametrize("folds", ["1", "0", "-2", "ten", "2.5", "\N{SUPERSCRIPT TWO}", "100000"])
def test_folds_that_cannot_be(config_file, synthetic_folder, tmp_path, folds):
    arguments = ["crossvalidate", str(config_file), "--corpus", str(synthetic_folder), "--out", str(tmp_path), "--folds", folds]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "expected speaker, or a number of groups of speakers" in result.stderr


def test_hundreds_of_folds_are_not_trained_unasked(config_file, tmp_path):
    corpus = many_speakers(tmp_path)
    arguments = ["crossvalidate", str(config_file), "--corpus", corpus.where, "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "40 speakers left out in turn, and the random split: 41 trainings of 2 epochs, roughly" in result.stderr
    assert "--folds 10" in result.stderr
    assert "--yes" in result.stderr
    assert not (tmp_path / "out").exists()
    with pytest.raises(KilovoxError, match="at most 20 folds"):
        crossvalidate(find_configuration(str(config_file)), corpus, tmp_path / "out")


def many_speakers(folder):
    """40 speakers of a word each of two, in the manner of Speech Commands; none is ever read."""
    for word in ("no", "yes"):
        (folder / "words" / word).mkdir(parents=True)
        for number in range(40):
            write_wav(folder / "words" / word / f"{number:08x}_nohash_0.wav", number)
    return open_corpus_at(folder / "words")
