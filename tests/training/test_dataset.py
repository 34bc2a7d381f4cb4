"""The dataset and loaders, by the names of the seed."""

import numpy as np
import pytest
import torch

from kilovox import AudioFeaturesDataset, prepare_data_label_pairs
from kilovox.config import FixedPointFrontEnd, FrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import as_floats, fit_normalisation, pad
from kilovox.training.dataset import make_loader, padded_views


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


def test_bytes_become_the_very_floats(monkeypatch, tmp_path):
    """Held as int8 in a file, as int8 or as floats in memory: the same batches from the same seed."""
    generator = np.random.default_rng(0)
    front_end = FixedPointFrontEnd(kind="fixed_point", frames=9)
    views = [[[generator.integers(-900, 900, (n, 13)).astype(np.int16) for n in (3, 0, 12, 9, 30)]] for _ in range(3)]
    normalisation = fit_normalisation(front_end, views[0][0])
    labels = np.arange(5)
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path))
    held = {"memory": padded_views(views, normalisation, front_end, 3)}
    monkeypatch.setattr("kilovox.training.dataset.IN_MEMORY", 0)
    monkeypatch.setattr("kilovox.training.dataset.BLOCK_CLIPS", 2)
    held["file"] = padded_views(views, normalisation, front_end, 3)
    held["floats"] = as_floats(np.stack([pad(normalisation(view[0]), 9) for view in views]))
    batches = {}
    for name, features in held.items():
        dataset = AudioFeaturesDataset.of_features(features, labels)
        torch.manual_seed(1)
        batches[name] = [batch for _ in range(4) for batch in make_loader(dataset, 2, shuffle=True)]
    assert held["memory"].dtype == held["file"].dtype == np.int8
    assert list(tmp_path.iterdir()) == []
    for name in ("file", "floats"):
        for (features, truth), (others, its_truth) in zip(batches["memory"], batches[name], strict=True):
            assert features.dtype == torch.float32
            assert features.equal(others)
            assert truth.equal(its_truth)


def test_a_disk_without_room_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("kilovox.training.dataset.IN_MEMORY", 0)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    front_end = FixedPointFrontEnd(kind="fixed_point")
    sequences = [np.ones((3, 13), np.int16)]
    with pytest.raises(KilovoxError, match=r"no room for 832 bytes of features \(No space left on device\)"):
        padded_views([[sequences]], fit_normalisation(front_end, sequences), front_end)
