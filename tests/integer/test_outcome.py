"""What decisions come to."""

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer import outcome
from kilovox.integer.model_file import Metadata
from kilovox.integer.recogniser import Recogniser
from models import integer_model, make_model, make_recogniser

NOISE = np.random.default_rng(1).integers(-9000, 9000, 3000).astype(np.int16)


def test_outcomes_are_numbered_as_in_c():
    assert (outcome.NOTHING, outcome.UNKNOWN, outcome.LABEL) == (0, 1, 2)
    assert outcome.NAMES == ("nothing", "unknown", "label")


def test_a_confidence_is_judged_by_the_threshold_of_its_own_label():
    found = outcome.judged(np.array([0, 1, 1, 2]), np.array([9, 9, 10, 0]) / 255, np.array([0, 10, 0], np.uint8))
    assert (found.tolist(), found.dtype) == ([2, 1, 2, 2], np.uint8)
    assert outcome.label_of(outcome.UNKNOWN, 1, "abc") == (None, "b")
    assert outcome.label_of(outcome.LABEL, 1, "abc") == ("b", "b")
    assert outcome.label_of(outcome.NOTHING, 0, "abc") == (None, None)


@pytest.mark.parametrize("recogniser", [make_recogniser(), Recogniser(integer_model("pow2"))], ids=["float32", "pow2"])
def test_nothing_is_heard_in_silence_and_in_less_than_a_window(recogniser):
    window = recogniser.front_end.window
    recordings = [NOISE, NOISE[:0], NOISE * 0, NOISE[:1], NOISE[: window - 1], NOISE[:window], np.full(3000, 77, np.int16)]
    found = recogniser(recordings)
    assert found.outcomes.tolist() == [2, 0, 0, 0, 0, 2, 0]
    nothing = found.outcomes == outcome.NOTHING
    assert not found.logits[nothing].any()
    assert not found.confidence[nothing].any()
    # Nor is it the first label where nothing may be rejected.
    assert (found.likeliest[nothing] == -1).all()
    np.testing.assert_array_equal(found.likeliest[~nothing], found.indices[~nothing])
    assert (found.confidence[~nothing] > 0).all()
    alone = recogniser([NOISE])
    np.testing.assert_allclose(alone.logits[0], found.logits[0], rtol=1e-5)
    assert recogniser([]).outcomes.shape == (0,)


def test_thresholds_are_part_of_a_model_where_there_are_any():
    metadata = make_model().metadata
    assert "thresholds" not in metadata.model_dump_json()
    values = metadata.model_dump() | {"thresholds": [0, 200, 255]}
    assert Metadata.model_validate_json(Metadata(**values).model_dump_json()).thresholds == (0, 200, 255)
    with pytest.raises(ValueError, match="less than or equal to 255"):
        Metadata(**values | {"thresholds": [0, 0, 256]})
    two = make_model(thresholds=(1, 2))
    with pytest.raises(KilovoxError, match="2 thresholds; expected one for each of 3 labels"):
        Recogniser(two)
    unsure = Recogniser(make_model(thresholds=(255, 255, 255)))([NOISE])
    assert unsure.outcomes.tolist() == [outcome.UNKNOWN]
