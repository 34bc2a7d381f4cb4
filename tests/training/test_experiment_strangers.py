"""The recipe for strangers at a small size: synthetic voices in every batch, words found, what the model says of both."""

import shutil

import numpy as np
import pytest
import soundfile
import torch

from kilovox.config import find_configuration, parse_configuration
from kilovox.corpus import synthetic
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import evaluate
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.training.dataset import Group, MixedBatchSampler
from kilovox.training.experiment import run_experiment
from kilovox.training.preparation import prepare
from kilovox.training.run_folder import FLOAT_FILE, MODEL_FILE, PTQ_FILE


@pytest.fixture(scope="module")
def voices(tmp_path_factory, synthetic_corpus):
    """The voices of the recordings in tests/data as if flite had spoken them."""
    folder = tmp_path_factory.mktemp("voices")
    for number in range(3):
        for word, digit in zip(synthetic.WORDS, "0123456789", strict=True):
            chosen = [place for place, one in enumerate(synthetic_corpus.recordings) if one.label == digit][number]
            path = folder / word / f"flite{number:04d}_nohash_0.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, synthetic_corpus.samples(chosen, 8000), 8000)
    return folder


def small(voices, **sections):
    changes = {
        "training": {"epochs": 2, "augmentation": {**AUGMENTATION, "views": 1}},
        "distillation": {"hidden_dim": 8, "epochs": 1},
        "quantisation": {"epochs": 1},
        "model": {"hidden_dim": 8},
        "synthetic": {"path": str(voices)},
    }
    return find_configuration("digits").changed(**(changes | sections))


AUGMENTATION = find_configuration("digits").training.augmentation.model_dump()


def test_the_model_says_what_it_was_trained_on_and_that_figures_on_it_do_not_judge(voices, synthetic_corpus, tmp_path):
    run_experiment(small(voices), synthetic_corpus, tmp_path, progress=False)
    spoken = synthetic.open_synthetic(voices)
    for name in (MODEL_FILE, FLOAT_FILE, PTQ_FILE):
        trained = load_model(tmp_path / name).metadata.trained_on
        assert len(trained.recordings) == len(synthetic_corpus)
        (besides,) = trained.besides
        assert (besides.fingerprint, besides.recordings) == (spoken.fingerprint, 30)
        assert besides.licences == {"flite": synthetic.LICENCES["flite"]}
        assert trained.note == f"every recording of {synthetic_corpus.name} was trained on: no figure on it judges this model"
    recogniser = Recogniser(load_model(tmp_path / MODEL_FILE))
    assert recogniser.finds_words
    for corpus in (synthetic_corpus, spoken):
        with pytest.raises(KilovoxError, match="was trained on"):
            evaluate(recogniser, corpus, "all")


def test_a_speaker_left_out_leaves_no_note(voices, synthetic_corpus, tmp_path):
    run_experiment(small(voices, data_splitting={"split": "speaker:bo"}), synthetic_corpus, tmp_path, progress=False)
    model = load_model(tmp_path / MODEL_FILE)
    assert model.metadata.trained_on.note == ""
    assert evaluate(Recogniser(model), synthetic_corpus, "speaker:bo").recordings == 30


def test_synthetic_voices_are_a_share_of_every_batch(voices, synthetic_corpus):
    dataset = prepare(small(voices), synthetic_corpus).train
    assert (len(dataset), dataset.synthetic) == (120, 30)
    batches = list(MixedBatchSampler(90, [(30, 0.55)], 20))
    assert len(batches) == 10
    real = np.concatenate([batch[: len(batch) - 11] for batch in batches])
    assert sorted(real) == list(range(90))
    assert all(90 <= index < 120 for batch in batches for index in batch[-11:])


def test_words_that_are_no_digits_are_refused(voices, synthetic_corpus, tmp_path):
    (tmp_path / "zebra").mkdir()
    soundfile.write(tmp_path / "zebra" / "flite0000_nohash_0.wav", np.ones(3000, np.int16), 8000)
    with pytest.raises(KilovoxError, match="words zebra; expected only"):
        prepare(small(tmp_path), synthetic_corpus)


