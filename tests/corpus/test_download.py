"""A download is whole and verified, or leaves nothing; the mirrors here are a server on this machine."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from kilovox.corpus import download
from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.download import fetch_fsdd
from kilovox.corpus.fsdd import files_fingerprint, open_fsdd
from kilovox.errors import KilovoxError

if TYPE_CHECKING:
    from conftest import Mirror

TOP = "free-spoken-digit-dataset-1.0.10"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> RecordingCorpus:
    """Twelve recordings of noise, which no archive can make small."""
    folder = tmp_path_factory.mktemp("tiny")
    random = np.random.RandomState(1)
    for digit in range(6):
        for take in range(2):
            soundfile.write(folder / f"{digit}_zoe_{take}.wav", random.uniform(-1, 1, 2000), 8000)
    return open_fsdd(folder)


def entries(corpus: RecordingCorpus) -> dict[str, bytes]:
    files = {f"{TOP}/recordings/{r.name}": r.path.read_bytes() for r in corpus.recordings if r.path}
    return {f"{TOP}/README.md": b"# FSDD\n", f"{TOP}/utils/trim.wav": b"not a recording", **files}


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def fetch(folder: Path, corpus: RecordingCorpus, *mirrors: str) -> Path:
    return fetch_fsdd(folder, mirrors=mirrors, fingerprint=files_fingerprint(corpus), timeout=5.0)


def fails(folder: Path, corpus: RecordingCorpus, reason: str, *mirrors: str) -> str:
    """The download fails for `reason`, and nothing is left beside what was there."""
    with pytest.raises(KilovoxError, match=reason) as caught:
        fetch(folder, corpus, *mirrors)
    assert not folder.exists()
    assert list(folder.parent.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize("packed", [tar, zipped])
def test_good(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, packed: Callable[[dict[str, bytes]], bytes]) -> None:
    folder = tmp_path / "new" / "fsdd"
    url = mirror.at("a", mirror.sends(packed(entries(tiny))))
    assert fetch(folder, tiny, url) == folder
    assert files_fingerprint(open_fsdd(folder)) == files_fingerprint(tiny)
    assert sorted(path.name for path in folder.glob("*.wav")) == [recording.name for recording in tiny.recordings]
    assert list(folder.parent.iterdir()) == [folder]
    assert fetch(folder, tiny, url) == folder
    assert mirror.asked == ["/a"]  # once: then it is there


def test_into_the_cache(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    folder = fetch_fsdd(mirrors=[mirror.at("a", mirror.sends(tar(entries(tiny))))], fingerprint=files_fingerprint(tiny))
    assert folder == tmp_path / "cache" / "fsdd-v1.0.10"


def test_into_an_empty_folder(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    (tmp_path / "fsdd").mkdir()
    fetch(tmp_path / "fsdd", tiny, mirror.at("a", mirror.sends(tar(entries(tiny)))))
    assert len(open_fsdd(tmp_path / "fsdd")) == 12


@pytest.mark.parametrize("packed", [tar, zipped])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_truncated(
    tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, packed: Callable[[dict[str, bytes]], bytes], share: float
) -> None:
    data = packed(entries(tiny))
    fails(tmp_path / "fsdd", tiny, "truncated or damaged", mirror.at("a", mirror.sends(data[: int(share * len(data))])))


@pytest.mark.parametrize("packed", [tar, zipped])
def test_any_byte_changed(
    tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, packed: Callable[[dict[str, bytes]], bytes]
) -> None:
    """Whatever a damaged archive makes the standard library raise ends in one kind of error."""
    data = packed(entries(tiny))
    for position in np.random.RandomState(2).randint(0, len(data), 25):
        changed = bytearray(data)
        changed[position] ^= 0x55
        try:
            fetch(tmp_path / "fsdd", tiny, mirror.at("a", mirror.sends(bytes(changed))))
        except KilovoxError:
            assert list(tmp_path.iterdir()) == []
        else:  # a time stamp or the like: the recordings are whole
            assert files_fingerprint(open_fsdd(tmp_path / "fsdd")) == files_fingerprint(tiny)
            for file in (tmp_path / "fsdd").iterdir():
                file.unlink()
            (tmp_path / "fsdd").rmdir()


def test_tampered(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    files = entries(tiny)
    files[f"{TOP}/recordings/3_zoe_1.wav"] = files[f"{TOP}/recordings/4_zoe_1.wav"]
    message = fails(tmp_path / "fsdd", tiny, "12 recordings with fingerprint", mirror.at("a", mirror.sends(tar(files))))
    assert f"expected {files_fingerprint(tiny)}" in message


def test_a_recording_too_few_or_too_many(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    files = entries(tiny)
    content = files.pop(f"{TOP}/recordings/3_zoe_1.wav")
    fails(tmp_path / "fsdd", tiny, "11 recordings with", mirror.at("a", mirror.sends(tar(files))))
    files = entries(tiny) | {f"{TOP}/recordings/9_zoe_1.wav": content}
    fails(tmp_path / "fsdd", tiny, "13 recordings with", mirror.at("a", mirror.sends(tar(files))))


def test_something_else(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    fails(tmp_path / "fsdd", tiny, "no recordings in the archive", mirror.at("a", mirror.sends(tar({"a/b.txt": b"hello"}))))
    fails(tmp_path / "fsdd", tiny, "truncated or damaged", mirror.at("a", mirror.sends(b"<html>log in first</html>")))


@pytest.mark.parametrize("packed", [tar, zipped])
def test_paths_that_lead_out_are_not_followed(
    tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, packed: Callable[[dict[str, bytes]], bytes]
) -> None:
    evil = {"../../evil.wav": b"x", "/tmp/recordings/evil.wav": b"x", f"{TOP}/recordings/../../evil.wav": b"x"}
    evil |= {"../recordings/..\\0_evil_0.wav": b"x", f"{TOP}/recordings/sub/0_evil_0.wav": b"x"}
    fetch(tmp_path / "in" / "fsdd", tiny, mirror.at("a", mirror.sends(packed(evil | entries(tiny)))))
    assert not list(tmp_path.rglob("*evil*"))


def test_links_are_not_made(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"{TOP}/recordings/0_zoe_0.wav")
            member.type, member.linkname = kind, "/etc/hostname"
            archive.addfile(member)
    fails(tmp_path / "fsdd", tiny, "no recordings in the archive", mirror.at("a", mirror.sends(buffer.getvalue())))


def test_too_large(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tar({f"{TOP}/recordings/0_zoe_0.wav": bytes(2_000_000)})
    assert len(bomb) < 10_000
    monkeypatch.setattr(download, "MAXIMUM_BYTES", 1_000_000)
    fails(tmp_path / "fsdd", tiny, "larger than 1000000 bytes", mirror.at("a", mirror.sends(bomb)))
    fails(tmp_path / "fsdd", tiny, "more than 1000000 bytes", mirror.at("a", mirror.sends(bytes(1_200_000))))


def test_the_limit_is_of_all_recordings_together(
    tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAXIMUM_BYTES", 1_000_000)
    for size, reason in ((400_000, "2 recordings with fingerprint"), (400_001, "larger than 1000000 bytes")):
        files = {f"{TOP}/recordings/0_zoe_0.wav": bytes(600_000), f"{TOP}/recordings/0_zoe_1.wav": bytes(size)}
        for packed in (tar, zipped):
            fails(tmp_path / "fsdd", tiny, reason, mirror.at("a", mirror.sends(packed(files))))


def test_a_quarter_of_a_gibibyte_is_the_limit(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    """Of the archive, as it comes, and of the recordings, as it announces them."""
    for size, reason in ((2**28, "truncated or damaged"), (2**28 + 1, "larger than 268435456 bytes")):
        member = tarfile.TarInfo(f"{TOP}/recordings/0_zoe_0.wav")
        member.size = size
        fails(tmp_path / "fsdd", tiny, reason, mirror.at("a", mirror.sends(member.tobuf())))
    with download._Progress(quiet=True) as progress:
        progress.update(2**28)
        with pytest.raises(download.UnusableError, match="more than 268435456 bytes"):
            progress.update(1)


def test_not_there(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    message = fails(tmp_path / "fsdd", tiny, "404", f"{mirror.url}/gone", f"{mirror.url}/gone2")
    assert f"{mirror.url}/gone: 404" in message
    assert f"{mirror.url}/gone2: 404" in message
    assert "KILOVOX_FSDD" in message


def test_refused(tmp_path: Path, tiny: RecordingCorpus) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fails(tmp_path / "fsdd", tiny, "Connection refused", f"http://127.0.0.1:{port}/a")


def test_no_such_host(tmp_path: Path, tiny: RecordingCorpus) -> None:
    message = fails(tmp_path / "fsdd", tiny, "could not be downloaded", "http://mirror.invalid/a")
    assert "HTTPConnectionPool" not in message


def test_dropped_midway(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    data = tar(entries(tiny))
    fails(tmp_path / "fsdd", tiny, "lost before the end", mirror.at("a", mirror.sends(data[:9000], len(data))))


def test_silent(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    done = threading.Event()
    url = mirror.at("a", lambda request: done.wait(10) and None)
    try:
        with pytest.raises(KilovoxError, match=r"silent for 0\.2 s"):
            fetch_fsdd(tmp_path / "fsdd", mirrors=[url], fingerprint=files_fingerprint(tiny), timeout=0.2)
    finally:
        done.set()
    assert list(tmp_path.iterdir()) == []


def test_the_second_mirror_works(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    data = tar(entries(tiny))
    urls = [mirror.at("a", mirror.sends(data[:9000])), mirror.at("b", mirror.missing)]
    urls.append(mirror.at("c", mirror.sends(zipped(entries(tiny)))))
    fetch(tmp_path / "fsdd", tiny, *urls)
    assert mirror.asked == ["/a", "/b", "/c"]
    assert list(tmp_path.iterdir()) == [tmp_path / "fsdd"]


def test_interrupted(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_verify", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path / "fsdd", tiny, mirror.at("a", mirror.sends(tar(entries(tiny)))))
    assert list(tmp_path.iterdir()) == []


def test_disk_full(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.shutil, "copyfileobj", full)
    fails(tmp_path / "fsdd", tiny, "No space left on device", mirror.at("a", mirror.sends(tar(entries(tiny)))))


def test_another_process_was_first(
    tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = mirror.at("a", mirror.sends(tar(entries(tiny))))
    verify = download._verify

    def slow(recordings: Path, fingerprint: str) -> None:
        verify(recordings, fingerprint)
        monkeypatch.setattr(download, "_verify", verify)
        fetch(tmp_path / "fsdd", tiny, url)

    monkeypatch.setattr(download, "_verify", slow)
    assert fetch(tmp_path / "fsdd", tiny, url) == tmp_path / "fsdd"
    assert list(tmp_path.iterdir()) == [tmp_path / "fsdd"]


def test_a_folder_that_lost_a_recording(tmp_path: Path, mirror: Mirror, tiny: RecordingCorpus) -> None:
    url = mirror.at("a", mirror.sends(tar(entries(tiny))))
    folder = fetch(tmp_path / "fsdd", tiny, url)
    (folder / "3_zoe_1.wav").unlink()
    with pytest.raises(KilovoxError, match=r"11 recordings .* delete the folder to download it again"):
        fetch(folder, tiny, url)


def test_a_copy_that_was_made_by_hand(tiny: RecordingCorpus) -> None:
    folder = Path(tiny.where)
    assert fetch(folder, tiny) == folder


def test_a_folder_with_something_else(tmp_path: Path, tiny: RecordingCorpus) -> None:
    (tmp_path / "thesis.tex").write_text("important")
    with pytest.raises(KilovoxError, match="name an empty or new folder"):
        fetch(tmp_path, tiny)
    with pytest.raises(KilovoxError, match=r"thesis\.tex: a file; expected a folder"):
        fetch(tmp_path / "thesis.tex", tiny)
    assert (tmp_path / "thesis.tex").read_text() == "important"
