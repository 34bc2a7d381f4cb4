"""What makes two runs the same, and what makes them two."""

import json
import shutil

import pytest

from kilovox.config import find_configuration, parse_configuration
from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.manifest import open_manifest
from kilovox.training import run_key
from kilovox.training.run_key import RunKey, RunKeys, canonical, without_paths
from models import make_recordings, write_wav


@pytest.fixture
def config():
    return find_configuration("task-b-int8").changed(model={"output_dim": 3})


@pytest.fixture
def corpus(tmp_path):
    return make_recordings(tmp_path / "tones")


def key_of(config, corpus):
    return RunKeys(corpus).of(config)


def changed(corpus, place=3, **values):
    recordings = list(corpus.recordings)
    old = recordings[place]
    recordings[place] = Recording(**{**vars(old), **values})
    return RecordingCorpus(corpus.name, recordings, corpus.where)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "2"}, "corpus tones: labels"),
        ({"speaker": "carol"}, "corpus tones: speakers"),
        ({"speaker": None}, "corpus tones: speakers"),
        ({"take": 17}, "corpus tones: takes"),
        ({"name": "0_ada_3b.wav"}, "corpus tones: names"),
    ],
)
def test_what_is_said_of_one_recording(config, corpus, change, said):
    before, after = key_of(config, corpus), key_of(config, changed(corpus, **change))
    assert before.identity != after.identity
    assert after.differences(before.facts) == [said]
    assert before.of_teachers() != after.of_teachers()


def test_one_sample_of_one_recording(config, corpus, tmp_path):
    before = key_of(config, corpus)
    shutil.copytree(tmp_path / "tones", tmp_path / "other")
    path = tmp_path / "other" / corpus.recordings[5].name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    moved = [Recording(**{**vars(one), "path": tmp_path / "other" / one.name}) for one in corpus.recordings]
    after = key_of(config, RecordingCorpus("tones", moved, str(tmp_path / "other")))
    assert after.differences(before.facts) == ["corpus tones: sound"]
    assert before.of_teachers() != after.of_teachers()


def test_where_recordings_lie_is_left_out_but_no_word():
    values = {
        "dataset": {"kind": "fsdd", "path": "/home/ada"}, "corpora": [{"name": "a", "path": "/home/ada"}],
        "streams": {"utterances": [{"name": "b", "path": None}]}, "vocabulary": {"words": {"path": "road", "road": "road"}},
    }  # fmt: skip
    assert without_paths(values) == {
        "dataset": {"kind": "fsdd"}, "corpora": [{"name": "a"}], "streams": {"utterances": [{"name": "b"}]},
        "vocabulary": {"words": {"path": "road", "road": "road"}},
    }  # fmt: skip


def test_a_folder_moved_and_renamed_is_the_same(config, corpus, tmp_path):
    before = key_of(config, corpus)
    shutil.move(tmp_path / "tones", tmp_path / "moved")
    moved = [Recording(**{**vars(one), "path": tmp_path / "moved" / one.name}) for one in corpus.recordings]
    after = key_of(config, RecordingCorpus("moved", moved[::-1], str(tmp_path / "moved")))
    assert after.identity == before.identity
    assert after.differences(before.facts) == []


def test_a_relabelled_manifest(config, tmp_path):
    for number in range(4):
        write_wav(tmp_path / f"{number}.wav", number)
    lines = [f"{number}.wav,{number % 2},ada\n" for number in range(4)]
    (tmp_path / "m.csv").write_text("path,label,speaker\n" + "".join(lines))
    before = key_of(config, open_manifest(tmp_path / "m.csv"))
    (tmp_path / "m.csv").write_text("path,label,speaker\n" + "".join(lines[::-1]))
    assert key_of(config, open_manifest(tmp_path / "m.csv")).identity == before.identity
    (tmp_path / "m.csv").write_text("path,label,speaker\n" + "".join(lines).replace("3.wav,1", "3.wav,0"))
    assert key_of(config, open_manifest(tmp_path / "m.csv")).differences(before.facts) == ["corpus m: labels"]


def test_the_synthetic_corpus_and_its_share(config, corpus, tmp_path):
    voices = tmp_path / "voices"
    for word in ("zero", "one"):
        (voices / word).mkdir(parents=True)
        write_wav(voices / word / "flite0000_nohash_0.wav", len(word))
    mixed = config.changed(synthetic={"path": str(voices), "share": 0.4})
    before = key_of(mixed, corpus)
    assert key_of(config, corpus).differences(before.facts)
    shared = key_of(config.changed(synthetic={"path": str(voices), "share": 0.5}), corpus)
    assert "synthetic.share is 0.5, there it was 0.4" in shared.differences(before.facts)
    write_wav(voices / "one" / "flite0001_nohash_0.wav", 9)
    more = key_of(mixed, corpus)
    assert set(more.differences(before.facts)) == {
        f"corpus voices: {aspect}" for aspect in ("recordings", "names", "labels", "speakers", "takes", "sound")
    }
    assert before.of_teachers() != more.of_teachers()


