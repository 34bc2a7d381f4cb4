"""What being so sure is worth, from what people who validate were heard to say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.integer.calibration import IDENTITY, KNOTS, calibrated
from kilovox.integer.decider import Frames
from kilovox.training.calibration import Detections, detections, errors_of, fitted_knots, threshold_for


def heard(sure, right, words=10):
    return Detections(np.array(sure, np.int64), np.array(right, bool), words, 60.0)


def test_without_detections_nothing_changes():
    assert fitted_knots(heard([], [])) == (*IDENTITY[:-1], 255)


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=60))
def test_knots_never_fall(found):
    knots = fitted_knots(heard(*zip(*found, strict=True)) if found else heard([], []))
    assert len(knots) == KNOTS
    assert list(knots) == sorted(knots)
    assert 0 <= knots[0] <= knots[-1] <= 255


@pytest.mark.parametrize("share", [lambda sure: sure**2, lambda sure: 0.3 + 0.5 * sure, lambda sure: sure > 0.7])
def test_many_detections_tell_how_often_they_are_right(share):
    random = np.random.default_rng(1)
    sure = random.integers(0, 256, 20_000)
    knots = fitted_knots(heard(sure, random.random(20_000) < share(sure / 255)))
    # Where a share jumps, what is linear between two knots cannot follow.
    levels = [level for level in range(0, 256, 16) if abs(level / 255 - 0.7) > 0.13]
    found = [calibrated(level, knots) / 255 for level in levels]
    assert np.abs(found - np.array([float(share(level / 255)) for level in levels])).max() < 0.09


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=40), st.floats(0, 0.99))
def test_errors_and_the_threshold_that_rejects_no_more_than_it_may(found, rejected):
    said = heard(*zip(*found, strict=True), words=50) if found else heard([], [])
    threshold = threshold_for(said, rejected)
    lost = sum(right and sure < threshold for sure, right in found)
    most = sum(right for _, right in found)
    assert lost <= rejected * most
    if most:
        # One level higher loses more than may be.
        assert sum(right and sure <= threshold for sure, right in found) > rejected * most
    errors = errors_of(said, threshold)
    assert threshold in errors.levels
    for level, right, false in zip(errors.levels, errors.right, errors.false, strict=True):
        accepted = [right for sure, right in found if sure >= level]
        assert (right, false) == (sum(accepted), len(accepted) - sum(accepted))
    assert errors.per_hour[0] == pytest.approx(60 * errors.false[0])
    assert errors.missed[0] == pytest.approx(1 - most / said.words)


class _Told:
    """A recogniser that hears what it is told: (output, share, of others) a frame."""

    labels = ("0", "1", "unknown")

    def read_out(self, features):
        return features

    def frames(self, rows):
        outputs, shares, others = rows.T.astype(np.int64)
        return Frames(outputs, np.where(outputs < 2, outputs, 0), shares, others)


PAUSE = [(3, 0, 0)] * 4


@pytest.mark.parametrize(
    ("said", "told", "sure", "right"),
    [
        ([0, 1], [0, 1], [127, 127], [True, True]),
        ([0, 2, 1], [0, 2, 1], [127, 127], [True, True]),
        ([2, 0], [0, 0], [127, 127], [False, True]),
        ([1], [0], [127], [False]),
        ([], [1], [127], [False]),
        ([0], [], [], []),
    ],
)
def test_what_is_right(said, told, sure, right):
    frames = np.array([row for label in told for row in [*PAUSE, (label, 90, 90)]] or PAUSE)
    found = detections(_Told(), [frames], [said], 60.0)
    assert (found.sure.tolist(), found.right.tolist(), found.words) == (sure, right, sum(label != 2 for label in said))
