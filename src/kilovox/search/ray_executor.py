"""The same work on a Ray cluster: tasks of one core each, begun again elsewhere where a process or a machine is lost.

P. Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018. Imported only where Ray is asked for.
"""

import contextlib
import itertools
import logging
import os
import re
import secrets
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kilovox import __version__
from kilovox.errors import KilovoxError, not_installed
from kilovox.search.executor import (
    ATTEMPTS,
    ONE_THREAD,
    TICK,
    Executor,
    cores,
    environment,
    given_up,
    outcome,
)
from kilovox.workers import Item, Result

OBJECT_STORE = 256 * 2**20
"""Bytes of shared memory of a cluster of one's own: configurations and lists of recordings pass through it, no sound."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # tasks without a GPU leave CUDA_VISIBLE_DEVICES alone
}
"""Environment of Ray, where the user's has nothing else."""

PATIENCE = 10.0
"""Seconds until a machine that does not answer is none."""

_HOST_AND_PORT = re.compile(r"(?:ray://)?(?P<host>[^/]+):(?P<port>[0-9]{1,9})")


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
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        own: dict[str, str] = {}
        self._own = address == "local"
        if self._own:
            # Workers inherit what is set here; nobody else can give them anything to do.
            own = ONE_THREAD | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
            options |= {"num_cpus": workers or cores(), "object_store_memory": OBJECT_STORE, "include_dashboard": False,
                        "_node_ip_address": "127.0.0.1"}  # fmt: skip
        else:
            options["runtime_env"] = {"env_vars": ONE_THREAD}
        try:
            _knock(address)
            with environment(own):
                if self._own:
                    _read_environment()
                self._ray.init(address, **options)
        except Exception as error:  # Ray raises whatever occurs to it, plain Exception among it
            self._ray.shutdown()
            reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0].rstrip(". :")
            raise KilovoxError(
                f"--address {address or repr(address)}: no Ray cluster to be had there ({reason}); expected ray://host:10001, "
                "host:port of a cluster that this machine is part of, auto, or local"
            ) from None

    @property
    def workers(self) -> int:
        found = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        return found if self._most is None else min(self._most, found)

    @property
    def host(self) -> str:
        address: str = self._ray.util.get_node_ip_address()
        return address

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
            if self._own:
                _read_environment()


def _read_environment() -> None:
    """Have Ray learn whether tokens are asked for, and which: it reads that once, as it is loaded."""
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def _knock(address: str) -> None:
    """Raise where nobody listens at a host and port: Ray would try for minutes, and say nothing of use."""
    found = _HOST_AND_PORT.fullmatch(address)
    if found is not None:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), PATIENCE).close()


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
