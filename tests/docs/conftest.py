"""The site, built once for all tests of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(common_folder: Path) -> Path:
    """The folder of the site, built as `make docs` does: a warning is an error."""
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    folder, built = common_folder / "site", common_folder / "site-built"
    with FileLock(common_folder / "site-lock"):
        if not built.exists():
            shutil.rmtree(folder, ignore_errors=True)
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
            environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "KILOVOX_CACHE": str(common_folder / "site-cache")}
            result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr[-3000:]
            built.touch()
    return folder
