"""On what a model is judged where nobody says."""

import json

import pytest

from kilovox.errors import KilovoxError
from kilovox.evaluation.own_corpus import corpus_for, own_corpus, task_of
from kilovox.integer.model_file import save_model
from models import make_model, make_recordings, write_wav


@pytest.fixture
def run(tmp_path):
    """A run folder with a model of own words."""
    model = make_model(labels=("yes", "no"), aliases={})
    path = tmp_path / "run" / "model.safetensors"
    path.parent.mkdir()
    save_model(model, path)
    return path, model.metadata


@pytest.fixture
def words(tmp_path):
    for word in ("yes", "no"):
        make_recordings(tmp_path / "words" / word, labels=(word,), takes=1)
    return tmp_path / "words"


def remember(path, *corpora):
    """What a run writes beside its model."""
    (path.parent / "experiment.json").write_text(json.dumps({"identity": "x", "corpora": corpora}))


def test_the_runs_own(run, words, tmp_path):
    path, metadata = run
    remember(path, {"role": "synthetic", "name": "gone", "where": str(tmp_path / "gone")},
             {"role": "corpus", "name": "words", "where": str(words)})  # fmt: skip
    corpus = own_corpus(str(path), metadata)
    assert (corpus.labels, len(corpus)) == (("no", "yes"), 4)


def test_own_words_do_not_go_looking_for_fsdd(run, monkeypatch):
    path, metadata = run
    monkeypatch.setattr("kilovox.evaluation.own_corpus.open_default_corpus", lambda **_: pytest.fail("looked for FSDD"))
    with pytest.raises(KilovoxError, match=r"knows yes, no.*expected --corpus"):
        own_corpus(str(path), metadata)


def test_digits_are_judged_on_fsdd(synthetic_folder, monkeypatch):
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    assert len(own_corpus("digits", make_model().metadata)) == 90


def test_recordings_that_were_moved(run, tmp_path):
    path, metadata = run
    remember(path, {"role": "corpus", "name": "gone", "where": str(tmp_path / "gone")})
    with pytest.raises(
        KilovoxError, match=r"gone: no such file or folder[\s\S]*experiment\.json says that the recordings are there"
    ):
        own_corpus(str(path), metadata)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"corpora": 3}',
        '{"corpora": [{}]}',
        '{"corpora": [{"role": "corpus", "where": 2}]}',
        '{"corpora": [{"role": "corpus", "where": ""}]}',
        "null",
        "[" * 10_000,
    ],
)
def test_a_file_of_something_else(run, text):
    path, metadata = run
    (path.parent / "experiment.json").write_text(text)
    with pytest.raises(KilovoxError, match=r"experiment\.json: does not say"):
        own_corpus(str(path), metadata)


def test_more_than_one_that_may_judge(run, words):
    path, metadata = run
    remember(path, *[{"role": "corpus", "name": name, "where": str(words)} for name in ("one", "two")])
    with pytest.raises(KilovoxError, match="2 corpora that may judge"):
        own_corpus(str(path), metadata)


def test_a_test_set_of_fewer_words_than_ten_is_that_of_the_models_task(run, tmp_path):
    _, metadata = run
    for label in ("yes", "no", "_unknown_", "_silence_"):
        (tmp_path / "test_set" / label).mkdir(parents=True)
        write_wav(tmp_path / "test_set" / label / "0c40e715_nohash_0.wav", 1)
    with pytest.raises(KilovoxError, match="no folder up; expected one for each of yes, no, up"):
        corpus_for(metadata, tmp_path / "test_set")
    asked = {"corpora": [{"kind": "speech_commands", "task": ["yes", "no"]}]}
    corpus = corpus_for(metadata.model_copy(update={"configuration": asked}), tmp_path / "test_set")
    assert set(corpus.labels) == {"yes", "no", "_unknown_", "_silence_"}


@pytest.mark.parametrize(
    ("configuration", "task"),
    [({"corpora": [{"task": ["yes"]}]}, ("yes",)), ({"dataset": {"task": 12}}, 12), ({"corpora": [{"task": 13}]}, None),
     ({"corpora": 3}, None), ({"corpora": [3]}, None), ({"corpora": [], "dataset": "x"}, None),
     ({"dataset": {"task": {}}}, None), ({"dataset": {"task": ["a" * 65]}}, None), ({}, None)],
)  # fmt: skip
def test_what_a_strangers_file_says_of_its_task(run, configuration, task):
    assert task_of(run[1].model_copy(update={"configuration": configuration})) == task
