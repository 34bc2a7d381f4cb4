"""The network that listens in the C for this machine: the same integers as in NumPy, however its sound is cut."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.models import random_listener
from kilovox.errors import KilovoxError
from kilovox.integer.convolution import IntegerListener, build_convolutions
from kilovox.integer.detection import FrameDetector
from kilovox.integer.network import build_network
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import FastRecogniser, as_fast_as_possible, fast_detector
from kilovox.native.library import FLAGS, PORTABLE_FLAGS, Library, NoLibraryError, build
from kilovox.native.listener import NativeConvolutions, NativeListener
from kilovox.native.network import NativeNetwork

BLOCK = st.fixed_dictionaries({
    "channels": st.integers(1, 5).map(lambda fours: 4 * fours), "frames": st.integers(1, 4),
    "bands": st.sampled_from([1, 3, 5]), "frame_stride": st.integers(1, 3), "band_stride": st.integers(1, 3),
})  # fmt: skip


@pytest.fixture(scope="module", params=[FLAGS, PORTABLE_FLAGS], ids=["this processor", "any processor"])
def c(request: pytest.FixtureRequest, common_folder: Path) -> Library:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILOVOX_CACHE", str(common_folder / "native"))
        try:
            return build(request.param)
        except NoLibraryError as error:
            pytest.skip(str(error))


@given(
    arithmetic=st.sampled_from(["int8", "pow2"]), blocks=st.lists(BLOCK, min_size=1, max_size=3), bands=st.integers(1, 9),
    layers=st.integers(1, 2), seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 30), max_size=4),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_any_network_is_equal_in_any_pieces(c, arithmetic, blocks, bands, layers, seed, cuts):
    model = random_listener(arithmetic, 5, layers, blocks=tuple(blocks), seed=seed, mel_bands=2 * bands)
    recogniser = Recogniser(model)
    features = np.random.default_rng(seed).choice([-128, -5, 0, 3, 127], (30, 2 * bands)).astype(np.int8)
    want = recogniser.listener().push(features)
    native = FastRecogniser(model, c).listener()
    parts = [native.push(part) for part in np.split(features, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), want)
    assert parts[0].dtype == np.int32


def test_the_largest_sums_are_equal(c):
    """Shifts of 0 and 24, and sums and biases as large as a model may have."""
    model = random_listener("int8")
    tensors = dict(model.tensors)
    tensors["conv0.weights"] = np.full_like(tensors["conv0.weights"], 127)
    tensors["conv0.shift"] = np.array([[0, 24, 1, 23]] * 2, np.uint8)
    reach = 128 * 127 * 10
    tensors["conv0.bias"] = np.array([[(1 << 30) - reach, reach - (1 << 30)] * 2] * 2, np.int32)
    model = model.model_copy(update={"tensors": tensors})
    features = np.repeat(np.array([[-128], [127], [0]], np.int8), 10, axis=1)
    want = Recogniser(model).listener().push(features)
    np.testing.assert_array_equal(FastRecogniser(model, c).listener().push(features), want)


def test_recordings_and_streams_are_heard_alike(c):
    model = random_listener("pow2")
    plain, native = Recogniser(model), FastRecogniser(model, c)
    random = np.random.default_rng(2)
    sounds = [
        (random.integers(-9000, 9000, count) * (np.arange(count) // 1500 % 2)).astype(np.int16) for count in (90, 300, 9000)
    ]
    found, want = native(sounds), plain(sounds)
    for name in ("indices", "confidence", "logits", "outcomes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name))
    assert list(FrameDetector(native)(sounds)) == list(FrameDetector(plain)(sounds)) != []


def test_the_commands_take_it(c):
    recogniser = as_fast_as_possible(Recogniser(random_listener("int8")))
    assert type(recogniser) is FastRecogniser
    assert type(recogniser.listener()) is NativeListener
    assert type(fast_detector(Recogniser(random_listener("int8")))) is FrameDetector


def test_features_and_layers_that_do_not_fit_are_refused(c):
    model = random_listener("int8")
    network = Recogniser(model).network
    listener = FastRecogniser(model, c).listener()
    for wrong in (np.zeros((2, 9), np.int8), np.zeros((2, 10), np.int16)):
        with pytest.raises(KilovoxError, match=r"expected int8 \(frames, 10\)"):
            listener.push(wrong)
    convolutions = NativeConvolutions.of(build_convolutions(model.tensors, "int8", network, 10))
    engine = NativeNetwork.of(build_network(model.tensors, "int8", 1, 8), c)
    for name, value in (("rows", 5000), ("bands", 2), ("frames", 0), ("channels", 7)):
        broken = NativeConvolutions.of(convolutions)
        setattr(broken._structures[1], name, value)
        with pytest.raises(KilovoxError, match="sizes that the C kernels do not take"):
            NativeListener(broken, engine, c).push(np.zeros((3, 10), np.int8))
    assert isinstance(NativeListener(convolutions, engine, c), IntegerListener)
