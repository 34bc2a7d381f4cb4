"""Speech Commands by download: verified before anything of it is used, taken up where it broke off, and nothing else."""

from __future__ import annotations

import hashlib
import io
import tarfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from kilovox.corpus import fetch_speech_commands
from kilovox.corpus.fetch_speech_commands import RECORDINGS, TEST_SET, Archive, fetch_archive
from kilovox.corpus.speech_commands import open_speech_commands
from kilovox.errors import KilovoxError

if TYPE_CHECKING:
    from conftest import Mirror

NAMES = ("yes/00176480_nohash_0.wav", "yes/0c40e715_nohash_0.wav", "no/026290a7_nohash_1.wav")


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("yes/link.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def data() -> bytes:
    """As the published archive is laid out, and with what no archive should have."""
    random = np.random.RandomState(1)
    files = {"./testing_list.txt": b"yes/0c40e715_nohash_0.wav\n", "./validation_list.txt": b"no/026290a7_nohash_1.wav\n"}
    for name in (*NAMES, "_background_noise_/tap.wav"):
        content = io.BytesIO()
        soundfile.write(content, random.uniform(-1, 1, 2000), 16000, format="WAV")
        files[f"./{name}"] = content.getvalue()
    strange = {"../outside.wav": b"x", "/root.wav": b"x", "yes/deeper/x.wav": b"x", "run.sh": b"x", "yes/..": b"x"}
    return tar(files | strange)


def archive(data: bytes, *urls: str, **changes: object) -> Archive:
    values = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "unpacked": 10**6, **changes}
    return Archive("tiny", urls, **values)  # type: ignore[arg-type]


def test_good(tmp_path: Path, mirror: Mirror, data: bytes) -> None:
    asked = archive(data, mirror.at("a", mirror.sends(data)))
    folder = fetch_archive(asked, tmp_path / "new" / "sc", quiet=True)
    corpus = open_speech_commands(folder)
    assert [one.name for one in corpus.recordings] == sorted(NAMES)
    assert {path.name for path in folder.iterdir()} == {
        "yes", "no", "_background_noise_", "testing_list.txt", "validation_list.txt", ".verified",
    }  # fmt: skip
    assert sorted(path.name for path in (folder / "yes").iterdir()) == [Path(name).name for name in NAMES[:2]]
    assert list(tmp_path.iterdir()) == [tmp_path / "new"]
    assert list((tmp_path / "new").iterdir()) == [folder]
    assert fetch_archive(asked, folder) == folder
    assert mirror.asked == ["/a"]  # once: then it is there


def test_into_the_cache(tmp_path: Path, mirror: Mirror, data: bytes) -> None:
    asked = archive(data, mirror.at("a", mirror.sends(data)))
    assert fetch_archive(asked, quiet=True) == tmp_path / "cache" / "tiny"


def ranged(data: bytes, seen: list[str | None]):  # type: ignore[no-untyped-def]
    """A server that knows of ranges."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers["Range"]
        seen.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        request.send_response(206 if wanted else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        request.wfile.write(data[start:])

    return answer


@pytest.mark.parametrize("ranges", [True, False])
def test_a_lost_connection_is_taken_up(
    tmp_path: Path, mirror: Mirror, data: bytes, ranges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_speech_commands, "CHUNK", 1000)
    lost = archive(data, mirror.at("a", mirror.sends(data[:3000], len(data))))
    with pytest.raises(KilovoxError, match=r"3,000 bytes are kept in .*: the same command goes on from there"):
        fetch_archive(lost, tmp_path / "sc", quiet=True)
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [3000]
    seen: list[str | None] = []
    again = archive(data, mirror.at("b", ranged(data, seen) if ranges else mirror.sends(data)))
    folder = fetch_archive(again, tmp_path / "sc", quiet=True)
    assert len(open_speech_commands(folder)) == 3
    assert list(tmp_path.iterdir()) == [folder]
    assert seen == (["bytes=3000-"] if ranges else [])


def test_an_interrupt_keeps_what_is_there(tmp_path: Path, mirror: Mirror, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    asked = archive(data, mirror.at("a", mirror.sends(data)))
    monkeypatch.setattr(fetch_speech_commands, "_extract", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_archive(asked, tmp_path / "sc", quiet=True)
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [len(data)]
    monkeypatch.undo()
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "cache"))
    fetch_archive(asked, tmp_path / "sc", quiet=True)
    assert mirror.asked == ["/a"]
    assert list(tmp_path.iterdir()) == [tmp_path / "sc"]


@pytest.mark.parametrize("position", [0, 2000, -1])
def test_any_byte_changed(tmp_path: Path, mirror: Mirror, data: bytes, position: int) -> None:
    changed = bytearray(data)
    changed[position] ^= 0x55
    asked = archive(data, mirror.at("a", mirror.sends(bytes(changed))), mirror.at("b", mirror.missing))
    with pytest.raises(KilovoxError, match=r"(?s)/a: SHA-256 [0-9a-f]{64}; expected .*/b: 404.*nothing was kept"):
        fetch_archive(asked, tmp_path / "sc", quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_more_than_it_should_be(tmp_path: Path, mirror: Mirror, data: bytes) -> None:
    asked = archive(data, mirror.at("a", mirror.sends(data + b"x")))
    with pytest.raises(KilovoxError, match=f"sends more than {len(data):,} bytes"):
        fetch_archive(asked, tmp_path / "sc", quiet=True)
    small = archive(data, mirror.at("b", mirror.sends(data)), unpacked=5000)
    with pytest.raises(KilovoxError, match="more than 5,000 bytes in it; this is not tiny"):
        fetch_archive(small, tmp_path / "sc", quiet=True)
    assert not (tmp_path / "sc").exists()


@pytest.mark.parametrize("wrong", [b"no archive at all", tar({"README.md": b"nothing else"})])
def test_no_archive_of_recordings(tmp_path: Path, mirror: Mirror, wrong: bytes) -> None:
    with pytest.raises(KilovoxError, match=r"truncated or damaged archive|no recordings in the archive"):
        fetch_archive(archive(wrong, mirror.at("a", mirror.sends(wrong))), tmp_path / "sc", quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "thesis.tex").write_text("important")
    with pytest.raises(KilovoxError, match="expected an empty or new folder"):
        fetch_archive(archive(data), tmp_path)
    with pytest.raises(KilovoxError, match=r"thesis\.tex: a file; expected a folder"):
        fetch_archive(archive(data), tmp_path / "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "important"


def test_what_is_asked_for() -> None:
    """Figures that TensorFlow Datasets and torchaudio publish."""
    assert (RECORDINGS.size, RECORDINGS.sha256[:8]) == (2_428_923_189, "af14739e")
    assert (TEST_SET.size, TEST_SET.sha256[:8]) == (112_563_277, "cc2a00c1")
    assert all(url.endswith(f"/{one.name}.tar.gz") for one in (RECORDINGS, TEST_SET) for url in one.urls)
