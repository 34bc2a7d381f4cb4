"""Files are whole or not there."""

import errno
import fcntl
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kilovox import files
from kilovox.errors import KilovoxError
from kilovox.files import Written, check_file, expanded, lock, make_folder, private_folder, replacing, write_bytes, write_json


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


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch, number):
    def refuse(*arguments, **named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(KilovoxError) as caught:
        write_bytes(tmp_path / "x", b"")
    assert str(caught.value) == f"{tmp_path}: cannot be written to ({os.strerror(number)}); name a folder that can be written"
    assert not list(tmp_path.iterdir())


def test_readable_by_others(tmp_path):
    write_bytes(tmp_path / "x", b"")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_name_as_long_as_a_name_may_be(tmp_path):
    write_bytes(tmp_path / ("n" * 255), b"x")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x"]


def test_what_is_flushed_is_open_for_writing(tmp_path, monkeypatch):
    """Windows refuses to flush a file that is only read."""
    flushed = []

    def flush(handle):
        flushed.append((Path(f"/proc/self/fd/{handle}").readlink(), fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE))

    monkeypatch.setattr(os, "fsync", flush)
    write_bytes(tmp_path / "x", b"x")
    (temporary, mode), (folder, _) = flushed
    assert mode == os.O_RDWR
    assert temporary.parent == folder == tmp_path


def test_a_folder_that_cannot_be_flushed(tmp_path, monkeypatch):
    flush = os.fsync

    def refuse(handle):
        if Path(f"/proc/self/fd/{handle}").is_dir():
            raise OSError(errno.EINVAL, "no folders here")
        flush(handle)

    monkeypatch.setattr(os, "fsync", refuse)
    write_bytes(tmp_path / "x", b"x")
    assert (tmp_path / "x").read_bytes() == b"x"


KILLED = """
import os, signal, sys
from pathlib import Path
from kilovox.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_killed_processes_left_is_removed_when_it_is_old(tmp_path, monkeypatch):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "result.json")], check=False)
    assert done.returncode == -9
    (left,) = tmp_path.iterdir()
    others = [".result.json.abcdefgh", f"result.json.abcdefgh{files.SUFFIX}", f".result.json.short{files.SUFFIX}"]
    for name in others:
        (tmp_path / name).write_text("somebody's")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / f".link.abcdefgh{files.SUFFIX}").symlink_to(tmp_path / others[0])
    kept = {*others, f".link.abcdefgh{files.SUFFIX}"}
    monkeypatch.setattr(files, "_cleaned", set())
    write_bytes(tmp_path / "result.json", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", left.name, *kept}
    old = time.time() - files.ABANDONED - 60
    os.utime(left, (old, old))
    monkeypatch.setattr(files, "_cleaned", set())
    write_bytes(tmp_path / "another", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", "another", *kept}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for(tmp_path, number):
    write_json(tmp_path / "x", {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x", {"a": [number]})
    assert (tmp_path / "x").read_text() == '{\n  "a": 1\n}\n'


HOLDER = """
import sys
from pathlib import Path
from kilovox.files import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_refuses_while_another_process_holds_it(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(KilovoxError, match="another process works there; expected to be alone"), lock(path):
            pytest.fail("held twice")
        assert holder.poll() is None
        holder.kill()
        holder.wait()
        with lock(path):
            pass
    with lock(path), pytest.raises(KilovoxError, match="another process"), lock(path):
        pytest.fail("held twice")
    with lock(path):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO, errno.EROFS, errno.ENOSPC, errno.EOPNOTSUPP])
