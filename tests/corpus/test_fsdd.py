"""FSDD and what all corpora share: names, order, fingerprint."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.fsdd import FILES_FINGERPRINT, FINGERPRINT, files_fingerprint, open_fsdd
from kilovox.errors import KilovoxError


def test_names_are_parsed(synthetic_folder: Path) -> None:
    corpus = open_fsdd(synthetic_folder)
    assert len(corpus) == 90
    assert corpus.labels == tuple("0123456789")
    assert corpus.speakers == ("ada", "bo", "cy")
    assert corpus.recordings[0] == Recording("0_ada_0.wav", "0", "ada", 0, synthetic_folder / "0_ada_0.wav")


def test_the_recordings_are_those_of_the_script(synthetic_folder: Path, tmp_path: Path) -> None:
    from runpy import run_path

    run_path(str(synthetic_folder.parent / "make.py"))["main"](tmp_path)
    made, kept = open_fsdd(tmp_path), open_fsdd(synthetic_folder)
    assert [recording.name for recording in made.recordings] == [recording.name for recording in kept.recordings]
    for index in range(len(kept)):
        # A library of another make may round a sine's last bit differently, never by more than one step.
        difference = made.samples(index, 8000).astype(int) - kept.samples(index, 8000)
        assert np.abs(difference).max() <= 1


def test_speakers_may_have_underscores(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "7_mary_ann_12.wav", np.zeros(10), 8000)
    recording = open_fsdd(tmp_path).recordings[0]
    assert (recording.label, recording.speaker, recording.take) == ("7", "mary_ann", 12)


def test_the_folder_above_will_do(synthetic_folder: Path, synthetic_corpus: RecordingCorpus) -> None:
    assert open_fsdd(synthetic_folder.parent).recordings == synthetic_corpus.recordings


def test_the_fingerprint_of_the_files_is_that_of_sha256sum(synthetic_corpus: RecordingCorpus) -> None:
    lines = [f"{r.name}  {hashlib.sha256(r.path.read_bytes()).hexdigest()}\n" for r in synthetic_corpus.recordings if r.path]
    assert files_fingerprint(synthetic_corpus) == hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def test_fingerprints_of_fsdd(fsdd_folder: Path) -> None:
    corpus = open_fsdd(fsdd_folder)
    assert files_fingerprint(corpus) == FILES_FINGERPRINT
    assert corpus.fingerprint == FINGERPRINT
    assert len(set(corpus.hashes)) == 3000


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="nowhere: no such folder; expected FSDD recordings"):
        open_fsdd(tmp_path / "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match=r"no \.wav file in it"):
        open_fsdd(tmp_path)


def test_hidden_files_are_left_out(tmp_path: Path, synthetic_folder: Path) -> None:
    shutil.copy(synthetic_folder / "0_bo_5.wav", tmp_path)
    (tmp_path / "._0_bo_5.wav").write_bytes(b"what macOS leaves beside a file")
    assert len(open_fsdd(tmp_path)) == 1


def test_every_format_and_spelling_of_a_suffix_is_read(tmp_path: Path) -> None:
    for name in ("7_ann_1.WAV", "7_ann_2.flac", "7_bo_1.Aiff", "8_bo_1.mp3"):
        soundfile.write(tmp_path / name, np.sin(np.arange(2000) / 9), 8000)
    (tmp_path / "9_bo_1.m4a").write_bytes(b"x")
    (tmp_path / "old").mkdir()
    soundfile.write(tmp_path / "old" / "7_ann_1.wav", np.zeros(10), 8000)
    corpus = open_fsdd(tmp_path)
    assert [recording.name for recording in corpus.recordings] == ["7_ann_1.WAV", "7_ann_2.flac", "7_bo_1.Aiff", "8_bo_1.mp3"]
    assert sorted(map(str, corpus.left_out)) == ["1 .m4a files (9_bo_1.m4a)", "1 in folders within (old/7_ann_1.wav)"]


def test_recordings_in_two_places(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    for folder in (tmp_path, tmp_path / "recordings"):
        soundfile.write(folder / "7_ann_1.wav", np.zeros(10), 8000)
    with pytest.raises(KilovoxError, match=r"recordings in it \(7_ann_1\.wav\) and a folder 'recordings'"):
        open_fsdd(tmp_path)


@pytest.mark.parametrize("name", ["seven.wav", "7_.wav", "7_jackson.wav", "7_jackson_x.wav", "_jackson_3.wav"])
def test_a_name_that_does_not_fit(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(KilovoxError, match=f"{name}: expected a name like 7_jackson_32.wav"):
        open_fsdd(tmp_path)


@pytest.mark.parametrize("label", ["10", "x", "\u0663", "-1"])
def test_a_label_outside_the_digits(tmp_path: Path, label: str) -> None:
    (tmp_path / f"{label}_jackson_0.wav").write_bytes(b"")
    with pytest.raises(KilovoxError, match=f"label '{label}'; expected a digit, 0 to 9"):
        open_fsdd(tmp_path)


def test_a_recording_that_went_away(tmp_path: Path, synthetic_folder: Path) -> None:
    shutil.copy(synthetic_folder / "0_bo_5.wav", tmp_path)
    corpus = open_fsdd(tmp_path)
    (tmp_path / "0_bo_5.wav").unlink()
    with pytest.raises(KilovoxError, match=r"0_bo_5\.wav: no such file"):
        _ = corpus.hashes
    with pytest.raises(KilovoxError, match=r"0_bo_5\.wav: no such file"):
        corpus.samples(0, 8000)


def test_subset(synthetic_corpus: RecordingCorpus) -> None:
    part = synthetic_corpus.subset([5, 3])
    assert part.recordings == (synthetic_corpus.recordings[3], synthetic_corpus.recordings[5])
    assert part.hashes == (synthetic_corpus.hashes[3], synthetic_corpus.hashes[5])
    assert part.fingerprint != synthetic_corpus.fingerprint


def test_a_corpus_holds_each_name_once() -> None:
    with pytest.raises(KilovoxError, match="here: a is listed more than once"):
        RecordingCorpus("x", [Recording("a", "1"), Recording("a", "2")], "here")
    with pytest.raises(KilovoxError, match="here: no recordings"):
        RecordingCorpus("x", [], "here")
