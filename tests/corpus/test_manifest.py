"""Recordings listed in a CSV file; every error says file and line."""

import re
import shutil
from pathlib import Path

import pytest

from kilovox.corpus import table
from kilovox.corpus.base import Recording
from kilovox.corpus.manifest import open_manifest
from kilovox.errors import KilovoxError


@pytest.fixture
def listed(tmp_path: Path, synthetic_folder: Path) -> Path:
    (tmp_path / "clips").mkdir()
    for name in ("0_ada_0.wav", "1_bo_5.wav"):
        shutil.copy(synthetic_folder / name, tmp_path / "clips" / name)
    return tmp_path / "list.csv"


GOOD = "path,label,speaker,take\nclips/0_ada_0.wav,zero,ada,0\n\nclips/1_bo_5.wav, one ,,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.rstrip("\n"), GOOD.replace(",", ";"), GOOD.replace(",", "\t")],
)
def test_good(listed: Path, text: str, encoding: str) -> None:
    listed.write_bytes(text.removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding))
    corpus = open_manifest(listed)
    assert corpus.name == "list"
    assert corpus.recordings == (
        Recording("clips/0_ada_0.wav", "zero", "ada", 0, listed.parent / "clips/0_ada_0.wav"),
        Recording("clips/1_bo_5.wav", "one", None, None, listed.parent / "clips/1_bo_5.wav"),
    )
    assert len(corpus.samples(1, 8000)) > 1000


def test_columns_in_any_order_and_quotes(listed: Path) -> None:
    listed.write_text('speaker,path,label\n"Doe, Jane","clips/0_ada_0.wav","a ""zero"""\n')
    recording = open_manifest(listed).recordings[0]
    assert (recording.speaker, recording.label, recording.take) == ("Doe, Jane", 'a "zero"', None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "list.csv: empty; expected a header path,label,speaker"),
        ("path,label,speaker\n", "list.csv: no recordings"),
        ("path,label\nclips/0_ada_0.wav,0\n", "list.csv:1: no column 'speaker' in path,label; expected path,label,speaker"),
        ("clips/0_ada_0.wav,0,ada\n", "list.csv:1: no column 'path'"),
        ("path,label,speaker,tkae\n", "list.csv:1: column 'tkae' is unknown"),
        ("path,label,speaker,label\n", "list.csv:1: column 'label' is twice"),
        ("path,label,speaker\nclips/0_ada_0.wav,0\n", "list.csv:2: 2 values; expected 3: path,label,speaker"),
        ("path,label,speaker\n,0,ada\n", "list.csv:2: path is empty"),
        ("path,label,speaker\nclips/gone.wav,0,ada\n", "list.csv:2: 'clips/gone.wav': no such file; expected a path"),
        ("path,label,speaker\nclips,0,ada\n", "list.csv:2: 'clips': no such file"),
        ("path,label,speaker\n\nclips/0_ada_0.wav, ,ada\n", "list.csv:3: label is empty"),
        ("path,label,speaker,take\nclips/0_ada_0.wav,0,ada,first\n", "list.csv:2: take 'first'; expected a number"),
        ("path,label,speaker,take\nclips/0_ada_0.wav,0,ada,-1\n", "list.csv:2: take '-1'; expected a number"),
        (
            "path,label,speaker\nclips/0_ada_0.wav,0,ada\nclips/../clips/0_ada_0.wav,0,ada\n",
            "list.csv:3: 'clips/../clips/0_ada_0.wav' is listed in line 2 already",
        ),
        ("path,label,speaker,take\nclips/0_ada_0.wav,0,ada," + "9" * 5000, "list.csv:2: take '9999"),
        ("path,label,speaker\nclips/0_ada_0.wav,0,a\x00a\n", "list.csv"),
        ("path,label,speaker\nclips/\x00.wav,0,ada\n", "list.csv:"),
        ("path,label,speaker\n" + "x" * 200_000 + ",0,ada\n", "list.csv:2: not CSV (field larger than field limit"),
        ("path,label,speaker\n" + "x" * 9000 + ",0,ada\n", "list.csv:2: 'xxxx"),
        ("path,label,speaker\nclips/0_ada_0.wav,a\x1b[31m,ada\n", "label of 'clips/0_ada_0.wav': character U+001B"),
        ('path,label,speaker\n"clips/0_ada_0.wav,0,ada\n', "not CSV"),
    ],
)
def test_bad(listed: Path, text: str, message: str) -> None:
    listed.write_text(text)
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_manifest(listed)


