"""From recordings and utterances to a model that listens, at a small size."""

import json
from itertools import product

import numpy as np
import pytest

from far_away import FarAway
from kilovox.config import parse_configuration
from kilovox.corpus.mixture import open_first, settled
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import evaluate
from kilovox.evaluation.own_corpus import own_corpus
from kilovox.integer.calibration import KNOTS
from kilovox.integer.detection import FrameDetector
from kilovox.integer.model_file import load_model, short_hash
from kilovox.integer.recogniser import Recogniser
from kilovox.training import string_preparation, strings
from kilovox.training.experiment import run_experiment
from kilovox.training.run_folder import FLOAT_FILE, IDENTITY_FILE, MODEL_FILE, PTQ_FILE
from kilovox.training.run_key import RunKeys
from kilovox.training.string_preparation import prepare_strings, taught_sayings
from kilovox.workers import HERE
from models import make_recordings, make_utterances, write_wav

UTTERANCES = {"ada_1": "zero stop one", "ada_2": "one", "eve_1": "stop stop", "eve_2": "zero zero", "dan_1": "one zero",
              "dan_2": "stop"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings of three digits and another word, and utterances of three people."""
    root = tmp_path_factory.mktemp("people")
    make_recordings(root / "words", labels=("0", "1", "2", "stop"), takes=2)
    make_utterances(root / "spoken", UTTERANCES)
    return root


@pytest.fixture(scope="module")
def corpus(folder):
    return make_recordings(folder / "words", labels=("0", "1", "2", "stop"), takes=2)


def configured(folder, **sections):
    values = {
        "experiment": {"name": "tiny"},
        "vocabulary": {"labels": ["0", "1", "2"], "words": {"zero": "0", "one": "1"}, "others": "unknown"},
        "data_splitting": {"split": "speaker:bob", "validation_size": 0.3},
        "frontend": {"kind": "fixed_point", "features": "levels", "mel_bands": 8},
        "model": {
            "kind": "convolutional", "blocks": [{"channels": 3, "band_stride": 2}, {"channels": 4, "frame_stride": 2}],
            "projection": 5, "hidden_dim": 6, "num_layers": 1, "dropout": 0.0,
        },
        "streams": {
            "count": 24, "seconds": 1.0,
            "utterances": [{"name": "spoken", "path": str(folder / "spoken"), "split": "speaker:eve"}],
        },
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01},
    }  # fmt: skip
    for name, changes in sections.items():
        values[name] = {**values.get(name, {}), **changes}
    return parse_configuration(values, "tiny.yaml")


@pytest.fixture(scope="module")
def trained(folder, corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    run_experiment(configured(folder), corpus, out, progress=False)
    return out


def test_the_model_decides_and_detects(trained, corpus):
    recogniser = Recogniser(load_model(trained / MODEL_FILE))
    assert recogniser.listens
    assert recogniser.labels == ("0", "1", "2", "unknown")
    assert recogniser.thresholds.tolist() == [128, 128, 128, 0]
    judged = evaluate(recogniser, corpus, "speaker:bob")
    assert (judged.recordings, judged.others.recordings) == (6, 2)
    samples = np.concatenate([corpus.samples(place, 8000) for place in range(8)])
    detector = FrameDetector(recogniser)
    found = list(detector([samples]))
    assert found == list(detector(np.array_split(samples, 31))) == list(detector([samples[:1], samples[1:]]))
    assert all(one.label != "unknown" and 0 < one.seconds <= len(samples) / 8000 for one in found)


def test_where_recordings_lie_is_not_told(trained, folder):
    assert str(folder).encode() not in (trained / MODEL_FILE).read_bytes()
    (source,) = load_model(trained / MODEL_FILE).metadata.configuration["streams"]["utterances"]
    assert source == {"name": "spoken", "share": 0.1, "split": "speaker:eve"}


@pytest.fixture(scope="module", params=["int8", "pow2"])
def integers(request, folder, corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param)
    quantised = {"quantisation": {"arithmetic": request.param, "epochs": 1, "learning_rate": 0.001}}
    blocks = [{"channels": 4, "band_stride": 2}, {"channels": 4, "frame_stride": 2}]
    config = configured(folder, model={"blocks": blocks, "projection": 8}, **quantised)
    run_experiment(config, corpus, out, progress=False)
    return out


def test_integers_decide_and_detect_too(integers, corpus):
    for name in (FLOAT_FILE, PTQ_FILE, MODEL_FILE):
        recogniser = Recogniser(load_model(integers / name))
        assert (recogniser.engine is None) == (name == FLOAT_FILE)
        samples = np.concatenate([corpus.samples(place, 8000) for place in range(4)])
        found = list(FrameDetector(recogniser)([samples]))
        assert found == list(FrameDetector(recogniser)(np.array_split(samples, 13)))
        decisions = recogniser([corpus.samples(place, 8000) for place in range(8)])
        assert ((decisions.confidence >= 0) & (decisions.confidence <= 1)).all()


def test_confidence_is_calibrated_where_people_validate(trained, integers, folder, corpus, tmp_path):
    for path in (trained / MODEL_FILE, integers / FLOAT_FILE, integers / MODEL_FILE):
        metadata = load_model(path).metadata
        assert len(metadata.calibration) == KNOTS
        assert metadata.detection_errors is not None
        assert 128 in metadata.detection_errors.levels
        # One piece of a second.
        assert metadata.detection_errors.seconds == 1.0
    nobody = configured(folder, data_splitting={"validation_size": 0.0}, training={"epochs": 1})
    run_experiment(nobody, corpus, tmp_path, progress=False)
    metadata = load_model(tmp_path / MODEL_FILE).metadata
    assert (metadata.calibration, metadata.detection_errors) == ((), None)


def test_how_sure_it_must_be_may_follow_from_what_may_be_rejected(integers, folder, corpus, tmp_path):
    config = configured(folder, streams={"rejected": 0.1, "count": 64}, training={"epochs": 1})
    run_experiment(config, corpus, tmp_path, progress=False)
    metadata = load_model(tmp_path / MODEL_FILE).metadata
    assert metadata.detection_errors is not None
    (threshold,) = set(metadata.thresholds[:-1])
    assert threshold in metadata.detection_errors.levels
    place = metadata.detection_errors.levels.index(threshold)
    assert metadata.detection_errors.right[place] >= 0.9 * metadata.detection_errors.right[0]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"data_splitting": {"validation_size": 0.0}}, "streams.rejected is 0.1, and nobody validates; expected"),
        ({"vocabulary": {"others": "leave_out"}}, "streams.rejected is 0.1, and no label stands for other words"),
    ],
)
def test_nothing_tells_what_is_rejected(folder, corpus, tmp_path, sections, said):
    config = configured(folder, streams={"rejected": 0.1}, **sections)
    with pytest.raises(KilovoxError, match=said):
        run_experiment(config, corpus, tmp_path, progress=False)


def test_it_says_whom_it_heard(trained, folder, corpus):
    metadata = load_model(trained / MODEL_FILE).metadata
    config = configured(folder)
    ((source, spoken),) = RunKeys(corpus).mixture(config).sayings
    heard = {digest for digest, one in zip(spoken.hashes, spoken.utterances, strict=True) if one.speaker != "eve"}
    assert {short_hash(digest) for digest in heard} < set(metadata.trained_on.recordings)
    assert not {short_hash(digest) for digest in set(spoken.hashes) - heard} & set(metadata.trained_on.recordings)
    assert source.name == "spoken"
    with pytest.raises(KilovoxError, match="was trained on"):
        evaluate(Recogniser(load_model(trained / MODEL_FILE)), corpus, "speaker:ada")


def test_the_same_run_gives_the_same_file_and_a_killed_one_goes_on_to_it(trained, folder, corpus, tmp_path, monkeypatch):
    from kilovox.training import trainer

    saved = trainer.ModelTrainer._save

    def killed(self):
        saved(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainer.ModelTrainer, "_save", killed)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(configured(folder), corpus, tmp_path, progress=False)
    run_experiment(configured(folder), corpus, tmp_path, progress=False, resume=True)
    assert (tmp_path / MODEL_FILE).read_bytes() == (trained / MODEL_FILE).read_bytes()


def test_pieces_that_workers_make_are_the_same(folder, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(string_preparation, "BLOCK", 7)
    config = settled(configured(folder), corpus)
    streams, found = config.streams, []
    for name, workers in (("here", HERE), ("far", FarAway())):
        monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / name))
        prepared = prepare_strings(config, streams, corpus, RunKeys(corpus).mixture(config), workers)
        found.append((prepared.train.clips.tolist(), prepared.train.labels.tolist(), prepared.validation.clips.tolist()))
    assert found[0] == found[1]
    assert [len(numbers) for numbers in workers.given] == [7, 7, 7, 3, 1]
    prepare_strings(config, streams, corpus, RunKeys(corpus).mixture(config), workers)
    assert len(workers.given) == 5, "what was made is kept here"


def test_the_run_is_one_of_these_strings(folder, corpus, monkeypatch):
    config = configured(folder)
    before = RunKeys(corpus).of(config)
    monkeypatch.setattr(strings, "VERSION", 99)
    after = RunKeys(corpus).of(config)
    assert after.differences(before.facts) == [f"version of strings is 99, there it was {before.facts['versions']['strings']}"]
    assert "backgrounds" not in before.facts["versions"]
    with_noise = config.changed(vocabulary={"nothing": ["hum"]})
    assert RunKeys(corpus).of(with_noise).facts["versions"]["backgrounds"] == strings.BACKGROUNDS_VERSION


def test_the_run_is_one_of_these_utterances(trained, folder, corpus, tmp_path):
    said = json.loads((trained / IDENTITY_FILE).read_text())
    assert [one["role"] for one in said["corpora"]] == ["corpus", "utterances"]
    changed = tmp_path / "spoken"
    make_utterances(changed, UTTERANCES)
    table = changed / "utterances.csv"
    same = configured(folder, streams={"utterances": [{"name": "spoken", "path": str(changed), "split": "speaker:eve"}]})
    keys = RunKeys(corpus)
    before = keys.of(configured(folder))
    assert keys.of(same).identity == before.identity
    table.write_text(table.read_text().replace("zero stop one", "zero stop zero"))
    (changed / "segments.csv").unlink()
    corrected = RunKeys(corpus).of(same)
    assert corrected.differences(before.facts) == ["corpus spoken: labels"]


def test_people_who_judge_are_not_heard(folder, corpus):
    config = configured(folder)
    mixture = RunKeys(corpus).mixture(config)
    (taught,) = taught_sayings(config, mixture, mixture.divided(config))
    assert taught.speakers == ("ada", "dan")


def test_pieces_and_their_words(folder, corpus):
    config = configured(folder)
    assert config.streams is not None
    mixture = RunKeys(corpus).mixture(config)
    prepared = prepare_strings(settled(config, corpus), config.streams, corpus, mixture)
    assert prepared.labels == ("0", "1", "2", "unknown")
    assert prepared.train.features.shape == (1, 24, 49, 8)
    said, ends = np.split(prepared.train.labels.numpy(), 2, axis=1)
    assert set(np.unique(said)) <= {0, 1, 2, 3, 4}
    assert (said[:, 1:][said[:, :-1] == 4] == 4).all()
    assert (ends[said == 4] == -1).all()
    assert ((ends >= -1) & (ends <= 50)).all()
    assert (ends > 0).any()
    assert prepared.validation is not None
    assert len(prepared.validation) == 1
    # What a model file says of utterances: those of the people who train, in none of which a synthesiser spoke.
    assert [(one.corpus, one.recordings, one.licences) for one in prepared.besides] == [("spoken", 4, {})]
    assert prepared.besides[0].fingerprint == taught_sayings(config, mixture, mixture.divided(config))[0].fingerprint


def test_utterances_of_one_word_are_words_of_strings_too(folder, corpus):
    config = configured(folder)
    assert config.streams is not None
    mixture = RunKeys(corpus).mixture(config)
    divided = mixture.divided(config)
    taught = taught_sayings(config, mixture, divided)
    drawn = string_preparation._strings(config, config.streams, divided.train, divided, "strings", taught)
    alone = [one for one in drawn.voices if one.fingerprint.startswith("alone")]
    (place,) = [place for place, one in enumerate(taught[0].utterances) if [word.word for word in one.words] == ["stop"]]
    # Of a word whose time is known the part in which it is spoken is cut out already.
    assert [one.classes.tolist() for one in alone] == [[3]]
    np.testing.assert_array_equal(alone[0].sounds[0], taught[0].sounds.samples(place, 8000))
    assert alone[0].weight == config.streams.utterances[0].share


def test_pieces_are_drawn_once_and_kept(folder, corpus, monkeypatch):
    config = configured(folder)
    mixture = RunKeys(corpus).mixture(config)

    def prepared():
        return prepare_strings(settled(config, corpus), config.streams, corpus, mixture)

    first = prepared()
    monkeypatch.setattr(string_preparation, "_block", lambda *_: pytest.fail("drawn anew"))
    again = prepared()
    for one, other in ((first.train, again.train), (first.validation, again.validation)):
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"model": {"kind": "lstm", "blocks": [], "projection": None}}, "model.kind is 'lstm' beside streams"),
        ({"model": {"blocks": []}}, "blocks is missing"),
        ({"streams": {"rejected": 1.0}}, r"streams\.rejected: 1\.0"),
        ({"model": {"projection": None}}, "projection is missing"),
        (
            {"model": {"blocks": [{"channels": 3, "steps": 2}]}},
            r"model\.blocks\.0\.steps: unknown key .* one of channels",
        ),
        (
            {"streams": {"utterances": [{"name": "a", "path": "x", "parts": 1}]}},
            r"utterances\.0\.parts: unknown key .* name",
        ),
        ({"streams": {"utterances": [{"name": "a", "path": ""}]}}, "utterances.0.path: '' is no path"),
        ({"model": {"blocks": [{"channels": 3, "bands": 4}]}}, "bands is 4; expected an odd number"),
        ({"streams": {"single": 0.9, "spoken": 0.2}}, "expected at most 1 together"),
        ({"streams": {"spoken": 0.0}}, "utterances beside spoken: 0"),
        ({"distillation": {"teachers": 1}}, "distillation beside streams"),
        ({"training": {"augmentation": {"views": 2}}}, "views is 2; expected 0 beside streams"),
        ({"model": {"readout": "after_padding"}}, "readout is 'after_padding'"),
        ({"frontend": {"features": "cepstra", "words": {}}}, "frontend has words; expected kind fixed_point without words"),
        ({"quantisation": {"arithmetic": "int8"}}, "3 channels; expected multiples of 4"),
        (
            {"quantisation": {"arithmetic": "int8"}, "model": {"blocks": [{"channels": 256}], "projection": 8}},
            "256 channels of 8 bands; expected at",
        ),
        ({"budget": {"memory": 100, "arithmetic": "float32"}}, "units take"),
        ({"streams": {"utterances": [{"name": "a", "path": "x", "split": "random"}]}}, "split"),
    ],
)
def test_what_does_not_fit_together(folder, sections, said):
    with pytest.raises(KilovoxError, match=said):
        configured(folder, **sections)


def test_utterances_that_are_not_there(folder, corpus, tmp_path):
    config = configured(folder, streams={"utterances": [{"name": "gone", "path": str(folder / "gone")}]})
    with pytest.raises(KilovoxError, match="gone: no such folder"):
        run_experiment(config, corpus, tmp_path, progress=False)
    everybody = [{"name": "spoken", "path": str(folder / "only"), "split": "speaker:ada"}]
    make_utterances(folder / "only", {"ada_1": "zero"})
    with pytest.raises(KilovoxError, match="split speaker:ada leaves no utterance to train on"):
        run_experiment(configured(folder, streams={"utterances": everybody}), corpus, tmp_path, progress=False)


def test_speech_commands_of_its_own_rule_to_answers(tmp_path):
    """Two of its words, others and silence: trained, and judged on people of the test part, as the folder says it."""
    root = tmp_path / "sc"
    people = ("00176480", "004ae714", "026290a7", "0c40e715")
    for number, (word, speaker) in enumerate(product(("yes", "no", "cat"), people)):
        path = root / word / f"{speaker}_nohash_0.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, number)
    (root / "_background_noise_").mkdir()
    write_wav(root / "_background_noise_" / "tap.wav", 99, seconds=1.5)
    config = configured(
        tmp_path,
        vocabulary={"labels": ["yes", "no"], "words": {}, "others": "unknown", "nothing": ["_silence_"]},
        data_splitting={"split": "official"}, streams={"utterances": [], "spoken": 0.0, "count": 16},
        training={"epochs": 1}, dataset={"kind": "speech_commands", "path": str(root), "task": ["yes", "no"]},
    )  # fmt: skip
    corpus = open_first(config)
    model = run_experiment(config, corpus, tmp_path / "run", progress=False)
    assert model.metadata.labels == ("yes", "no", "unknown")
    again = own_corpus(str(tmp_path / "run" / MODEL_FILE), model.metadata)
    assert again.fingerprint == corpus.fingerprint
    found = evaluate(Recogniser(model), again).answers
    assert (found.words[1], found.unknown[1], found.silence[1]) == (2, 1, 1)
