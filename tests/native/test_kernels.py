"""The C for this machine and the NumPy engine: the same integers, whatever the sizes, shifts and tables."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import FixedPointMFCC, FixedPointStream, quantise
from kilovox.frontend.pipeline import IntegerNormalisation
from kilovox.frontend.word_finder import WordFinder
from kilovox.integer.activation import tanh_table
from kilovox.integer.network import Head, IntegerNetwork, Layer, State, confidence
from kilovox.native.front_end import NativeMFCC, NativeNormalisation
from kilovox.native.library import FLAGS, PORTABLE_FLAGS, Library, NoLibraryError, build
from kilovox.native.network import NativeNetwork

VARIANTS = {
    "this processor": FLAGS,
    "any processor": PORTABLE_FLAGS,
    "sixteen lanes, four columns a word": (*PORTABLE_FLAGS, "-DLANES=16", "-DKV_NARROW=1"),
}


@pytest.fixture(scope="module", params=VARIANTS)
def c(request: pytest.FixtureRequest, common_folder: Path) -> Library:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILOVOX_CACHE", str(common_folder / "native"))
        try:
            return build(VARIANTS[request.param])
        except NoLibraryError as error:
            pytest.skip(str(error))


def random_network(
    seed: int, sizes: list[int], labels: int, largest: int = 127, table: np.ndarray | None = None
) -> IntegerNetwork:
    """Weights up to `largest` in size, that is a power of two where it is 128. sizes: inputs, then units of each layer."""
    random = np.random.default_rng(seed)

    def weights(shape: tuple[int, int]) -> np.ndarray:
        if largest == 128:
            return (random.choice([-1, 1], shape) << random.integers(0, 8, shape)).astype(np.int32)
        return random.integers(-largest - (largest == 127), largest + 1, shape).astype(np.int32)

    layers = []
    for inputs, units in pairwise(sizes):
        rows = 4 * units
        shift = random.integers(0, 12, rows if random.integers(2) else 1)
        layers.append(Layer(
            weights((rows, inputs + units)), random.integers(-(1 << 19), 1 << 19, rows).astype(np.int32),
            np.broadcast_to(shift, rows).astype(np.int32),
        ))  # fmt: skip
    bias = random.integers(-3000, 3000, labels).astype(np.int32)
    head = Head(weights((labels, sizes[-1])), bias, int(random.integers(0, 12)))
    return IntegerNetwork(tuple(layers), head, tanh_table() if table is None else table)


def random_features(seed: int, frames: int, inputs: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = (
        random.choice([-128, -127, 0, 127], (frames, inputs)) if seed % 3 == 0 else random.integers(-128, 128, (frames, inputs))
    )
    return values.astype(np.int8)


def expect_equal(specification: IntegerNetwork, c: Library, clips: list[np.ndarray]) -> None:
    native = NativeNetwork.of(specification, c)
    labels, shares, logits = native.decide(clips)
    expected = specification.run(clips)
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(labels, expected.argmax(axis=1))
    np.testing.assert_array_equal(shares, confidence(specification.head, expected))
    assert (labels.dtype, shares.dtype, logits.dtype) == (np.int64, np.uint8, np.int32)
    states, own = specification.start(len(clips)), native.start(len(clips))
    for frame in range(min(map(len, clips))):
        inputs = np.stack([clip[frame] for clip in clips])
        states, own = specification.step(states, inputs), native.step(own, inputs)
        for want, found in zip(states, own, strict=True):
            np.testing.assert_array_equal(found.hidden, want.hidden)
            np.testing.assert_array_equal(found.cell, want.cell)
            assert (found.hidden.dtype, found.cell.dtype) == (np.int8, np.int16)


@given(
    seed=st.integers(0, 2**32 - 1), inputs=st.integers(1, 62), labels=st.integers(1, 40),
    units=st.lists(st.integers(1, 90), min_size=1, max_size=4), largest=st.sampled_from([1, 127, 128]),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_network_is_equal(c, seed, inputs, units, labels, largest, lengths):
    network = random_network(seed, [inputs, *units], labels, largest)
    expect_equal(network, c, [random_features(seed + clip, frames, inputs) for clip, frames in enumerate(lengths)])


@pytest.mark.parametrize(("units", "largest"), [(1, 127), (1023, 127), (1023, 128), (1000, 1)])
def test_the_smallest_and_the_largest_networks_are_equal(c, units, largest):
    expect_equal(random_network(units, [13, units], 10, largest), c, [random_features(0, 3, 13), random_features(1, 2, 13)])


def test_many_labels_are_equal(c):
    expect_equal(random_network(3, [5, 7], 3000), c, [random_features(1, 4, 5)])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_any_table_of_tanh_is_equal(c, seed):
    table = np.random.default_rng(seed).integers(-32768, 32768, 129).astype(np.int16)
    expect_equal(random_network(seed, [6, 19, 4], 3, table=table), c, [random_features(seed, 6, 6)])


def test_the_largest_sums_are_equal(c):
    """A dot product of 2^30 with its bias, either way, and shifts of 0 and 24."""
    units, weights = 3, np.full((12, 5), 127, np.int32)
    weights[::2] = -128
    reach = 128 * np.abs(weights).sum(axis=1)
    bias = np.where(np.arange(12) % 3, (1 << 30) - reach, reach - (1 << 30)).astype(np.int32)
    shift = np.array([0, 24, 1, 23] * 3, np.int32)
    network = IntegerNetwork((Layer(weights, bias, shift),), Head(weights[:, :units], bias, 24), tanh_table())
    expect_equal(network, c, [np.full((3, 2), -128, np.int8), np.full((3, 2), 127, np.int8)])


def test_of_equal_logits_the_first_is_decided_on(c):
    head = Head(np.zeros((5, 3), np.int32), np.array([1, 7, 7, 3, 7], np.int32), 0)
    network = random_network(1, [4, 3], 5)
    assert NativeNetwork.of(IntegerNetwork(network.layers, head, network.table), c).decide([random_features(1, 2, 4)])[0] == [1]


def front_ends() -> st.SearchStrategy[FixedPointMFCC]:
    def made(words: WordFinder | None, bands: int, share: float, levels: bool, **values: object) -> FixedPointMFCC | None:
        coefficients = max(1 + (words is not None), round(share * bands))
        hop = values.pop("hop")
        if levels:
            words, coefficients, values["features"] = None, bands, "levels"
        try:
            return FixedPointMFCC(
                mel_bands=bands, coefficients=coefficients, words=words, hop=min(hop, 255) if words else hop, **values
            )
        except KilovoxError:
            return None  # such as bands without a bin

    words = st.builds(
        WordFinder, buffer=st.integers(8, 60), pause=st.integers(2, 7), margin=st.integers(0, 2), edge=st.integers(0, 12),
        depth_db=st.floats(1, 100), prominence_db=st.floats(0, 30), shortest=st.integers(1, 8),
    )  # fmt: skip
    return st.builds(
        made, words=st.none() | words, levels=st.booleans(), bands=st.integers(1, 31).map(lambda half: 2 * half),
        share=st.floats(0, 1), hop=st.integers(1, 256), sample_rate=st.sampled_from([8000, 16000]), low_hz=st.floats(0, 300),
        high_hz=st.floats(1500, 4000), floor_db=st.none() | st.floats(1, 190),
        decay_db=st.sampled_from([0.0, 3.0, 4000.0, 1e7]), energy=st.sampled_from(["absolute", "relative"]),
    ).filter(lambda found: found is not None)  # fmt: skip


def sound(seed: int, runs: list[tuple[int, int]]) -> np.ndarray:
    """Runs of (samples, loudness), one after another."""
    random = np.random.default_rng(seed)
    parts = [random.integers(-loud - 1, loud + 1, count) if loud else np.zeros(count) for count, loud in runs]
    return np.concatenate([np.zeros(0), *parts]).astype(np.int16)


SOUNDS = st.lists(st.tuples(st.integers(0, 1500), st.sampled_from([0, 1, 50, 3000, 32767])), max_size=6)


@given(transform=front_ends(), seed=st.integers(0, 2**32 - 1), runs=st.lists(SOUNDS, min_size=1, max_size=3))
@settings(max_examples=90, deadline=None)
def test_any_front_end_is_equal(c, transform, seed, runs):
    recordings = [sound(seed + index, own) for index, own in enumerate(runs)]
    found, expected = NativeMFCC.of(transform, c)(recordings), transform(recordings)
    for own, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(own, want)
        assert own.dtype == want.dtype


@given(transform=front_ends(), seed=st.integers(0, 2**32 - 1), runs=SOUNDS, piece=st.integers(1, 2000))
@settings(max_examples=40, deadline=None)
def test_any_front_end_is_equal_piece_by_piece(c, transform, seed, runs, piece):
    samples = sound(seed, runs)
    streams = [FixedPointStream(NativeMFCC.of(transform, c)), FixedPointStream(transform)]
    for start in range(0, len(samples), piece):
        found, want = (stream.push(samples[start : start + piece]) for stream in streams)
        np.testing.assert_array_equal(found, want)
        assert streams[0].loudest == streams[1].loudest
    np.testing.assert_array_equal(streams[0].flush(), streams[1].flush())


@pytest.mark.parametrize("energy", ["relative", "absolute"])
@pytest.mark.parametrize("features", ["cepstra", "levels"])
@pytest.mark.parametrize("floor_db", [None, 60.0])
def test_full_scale_and_then_silence_are_equal(c, floor_db, features, energy):
    """Cepstra that saturate, squares and alternation at full scale, a difference of 1 in the last sample alone."""
    transform = FixedPointMFCC(floor_db=floor_db, mel_bands=20, coefficients=20, decay_db=0.0, features=features, energy=energy)
    square = np.where(np.arange(3000) // 20 % 2, 32767, -32768)
    alternation = np.where(np.arange(600) % 2, 32767, -32768)
    last = np.zeros(256)
    last[-1] = -1
    recordings = [np.concatenate([part, np.zeros(700)]).astype(np.int16) for part in (square, alternation, last)]
    recordings += [last.astype(np.int16), np.full(400, -32768, np.int16), np.zeros(300, np.int16)]
    for own, want in zip(NativeMFCC.of(transform, c)(recordings), transform(recordings), strict=True):
        np.testing.assert_array_equal(own, want)


def test_levels_that_are_not_as_many_as_bands_are_refused_by_c(c):
    transform = FixedPointMFCC(features="levels", mel_bands=20, coefficients=20)
    native = NativeMFCC.of(transform, c)
    assert native._front_end[1].half_dct is None
    native._front_end[1].coefficients = 19
    with pytest.raises(KilovoxError, match="sizes that the C kernels do not take"):
        native([sound(1, [(600, 3000)])])


@given(seed=st.integers(0, 2**32 - 1), coefficients=st.integers(1, 62), frames=st.integers(0, 9), shift=st.integers(1, 24))
@settings(max_examples=40, deadline=None)
def test_any_normalisation_is_equal(c, seed, coefficients, frames, shift):
    random = np.random.default_rng(seed)
    features = random.choice([-32768, -1, 0, 32767, int(random.integers(-9000, 9000))], (frames, coefficients)).astype(np.int16)
    offset = random.integers(-32768, 32768, coefficients).astype(np.int16)
    multiplier = random.integers(1, 1 << 14, coefficients).astype(np.int16)
    native = NativeNormalisation(IntegerNormalisation(offset, multiplier, shift), coefficients, c)
    np.testing.assert_array_equal(native([features])[0], quantise(features, offset, multiplier, shift))


def test_arrays_that_do_not_fit_are_refused_before_c_sees_them(c):
    layer = random_network(1, [4, 6], 3).layers[0]
    good, table = random_network(1, [4, 6], 3), tanh_table()

    def refused(layers: tuple[Layer, ...] = good.layers, head: Head = good.head, tanh: np.ndarray = table) -> None:
        with pytest.raises(KilovoxError, match="expected"):
            NativeNetwork.of(IntegerNetwork(layers, head, tanh), c)

    refused(tanh=table[:128])
    refused(tanh=table.astype(np.int32))
    refused(head=Head(good.head.weights[:, :5], good.head.bias, 0))
    refused(head=Head(good.head.weights, good.head.bias[:2], 0))
    refused(head=Head(good.head.weights, good.head.bias, 25))
    refused(head=Head(good.head.weights * 200, good.head.bias, 3))
    refused(layers=(layer, layer))
    refused(layers=(Layer(layer.weights, layer.bias[:-1], layer.shift),))
    refused(layers=(Layer(layer.weights, layer.bias, layer.shift[:1]),))
    refused(layers=(Layer(layer.weights, layer.bias, layer.shift + 25),))
    refused(layers=(Layer(layer.weights * 2 + 129, layer.bias, layer.shift),))
    wide = np.broadcast_to(np.int32(1), (4, 5000))
    refused(layers=(Layer(wide, np.zeros(4, np.int32), np.zeros(4, np.int32)),))
    native = NativeNetwork.of(good, c)
    for clip in (np.zeros((2, 5), np.int8), np.zeros((2, 4), np.int16), np.zeros((0, 4), np.int8)):
        with pytest.raises(KilovoxError, match="expected"):
            native.decide([clip])
    with pytest.raises(KilovoxError, match="expected"):
        native.step([State(np.zeros((1, 5), np.int8), np.zeros((1, 6), np.int16))], np.zeros((1, 4), np.int8))
    with pytest.raises(KilovoxError, match=r"\(13,\)"):
        NativeNormalisation(IntegerNormalisation(np.zeros(12, np.int16), np.ones(12, np.int16), 3), 13, c)
    assert NativeMFCC.of(FixedPointMFCC(), c)([]) == []
