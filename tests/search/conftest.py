"""Trainings without processes of their own, for tests of what comes before and after them."""

import pytest

from kilovox.search import crossvalidate, reproduce
from kilovox.training.experiment import run_experiment


@pytest.fixture
def in_this_process(monkeypatch):
    """Networks are trained one after another here: a worker imports all of torch before its first batch."""

    def run_jobs(jobs, corpus, workers=None):
        for job in jobs:
            run_experiment(job.config, corpus, job.folder, resume=True, progress=False)

    for module in (crossvalidate, reproduce):
        monkeypatch.setattr(module, "run_jobs", run_jobs)
