"""The library is there where it can be; where it cannot, that is never the user's failure, and nobody else's code is loaded."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kilovox.native import compiler as compilers
from kilovox.native import library as room
from kilovox.native.keeping import Untrusted, keep, kept, trusted_folder
from kilovox.native.library import NoLibraryError, build, formats, sources

QUICK = ("-std=c99", "-O0", "-fPIC", "-shared", "-fvisibility=hidden")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where the library of this test is kept (KILOVOX_CACHE is its parent)."""
    return tmp_path / "cache" / "native"


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def counted(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The compiler behind CC, that writes a line into this file whenever it is run."""
    runs = tmp_path / "runs"
    runs.touch()
    monkeypatch.setenv("CC", script(tmp_path / "counted", f'echo run >> {runs}\nexec {compiler} "$@"'))
    return runs


def libraries(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.so"))


def test_it_is_compiled_once(cache: Path, counted: Path) -> None:
    build(QUICK)
    build(QUICK)
    assert counted.read_text() == "run\n"
    (found,) = libraries(cache)
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_it_is_compiled_again_for_other_sources_flags_or_processor(
    cache: Path, counted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(QUICK)
    build((*QUICK, "-DOTHER"))
    with monkeypatch.context() as patch:
        patch.setattr(room, "processor", lambda: "another")
        build(QUICK)
    changed = {**sources(), "kv_head.c": sources()["kv_head.c"] + "\n"}
    monkeypatch.setattr(room, "sources", lambda: changed)
    build(QUICK)
    assert counted.read_text() == 4 * "run\n"
    assert len(libraries(cache)) == 4


@pytest.fixture
def kept_before(cache: Path, counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library in the cache that this process has not loaded (the loader knows a library again by its path)."""
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "elsewhere"))
    build(QUICK)
    (found,) = libraries(tmp_path / "elsewhere" / "native")
    monkeypatch.setenv("KILOVOX_CACHE", str(cache.parent))
    counted.write_text("")
    return keep(trusted_folder("native"), found.name, found.read_bytes())


def test_a_library_kept_before_is_loaded(kept_before: Path, counted: Path) -> None:
    build(QUICK)
    assert counted.read_text() == ""


