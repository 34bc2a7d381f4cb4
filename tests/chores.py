"""What workers are given to do in tests: at the top of a module that they can import."""

import os
import signal
import time
from pathlib import Path

from kilovox.errors import KilovoxError


def square(number):
    return number * number


def environment(_):
    return os.environ.get("OMP_NUM_THREADS"), os.getpid()


def refuse_three(number):
    if number == 3:
        raise KilovoxError("number: 3; expected another")
    return number


def divide_by(number):
    return 1 // number


def nothing_that_can_be_sent(_):
    return lambda: None


def die_once(folder, number):
    """Number 1 is killed the first time it is begun."""
    mark = Path(folder) / "died"
    if number == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_long(folder):
    """Says its process' id, and does not end by itself."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)
