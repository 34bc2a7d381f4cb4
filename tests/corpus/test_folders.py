"""A folder a word."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.corpus.base import Recording
from kilovox.corpus.folders import open_folders
from kilovox.errors import KilovoxError


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(100, 0.1), 16000)
    return path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    for name in ("seven/0a7c2a8d_nohash_3.wav", "zero/0a7c2a8d_nohash_0.wav", "zero/mine.flac", "yes/b.ogg", "yes/B.WAV"):
        put(folder / name)
    put(folder / "_background_noise_" / "rain.wav")
    put(folder / ".hidden" / "x.wav")
    (folder / "empty").mkdir()
    (folder / "seven" / "notes.txt").write_text("x")
    (folder / "seven" / "._0a7c2a8d_nohash_3.wav").write_bytes(b"x")
    (folder / "LICENSE").write_text("x")
    return folder


def test_speech_commands_layout(words: Path) -> None:
    corpus = open_folders(words)
    assert corpus.name == "words"
    assert corpus.recordings == (
        Recording("seven/0a7c2a8d_nohash_3.wav", "7", "0a7c2a8d", 3, words / "seven/0a7c2a8d_nohash_3.wav"),
        Recording("yes/B.WAV", "yes", None, None, words / "yes/B.WAV"),
        Recording("yes/b.ogg", "yes", None, None, words / "yes/b.ogg"),
        Recording("zero/0a7c2a8d_nohash_0.wav", "0", "0a7c2a8d", 0, words / "zero/0a7c2a8d_nohash_0.wav"),
        Recording("zero/mine.flac", "0", None, None, words / "zero/mine.flac"),
    )
    assert len(corpus.samples(0, 8000)) == 50


def test_aliases(words: Path) -> None:
    assert open_folders(words, {}).labels == ("seven", "yes", "zero")
    assert open_folders(words, {"yes": "ja"}).labels == ("ja", "seven", "zero")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="nowhere: no such folder"):
        open_folders(tmp_path / "nowhere")


def test_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "yes").mkdir()
    put(tmp_path / "loose.wav")
    with pytest.raises(KilovoxError, match="no recordings in its folders"):
        open_folders(tmp_path)
