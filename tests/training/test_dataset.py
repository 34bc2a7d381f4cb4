"""The dataset and loaders, by the names of the seed."""

import pytest
import torch

from kilovox import AudioFeaturesDataset, prepare_data_label_pairs
from kilovox.config import FrontEnd
from kilovox.errors import KilovoxError
from kilovox.training.dataset import make_loader


def test_pairs_are_sorted_and_labelled(synthetic_folder):
    pairs = prepare_data_label_pairs(synthetic_folder)
    assert pairs == sorted(pairs)
    assert {label for _, label in pairs} == set(range(10))


def test_items(synthetic_folder):
    dataset = AudioFeaturesDataset(prepare_data_label_pairs(str(synthetic_folder)))
    features, label = dataset[3]
    assert features.shape == (36, 13)
    assert features.dtype == torch.float32
    assert label.dtype == torch.int64
    assert len(dataset) == len(prepare_data_label_pairs(synthetic_folder))


def test_as_the_notebook_loads_it(synthetic_folder):
    dataset = AudioFeaturesDataset(prepare_data_label_pairs(synthetic_folder))
    for loader in (torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True), make_loader(dataset, 32, shuffle=True)):
        batches = list(loader)
        assert batches[0][0].shape == (32, 36, 13)
        assert torch.cat([labels for _, labels in batches]).sort().values.equal(dataset.labels.sort().values)


def test_the_test_set_takes_the_training_sets_statistics(synthetic_folder):
    pairs = prepare_data_label_pairs(synthetic_folder)
    train = AudioFeaturesDataset(pairs[:60])
    test = AudioFeaturesDataset(pairs[60:], normalisation=train.normalisation)
    assert test.normalisation is train.normalisation
    raw = AudioFeaturesDataset(pairs[60:], FrontEnd(normalise=False))
    expected = (raw.features[0, 0, 0] - torch.from_numpy(train.normalisation.mean)) / torch.from_numpy(
        train.normalisation.deviation
    )
    torch.testing.assert_close(test.features[0, 0, 0], expected)


def test_nothing_to_hold():
    with pytest.raises(KilovoxError, match="expected at least one"):
        AudioFeaturesDataset([])
