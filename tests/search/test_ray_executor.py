"""Work on a Ray cluster."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kilovox.errors import KilovoxError
from kilovox.search.executor import open_executor


def test_a_machine_is_lost_and_nothing_else():
    pytest.importorskip("ray", reason="Ray is not installed (the extra scale)")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--show-capture=no"]
    done = subprocess.run([*command, str(Path(__file__).with_name("on_ray.py"))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_nobody_listens_there(form):
    """Said at once: Ray would try for minutes."""
    pytest.importorskip("ray", reason="Ray is not installed (the extra scale)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = form.format(free.getsockname()[1])
        with pytest.raises(KilovoxError, match=rf"--address {address}: no Ray cluster to be had there \(Connection refused\)"):
            open_executor(address)


def test_a_port_that_is_none():
    pytest.importorskip("ray", reason="Ray is not installed (the extra scale)")
    with pytest.raises(KilovoxError, match=r"--address 127\.0\.0\.1:99999: no Ray cluster to be had there"):
        open_executor("127.0.0.1:99999")


def test_where_ray_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(KilovoxError, match=r"this needs ray, which is not installed; expected the extra scale"):
        open_executor("auto")