@pytest.mark.parametrize("damage", [b"", b"\x7fELF", b"not a library", "short", "flipped", "gone", "no digest", "other digest"])
def test_a_damaged_library_is_compiled_again(kept_before: Path, counted: Path, damage: bytes | str) -> None:
    content, digest = bytearray(kept_before.read_bytes()), Path(f"{kept_before}.sha256")
    content[len(content) // 2] ^= 1
    match damage:
        case bytes():
            kept_before.write_bytes(damage)
        case "short":
            kept_before.write_bytes(content[:-8])
        case "flipped":
            kept_before.write_bytes(content)
        case "gone":
            kept_before.unlink()
        case "no digest":
            digest.unlink()
        case _:
            digest.write_bytes(b"\xff" * 64)
    for _ in range(2):
        assert build(QUICK).decide
        assert counted.read_text() == "run\n"


@pytest.mark.parametrize("version", [None, 1])
def test_a_library_that_is_none_of_ours_is_compiled_again(kept_before: Path, counted: Path, version: int | None) -> None:
    """Its SHA-256 fits; but it cannot be loaded, or is another one."""
    content = b"no library"
    if version is not None:
        other = kept_before.parent.parent / "other.c"
        other.write_text("int kv_native_version(void); int kv_native_version(void) { return 1; }\n")
        subprocess.run([os.environ["CC"], "-shared", "-fPIC", "-o", f"{other}.so", str(other)], check=True)
        content = Path(f"{other}.so").read_bytes()
    counted.write_text("")
    keep(kept_before.parent, kept_before.name, content)
    assert build(QUICK).decide
    assert counted.read_text() == "run\n"


def test_a_link_in_the_cache_is_not_followed(kept_before: Path, counted: Path, tmp_path: Path) -> None:
    elsewhere = kept_before.rename(tmp_path / "elsewhere.so")
    kept_before.symlink_to(elsewhere)
    build(QUICK)
    assert counted.read_text() == "run\n"
    assert not kept_before.is_symlink()


def test_what_others_may_write_is_not_loaded(kept_before: Path, counted: Path) -> None:
    kept_before.chmod(0o666)
    build(QUICK)
    assert counted.read_text() == "run\n"
    assert stat.S_IMODE(kept_before.stat().st_mode) == 0o600


def test_a_library_that_another_user_planted_is_not_loaded(
    kept_before: Path, counted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() == 0:
        os.chown(kept_before, 12345, -1)
    else:  # whoever is neither the file's owner nor root
        own = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert kept(kept_before.parent, kept_before.name) is None
    build(QUICK)
    assert counted.read_text() == "run\n"


def test_a_folder_that_others_may_write_is_not_used(
    cache: Path, counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("KILOVOX_CACHE", str(shared / "cache"))
    with pytest.raises(Untrusted, match="others may write"):
        trusted_folder("native")
    build(QUICK)
    assert not libraries(shared / "cache" / "native")
    # As /tmp: there nobody can take the user's folder away.
    shared.chmod(0o1777)
    build(QUICK)
    assert len(libraries(shared / "cache" / "native")) == 1


def test_a_folder_of_ones_own_that_others_may_write_is_closed(cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    assert trusted_folder("native") == cache.resolve()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    (other / "native").mkdir(parents=True)
    os.chown(other, 12345, -1)
    monkeypatch.setenv("KILOVOX_CACHE", str(other))
    assert not trusted_folder("native").is_relative_to(other)  # a private one is taken in its place
    (tmp_path / "link").symlink_to(other)
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "link"))
    assert not trusted_folder("native").resolve().is_relative_to(other)
    os.chown(other, 0, -1)
    os.chown(other / "native", 12345, -1)
    monkeypatch.setenv("KILOVOX_CACHE", str(other))
    with pytest.raises(Untrusted, match="another user"):
        trusted_folder("native")


@pytest.mark.parametrize("where", ["/proc/no/cache", "/dev/null/cache", "\0", "~nobody-of-that-name/cache"])
def test_without_a_cache_it_is_compiled_all_the_same(where: str, counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "\0" in where:
        monkeypatch.setattr("kilovox.native.keeping.cache_folder", lambda: Path(where))
    else:
        monkeypatch.setenv("KILOVOX_CACHE", where)
    assert build(QUICK).decide
    assert counted.read_text() == "run\n"
    assert not Path("~nobody-of-that-name").exists()


def test_a_full_disk_is_no_failure(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kilovox.native.keeping.write_bytes", full)
    assert build(QUICK).decide


def test_where_nothing_in_the_cache_can_be_run_it_is_loaded_from_elsewhere(
    cache: Path, counted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system mounted noexec."""
    load = room.ctypes.CDLL

    def cdll(name: str) -> object:
        if str(cache) in name:
            raise OSError(f"{name}: failed to map segment from shared object")
        return load(name)

    monkeypatch.setattr(room.ctypes, "CDLL", cdll)
    assert build(QUICK).decide
    monkeypatch.setattr(room.ctypes, "CDLL", lambda name: cdll(str(cache)))
    with pytest.raises(NoLibraryError, match="failed to map segment"):
        build(QUICK)


@pytest.mark.parametrize("wanted", ["false", "/bin/false", "no-such-compiler", "/no/such/compiler", "'unbalanced", "./cc", "/"])
def test_a_compiler_that_is_none_means_numpy(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", wanted)
    with pytest.raises(NoLibraryError) as found:
        build()
    assert len(str(found.value).splitlines()) == 1


def test_no_compiler_at_all_means_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "/no/such/folder")
    with pytest.raises(NoLibraryError, match="cc, gcc, clang"):
        build()


@pytest.mark.parametrize("text", ["exit 0", "echo no headers >&2; exit 1", "kill -9 $$"])
def test_a_broken_compiler_means_numpy(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", script(tmp_path / "broken", text))
    with pytest.raises(NoLibraryError):
        build()


def test_a_compiler_without_headers_means_numpy(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", f"{compiler} -nostdinc")
    with pytest.raises(NoLibraryError, match="exit status"):
        build()


def test_cc_is_split_as_a_shell_does(compiler: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    said = tmp_path / "said"
    named = script(folder / "my cc", f'echo "$1" >> {said}\nexec {compiler} "$@"')
    monkeypatch.setenv("CC", f"'{named}' -O1")
    assert build(QUICK).decide
    assert said.read_text() == "-O1\n"
    assert compilers.find_compiler() == [named, "-O1"]


def test_no_compiler_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "cc", "touch ran")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "/no/such/folder"]))
    for wanted in (None, "cc", "./cc"):
        monkeypatch.setenv("CC", wanted) if wanted else monkeypatch.delenv("CC", raising=False)
        with pytest.raises(NoLibraryError):
            build()
    assert not (tmp_path / "ran").exists()


def test_a_compiler_that_hangs_is_ended_and_not_waited_for_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    monkeypatch.setenv("CC", script(tmp_path / "hangs", f"sleep 600 &\necho $! >> {pids}\nwait"))
    monkeypatch.setattr(compilers, "SECONDS", 0.5)
    for _ in range(2):
        with pytest.raises(NoLibraryError, match="did not end within"):
            build(QUICK)
    (pid,) = pids.read_text().split()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "zombie" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, "what the compiler started still runs"
        time.sleep(0.02)
    (marker,) = cache.glob("*.hung")
    os.utime(marker, (0, 0))
    with pytest.raises(NoLibraryError, match="did not end"):
        build(QUICK)
    assert len(pids.read_text().split()) == 2


def test_a_processor_that_the_compiler_does_not_know_gets_portable_code(
    compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = 'case "$*" in *-march=native*) echo unknown >&2; exit 1;; esac'
    monkeypatch.setenv("CC", script(tmp_path / "old", f'{refuses}\nexec {compiler} "$@"'))
    assert build().decide


def test_two_processes_at_once_do_not_disturb_each_other(cache: Path, compiler: str) -> None:
    code = f"from kilovox.native.library import build; assert build({QUICK!r}).decide"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(libraries(cache)) == 1
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_the_oldest_libraries_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kilovox.native.keeping.MOST_KEPT", 2)
    for age, name in enumerate("abc"):
        path = keep(tmp_path, name, name.encode())
        os.utime(path, (age, age))
    keep(tmp_path, "d", b"d")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"c", "c.sha256", "d", "d.sha256"}


def test_the_failure_of_a_process_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def none() -> None:
        calls.append(1)
        raise NoLibraryError("none")

    monkeypatch.setattr(room, "build", none)
    monkeypatch.setattr(room, "_found", [])
    for _ in range(2):
        with pytest.raises(NoLibraryError, match="none"):
            room.library()
    assert calls == [1]


def test_formats_come_from_the_rooms_below() -> None:
    assert "#define KV_LEVEL_EXPONENT (41)\n" in formats()
    assert "#define KV_LOWEST_LEVEL (-32768)\n" in formats()
