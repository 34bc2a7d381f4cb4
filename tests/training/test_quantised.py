"""Training that simulates the integers: the very same integers, and gradients that are the LSTM's."""

import numpy as np
import pytest
import torch

from kilovox.integer.network import build_network
from kilovox.integer.operations import Words
from kilovox.integer.power_of_two import check_power_of_two, decode, unpack
from kilovox.training.network import LSTMClassifier
from kilovox.training.quantised import QuantisedLSTMClassifier, best_largest_exponent, quantise_int8, quantise_pow2


def make(arithmetic, hidden=12, layers=2, per_row=True, scale=1.0):
    torch.manual_seed(0)
    network = LSTMClassifier(13, hidden, layers, 10, dropout=0.0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    quantised = QuantisedLSTMClassifier(13, hidden, layers, 10, arithmetic, per_row=per_row)
    quantised.take(network)
    return network, quantised


def clips_of(count, seed=0):
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 40, count)
    clips = [np.clip(generator.normal(0, 40, (n, 13)), -128, 127).astype(np.int8) for n in lengths]
    padded = np.zeros((count, 40, 13), np.float32)
    for row, clip in zip(padded, clips, strict=True):
        row[: len(clip)] = clip / 32
    return clips, torch.from_numpy(padded), torch.from_numpy(lengths)


def engine_states(network, clip) -> list[list[Words]]:
    states, found = network.start(1), []
    for frame in clip:
        states = network.step(states, frame[None])
        found.append([state.hidden[0] for state in states])
    return found


@pytest.mark.parametrize("per_row", [True, False])
@pytest.mark.parametrize(("arithmetic", "scale"), [("int8", 1.0), ("int8", 20.0), ("pow2", 1.0), ("pow2", 20.0)])
def test_every_layers_integers_are_the_engines(arithmetic, scale, per_row):
    _, quantised = make(arithmetic, per_row=per_row, scale=scale)
    clips, features, valid = clips_of(60)
    engine = build_network(quantised.integer_tensors(), arithmetic, 2, 13)
    quantised.train()
    with torch.no_grad():
        layers = [states.numpy() for states in quantised.states(features)]
        logits = quantised(features, valid)
    for index, clip in enumerate(clips):
        for frame, states in enumerate(engine_states(engine, clip)):
            for layer, hidden in enumerate(states):
                np.testing.assert_array_equal(layers[layer][index, frame], hidden)
    units = 2.0 ** (int(quantised.quantised_head().exponent[0]) + 7)
    np.testing.assert_array_equal(logits.numpy() * units, engine.run(clips))


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_after_training_on_real_recordings(arithmetic, fsdd_folder, tmp_path):
    """200 recordings through a network that was trained for integers: every layer, every frame, exactly."""
    from kilovox.config import parse_configuration
    from kilovox.corpus.fsdd import open_fsdd
    from kilovox.frontend.pipeline import as_floats, pad
    from kilovox.integer.recogniser import Recogniser
    from kilovox.training.checkpoint import load_checkpoint
    from kilovox.training.experiment import run_experiment

    config = parse_configuration(
        {
            "experiment": {"name": "x"}, "frontend": {"kind": "fixed_point"}, "model": {"hidden_dim": 16, "dropout": 0.0},
            "training": {"epochs": 3},
            "quantisation": {"arithmetic": arithmetic, "epochs": 2, "dropout": 0.0},
        },
        "x",
    )  # fmt: skip
    corpus = open_fsdd(fsdd_folder).subset(range(0, 3000, 15))
    recogniser = Recogniser(run_experiment(config, corpus, tmp_path, progress=False))
    quantised = QuantisedLSTMClassifier(13, 16, 2, 10, arithmetic)
    optimizer = torch.optim.AdamW(quantised.parameters())
    (best, _), _ = load_checkpoint(tmp_path / "quantised" / "checkpoint.safetensors", quantised, optimizer)
    quantised.load_state_dict(best)
    sequences = recogniser.normalised(recogniser.corpus_features(corpus))
    assert len(sequences) == 200
    features = torch.from_numpy(as_floats(pad(sequences, max(map(len, sequences)))))
    with torch.no_grad():
        layers = [states.numpy() for states in quantised.eval().states(features)]
        decided = quantised(features, torch.tensor([len(sequence) for sequence in sequences])).argmax(dim=1)
    for index, sequence in enumerate(sequences):
        for frame, states in enumerate(engine_states(recogniser.engine, sequence)):
            for layer, hidden in enumerate(states):
                np.testing.assert_array_equal(layers[layer][index, frame], hidden)
    np.testing.assert_array_equal(decided, recogniser.decide(recogniser.corpus_features(corpus)).indices)


