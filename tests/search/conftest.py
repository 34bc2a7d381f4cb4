"""Trainings without processes of their own, for tests of what comes before and after them."""

import pickle

import pytest

from kilovox.search import crossvalidate, reproduce
from kilovox.training.experiment import run_experiment


@pytest.fixture
def in_this_process(monkeypatch):
    """Networks are trained one after another here: a worker imports all of torch before its first batch.

    Jobs and corpus come as they would come to it. test_from_recordings_to_a_report has workers.
    """

    def run_jobs(jobs, corpus, workers=None, executor=None):
        for job in jobs:
            sent, of = pickle.loads(pickle.dumps((job, corpus)))
            run_experiment(sent.config, of, sent.folder, resume=True, progress=False)

    for module in (crossvalidate, reproduce):
        monkeypatch.setattr(module, "run_jobs", run_jobs)
