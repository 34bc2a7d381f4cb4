"""Learning to read strings of words."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilovox.config.network import Block
from kilovox.config.training import Training
from kilovox.training import strings as drawn
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.dataset import AudioFeaturesDataset, make_loader
from kilovox.training.listening import ASTRAY, EARLY, LATE, ListeningTrainer, read

BLANK = 2


def targets(said, blank, ends=None):
    """Of words whose ends nobody knows, unless `ends` tells them."""
    return drawn.padded_targets(said, ends or [[-1] * len(words) for words in said], blank)


def test_reading():
    assert read([2, 0, 0, 2, 0, 1, 1, 2], BLANK) == [0, 0, 1]
    assert read([], BLANK) == read([2, 2], BLANK) == []


@given(st.lists(st.integers(0, 1), max_size=8), st.data())
def test_a_path_of_words_reads_as_the_words(words, data):
    path = []
    for word in words:
        # Between two of the same there is a blank.
        path += [BLANK] * data.draw(st.integers(int(path[-1:] == [word]), 2))
        path += [word] * data.draw(st.integers(1, 3))
    assert read(path, BLANK) == words


def trainer(model=None, dataset=None, epochs=1, **options):
    dataset = dataset or strings(8)
    model = model or ConvolutionalClassifier(6, [Block(channels=4)], 6, 12, 1, 3, 0.0)
    loader = make_loader(dataset, 8, shuffle=True)
    return ListeningTrainer(model, epochs, loader, "cpu", 0.02, settings=Training(epochs=epochs), progress=False, **options)


def strings(count, seed=0):
    """Pieces of 20 frames with up to three words, each of two frames in a band of its own."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(count, 20, 6)).astype(np.float32) * 0.1
    said = [draw.integers(0, 2, int(draw.integers(0, 4))).tolist() for _ in range(count)]
    for piece, words in zip(features, said, strict=True):
        for place, word in enumerate(words):
            piece[2 + 6 * place : 4 + 6 * place, 3 * word] += 3.0
    return AudioFeaturesDataset.of_features(features[None], targets(said, BLANK))


def test_the_loss_is_that_of_all_paths_that_read_so():
    """Against the definition, path by path: A. Graves et al., ICML 2006."""
    logits = torch.randn(3, 4, 3, generator=torch.manual_seed(1))
    said = [[0], [0, 0], []]
    shares = torch.softmax(logits, dim=2)
    expected = []
    for piece, words in zip(shares, said, strict=True):
        paths = [path for path in itertools.product(range(3), repeat=4) if read(list(path), BLANK) == words]
        total = sum(float(torch.prod(piece[range(4), list(path)])) for path in paths)
        expected.append(-np.log(total) / (len(words) + 1))
    found = trainer()._loss(logits, torch.from_numpy(targets(said, BLANK)))
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)


def test_other_words_are_as_good_as_the_blank_where_none_is_told_of():
    logits = torch.randn(2, 4, 4, generator=torch.manual_seed(1))
    said, other, blank = [[0], [0, 2]], 2, 3
    shares = torch.softmax(logits, dim=2)

    def reads(path, words):
        free = other not in words
        return read([blank if free and one == other else one for one in path], blank) == words

    expected = []
    for piece, words in zip(shares, said, strict=True):
        paths = [path for path in itertools.product(range(4), repeat=4) if reads(path, words)]
        total = sum(float(torch.prod(piece[range(4), list(path)])) for path in paths)
        expected.append(-np.log(total) / (len(words) + 1))
    own = trainer()
    own.other = other
    found = own._loss(logits, torch.from_numpy(targets(said, blank)))
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)


