"""Trainings by an executor that sees nothing of this machine's folders but what is kept elsewhere."""

import json

import fsspec
import pytest

from far_away import FarAway
from kilovox.config import find_configuration
from kilovox.errors import KilovoxError
from kilovox.search.jobs import Job, history_of, run_jobs
from kilovox.training.experiment import run_experiment


def small(seed):
    return find_configuration("task-b").changed(
        training={"epochs": 2, "batch_size": 16, "augmentation": {"views": 0}}, model={"hidden_dim": 6},
        data_splitting={"validation_size": 0.2}, experiment={"seed": seed, "name": f"seed-{seed}"},
    )  # fmt: skip


@pytest.fixture
def jobs(tmp_path, request):
    yield [Job(f"seed {seed}", small(seed), tmp_path / str(seed), f"memory://{request.node.name}/{seed}") for seed in (1, 2)]
    fsspec.filesystem("memory").store.clear()


def models(jobs):
    return [(job.folder / "model.safetensors").read_bytes() for job in jobs]


def test_runs_come_back_from_where_they_are_kept(jobs, synthetic_corpus, tmp_path):
    workers = FarAway()
    run_jobs(jobs, synthetic_corpus, executor=workers)
    assert sorted(job.name for job in workers.given) == ["seed 1", "seed 2"]
    alone = [Job(job.name, job.config, tmp_path / "alone" / job.name) for job in jobs]
    for job in alone:
        run_experiment(job.config, synthetic_corpus, job.folder, progress=False)
    assert models(jobs) == models(alone)
    assert [len(history_of(job)) for job in jobs] == [2, 2]


def test_a_driver_that_was_killed_finds_what_is_finished(jobs, synthetic_corpus, tmp_path):
    run_jobs(jobs[:1], synthetic_corpus, executor=FarAway())
    expected, again = models(jobs[:1]), FarAway()
    elsewhere = [Job(job.name, job.config, tmp_path / "elsewhere" / job.folder.name, job.state) for job in jobs]
    run_jobs(elsewhere, synthetic_corpus, executor=again)
    assert [job.name for job in again.given] == ["seed 2"]
    assert models(elsewhere[:1]) == expected


@pytest.mark.parametrize(
    "line",
    [
        "[" * 99_999, "{}", "[]", "null", '{"epoch": 1e999, "loss": 1, "accuracy": 1, "seconds": 1}', b"\xff",
        '{"epoch": 1, "loss": "much", "accuracy": 1, "seconds": 1}', '{"epoch": 1, "loss": {}, "accuracy": 1, "seconds": 1}',
        '{"epoch": 1, "loss": 1' + "0" * 400 + ', "accuracy": 1, "seconds": 1}', '{"epoch": 1, "loss": 1}',
    ],
)  # fmt: skip
def test_a_log_that_was_damaged_counts_for_nothing(jobs, line):
    job = jobs[0]
    (job.folder / "quantised").mkdir(parents=True)
    (job.folder / "log.jsonl").write_bytes(line if isinstance(line, bytes) else line.encode())
    whole = {"epoch": 1, "loss": 0.5, "accuracy": 0.9, "seconds": 1.0, "validation_loss": None, "accuracy_on": "masked"}
    (job.folder / "quantised" / "log.jsonl").write_text(json.dumps(whole) + "\n")
    assert history_of(job) == [whole]


def test_what_is_kept_of_something_else(jobs, synthetic_corpus, tmp_path):
    run_jobs(jobs[:1], synthetic_corpus, executor=FarAway())
    other = Job("other", small(7), tmp_path / "other", jobs[0].state)
    with pytest.raises(KilovoxError, match="holds a run of another configuration or corpus"):
        run_jobs([other], synthetic_corpus, executor=FarAway())
