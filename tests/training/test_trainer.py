"""The training loop, called as the notebook calls it."""

import json

import pytest
import torch

from kilovox import LSTMClassifier, ModelTrainer, set_seed
from kilovox.config import Augmentation, Training
from kilovox.training.dataset import AudioFeaturesDataset, make_loader
from kilovox.training.trainer import one_cycle


@pytest.fixture
def loader():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    features = torch.randn(60, 8, 4, generator=generator) + labels[:, None, None]
    return make_loader(AudioFeaturesDataset.of_features([features.numpy()], labels.numpy()), 16, shuffle=True)


def test_as_the_notebook_trains(loader, capsys):
    set_seed(42)
    model = LSTMClassifier(input_dim=4, hidden_dim=8, num_layers=2, output_dim=3)
    history = ModelTrainer(model, 30, loader, torch.device("cpu"), 0.02).train()
    assert len(history) == 30
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert history[-1]["accuracy"] > 0.9
    printed = capsys.readouterr()
    assert "Epoch [30/30], loss" in printed.err
    assert printed.out == ""


def test_progress_can_be_left_out(loader, capsys):
    ModelTrainer(LSTMClassifier(4, 4, 1, 3), 1, loader, "cpu", 0.01, progress=False).train()
    assert capsys.readouterr().err == ""


def test_one_cycle_rises_and_falls():
    rates = [one_cycle(step, 100) for step in range(100)]
    peak = rates.index(max(rates))
    assert rates[0] == pytest.approx(1 / 25)
    assert 25 <= peak <= 35
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(1e-5)
    assert one_cycle(0, 1) == pytest.approx(1 / 25)


def test_accuracy_behind_masks_is_called_so(loader, capsys, tmp_path):
    masks = Augmentation(views=1, time_mask=0, feature_mask=3)
    for settings, name in ((Training(), "unmasked"), (Training(augmentation=masks), "masked")):
        model = LSTMClassifier(4, 4, 1, 3)
        history = ModelTrainer(model, 1, loader, "cpu", 0.01, settings=settings, folder=tmp_path / name).train()
        assert history[0]["accuracy_on"] == name
        assert json.loads((tmp_path / name / "log.jsonl").read_text())["accuracy_on"] == name
        assert ("masked accuracy" in capsys.readouterr().err) == (name == "masked")


def test_accuracy_on_recordings_is_without_masks_and_dropout():
    torch.manual_seed(0)
    labels = torch.arange(60) % 3
    views = torch.randn(2, 80, 8, 4) + torch.cat([labels, labels[:20]])[:, None, None]
    dataset = AudioFeaturesDataset.of_features(views.numpy(), torch.cat([labels, labels[:20]]).numpy())
    dataset.mixed([(20, 0.3)])
    model = LSTMClassifier(4, 8, 1, 3, dropout=0.9)
    settings = Training(augmentation=Augmentation(views=1, feature_mask=4))
    trainer = ModelTrainer(model, 2, make_loader(dataset, 16, shuffle=True), "cpu", 0.02, settings=settings, progress=False)
    trainer.train()
    dataset.soften(torch.zeros(2, 80, 3))
    model.eval()
    with torch.no_grad():
        decided = model(dataset.features[0, :60]).argmax(dim=1)
    found = trainer.accuracy(dataset.as_they_are(32))
    assert found == pytest.approx((decided == labels).float().mean().item())
    assert found == trainer.accuracy(dataset.as_they_are(7))
