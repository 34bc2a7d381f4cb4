"""What is worked on side by side, on this machine or on a cluster: items in, results out as they finish.

Each item is worked on in a process with one thread, so that none changes another's bits; what is decided must not depend on
the order in which they finish.
"""

import abc
import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from kilovox.errors import KilovoxError
from kilovox.workers import Item, Result

ATTEMPTS = 3
"""So often an item is begun before its killed processes are an error."""

TICK = 0.5
"""Seconds between two looks at what goes on."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment of a worker: sums of more threads are added up in another order."""


class Executor(abc.ABC):
    """Works on items side by side; to be closed, or used as a context manager. See `open_executor`."""

    @property
    @abc.abstractmethod
    def workers(self) -> int:
        """How many items are worked on at the same time."""

    @property
    @abc.abstractmethod
    def host(self) -> str | None:
        """The address under which workers of other machines reach this process; None where all are on this one."""

    @abc.abstractmethod
    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Result]]:
        """Each item's place and `function` of it, in the order in which they finish; they begin in their own.

        `function` is one that a module has at its top (or a partial of one); it, items and results can be pickled, and items
        are taken as they are needed. `tick` is called about twice a second meanwhile. An item whose process is killed is begun
        again, ATTEMPTS times in all.
        Raises what `function` raises, of the first item that does: a KilovoxError as it is; KilovoxError where processes are
        killed again and again. Where it raises, is interrupted or left, what was not finished is stopped.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Stop what still runs, and end the workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_executor(address: str | None = None, workers: int | None = None) -> Executor:
    """Processes of this machine; with an `address`, a Ray cluster: `ray://host:port`, `host:port`, `auto` (the one that runs on
    this machine) or `local` (one of its own, ended with it).

    workers: so many items at most at the same time; default: one a core. Raises KilovoxError where Ray is asked for and not
    installed, or no cluster answers.
    """
    if address is None:
        return LocalExecutor(workers)
    from kilovox.search.ray_executor import RayExecutor

    return RayExecutor(address, workers)


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcome(function: Callable[[Item], Result], item: Item) -> tuple[bool, Result | Exception]:
    """(True, the result), or (False, what was raised, fit to be sent)."""
    try:
        return True, function(item)
    except KilovoxError as error:
        return False, error
    except Exception as error:
        told = traceback.format_exc()
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 (of this process)
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(f"In a worker:\n{told}")
        return False, error


def given_up(index: int, item: object, reason: str) -> KilovoxError:
    """For an item that was begun ATTEMPTS times and never finished."""
    name = getattr(item, "name", f"item {index + 1}")
    return KilovoxError(
        f"{name}: begun {ATTEMPTS} times, and its process ended each time ({reason}; out of memory?); expected fewer --workers "
        "or more memory; the same command goes on where it stopped"
    )


class LocalExecutor(Executor):
    """On processes of this machine, which are kept for the next run and end with this one, however it ends."""

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or cores()
        self._idle: list[_Worker] = []

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def host(self) -> None:
        return None

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Result]]:
        work = enumerate(items)
        again: deque[tuple[int, Item]] = deque()
        begun: dict[int, int] = {}
        busy: dict[Connection, tuple[_Worker, int, Item]] = {}
        try:
            while True:
                for index, item in itertools.islice(itertools.chain(_drained(again), work), self._workers - len(busy)):
                    begun[index] = begun.get(index, 0) + 1
                    worker = self._idle.pop() if self._idle else _Worker()
                    busy[worker.pipe] = worker, index, item
                    worker.begin(function, item)
                if not busy:
                    return
                ready = wait(list(busy), TICK)
                if tick is not None:
                    tick()
                for pipe in ready:
                    worker, index, item = busy.pop(pipe)  # type: ignore[call-overload]
                    try:
                        fine, found = worker.outcome()
                    except (EOFError, OSError):
                        reason = worker.end()
                        if begun[index] == ATTEMPTS:
                            raise given_up(index, item, reason) from None
                        again.append((index, item))
                        continue
                    self._idle.append(worker)
                    if not fine:
                        raise found
                    yield index, found
        finally:
            for worker, _, _ in busy.values():
                worker.end()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()


def _drained(items: deque[Item]) -> Iterator[Item]:
    while items:
        yield items.popleft()


class _Worker:
    """A process that works on one item after another."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with environment(ONE_THREAD):
            self._process.start()
        theirs.close()
        self._function: Callable[[Any], Any] | None = None

    def begin(self, function: Callable[[Any], Any], item: object) -> None:
        """Send an item; `function` only where it is another than before, for it may hold a whole corpus."""
        sent = None if function is self._function else pickle.dumps(function)
        self._function = function
        message = pickle.dumps(item)
        with contextlib.suppress(OSError):  # it has died: reading its result tells
            self.pipe.send((sent, message))

    def outcome(self) -> tuple[bool, Any]:
        """What came of the item, as `outcome` gives it. Raises EOFError or OSError where the process has ended."""
        found: tuple[bool, Any] = self.pipe.recv()
        return found

    def end(self) -> str:
        """End the process, whatever it is at; returns how it ended."""
        self.pipe.close()
        self._process.terminate()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        status = f"exit status {self._process.exitcode}"
        self._process.close()
        return status


def _serve(pipe: Connection) -> None:
    """A worker's life: it ends with its pipe or its parent; who interrupts at the terminal interrupts the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    function = b""
    load = lru_cache(1)(pickle.loads)

    def work(item: bytes) -> Any:
        return load(function)(pickle.loads(item))  # noqa: S301 (of the parent)

    while True:
        try:
            sent, item = pipe.recv()
        except (EOFError, OSError):
            return
        function = function if sent is None else sent
        pipe.send_bytes(_sendable(outcome(work, item)))


def _sendable(found: tuple[bool, Any]) -> bytes:
    try:
        return pickle.dumps(found)
    except Exception as error:
        return pickle.dumps((False, TypeError(f"the result cannot be pickled: {error}")))


def _leave_with_parent() -> None:
    """End when the parent is gone, however it went; two processes must never write one run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """`values` in the environment, for a process that is started meanwhile: NumPy and torch read them when they are loaded."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
