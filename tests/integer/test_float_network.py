"""The NumPy network against torch's."""

import numpy as np
import pytest
import torch

from kilovox.frontend.pipeline import pad, valid_frames
from kilovox.integer.float_network import float_logits
from kilovox.training.network import LSTMClassifier


@pytest.mark.parametrize("readout", ["last_valid", "after_padding"])
@pytest.mark.parametrize(("hidden", "layers"), [(5, 1), (24, 2), (7, 3)])
def test_equal_to_torch(readout, hidden, layers):
    torch.manual_seed(0)
    network = LSTMClassifier(13, hidden, layers, 10, readout=readout).eval()
    generator = np.random.default_rng(1)
    padded = pad([generator.normal(size=(n, 13)).astype(np.float32) * 3 for n in (1, 5, 30, 12)], 20)
    with torch.no_grad():
        expected = network(torch.from_numpy(padded)).numpy()
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    found = float_logits(tensors, padded, valid_frames(padded), layers, readout)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
