"""The same work on a cluster of two machines, both of which are this one.

Ray takes seconds to start: whatever needs it is one test. test_ray_executor.py runs it in a process of its own, for Ray leaves
files and processes to the interpreter to close, and then another test would be told of them.
"""

import json
import os
import socket
import sys
import time
from functools import partial

import pytest

import chores
from kilovox.config import find_configuration
from kilovox.errors import KilovoxError
from kilovox.search import ray_executor
from kilovox.search.executor import open_executor
from kilovox.search.jobs import Job, run_jobs
from kilovox.search.together import train_together
from kilovox.training.experiment import run_experiment

# Of Ray's own: files that it leaves to the interpreter to close, and calls that newer Pythons will not have.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file <_io:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AGENTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def node():
    """Of one core, and without what nobody looks at; with ports given, it need not wait for those who would choose them."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in AGENTS]
    ports = {name: one.getsockname()[1] for name, one in zip(AGENTS, sockets, strict=True)}
    for one in sockets:
        one.close()
    return {"num_cpus": 1, "object_store_memory": 80 * 2**20, "no_monitor": True, "include_log_monitor": False, **ports}


def small(seed):
    return find_configuration("task-b").changed(
        training={"epochs": 40, "batch_size": 16, "augmentation": {"views": 1}}, model={"hidden_dim": 6},
        data_splitting={"validation_size": 0.2}, experiment={"seed": seed, "name": f"seed-{seed}"},
    )  # fmt: skip


def until(holds):
    """Wait for what the cluster learns a little later."""
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.2)
    assert holds()


@pytest.fixture
def cluster(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (the extra scale)")
    # A busy machine may be slow to answer, and is not lost; one that is gone is refused at once.
    alive = {
        "health_check_period_ms": 1000, "health_check_timeout_ms": 60_000, "agent_register_timeout_ms": 120_000,
        "worker_register_timeout_seconds": 300,
    }  # fmt: skip
    settings = {f"RAY_{name}": str(value) for name, value in alive.items()}
    for name, value in {**ray_executor.QUIET, **settings, "RAY_AUTH_MODE": "disabled"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **node()})
    yield made
    made.shutdown()


def test_a_cluster_of_ones_own_asks_for_a_token_that_nobody_else_has(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (the extra scale)")
    from ray._raylet import AuthenticationMode, get_authentication_mode

    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    for _ in range(2):
        with open_executor("local", 1) as executor:
            assert sorted(executor.run(chores.square, range(3))) == [(0, 0), (1, 1), (2, 4)]
            assert get_authentication_mode() == AuthenticationMode.TOKEN
        assert get_authentication_mode() == AuthenticationMode.DISABLED, "what is asked next, without a token, is not refused"
    assert not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN"} & set(os.environ)


def test_a_machine_is_lost_and_nothing_else(cluster, synthetic_corpus, tmp_path):
    jobs = [Job(f"seed {seed}", small(seed), tmp_path / str(seed), f"file://{tmp_path}/state/{seed}") for seed in (1, 2)]
    kept = [tmp_path / "state" / str(seed) / "checkpoint.safetensors" for seed in (1, 2)]
    second = cluster.add_node(**node())
    with open_executor(cluster.address) as executor:
        assert executor.workers == 2
        assert {threads for _, (threads, _) in executor.run(chores.environment, range(2))} == {"1"}
        together = Job(
            "two",
            small(3).changed(training={"epochs": 2}, model={"num_layers": 1}),
            tmp_path / "two",
            f"file://{tmp_path}/state/two",
        )
        train_together(together, synthetic_corpus, executor, 2)
        lost = []

        def lose_one():
            if not lost and all(path.exists() for path in kept):
                lost.append(not any(path.with_name("model.safetensors").exists() for path in kept))
                cluster.remove_node(second, allow_graceful=False)

        run_jobs(jobs, synthetic_corpus, executor=Watched(executor, lose_one))
        assert lost == [True], "in the middle of both"
        until(lambda: executor.workers == 1)
        assert sorted(executor.run(partial(chores.die_once, tmp_path), range(3))) == [(0, 0), (1, 1), (2, 2)]
        with pytest.raises(KilovoxError, match=r"^number: 3; expected another$"):
            list(executor.run(chores.refuse_three, range(5)))
        with pytest.raises(KilovoxError, match="item 1: begun 3 times, and its process ended each time"):
            list(executor.run(chores.die, [0]))
    run_experiment(together.config, synthetic_corpus, tmp_path / "alone" / "two", progress=False)
    figures = curve(tmp_path / "alone" / "two")
    assert curve(tmp_path / "two") == [pytest.approx(of_one, abs=1e-5) for of_one in figures], "two machines train as one"
    for job in jobs:
        run_experiment(job.config, synthetic_corpus, tmp_path / "alone" / job.name, progress=False)
        expected = (tmp_path / "alone" / job.name / "model.safetensors").read_bytes()
        assert (job.folder / "model.safetensors").read_bytes() == expected


def curve(folder):
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in ("seconds", "accuracy_on")} for line in lines]


class Watched:
    """An executor that calls `tick` besides."""

    def __init__(self, executor, tick):
        self._executor, self._tick = executor, tick

    def run(self, function, items, tick):
        def both():
            tick()
            self._tick()

        return self._executor.run(function, items, both)
