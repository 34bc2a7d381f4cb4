"""The integer network: bounds, guard against floats, a reference written another way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.budget import size_of
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC, quantise
from kilovox.integer.activation import sigmoid, tanh
from kilovox.integer.network import Head, build_network, confidence, logits, lstm_step
from kilovox.integer.operations import rounding_shift, saturate_int8, saturate_int16
from kilovox.integer.power_of_two import decode, unpack
from models import random_tensors


def slow_reference(tensors, arithmetic, layers, clip):
    """One clip, one unit, one weight at a time, with Python's unbounded integers."""

    def shift(x, by):
        return (x + ((1 << by) >> 1)) >> by

    def clamp(x, bits):
        return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, x))

    def weights(name, columns):
        stored = tensors[f"{name}.weights"]
        return (decode(unpack(stored, columns)) if arithmetic == "pow2" else stored).tolist()

    table = tensors["activation.tanh"]
    act = {
        f: {z: int(v) for z, v in zip(range(-32768, 32768), f(table, np.arange(-32768, 32768).astype(np.int16)), strict=True)}
        for f in (sigmoid, tanh)
    }
    states = []
    for frame in clip.tolist():
        inputs = frame
        for layer in range(layers):
            bias = tensors[f"lstm{layer}.bias"].tolist()
            units = len(bias)
            if len(states) == layer:
                states.append(([0] * units, [0] * units))
            h, c = states[layer]
            xh = inputs + h
            matrix = weights(f"lstm{layer}", len(xh))
            stored = np.broadcast_to(tensors[f"lstm{layer}.shift"], (units, 4)).tolist()
            new_h, new_c = [], []
            for u in range(units):
                z = [
                    clamp(shift(sum(matrix[u][k][g] * x for k, x in enumerate(xh)) + bias[u][g], stored[u][g]), 16)
                    for g in range(4)
                ]
                i, f, g, o = act[sigmoid][z[0]], act[sigmoid][z[1]], act[tanh][z[2]], act[sigmoid][z[3]]
                cell = clamp((f * c[u] + ((i * g) >> 3) + (1 << 14)) >> 15, 16)
                new_c.append(cell)
                new_h.append(clamp(shift(o * act[tanh][cell], 23), 8))
            states[layer] = (new_h, new_c)
            inputs = new_h
    head = weights("head", len(inputs))[0]
    return [sum(head[u][k] * x for u, x in enumerate(inputs)) + b for k, b in enumerate(tensors["head.bias"].tolist())]


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
@pytest.mark.parametrize(("units", "layers"), [(5, 2), (3, 1), (4, 3)])
def test_equal_to_a_reference_written_another_way(arithmetic, units, layers):
    tensors = random_tensors(arithmetic, units, layers)
    network = build_network(tensors, arithmetic, layers, 13)
    generator = np.random.default_rng(1)
    clips = [generator.integers(-128, 128, (n, 13)).astype(np.int8) for n in (1, 7, 20)]
    found = network.run(clips)
    assert found.dtype == np.int32
    for row, clip in zip(found, clips, strict=True):
        assert row.tolist() == slow_reference(tensors, arithmetic, layers, clip)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(0, 2**31))
def test_a_batch_is_the_same_as_one_by_one(lengths, seed):
    network = build_network(random_tensors("int8", seed=seed % 7), "int8", 2, 13)
    generator = np.random.default_rng(seed)
    clips = [generator.integers(-128, 128, (n, 13)).astype(np.int8) for n in lengths]
    np.testing.assert_array_equal(network.run(clips), np.concatenate([network.run([clip]) for clip in clips]))


class IntegersOnly(np.ndarray):
    """An array that may never become one of floats, nor any array made from it."""

    def __array_finalize__(self, other):
        assert self.dtype.kind in "iub", f"a {self.dtype} array was made"

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(x) if isinstance(x, IntegersOnly) else x for x in inputs]
        if out is not None:
            options["out"] = tuple(np.asarray(x) if isinstance(x, IntegersOnly) else x for x in out)
        for x in plain:
            assert not isinstance(x, float | np.floating), f"{ufunc.__name__} of the float {x}"
            assert not isinstance(x, np.ndarray) or x.dtype.kind in "iub", f"{ufunc.__name__} of {x.dtype}"
        result = getattr(ufunc, method)(*plain, **options)
        assert np.asarray(result).dtype.kind in "iub", f"{ufunc.__name__} gave {np.asarray(result).dtype}"
        return result.view(IntegersOnly) if isinstance(result, np.ndarray) else result


def guarded(array):
    return np.ascontiguousarray(array).view(IntegersOnly)


def test_the_guard_guards():
    with pytest.raises(AssertionError, match="divide gave float64"):
        guarded(np.arange(3)) / 2
    with pytest.raises(AssertionError, match="a float32 array was made"):
        guarded(np.arange(3)).astype(np.float32)
    with pytest.raises(AssertionError, match="of the float"):
        guarded(np.arange(3)) * 0.5


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_no_float_from_features_to_confidence(arithmetic):
    network = build_network({name: guarded(t) for name, t in random_tensors(arithmetic).items()}, arithmetic, 2, 13)
    clips = [guarded(np.random.default_rng(0).integers(-128, 128, (n, 13)).astype(np.int8)) for n in (4, 9)]
    found = network.run(clips)
    assert confidence(network.head, found.view(IntegersOnly)).dtype == np.uint8


