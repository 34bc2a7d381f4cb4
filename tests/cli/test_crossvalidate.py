"""What cross-validation shows."""

from kilovox.cli.crossvalidate import _show
from kilovox.evaluation.scores import Evaluation, SpeakerScore
from kilovox.search.crossvalidate import CrossValidation


def fold(speaker, confusion, rejected=(), nothing=()):
    right = confusion[0][0] + confusion[1][1]
    total = sum(map(sum, confusion)) + sum(rejected) + sum(nothing)
    return Evaluation(
        "tiny", "tones", "f", f"speaker:{speaker}", ("0", "1"), confusion, (SpeakerScore(speaker, right, total),), (),
        rejected=rejected, nothing=nothing,
    )  # fmt: skip


def test_outcomes_of_all_folds_where_something_was_rejected_or_not_heard(capsys):
    folds = {"ada": fold("ada", ((3, 1), (0, 4)), (1, 0), (0, 2)), "bo": fold("bo", ((5, 0), (0, 5)), (0, 0), (0, 1))}
    _show(CrossValidation("tiny", folds, folds["bo"], 1.0), "tones")
    assert "All folds: right 17, wrong 1, rejected 1, nothing 3" in capsys.readouterr().out


def test_models_that_always_decide_have_no_outcomes_to_tell(capsys):
    folds = {"ada": fold("ada", ((3, 1), (0, 4))), "bo": fold("bo", ((5, 0), (0, 5)))}
    _show(CrossValidation("tiny", folds, folds["bo"], 1.0), "tones")
    assert "All folds" not in capsys.readouterr().out
