"""The same work on a Ray cluster: tasks of one core each, begun again elsewhere where a process or a machine is lost.

P. Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018. Imported only where Ray is asked for.
"""

import contextlib
import itertools
import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kilovox import __version__
from kilovox.errors import KilovoxError, not_installed
from kilovox.search.executor import ATTEMPTS, ONE_THREAD, TICK, Executor, Item, Result, cores, given_up, outcome

OBJECT_STORE = 256 * 2**20
"""Bytes of shared memory of a cluster of one's own: configurations and lists of recordings pass through it, no sound."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # tasks without a GPU leave CUDA_VISIBLE_DEVICES alone
}


class RayExecutor(Executor):
    """On the cluster at `address`, see `open_executor`; nothing of this program's stays there.

    Every machine there has this version of kilovox, and sees recordings and folders of runs under the same paths as this one.
    """

    def __init__(self, address: str, workers: int | None = None) -> None:
        self._ray = _imported()
        self._most = workers
        self._joined = not self._ray.is_initialized()
        if self._joined:
            self._join(address, workers)

    def _join(self, address: str, workers: int | None) -> None:
        own: dict[str, Any] = {}
        if address == "local":
            own = {"num_cpus": workers or cores(), "object_store_memory": OBJECT_STORE, "include_dashboard": False,
                   "_node_ip_address": "127.0.0.1"}  # fmt: skip
        try:
            self._ray.init(
                address, runtime_env={"env_vars": ONE_THREAD}, log_to_driver=False, logging_level=logging.ERROR, **own
            )
        except (OSError, RuntimeError, ValueError, AssertionError) as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise KilovoxError(
                f"--address {address}: no Ray cluster to be had there ({reason}); expected ray://host:10001, host:port of a "
                "cluster that this machine is part of, auto, or local"
            ) from None

    @property
    def workers(self) -> int:
        found = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        return found if self._most is None else min(self._most, found)

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Result]]:
        ray = self._ray
        task = ray.remote(num_cpus=1, max_retries=ATTEMPTS - 1)(_work)
        sent = ray.put(function)
        work = enumerate(items)
        busy: dict[Any, tuple[int, Item]] = {}
        try:
            while True:
                # One waits for each that is worked on, so that no core waits for this loop.
                room = (self._most or 2 * self.workers) - len(busy)
                for index, item in itertools.islice(work, max(0, room)):
                    busy[task.remote(__version__, sent, item)] = index, item
                if not busy:
                    return
                ready, _ = ray.wait(list(busy), timeout=TICK)
                if tick is not None:
                    tick()
                for reference in ready:
                    index, item = busy.pop(reference)
                    yield index, self._result(reference, index, item)
        finally:
            for reference in busy:
                with contextlib.suppress(Exception):  # where the cluster is gone there is nothing to stop
                    ray.cancel(reference, force=True)

    def _result(self, reference: Any, index: int, item: object) -> Any:
        try:
            fine, found = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            raise given_up(index, item, str(error).strip().partition("\n")[0]) from None
        if not fine:
            raise found
        return found

    def close(self) -> None:
        if self._joined:
            self._ray.shutdown()


def _work(version: str, function: Callable[[Any], Any], item: Any) -> tuple[bool, Any]:
    """On a worker."""
    if version != __version__:
        return False, KilovoxError(f"a machine of the cluster has kilovox {__version__}; expected {version}, as here")
    return outcome(function, item)


def _imported() -> Any:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
    except ImportError:
        raise not_installed("ray") from None
    return ray