def test_a_lock_that_cannot_be_is_not_another_process(tmp_path, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(KilovoxError) as caught, lock(tmp_path / "lock"):
        pytest.fail("held")
    assert str(caught.value).startswith(f"{tmp_path / 'lock'}: cannot be locked ({os.strerror(number)})")


def test_a_lock_without_flock_still_refuses(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock(tmp_path / "lock"), pytest.raises(KilovoxError, match="another process"), lock(tmp_path / "lock"):
        pytest.fail("held twice")
    with lock(tmp_path / "lock"):
        pass


def test_a_lock_nowhere(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KilovoxError, match="cannot be locked"), lock(tmp_path / "file" / "lock"):
        pytest.fail("held")


def test_a_private_folder(tmp_path):
    umask = os.umask(0)
    try:
        folder = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(umask)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert private_folder(folder).stat().st_mode & 0o777 == 0o755


def belong_to_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)


def test_a_folder_of_another_user_is_not_private(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    belong_to_another(tmp_path / "a", monkeypatch)
    with pytest.raises(KilovoxError, match="a: belongs to another user"):
        private_folder(tmp_path / "a")


def test_a_private_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(KilovoxError, match="cannot be made a folder of your own"):
            private_folder(path)


def test_a_home_that_nobody_has(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/x") == tmp_path / "x"
    assert expanded("~") == tmp_path
    assert expanded("x/~") == Path("x/~")
    assert expanded("~nobody.of.that.name/x") == Path("~nobody.of.that.name/x")


@pytest.mark.parametrize("kind", ["a folder", "a device or a pipe"])
def test_no_file_takes_the_place_of_what_is_none(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    before = path.lstat().st_mode
    for write in (check_file, lambda path: write_bytes(path, b"new")):
        with pytest.raises(KilovoxError, match=f"x: is {kind}; name a file"):
            write(path)
    assert path.lstat().st_mode == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_can_be_written(tmp_path):
    check_file(tmp_path / "x")
    check_file(tmp_path / "new" / "deep" / "x")
    write_bytes(tmp_path / "x", b"old")
    check_file(tmp_path / "x")
    with pytest.raises(KilovoxError, match="x: is a file; name a folder"):
        check_file(tmp_path / "x" / "y")
    with pytest.raises(KilovoxError, match=r"x: cannot be written to \(File name too long\)"):
        check_file(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    "listed",
    ['{"files": "mine"}', '{"files": {"mine": 1}}', '{"files": [1]}', '{"files": [""]}', '{"files": ["sub"]}', '{"files": 0}'],
)
def test_a_damaged_list_of_files_removes_nothing(tmp_path, listed):
    (tmp_path / "sub").mkdir()
    for name, text in (("mine", "m"), ("1", "1"), ("list.json", listed)):
        (tmp_path / name).write_text(text)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KilovoxError, match=r"list\.json: not the list of a thing; remove the folder, or name another"):
        Written("list.json", "a thing").write(tmp_path, {"new": b"n"})
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_in_the_place_of_a_file_is_said_before_any_is_written(tmp_path):
    thing = Written("list.json", "a thing")
    thing.write(tmp_path, {"a": b"1"})
    (tmp_path / "b").mkdir()
    with pytest.raises(KilovoxError, match="b: is a folder; name a file"):
        thing.write(tmp_path, {"a": b"2", "b": b"2"})
    assert (tmp_path / "a").read_bytes() == b"1"


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_folder_of_a_folder_that_is_none_or_elsewhere(tmp_path, kind):
    thing, where, elsewhere = Written("list.json", "a thing"), tmp_path / "thing", tmp_path / "elsewhere"
    thing.write(where, {"a": b"1", "sub/b": b"1"})
    (where / "sub" / "b").rename(tmp_path / "b")
    (where / "sub").rmdir()
    elsewhere.mkdir()
    (elsewhere / "b").write_bytes(b"mine")
    if kind == "file":
        (where / "sub").write_bytes(b"mine")
    else:
        (where / "sub").symlink_to(elsewhere)
    with pytest.raises(
        KilovoxError, match="sub: is a file; expected" if kind == "file" else "sub: leads out of .*thing; expected"
    ):
        thing.write(where, {"a": b"2", "sub/b": b"2"})
    assert ((where / "a").read_bytes(), (elsewhere / "b").read_bytes()) == (b"1", b"mine")
