"""Recordings for the tests of every room, and a cache of their own for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.fsdd import open_fsdd

_FSDD = os.environ.get("KILOVOX_FSDD")


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache, or depends on KILOVOX_FSDD unless it asks for `fsdd_folder`."""
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KILOVOX_FSDD", raising=False)


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run of the tests have in common, for what is made once for all of them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "common"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def synthetic_folder() -> Path:
    """90 synthetic recordings named as FSDD's: 10 digits, speakers ada, bo and cy, takes 0, 5 and 6. Do not write into it."""
    return Path(__file__).parent / "data" / "recordings"


@pytest.fixture(scope="session")
def synthetic_corpus(synthetic_folder: Path) -> RecordingCorpus:
    """The recordings of `synthetic_folder`."""
    return open_fsdd(synthetic_folder)


@pytest.fixture(scope="session")
def fsdd_folder() -> Path:
    """FSDD v1.0.10 itself, where KILOVOX_FSDD names it."""
    if not _FSDD:
        pytest.skip("KILOVOX_FSDD does not name a folder of FSDD's recordings")
    return Path(_FSDD)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright, started once a process: a second one beside it cannot be."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Any) -> Iterator[Callable[..., Any]]:
    """Launches Chromium with more `arguments`; each is closed at the end."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    started = []

    def launched(*arguments: str) -> Any:
        # As root, and in containers, its own sandbox cannot be made.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *arguments])
        started.append(browser)
        return browser

    yield launched
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Any]) -> Any:
    """Chromium, headless."""
    return launch()
