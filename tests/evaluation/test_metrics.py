import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as peer

from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import (
    class_scores,
    classification_report,
    confusion_matrix,
    macro_average,
    weighted_average,
    wilson_interval,
)

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
counted = st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def test_wilson_of_597_of_600():
    # z = 1.9599640, written out: (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n).
    assert wilson_interval(597, 600) == pytest.approx((0.98540379, 0.99829812), abs=1e-8)


@given(counted, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_is_scipys(counts, confidence):
    expected = binomtest(*counts).proportion_ci(confidence, method="wilson")
    low, high = wilson_interval(*counts, confidence)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1


def test_wilson_at_the_ends():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == 1.0


@pytest.mark.parametrize(("correct", "total"), [(-1, 5), (6, 5), (0, -1)])
def test_wilson_refuses_impossible_counts(correct, total):
    with pytest.raises(KilovoxError, match="expected 0 to"):
        wilson_interval(correct, total)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_wilson_refuses_a_confidence_that_is_no_share(confidence):
    with pytest.raises(KilovoxError, match="expected a share"):
        wilson_interval(1, 2, confidence)


@given(pairs)
def test_matrix_scores_and_report_are_scikit_learns(decisions):
    truth, predicted = zip(*decisions, strict=True)
    names = ["zero", "one", "two", "three", "a longer name"]
    labels = range(5)
    confusion = confusion_matrix(truth, predicted, 5)
    assert confusion.tolist() == peer.confusion_matrix(truth, predicted, labels=labels).tolist()
    scores = class_scores(confusion, names)
    expected = peer.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    for score, *values in zip(scores, *expected, strict=True):
        assert (score.precision, score.recall, score.f1, score.support) == pytest.approx(tuple(values))
    for kind, average in (("macro", macro_average(scores)), ("weighted", weighted_average(scores))):
        values = peer.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0, average=kind)[:3]
        assert (average.precision, average.recall, average.f1) == pytest.approx(values)
    report = peer.classification_report(truth, predicted, labels=labels, target_names=names, digits=4, zero_division=0)
    # Where nothing is right, scikit-learn writes the supports as floats.
    assert classification_report(confusion, names) == re.sub(r"  (\d+)\.0\n", r"    \1\n", report)


def test_report_has_the_layout_of_the_notebooks():
    confusion = np.diag([52, 65]) + np.array([[0, 1], [0, 0]])
    assert classification_report(confusion, ["0", "1"]) == (
        "              precision    recall  f1-score   support\n"
        "\n"
        "           0     1.0000    0.9811    0.9905        53\n"
        "           1     0.9848    1.0000    0.9924        65\n"
        "\n"
        "    accuracy                         0.9915       118\n"
        "   macro avg     0.9924    0.9906    0.9914       118\n"
        "weighted avg     0.9917    0.9915    0.9915       118\n"
    )


def test_nothing_counted_is_zero_everywhere():
    report = classification_report(confusion_matrix([], [], 2), ["a", "b"])
    assert "nan" not in report
    assert weighted_average(class_scores(np.zeros((2, 2)), ["a", "b"])).f1 == 0.0


@pytest.mark.parametrize(("truth", "predicted", "message"), [
    ([0], [0, 1], "2 predictions for 1 recordings"),
    ([0, 3], [0, 1], "truth: label index 3; expected 0 to 2"),
    ([0, 1], [0, -1], "predicted: label index -1"),
])  # fmt: skip
def test_matrix_refuses(truth, predicted, message):
    with pytest.raises(KilovoxError, match=message):
        confusion_matrix(truth, predicted, 3)


def test_scores_refuse_a_matrix_of_other_labels():
    with pytest.raises(KilovoxError, match="expected 3 labels on both sides"):
        class_scores(np.eye(2), ["a", "b", "c"])