def test_a_balance_counts_where_it_is_asked_for(config, corpus, tmp_path):
    crowd = make_recordings(tmp_path / "crowd", takes=1)
    lines = [f"{one.path},{one.label},{one.speaker}\n" for one in crowd.recordings]
    (tmp_path / "crowd.csv").write_text("path,label,speaker\n" + "".join(lines))

    def key(**keys):
        values = config.model_dump(exclude={"dataset", "synthetic"})
        more = {"name": "crowd", "kind": "manifest", "path": str(tmp_path / "crowd.csv"), "share": 0.5, **keys}
        return key_of(parse_configuration(values | {"corpora": [{"name": "tones"}, more]}, "x.yaml"), corpus)

    before, after = key(), key(balance="words")
    assert key(balance="recordings").identity == before.identity
    assert not any("balance" in part for part in (*before.facts["corpora"], *before.facts["configuration"]["corpora"]))
    assert set(after.differences(before.facts)) == {
        "corpus crowd: balance", "corpora.1.balance is words, there it was not there",
    }  # fmt: skip
    assert before.of_teachers() != after.of_teachers()


def test_parts_of_a_file_are_each_their_own_sound(config, corpus):
    before = key_of(config, changed(corpus, start=0.05, end=0.2))
    assert before.differences(key_of(config, corpus).facts) == ["corpus tones: sound"]
    assert key_of(config, changed(corpus, start=0.05, end=0.21)).differences(before.facts) == ["corpus tones: sound"]
    assert key_of(config, changed(corpus, start=0.05, end=0.2)).identity == before.identity


def test_versions_and_device(config, corpus, monkeypatch):
    before = key_of(config, corpus)
    monkeypatch.setattr(run_key, "RECIPE_VERSION", 99)
    after = key_of(config, corpus)
    assert after.differences(before.facts) == [f"version of recipe is 99, there it was {before.facts['versions']['recipe']}"]
    assert before.of_teachers() != after.of_teachers()
    facts = json.loads(json.dumps(after.facts | {"device": "cuda"}))
    assert after.differences(facts) == ["device is cpu, there it was cuda"]


def test_every_key_of_the_configuration_counts_but_where_recordings_lie(config, corpus):
    before = key_of(config, corpus)
    assert key_of(config.changed(dataset={"kind": "manifest", "path": "/elsewhere.csv"}), corpus).identity == before.identity
    same = config.changed(training={"device": "auto"})
    assert key_of(same, corpus).identity == before.identity, "auto is what it comes to"
    other = key_of(
        config.changed(training={"augmentation": {**config.training.augmentation.model_dump(), "speed": 0.1}}), corpus
    )
    assert other.differences(before.facts) == ["training.augmentation.speed is 0.1, there it was 0.19"]
    assert canonical(config)["hidden"] == config.hidden


def test_cepstra_are_the_runs_of_before_and_levels_others(config, corpus):
    """What is said of features is part of a run only where it is something else than it always was."""
    before = key_of(config, corpus)
    assert "features" not in before.facts["configuration"]["frontend"]
    assert key_of(config.changed(frontend={"features": "cepstra"}), corpus).identity == before.identity
    bands = config.changed(frontend={"coefficients": 32}, model={"input_dim": 32})
    levels = key_of(bands.changed(frontend={"features": "levels"}), corpus)
    assert levels.differences(key_of(bands, corpus).facts) == ["frontend.features is levels, there it was not there"]
    assert levels.of_teachers() != key_of(bands, corpus).of_teachers()


def test_networks_of_other_sizes_have_the_same_teachers(config, corpus):
    before = key_of(config, corpus).of_teachers()
    smaller = config.changed(
        model={"hidden_dim": 12, "dropout": 0.0}, quantisation={"epochs": 1}, experiment={"name": "smaller"}
    ).without("budget")
    assert key_of(smaller, corpus).of_teachers() == before
    for change in (
        {"experiment": {"seed": 7}},
        {"distillation": {"epochs": 7}},
        {"data_splitting": {"random_state": 7}},
        {"training": {"batch_size": 7}},
        {"frontend": {"floor_db": 50.0}},
    ):
        assert key_of(config.changed(**change), corpus).of_teachers() != before, change


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"corpora": 3},
        {"corpora": {"x": 1}},
        {"corpora": [4]},
        {"corpora": {"9" * 5000: 1}},
        {"configuration": None, "?": [[]]},
    ],
)
def test_facts_of_something_else_differ_and_are_told(config, corpus, facts):
    assert key_of(config, corpus).differences(facts)


def test_facts_are_json_and_read_back_the_same(config, corpus):
    key = key_of(config, corpus)
    assert RunKey(json.loads(json.dumps(key.facts))).identity == key.identity
