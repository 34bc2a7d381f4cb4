"""The classifier: where the state is read, and what its parameters take."""

import pytest
import torch

from kilovox import LSTMClassifier, get_model_params_size
from kilovox.errors import KilovoxError
from kilovox.training.network import valid_frames


def test_parameters_of_the_seed(capsys):
    assert get_model_params_size(LSTMClassifier(13, 128, 2, 10))[0] == 206_602
    printed = capsys.readouterr().out
    assert "lstm.weight_ih_l0              -> 6,656 params" in printed
    assert "Total Parameters: 206,602" in printed
    assert "Estimated Memory: 807.04 KB (0.79 MB)" in printed
    parameters, kilobytes = get_model_params_size(LSTMClassifier(13, 24, 2, 10), verbose=False)
    assert (parameters, kilobytes) == (8_794, 8_794 * 4 / 1024)
    assert capsys.readouterr().out == ""


def test_padding_does_not_matter_at_the_last_valid_frame():
    torch.manual_seed(0)
    network = LSTMClassifier(13, 8, 2, 10).eval()
    clip = torch.randn(1, 9, 13)
    padded = torch.cat([clip, torch.zeros(1, 20, 13)], dim=1)
    torch.testing.assert_close(network(padded), network(clip))
    late = LSTMClassifier(13, 8, 2, 10, readout="after_padding").eval()
    late.load_state_dict(network.state_dict())
    assert not torch.allclose(late(padded), late(clip))


def test_valid_frames():
    padded = torch.zeros(3, 5, 2)
    padded[0, :2] = 1
    padded[1, 4, 1] = -1
    assert valid_frames(padded).tolist() == [2, 5, 1]


def test_readout_is_checked():
    with pytest.raises(KilovoxError, match="readout 'first'; expected one of last_valid, after_padding"):
        LSTMClassifier(13, 8, 2, 10, readout="first")