def test_no_float_from_samples_to_features():
    front_end = FixedPointMFCC()
    for table in front_end._tables:
        front_end._tables[table] = guarded(front_end._tables[table])
    samples = np.random.default_rng(0).integers(-32768, 32768, 2000).astype(np.int16)
    (plain,) = FixedPointMFCC()([samples])
    (features,) = front_end([guarded(samples)])
    np.testing.assert_array_equal(features, plain)
    offset, multiplier = (guarded(np.full(13, value, np.int16)) for value in (-100, 5))
    assert quantise(guarded(features), offset, multiplier, 7).dtype == np.int8


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_nothing_overflows_at_the_corners(arithmetic):
    """The same in 64 bits: every weight, input and state at its extremes."""
    tensors = random_tensors(arithmetic, units=60, extreme=True)
    if arithmetic == "int8":
        tensors["lstm0.weights"][:] = -127
        tensors["lstm0.bias"][:] = -(2**22)
        tensors["lstm0.shift"][:] = 0
    network = build_network(tensors, arithmetic, 2, 13)
    (state, _) = network.start(3)
    state.hidden[:], state.cell[:] = -128, [[-32768], [32767], [0]]
    inputs = np.array([[-128] * 13, [127] * 13, [0] * 13], np.int8)
    layer = network.layers[0]
    total = np.concatenate([inputs, state.hidden], axis=1).astype(np.int64) @ layer.weights.T.astype(np.int64) + layer.bias
    assert np.abs(total).max() < 2**30
    wide = np.clip((total + ((1 << layer.shift.astype(np.int64)) >> 1)) >> layer.shift, -32768, 32767).reshape(3, -1, 4)
    following = lstm_step(layer, network.table, inputs, state)
    i, f, o = (sigmoid(network.table, wide[..., k].astype(np.int16)).astype(np.int64) for k in (0, 1, 3))
    g = tanh(network.table, wide[..., 2].astype(np.int16)).astype(np.int64)
    cell = np.clip((f * state.cell.astype(np.int64) + ((i * g) >> 3) + (1 << 14)) >> 15, -32768, 32767)
    np.testing.assert_array_equal(following.cell, cell)
    hidden = (o * tanh(network.table, cell.astype(np.int16)) + (1 << 22)) >> 23
    np.testing.assert_array_equal(following.hidden, np.clip(hidden, -128, 127))


def test_bytes_are_those_of_the_budget():
    for arithmetic, units, layers in (("int8", 51, 2), ("int8", 9, 1), ("pow2", 72, 2), ("pow2", 7, 1)):
        tensors = random_tensors(arithmetic, units, layers)
        stored = sum(tensor.nbytes for tensor in tensors.values())
        assert stored == size_of(units, layers, arithmetic).bytes


@given(st.integers(-(2**24), 2**24), st.integers(0, 24))
def test_rounding_shift(x, shift):
    found = rounding_shift(np.array([x], np.int32), shift)
    assert found.dtype == np.int32
    assert found[0] == (x + ((1 << shift) >> 1)) >> shift


def test_saturation():
    assert saturate_int8(np.array([-1000, -129, 5, 128])).tolist() == [-128, -128, 5, 127]
    assert saturate_int16(np.array([-40000, 7, 40000])).tolist() == [-32768, 7, 32767]


@given(st.lists(st.integers(-(2**20), 2**20), min_size=2, max_size=12), st.integers(4, 12))
def test_confidence_is_near_the_softmax(values, shift):
    head = Head(np.zeros((len(values), 1), np.int32), np.zeros(len(values), np.int32), shift)
    found = int(confidence(head, np.array([values], np.int32))[0])
    real = np.array(values) / 2.0 ** (shift + 8)
    expected = 255 / np.exp(np.minimum(real - real.max(), 0)).sum()
    assert abs(found - expected) < 3
    assert 0 < found <= 255


def test_logits_of_the_head():
    head = Head(np.array([[1, 2], [3, -4]], np.int32), np.array([10, 20], np.int32), 1)
    assert logits(head, np.array([[5, 6]], np.int8)).tolist() == [[27, 11]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lstm0.weights": None}, "no tensor 'lstm0.weights'"),
        ({"lstm0.weights": np.zeros((5, 18, 4), np.int16)}, r"tensor lstm0\.weights: int16 .* expected int8"),
        ({"lstm1.bias": np.zeros((5, 3), np.int32)}, r"tensor lstm1\.bias: int32 \(5, 3\); expected int32 \(None, 4\)"),
        ({"lstm0.bias": np.full((5, 4), 2**30, np.int32)}, r"lstm0: a dot product may reach .* expected at most 2\^30"),
        ({"lstm0.shift": np.full((5, 4), 25, np.uint8)}, "lstm0: shift 25; expected at most 24"),
        ({"activation.tanh": np.zeros(5, np.int16)}, r"tensor activation\.tanh"),
    ],
)
def test_tensors_that_do_not_fit(change, said):
    tensors = {name: tensor for name, tensor in (random_tensors("int8") | change).items() if tensor is not None}
    with pytest.raises(KilovoxError, match=said):
        build_network(tensors, "int8", 2, 13)


def test_an_empty_clip():
    network = build_network(random_tensors("int8"), "int8", 2, 13)
    with pytest.raises(KilovoxError, match="a clip of 0 frames"):
        network.run([np.zeros((0, 13), np.int8)])
