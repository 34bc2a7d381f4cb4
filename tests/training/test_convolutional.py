"""The network that listens: causal, and the same without torch, however its sound is cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kilovox.config.network import Block, Network, network_size, tensor_shapes
from kilovox.errors import KilovoxError
from kilovox.integer.float_convolutional import FloatListener
from kilovox.training.convolutional import ConvolutionalClassifier

BLOCKS = (
    Block(channels=4, bands=5, band_stride=2),
    Block(channels=6, frame_stride=2),
    Block(channels=5, band_stride=3, frames=2),
)
BANDS, PROJECTION, HIDDEN, OUTPUTS = 9, 7, 6, 4


def network(blocks=BLOCKS, layers=2, bands=BANDS):
    """Random weights, and running statistics as training leaves them."""
    torch.manual_seed(3)
    made = ConvolutionalClassifier(bands, blocks, PROJECTION, HIDDEN, layers, OUTPUTS)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            module.get_buffer("running_mean").normal_()
            module.get_buffer("running_var").uniform_(0.5, 2.0)
    return made.eval()


def described(blocks=BLOCKS, layers=2):
    return Network(
        kind="convolutional", blocks=blocks, projection=PROJECTION, hidden_dim=HIDDEN, num_layers=layers, output_dim=OUTPUTS - 1
    )


def sound(frames, bands=BANDS, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, bands)).astype(np.float32)


def by_torch(made, features):
    with torch.no_grad():
        return made(torch.from_numpy(features)[None])[0].numpy()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            Block, channels=st.integers(1, 5), frames=st.integers(1, 4), bands=st.sampled_from([1, 3, 5]),
            frame_stride=st.integers(1, 3), band_stride=st.integers(1, 3),
        ),
        min_size=1, max_size=4,
    ),
    st.integers(1, 2), st.integers(1, 12), st.integers(1, 40), st.lists(st.integers(0, 40), max_size=5),
)  # fmt: skip
def test_numpy_is_torch_however_the_sound_is_cut(blocks, layers, bands, frames, cuts):
    made, features = network(blocks, layers, bands), sound(frames, bands)
    listener = FloatListener(made.float_tensors(), described(tuple(blocks), layers), bands)
    parts = [listener.push(part) for part in np.split(features, sorted(min(cut, frames) for cut in cuts))]
    np.testing.assert_allclose(np.concatenate(parts), by_torch(made, features), atol=2e-4)


def test_no_output_depends_on_what_follows():
    made, features = network(), sound(31)
    before = by_torch(made, features)
    features[20:] = 7.0
    after = by_torch(made, features)
    np.testing.assert_array_equal(before[:10], after[:10])
    assert not np.allclose(before[10:], after[10:])


def test_one_output_for_so_many_frames():
    assert described().frame_stride == 2
    assert [len(by_torch(network(), sound(frames))) for frames in (1, 2, 3, 40)] == [1, 1, 2, 20]


def test_activations_are_what_eight_bits_hold():
    made = network()
    found = []
    for module in made.convolutions:
        module.register_forward_hook(lambda *seen: found.append(seen[2]))
    with torch.no_grad():
        for parameter in made.convolutions.parameters():
            parameter.mul_(10)
    by_torch(made, sound(20))
    assert len(found) == 5
    for activation in found:
        assert activation.min() == 0
        assert activation.max() == 127 / 32


def test_tensors_are_those_that_are_expected_and_counted():
    tensors = network().float_tensors()
    shapes = tensor_shapes(described(), BANDS, HIDDEN, OUTPUTS)
    assert {name: tensor.shape for name, tensor in tensors.items()} == shapes
    size = network_size(described(), HIDDEN, "float32", BANDS, OUTPUTS - 1)
    assert size.bytes == sum(tensor.nbytes for tensor in tensors.values())
    assert size.parameters == sum(tensor.size for tensor in tensors.values())
    assert size.names == ("conv 0", "conv 1", "conv 2", "conv 3", "conv 4", "projection", "lstm 0", "lstm 1", "head")
    integers = network_size(described(), HIDDEN, "int8", BANDS, OUTPUTS - 1)
    # By hand: rows x columns + 5 a row (bias, shift); the head has one shift; the table of tanh.
    rows_and_columns = [(4, 15), (4, 9), (6, 4), (6, 6), (5, 6), (7, 10), (24, 13), (24, 12)]
    assert integers.layer_bytes == (*(rows * columns + 5 * rows for rows, columns in rows_and_columns), 4 * 6 + 4 * 4 + 1)
    assert integers.tables == 258


def test_a_network_of_no_convolutions():
    with pytest.raises(KilovoxError, match="no block of convolutions"):
        ConvolutionalClassifier(9, (), 4, 4, 1, 3)
