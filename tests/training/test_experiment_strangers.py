"""The recipe for strangers at a small size: synthetic voices in every batch, words found, what the model says of both."""

import numpy as np
import pytest
import soundfile

from kilovox.config import find_configuration
from kilovox.corpus import synthetic
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import evaluate
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.training.dataset import MixedBatchSampler
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
