"""What cross-validation will train."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.config import find_configuration
from kilovox.corpus.base import RecordingCorpus
from kilovox.errors import KilovoxError
from kilovox.search.folds import MANY, STARTING, duration, folder_name, plan_folds, seconds_of

ODD = [
    "José",
    "..",
    ".",
    "a/b",
    "a\\b",
    "",
    " ",
    "Ada",
    "CON",
    "con",
    "x" * 300,
    "語",
    "a b",
    "a-b",
    "-rf",
    "~",
    "jose-1a2b3c4d",
]


@pytest.fixture
def config():
    return find_configuration("task-b").changed(model={"hidden_dim": 6})


def spoken_by(corpus, names):
    """`corpus` with its speakers called otherwise."""
    called = dict(zip(corpus.speakers, names, strict=False))
    renamed = [dataclasses.replace(one, speaker=called.get(one.speaker, one.speaker)) for one in corpus.recordings]
    return RecordingCorpus("renamed", renamed, "renamed")


def test_a_folder_for_any_name():
    names = {name: folder_name(name) for name in ODD}
    assert len({name.lower() for name in names.values()}) == len(ODD), "another for each, whatever the file system"
    assert names["José"].startswith("jose-")
    for folder in names.values():
        assert folder == folder.lower()
        assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
        assert 0 < len(folder) <= 40
        assert folder[0] not in "-_"
    assert folder_name("jackson") == "jackson"


@given(st.text(), st.text())
def test_two_names_are_two_folders(one, other):
    assert (folder_name(one) == folder_name(other)) == (one == other)
    assert "/" not in folder_name(one)


@pytest.mark.parametrize("name", [name for name in ODD if name.strip()])
def test_runs_of_odd_names_lie_within_the_folder(config, synthetic_corpus, tmp_path, name):
    plan = plan_folds(config, spoken_by(synthetic_corpus, [name]), tmp_path / "out")
    assert name in plan.jobs
    for job in plan.every:
        assert (tmp_path / "out") in job.folder.resolve().parents
        assert len(job.config.experiment.name) <= 100
    assert plan.jobs[name].config.data_splitting.split == f"speaker:{name}"
    assert len({job.folder for job in plan.every}) == len({job.config.experiment.name for job in plan.every}) == 4


def test_who_is_not_named_cannot_be_left_out(config, synthetic_corpus, tmp_path):
    with pytest.raises(KilovoxError, match=r"renamed: 30 of 90 recordings name no speaker \(0_ada_0\.wav, "):
        plan_folds(config, spoken_by(synthetic_corpus, [None]), tmp_path)
    for name in ("", "  "):
        with pytest.raises(KilovoxError, match="expected at least one visible character"):
            spoken_by(synthetic_corpus, [name])
    nobody = spoken_by(synthetic_corpus, [None] * 3)
    for folds in (None, 2):
        with pytest.raises(KilovoxError, match="speakers are not recorded"):
            plan_folds(config, nobody, tmp_path, folds)


def test_groups_are_folds_of_their_own(config, synthetic_corpus, tmp_path):
    plan = plan_folds(config, synthetic_corpus, tmp_path, 2)
    assert [job.config.data_splitting.split for job in plan.every] == ["fold:1/2", "fold:2/2", "random"]
    assert "2 groups of speakers left out in turn, and the random split: 3 trainings" in plan.question
    with pytest.raises(KilovoxError, match="no more than its 3 speakers"):
        plan_folds(config, synthetic_corpus, tmp_path, 4)


def test_many_folds_must_be_meant(config, synthetic_corpus, tmp_path):
    plan = plan_folds(config, synthetic_corpus, tmp_path)
    plan.check()
    job = plan.beside
    for count, refused in ((MANY, False), (MANY + 1, True)):
        more = dataclasses.replace(plan, jobs={str(number): job for number in range(count)})
        if not refused:
            more.check()
            continue
        with pytest.raises(KilovoxError, match=f"{count} speakers left out .* at most {MANY} folds"):
            more.check()


def test_the_estimate_grows_with_what_is_to_be_done(config):
    short = seconds_of(config.changed(training={"epochs": 1}), 1000)
    assert short > STARTING
    assert seconds_of(config.changed(training={"epochs": 10_000}), 1000) > 20 * short
    assert seconds_of(config.changed(training={"epochs": 1}), 1_000_000) > 20 * short


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "3 s"), (40.4, "40 s"), (90, "1.5 min"), (3000, "50 min"), (9000, "2.5 h"), (1e6, "12 days")]
)
def test_durations(seconds, said):
    assert duration(seconds) == said
