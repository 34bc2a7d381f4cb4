"""What training computes is what the integer engine computes, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.config.network import Block, Network, network_size
from kilovox.errors import KilovoxError
from kilovox.integer.convolution import IntegerListener, build_convolutions
from kilovox.integer.network import HIDDEN_BITS, build_network
from kilovox.integer.power_of_two import decode, unpack
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.quantised_convolutional import QuantisedConvolutionalClassifier, best_largest_exponents

BLOCKS = (
    Block(channels=4, bands=5, band_stride=2),
    Block(channels=8, frame_stride=2),
    Block(channels=4, band_stride=3, frames=2),
)
BANDS, PROJECTION, HIDDEN, OUTPUTS = 9, 8, 6, 4


def made(arithmetic, blocks=BLOCKS, layers=1, bands=BANDS, scale=1.0, seed=3):
    torch.manual_seed(seed)
    network = ConvolutionalClassifier(bands, blocks, PROJECTION, HIDDEN, layers, OUTPUTS)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.5 * scale)
    quantised = QuantisedConvolutionalClassifier(bands, blocks, PROJECTION, HIDDEN, layers, OUTPUTS, arithmetic)
    quantised.take(network.eval())
    return network, quantised.eval()


def described(blocks, layers=1):
    return Network(
        kind="convolutional", blocks=tuple(blocks), projection=PROJECTION, hidden_dim=HIDDEN, num_layers=layers,
        output_dim=OUTPUTS - 1,
    )  # fmt: skip


def engine(quantised, arithmetic, blocks=BLOCKS, layers=1, bands=BANDS):
    tensors = quantised.integer_tensors()
    convolutions = build_convolutions(tensors, arithmetic, described(blocks, layers), bands)
    network = build_network(tensors, arithmetic, layers, PROJECTION)
    return IntegerListener(convolutions, network), network


def by_torch(quantised, head, features):
    """The integers of the logits."""
    with torch.no_grad():
        logits = quantised(torch.from_numpy(features.astype(np.float32) / 32)[None])[0].numpy()
    exponent = quantised.recurrent.quantised_head().exponent.numpy()
    integers = logits.astype(np.float64) * 2.0 ** (exponent + HIDDEN_BITS)
    assert (integers == np.rint(integers)).all()
    return integers.astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["int8", "pow2"]),
    st.lists(
        st.builds(
            Block, channels=st.sampled_from([4, 8, 12]), frames=st.integers(1, 4), bands=st.sampled_from([1, 3, 5]),
            frame_stride=st.integers(1, 3), band_stride=st.integers(1, 3),
        ),
        min_size=1, max_size=4,
    ),
    st.integers(1, 2), st.integers(1, 12), st.integers(1, 40), st.lists(st.integers(0, 40), max_size=5),
    st.sampled_from([0.02, 1.0, 40.0]), st.integers(0, 9),
)  # fmt: skip
def test_the_engine_is_training_however_the_sound_is_cut(arithmetic, blocks, layers, bands, frames, cuts, scale, seed):
    _, quantised = made(arithmetic, blocks, layers, bands, scale, seed)
    features = np.random.default_rng(seed).integers(-128, 128, (frames, bands)).astype(np.int8)
    listener, network = engine(quantised, arithmetic, blocks, layers, bands)
    parts = [listener.push(part) for part in np.split(features, sorted(min(cut, frames) for cut in cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), by_torch(quantised, network.head, features))


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_bytes_are_those_that_are_counted(arithmetic):
    tensors = made(arithmetic)[1].integer_tensors()
    size = network_size(described(BLOCKS), HIDDEN, arithmetic, BANDS, OUTPUTS - 1)
    assert size.bytes == sum(tensor.nbytes for tensor in tensors.values())


def test_every_weight_is_a_power_of_two():
    tensors = made("pow2")[1].integer_tensors()
    columns = {"conv0": 15, "conv1": 9, "conv2": 4, "conv3": 6, "conv4": 8, "projection": 4 * 2}
    for name, count in columns.items():
        weights = np.abs(decode(unpack(tensors[f"{name}.weights"], count)))
        assert (weights > 0).all()
        assert (weights & (weights - 1) == 0).all()


def test_int8_is_near_the_floats():
    network, quantised = made("int8", scale=0.5)
    features = np.random.default_rng(1).integers(-60, 60, (40, BANDS)).astype(np.float32) / 32
    with torch.no_grad():
        floats, integers = (one(torch.from_numpy(features)[None]).numpy() for one in (network, quantised))
    assert np.abs(floats - integers).max() < 0.15 * np.abs(floats).max()


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_gradients_reach_every_parameter(arithmetic):
    _, quantised = made(arithmetic)
    quantised.train()
    features = torch.randint(-60, 60, (2, 30, BANDS), generator=torch.manual_seed(1)) / 32
    quantised(features).square().sum().backward()
    for name, parameter in quantised.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


def test_the_gradient_is_that_of_the_floats_where_nothing_saturates():
    network, quantised = made("int8", scale=0.3)
    features = torch.randint(-60, 60, (4, 24, BANDS), generator=torch.manual_seed(1)) / 32
    grads = []
    for one, weight in ((network, network.fc.weight), (quantised, quantised.recurrent.fc.weight)):
        one(features).square().sum().backward()
        grads.append(weight.grad.flatten())
    assert torch.nn.functional.cosine_similarity(*grads, dim=0) > 0.98


def test_exponents_of_rows():
    weights = torch.tensor([[1.0, 0.5, -0.25], [96.0, 64.0, 3.0], [0.0, 0.0, 0.0]])
    assert best_largest_exponents(weights)[:2].tolist() == [0.0, 7.0]
    assert torch.isfinite(best_largest_exponents(weights)).all()


def test_what_does_not_fit():
    tensors = made("int8")[1].integer_tensors()
    network = described(BLOCKS)
    for name, value, said in [
        ("conv1.weights", tensors["conv1.weights"][:, :-1], "tensor conv1.weights"),
        ("conv0.bias", tensors["conv0.bias"] + 2**30, "conv0: a dot product may reach"),
        ("projection.shift", tensors["projection.shift"] + np.uint8(25), "projection: shift"),
        ("conv2.weights", tensors["conv2.weights"].astype(np.int16), "tensor conv2.weights: int16"),
    ]:
        with pytest.raises(KilovoxError, match=said):
            build_convolutions({**tensors, name: value}, "int8", network, BANDS)
    odd = Network(
        kind="convolutional", blocks=(Block(channels=6),), projection=8, hidden_dim=6, num_layers=1, output_dim=OUTPUTS
    )
    with pytest.raises(KilovoxError, match="conv0: 6 rows; expected a multiple of 4"):
        build_convolutions(tensors, "int8", odd, BANDS)