def test_several_groups_have_their_shares_of_every_batch():
    batches = list(MixedBatchSampler(10, [(5, 0.25), (7, 0.5)], 8))
    assert len(batches) == 5
    for batch in batches:
        counts = np.histogram(batch, [0, 10, 15, 22])[0]
        assert counts.tolist() == [2, 2, 4]
    assert sorted(index for batch in batches for index in batch if index < 10) == list(range(10))
    assert [sum(index < 3 for index in batch) for batch in MixedBatchSampler(3, [(5, 0.6), (7, 0.4)], 8)] == [1, 1, 1]


CLASSES = (2, 0, 2, 2, 7, 2, 2, 2)
"""One clip of 0, one of 7, six of 2: places 0 ... 7 of their group."""


def batches_of(groups, seed=0, epochs=1, recordings=300):
    torch.manual_seed(seed)
    sampler = MixedBatchSampler(recordings, groups, 20)
    return [batch for _ in range(epochs) for batch in sampler]


def test_a_balanced_group_draws_every_label_equally_often():
    drawn = [[index - 300 for index in batch if index >= 300] for batch in batches_of([Group(8, 0.35, CLASSES)])]
    assert all(len(batch) == 7 for batch in drawn)
    places = [place for batch in drawn for place in batch]
    labels = np.bincount([CLASSES[place] for place in places], minlength=8)
    assert labels[[0, 2, 7]].max() - labels[[0, 2, 7]].min() <= 1
    assert labels.sum() == len(places)
    assert set(places) == set(range(8))  # each of the six clips of 2, too
    for start in range(0, len(places) - 3, 3):
        assert {CLASSES[place] for place in places[start : start + 3]} == {0, 2, 7}


def test_balanced_draws_follow_the_seed():
    groups = [Group(5, 0.25), Group(8, 0.25, CLASSES)]
    assert batches_of(groups, epochs=2) == batches_of(groups, epochs=2)
    assert batches_of(groups) != batches_of(groups, seed=1)
    # An epoch depends on nothing that an earlier one left but the state of the generator, as checkpoints keep it.
    torch.manual_seed(3)
    sampler = MixedBatchSampler(300, groups, 20)
    list(sampler)
    state = torch.get_rng_state()
    again = list(sampler)
    torch.set_rng_state(state)
    assert list(MixedBatchSampler(300, groups, 20)) == again


def test_groups_that_are_not_balanced_are_drawn_as_ever():
    torch.manual_seed(0)
    expected = []
    for real in torch.split(torch.randperm(30), 10):
        expected.append([*real.tolist(), *(torch.randint(5, (5,)) + 30).tolist(), *(torch.randint(8, (5,)) + 35).tolist()])
    assert batches_of([(5, 0.25), (8, 0.25)], recordings=30) == expected


def test_words_are_balanced_where_the_configuration_says_so(voices, synthetic_corpus, synthetic_folder, tmp_path):
    shutil.copytree(voices, tmp_path / "v")
    for place in (1, 2):
        (tmp_path / "v" / "zero" / f"flite{place:04d}_nohash_0.wav").unlink()

    def prepared(**keys):
        values = small(voices).model_dump(exclude={"dataset", "synthetic"})
        second = {"name": "voices", "kind": "synthetic", "path": str(tmp_path / "v"), "share": 0.5, **keys}
        first = {"name": "people", "path": str(synthetic_folder)}
        return prepare(parse_configuration(values | {"corpora": [first, second]}, "x.yaml"), synthetic_corpus).train

    (group,) = prepared(balance="words").groups
    assert group.clips == 28
    assert np.bincount(group.classes).tolist() == [1, *[3] * 9]
    assert prepared().groups == (Group(28, 0.5),)
