"""A live recording is a whole recording."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.errors import KilovoxError
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream
from models import integer_model, make_recogniser


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=12), st.integers(0, 1000), st.sampled_from(["int8", "pow2"]))
def test_any_chunks_give_the_same_bits(chunks, seed, arithmetic):
    recogniser = Recogniser(integer_model(arithmetic))
    samples = np.random.default_rng(seed).integers(-9000, 9000, max(1, sum(chunks))).astype(np.int16)
    stream = RecogniserStream(recogniser)
    stream.push(np.full(700, 5000, np.int16))
    stream.reset()
    frames = sum(stream.push(part) for part in np.split(samples, np.cumsum(chunks)))
    frames += stream.finish()
    whole = recogniser([samples])
    label, confidence, logits = stream.result()
    np.testing.assert_array_equal(logits, whole.logits[0])
    assert label == recogniser.labels[whole.indices[0]]
    assert confidence == round(whole.confidence[0] * 255)
    assert frames == stream.frames == len(recogniser.raw_features([samples])[0])


def test_before_a_frame_and_float_models():
    stream = RecogniserStream(Recogniser(integer_model("int8")))
    stream.push(np.zeros(100, np.int16))
    with pytest.raises(KilovoxError, match="no whole frame heard yet"):
        stream.result()
    with pytest.raises(KilovoxError, match="float32; expected an integer model"):
        RecogniserStream(make_recogniser())