def test_gradients_are_those_of_the_float_network():
    """With fine steps the straight-through gradient is nearly the true one."""
    network, quantised = make("int8")
    _, features, valid = clips_of(32)
    for model in (network, quantised):
        torch.nn.functional.cross_entropy(model(features, valid), torch.arange(32) % 10).backward()
    for layer in range(2):
        scale = 0.25 if layer == 0 else 1.0
        expected = torch.cat([
            getattr(network.lstm, f"weight_ih_l{layer}").grad * scale, getattr(network.lstm, f"weight_hh_l{layer}").grad,
        ], dim=1)  # fmt: skip
        for ours, theirs in (
            (quantised.weights[layer].grad, expected),
            (quantised.biases[layer].grad, getattr(network.lstm, f"bias_ih_l{layer}").grad),
        ):
            assert torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0) > 0.99
            assert 0.9 < ours.norm() / theirs.norm() < 1.1


def test_int8_rounding():
    weights = torch.tensor([[0.5, -1.0, 0.013], [3.9, 0.0, 0.1]])
    found = quantise_int8(weights, torch.zeros(2), True, 5)
    assert found.exponent.tolist() == [6.0, 5.0]
    assert found.weights.tolist() == [[32, -64, 1], [125, 0, 3]]
    assert quantise_int8(weights, torch.zeros(2), False, 5).exponent.tolist() == [5.0, 5.0]


def test_pow2_rounding_is_to_the_nearest():
    values = torch.linspace(-3, 3, 1201)[None]
    found = quantise_pow2(values, torch.zeros(1), 1)
    check_power_of_two(found.weights.numpy().astype(int))
    real = found.weights * torch.exp2(-found.exponent)[:, None]
    grid = torch.tensor([sign * 2.0**k for sign in (-1, 1) for k in range(-6, 2)])
    nearest = (values[0][:, None] - grid).abs().min(dim=1).values
    torch.testing.assert_close((real - values)[0].abs(), nearest, atol=1e-6, rtol=0)
    assert found.weights[0, 600] == 1, "there is no zero"


def test_best_exponent():
    assert best_largest_exponent(torch.full((3, 3), 0.25)) == -2
    assert best_largest_exponent(torch.full((3, 3), 100.0)) == 2


def test_no_stored_weight_is_anything_else():
    _, quantised = make("pow2")
    tensors = quantised.integer_tensors()
    for name, columns in (("lstm0", 25), ("lstm1", 24), ("head", 12)):
        check_power_of_two(decode(unpack(tensors[f"{name}.weights"], columns)))


def test_it_learns():
    torch.manual_seed(0)
    labels = torch.arange(40) % 4
    features = torch.round(torch.randn(40, 10, 13) * 16 + labels[:, None, None] * 20 - 30).clamp(-128, 127) / 32
    for arithmetic in ("int8", "pow2"):
        _, quantised = make(arithmetic, hidden=8, layers=1)
        optimizer = torch.optim.Adam(quantised.parameters(), 0.02)
        losses = []
        for _ in range(40):
            loss = torch.nn.functional.cross_entropy(quantised(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("count", [1, 2, 23])
def test_a_batch_in_parts_by_length_gives_the_same(count):
    network, quantised = make("int8", layers=1)
    _, padded, lengths = clips_of(count)
    for model in (network.eval(), quantised.eval()):
        found = []
        for parts in (1, 3):
            model.zero_grad()
            model.parts = parts
            logits = model(padded, lengths)
            logits.square().sum().backward()
            found.append((logits.detach(), model.fc.weight.grad.clone()))
        (whole, gradient), (apart, gradient_apart) = found
        torch.testing.assert_close(apart, whole)
        torch.testing.assert_close(gradient_apart, gradient)
        if model is quantised:
            assert torch.equal(apart, whole)
