"""Where things are kept: in a folder of the user's own, or in one for temporary files."""

import os
import tempfile
from pathlib import Path

import pytest

from kilovox.corpus import cache
from kilovox.corpus.cache import cache_folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    cache._instead.cache_clear()
    yield
    cache._instead.cache_clear()


def belong_to_another(folder: Path, monkeypatch) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)


def test_the_one_that_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KILOVOX_CACHE", "~/other")
    assert cache_folder() == tmp_path / "other"
    assert capsys.readouterr().err == ""


def test_the_systems(tmp_path, monkeypatch):
    monkeypatch.delenv("KILOVOX_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_folder() == tmp_path / "caches" / "kilovox"


def test_one_that_cannot_be(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "file" / "below"))
    found = cache_folder()
    assert found.parent == tmp_path / "tmp"
    assert found.stat().st_mode & 0o777 == 0o700
    assert cache_folder() == found
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith(f"; using {found}\n")


def test_one_of_another_user(tmp_path, monkeypatch, capsys):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "planted").write_text("")
    belong_to_another(tmp_path / "shared", monkeypatch)
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "shared"))
    assert cache_folder().parent == tmp_path / "tmp"
    assert "shared: belongs to another user" in capsys.readouterr().err


def test_one_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "mine"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cache_folder().parent == tmp_path / "tmp"
    (tmp_path / "mine" / "fsdd").mkdir()
    assert cache_folder() == tmp_path / "mine"


def test_the_folder_instead_was_made_by_somebody_else(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "file"))
    planted = tmp_path / "tmp" / f"kilovox-{os.geteuid() if os.geteuid() == 0 else 4242}"
    planted.mkdir()
    belong_to_another(planted, monkeypatch)
    found = cache_folder()
    assert found != planted
    assert found.parent == tmp_path / "tmp"