def test_parts_of_a_file(listed: Path) -> None:
    rows = "clips/0_ada_0.wav,0,0.1,0.2\nclips/0_ada_0.wav,1,.2,\nclips/1_bo_5.wav,0,,\nclips/0_ada_0.wav,1,,0.1\n"
    listed.write_text("path,label,start,end,speaker\n" + rows.replace("\n", ",ada\n"))
    corpus = open_manifest(listed)
    assert [(one.name, one.start, one.end) for one in corpus.recordings] == [
        ("clips/0_ada_0.wav#t=,0.1", None, 0.1),
        ("clips/0_ada_0.wav#t=0.1,0.2", 0.1, 0.2),
        ("clips/0_ada_0.wav#t=0.2", 0.2, None),
        ("clips/1_bo_5.wav", None, None),
    ]
    assert [len(corpus.samples(place, 8000)) for place in (0, 1)] == [800, 800]
    assert len(set(corpus.hashes)) == 4


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["nan,"], "list.csv:2: start 'nan'; expected seconds, 0 or more, such as 0.31"),
        (["-1,"], "list.csv:2: start '-1'; expected seconds"),
        ([",1e5"], "list.csv:2: end '1e5'; expected seconds"),
        (["0.2,0.2"], "list.csv:2: start 0.2, end 0.2; expected the end after the start"),
        ([",0"], "list.csv:2: start 0, end 0; expected the end after the start"),
        (["0.1,0.2", "0.10,.2"], "list.csv:3: 'clips/0_ada_0.wav' is listed in line 2 already"),
        (["0.1,0.2", ","], "list.csv:3: 'clips/0_ada_0.wav' is listed in line 2 already"),
        ([",", "0.1,0.2"], "list.csv:3: 'clips/0_ada_0.wav' is listed in line 2 already"),
    ],
)
def test_bad_parts(listed: Path, rows: list[str], message: str) -> None:
    listed.write_text("path,label,speaker,start,end\n" + "".join(f"clips/0_ada_0.wav,0,ada,{row}\n" for row in rows))
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_manifest(listed)


def test_a_part_that_the_file_has_not(listed: Path) -> None:
    listed.write_text("path,label,speaker,start\nclips/0_ada_0.wav,0,ada,100\n")
    with pytest.raises(KilovoxError, match=r"0_ada_0\.wav#t=100\.0: the sound has [0-9.]+ seconds; expected 0 <= start"):
        open_manifest(listed).samples(0, 8000)


def test_not_utf8(listed: Path) -> None:
    listed.write_bytes("path,label,speaker\nclips/0_ada_0.wav,0,Jürgen\n".encode("latin-1"))
    with pytest.raises(KilovoxError, match=r"list\.csv:2: byte 0xfc is not UTF-8; expected the file saved as UTF-8"):
        open_manifest(listed)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match=r"nowhere\.csv: cannot be read"):
        open_manifest(tmp_path / "nowhere.csv")


def test_a_path_may_lead_anywhere_but_only_to_a_file(listed: Path, synthetic_folder: Path) -> None:
    listed.write_text(f"path,label,speaker\n{synthetic_folder / '1_bo_5.wav'},one,bo\n")
    assert len(open_manifest(listed).samples(0, 8000)) > 1000
    for path in ("/dev/zero", "..", "/"):
        listed.write_text(f"path,label,speaker\n{path},one,bo\n")
        with pytest.raises(KilovoxError, match=r"list\.csv:2: .*: no such file"):
            open_manifest(listed)


def test_a_file_without_end(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAXIMUM_BYTES", 20)
    listed.write_text(GOOD)
    with pytest.raises(KilovoxError, match=r"list\.csv: more than 20 bytes"):
        open_manifest(listed)
