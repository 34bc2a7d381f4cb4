"""Damaged files by chance, as fuzz/sound.py makes them for longer: nothing but KilovoxError may come of them."""

import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).parents[2] / "fuzz" / "sound.py"


def test_a_hundred_damaged_files(tmp_path):
    """In a process of its own, with bounded memory, where a library may say on standard error what it likes."""
    command = [sys.executable, "-W", "error", FUZZER, "--work", "7", tmp_path / "sound", "--files", "100"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
