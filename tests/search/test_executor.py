"""Work side by side on this machine; test_ray_executor has a cluster do the same."""

import itertools
import os
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest

import chores
from kilovox.errors import KilovoxError
from kilovox.search.executor import LocalExecutor, cores, open_executor


@pytest.fixture(scope="module")
def executor():
    with open_executor(workers=2) as opened:
        yield opened


def test_results_with_their_places(executor):
    assert isinstance(executor, LocalExecutor)
    assert executor.workers == 2
    assert sorted(executor.run(chores.square, range(7))) == [(place, place * place) for place in range(7)]
    assert list(executor.run(chores.square, [])) == []
    assert LocalExecutor().workers == cores()


def test_items_are_taken_as_they_are_needed(executor):
    taken = itertools.count()
    found = executor.run(chores.square, taken)
    places = {next(found)[0] for _ in range(5)}  # in any order: a process that starts late finishes late
    begun = next(taken)
    assert len(places) == 5
    assert max(places) < begun <= 5 + executor.workers
    found.close()


def test_workers_are_other_processes_of_one_thread_that_are_kept(executor):
    first = {pid for _, (threads, pid) in executor.run(chores.environment, range(6)) if threads == "1"}
    again = {pid for _, (threads, pid) in executor.run(chores.environment, range(6)) if threads == "1"}
    assert first
    assert os.getpid() not in first
    assert first & again


def test_what_an_item_raises_is_raised(executor):
    with pytest.raises(KilovoxError, match=r"^number: 3; expected another$"):
        list(executor.run(chores.refuse_three, range(10)))
    with pytest.raises(ZeroDivisionError) as raised:
        list(executor.run(chores.divide_by, [0]))
    assert "divide_by" in raised.value.__notes__[0]
    with pytest.raises(TypeError, match="cannot be pickled"):
        list(executor.run(chores.nothing_that_can_be_sent, [0]))
    assert sorted(executor.run(chores.square, [3])) == [(0, 9)], "and it works on"


def test_an_item_whose_process_is_killed_is_begun_again(executor, tmp_path):
    assert sorted(executor.run(partial(chores.die_once, tmp_path), range(4))) == [(place, place) for place in range(4)]
    assert (tmp_path / "died").exists()


def test_an_item_that_is_always_killed_is_an_error(executor):
    with pytest.raises(KilovoxError, match=r"item 1: begun 3 times.*exit status -9; out of memory\?.*fewer --workers"):
        list(executor.run(chores.die, [0]))


def test_ticks_while_nothing_finishes(executor, tmp_path):
    class EnoughError(Exception):
        pass

    def tick():
        if list(tmp_path.iterdir()):
            raise EnoughError

    with pytest.raises(EnoughError):
        list(executor.run(chores.sleep_long, [tmp_path], tick))
    (pid,) = (int(path.name) for path in tmp_path.iterdir())
    assert not alive(pid), "what was not finished is stopped"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_workers_end_with_their_parent(tmp_path, how):
    code = f"""
        import chores
        from kilovox.search.executor import open_executor
        if __name__ == "__main__":
            with open_executor(workers=2) as executor:
                list(executor.run(chores.sleep_long, [{str(tmp_path)!r}] * 2))
    """
    script = tmp_path.parent / "parent.py"
    script.write_text(textwrap.dedent(code))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # A session of its own: as at a terminal, an interruption goes to all of its processes.
    parent = subprocess.Popen([sys.executable, str(script)], env=environment, stderr=subprocess.PIPE, start_new_session=True)
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert all(map(alive, pids))
    if how == "SIGINT":
        os.killpg(parent.pid, 2)
    else:
        parent.kill()
    said = parent.communicate(timeout=30)[1].decode()
    wait_for(lambda: not any(map(alive, pids)))
    assert said.count("Traceback") == (how == "SIGINT"), "one, of the parent"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
