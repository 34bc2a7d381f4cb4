"""Files are whole or not there."""

import errno
import os
from pathlib import Path

import pytest

from kilovox.errors import KilovoxError
from kilovox.files import make_folder, replacing, write_bytes, write_json


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"a": 1})

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk(tmp_path, monkeypatch):
    path = tmp_path / "model"
    write_bytes(path, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KilovoxError, match=r"model: could not be written \(No space left on device\)"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_really_full_device(tmp_path):
    """A device that is always full, reached through the temporary file."""

    def fill():
        with replacing(tmp_path / "x") as temporary:
            temporary.unlink()
            temporary.symlink_to("/dev/full")
            temporary.write_bytes(b"x" * 100_000)

    with pytest.raises(KilovoxError, match="No space left"):
        fill()
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KilovoxError, match="cannot be made a folder"):
        make_folder(tmp_path / "file" / "below")


def test_read_only_folder(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(KilovoxError, match="cannot be written to"):
        write_bytes(tmp_path / "x", b"")


def test_readable_by_others(tmp_path):
    write_bytes(tmp_path / "x", b"")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o666 & ~umask
