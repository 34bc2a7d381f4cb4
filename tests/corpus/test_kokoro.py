"""Kokoro's folder: one that is named is only read, whatever is in it."""

from pathlib import Path

import pytest

from kilovox.corpus import kokoro
from kilovox.corpus.kokoro import MODEL_FILE, VOCABULARY_FILE, VOICES_FOLDER, fetch_kokoro
from kilovox.corpus.synthetic import synthesise
from kilovox.errors import KilovoxError


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Path:
        raise KilovoxError("no connection")

    monkeypatch.setattr(kokoro, "_retrieve", refused)


def whole(folder: Path) -> Path:
    (folder / VOICES_FOLDER).mkdir(parents=True)
    for name in (MODEL_FILE, VOCABULARY_FILE, f"{VOICES_FOLDER}/af_one.bin"):
        (folder / name).write_bytes(b"x")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("lost", [MODEL_FILE, VOCABULARY_FILE, f"{VOICES_FOLDER}/af_one.bin"])
def test_an_incomplete_folder_is_an_error_and_stays_as_it_is(tmp_path: Path, lost: str) -> None:
    folder = whole(tmp_path / "mine")
    (folder / "thesis.tex").write_text("important")
    (folder / lost).unlink()
    before = content(folder)
    with pytest.raises(KilovoxError, match=r"mine: no .* in it; expected"):
        fetch_kokoro(folder)
    assert content(folder) == before


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="nowhere: no kokoro"):
        fetch_kokoro(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_whole_folder_is_taken(tmp_path: Path) -> None:
    assert fetch_kokoro(whole(tmp_path / "mine")) == tmp_path / "mine"


def test_the_folder_of_the_cache_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="no connection"):
        fetch_kokoro()
    made = whole(tmp_path / "cache" / "kokoro-82m")
    assert fetch_kokoro() == made


def test_voices_are_not_put_into_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "licences.json").write_text('{"mine": "mine"}')
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "flite0000_nohash_0.wav").write_bytes(b"mine")
    before = content(tmp_path)
    with pytest.raises(KilovoxError, match="holds something else; expected a new or empty folder"):
        synthesise(tmp_path, {"flite": 1}, quiet=True)
    assert content(tmp_path) == before
