"""CUDA where it is asked for, and never silently."""

import pytest
import torch

from kilovox.config import Training, find_configuration
from kilovox.corpus.base import Corpus
from kilovox.errors import KilovoxError
from kilovox.training.device import device_of
from kilovox.training.run_key import RunKeys


@pytest.mark.parametrize(
    ("asked", "available", "found"),
    [("cpu", True, "cpu"), ("cpu", False, "cpu"), ("cuda", True, "cuda"), ("auto", True, "cuda"), ("auto", False, "cpu")],
)
def test_what_is_asked_for(monkeypatch, asked, available, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert device_of(asked).type == found


def test_cuda_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(KilovoxError, match=r"training\.device: 'cuda'; torch finds no CUDA device"):
        device_of("cuda")


def test_the_processor_is_the_default_and_another_device_another_run(monkeypatch, synthetic_corpus: Corpus):
    assert Training().device == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    config = find_configuration("task-b")
    keys = RunKeys(synthetic_corpus)
    on_cuda = keys.of(config.changed(training={"device": "auto"}))
    assert on_cuda.differences(keys.of(config).facts) == ["device is cuda, there it was cpu"]
