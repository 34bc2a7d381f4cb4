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


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5000), st.sampled_from([0, 30, 9000])), min_size=1, max_size=6), st.integers(1, 900))
def test_words_of_any_chunks_are_those_of_the_whole(runs, chunk):
    recogniser = Recogniser(integer_model("int8", words={"buffer": 40, "pause": 4, "margin": 1}))
    random = np.random.default_rng(chunk)
    samples = np.concatenate([random.integers(-limit - 1, limit + 1, count) for count, limit in runs]).astype(np.int16)
    stream = RecogniserStream(recogniser)
    stream.push(samples[::-1])
    stream.reset()
    frames = sum(stream.push(samples[start : start + chunk]) for start in range(0, len(samples), chunk))
    frames += stream.finish()
    if len(samples) == 0:
        with pytest.raises(KilovoxError, match="no whole word heard yet"):
            stream.result()
        return
    whole = recogniser([samples])
    label, confidence, logits = stream.result()
    np.testing.assert_array_equal(logits, whole.logits[0])
    assert (label, confidence) == (recogniser.labels[whole.indices[0]], round(whole.confidence[0] * 255))
    assert stream.words >= 1
    assert frames == stream.frames


def test_before_a_frame_and_float_models():
    stream = RecogniserStream(Recogniser(integer_model("int8")))
    stream.push(np.zeros(100, np.int16))
    with pytest.raises(KilovoxError, match="no whole frame heard yet"):
        stream.result()
    with pytest.raises(KilovoxError, match="float32; expected an integer model"):
        RecogniserStream(make_recogniser())
