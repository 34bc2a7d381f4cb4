"""What targets are compared with: as the stream and the recogniser say it, frame by frame."""

import numpy as np
import pytest

from kilovox.integer.observation import decided_by, expected
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream
from models import integer_model


def recording():
    """A soft burst between pauses, and a loud one at the end. (samples,) int16."""
    random = np.random.default_rng(8)
    runs = ((900, 2), (1600, 900), (2400, 2), (1700, 9000))
    return np.concatenate([random.integers(-limit - 1, limit + 1, count) for count, limit in runs]).astype(np.int16)


@pytest.mark.parametrize("words", [None, {"buffer": 40, "pause": 4, "margin": 1}])
def test_every_frame_of_the_stream_and_its_decision(words):
    recogniser, samples = Recogniser(integer_model("int8", words=words)), recording()
    want, stream = expected(recogniser, samples), RecogniserStream(recogniser)
    stream.push(samples)
    before = stream.words
    stream.finish()
    assert {len(want.cepstra), len(want.features), len(want.hidden), len(want.cell)} == {stream.frames}
    decided = decided_by(stream.result(), recogniser.labels)
    for stage in ("logits", "label", "confidence", "outcome"):
        np.testing.assert_array_equal(getattr(want, stage), getattr(decided, stage))
    # A network that hears words stands still between them, and the end of the recording is the end of the second.
    moved = (want.cell[1:] != want.cell[:-1]).any(axis=(1, 2)).sum()
    assert (before, stream.words, moved) == ((1, 2, 2) if words else (0, 0, stream.frames - 1))