def test_words_are_best_read_where_they_end():
    """Against the definition: a path costs ASTRAY for each frame in which a word is read that ends elsewhere."""
    logits = torch.randn(3, 6, 3, generator=torch.manual_seed(1))
    said, ends = [[0], [0, 0], [1, 0]], [[30], [-1, -1], [10, -1]]
    own = trainer()
    own.stride = 10
    shares = torch.softmax(logits, dim=2)

    def there(words, over, label, place):
        return label == BLANK or any(
            word == label and (end < 0 or -EARLY <= 10 * place - end <= LATE) for word, end in zip(words, over, strict=True)
        )

    expected = []
    for piece, words, over in zip(shares, said, ends, strict=True):
        total = 0.0
        for path in itertools.product(range(3), repeat=6):
            if read(list(path), BLANK) == words:
                astray = sum(not there(words, over, label, place) for place, label in enumerate(path))
                total += float(torch.prod(piece[range(6), list(path)])) * np.exp(-ASTRAY * astray)
        expected.append(-np.log(total) / (len(words) + 1))
    labels = torch.from_numpy(targets(said, BLANK, ends))
    own._set_learning_rate(0, 100)
    assert float(own._loss(logits, labels)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_words_are_led_to_their_ends_in_the_first_half_of_a_training_alone():
    logits = torch.randn(1, 6, 3, generator=torch.manual_seed(1))
    own, known, unknown = trainer(), *(torch.from_numpy(targets([[0]], BLANK, [[end]])) for end in (30, -1))
    own.stride = 10
    free = float(own._loss(logits, unknown))
    costs = []
    for step in (0, 30, 50, 99):
        own._set_learning_rate(step, 100)
        costs.append(float(own._loss(logits, known)) - free)
    assert costs[0] > costs[1] > costs[2] == costs[3] == 0
    own._set_learning_rate(0, 100)
    own.model.eval()
    assert float(own._loss(logits, known)) == free
    own.model.train()
    own.led = False
    own._set_learning_rate(0, 100)
    assert float(own._loss(logits, known)) == free


def test_ends_are_those_of_the_batch_as_it_was_shifted():
    own = trainer()
    labels = torch.from_numpy(targets([[0]], BLANK, [[20]])).chunk(2, dim=1)
    for shift in (0, 2):
        own._shift = shift
        found = own._in_place(*labels, 40, BLANK)[:, 0, 0].nonzero().ravel().tolist()
        assert found == list(range(20 - EARLY - shift, 20 + LATE + 1 - shift))


def test_other_words_that_nobody_told_of_are_no_mistake():
    paths = [[0, 2, 3, 3], [2, 3, 0, 2], [0, 2, 3, 3], [0, 3, 3, 3]]
    logits = torch.nn.functional.one_hot(torch.tensor(paths), 4).float()
    labels = torch.from_numpy(targets([[0], [0], [0, 2], [0, 2]], 3))
    own = trainer()
    own.other = 2
    assert int(own._correct(logits, labels)) == 3


def test_a_piece_is_right_where_every_word_is():
    paths = [[0, 2, 0, 2], [0, 0, 2, 2], [2, 1, 0, 2], [2, 2, 2, 2]]
    logits = torch.nn.functional.one_hot(torch.tensor(paths), 3).float()
    labels = torch.from_numpy(targets([[0, 0], [0, 0], [1, 0], []], BLANK))
    assert int(trainer()._correct(logits, labels)) == 3


def test_words_are_learnt():
    torch.manual_seed(0)
    own = trainer(dataset=strings(160), epochs=12, validation_loader=make_loader(strings(40, seed=5), 40, shuffle=False))
    history = own.train()
    assert history[-1]["validation_loss"] < history[0]["validation_loss"] / 4
    assert history[-1]["validation_accuracy"] > 0.9


def test_every_piece_is_heard_by_a_microphone_of_its_own_and_within_eight_bits():
    torch.manual_seed(0)
    (features,) = trainer()._inputs(torch.zeros(3, 5, 32))
    assert (features == features[:, :1]).all()
    assert not torch.equal(features[0], features[1])
    assert 0.05 < float(features.std()) < 1.0
    (full,) = trainer()._inputs(torch.full((3, 5, 32), 127 / 32))
    assert full.max() == 127 / 32


def test_a_batch_begins_with_any_of_its_first_frames():
    torch.manual_seed(0)
    lengths = {trainer()._inputs(torch.zeros(1, 20, 8))[0].shape[1] for _ in range(40)}
    assert lengths == {17, 18, 19, 20}
