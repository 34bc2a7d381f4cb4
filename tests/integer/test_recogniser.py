"""Decisions clip by clip: batches have borders, and a confidence says something."""

import numpy as np
import pytest

from kilovox.integer.recogniser import BATCH, Recogniser
from models import integer_model, listening_model, make_recogniser


def clips(count):
    random = np.random.default_rng(4)
    return [random.integers(-9000, 9000, 420 + 7 * (index % 50)).astype(np.int16) for index in range(count)]


@pytest.mark.parametrize("recogniser", [make_recogniser(), Recogniser(integer_model("int8"))], ids=["float32", "int8"])
def test_clips_on_either_side_of_a_batch_s_border(recogniser):
    recordings = clips(BATCH + 1)
    together = recogniser(recordings)
    assert len(together.indices) == BATCH + 1
    for index in (0, BATCH - 1, BATCH):
        alone = recogniser([recordings[index]])
        assert alone.indices[0] == together.indices[index]
        np.testing.assert_allclose(alone.logits[0], together.logits[index], rtol=1e-4, atol=1e-4)


def test_the_confidence_of_a_float_model_is_the_softmax_of_its_logits():
    decisions = make_recogniser()(clips(20))
    logits = decisions.logits.astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(decisions.confidence, shares.max(axis=1), rtol=1e-5)
    assert ((decisions.confidence > 1 / 3) & (decisions.confidence < 1)).all()


def test_a_recording_is_heard_out_by_what_listens_alone():
    samples = np.arange(100, dtype=np.int16)
    heard = Recogniser(listening_model()).heard_out(samples)
    assert heard.tolist() == [*range(100), *[0] * 1600]
    assert Recogniser(listening_model()).heard_out(samples[:0]).size == 0
    assert Recogniser(integer_model("int8")).heard_out(samples) is samples
