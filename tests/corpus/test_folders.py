"""A folder a word, a speaker within a word, a split above the words; and what is left out is counted."""

import hashlib
import inspect
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.corpus import tree
from kilovox.corpus.base import LeftOut, Recording, RecordingCorpus
from kilovox.corpus.folders import open_folders, part_by_speaker
from kilovox.corpus.open import open_corpus_at
from kilovox.corpus.splits import make_split
from kilovox.errors import KilovoxError


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.frombuffer(hashlib.sha256(str(path).encode()).digest() * 10, np.int16)  # another for every path
    if path.suffix.lower() in (".opus", ".oga"):
        subtype = "OPUS" if path.suffix == ".opus" else "VORBIS"
        soundfile.write(path, np.tile(sound, 20), 16000, format="OGG", subtype=subtype)
    else:
        soundfile.write(path, np.tile(sound, 20), 16000)
    return path


def names(corpus: RecordingCorpus) -> list[str]:
    return [recording.name for recording in corpus.recordings]


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
        Recording("seven/0a7c2a8d_nohash_3.wav", "seven", "0a7c2a8d", 3, words / "seven/0a7c2a8d_nohash_3.wav"),
        Recording("yes/B.WAV", "yes", None, None, words / "yes/B.WAV"),
        Recording("yes/b.ogg", "yes", None, None, words / "yes/b.ogg"),
        Recording("zero/0a7c2a8d_nohash_0.wav", "zero", "0a7c2a8d", 0, words / "zero/0a7c2a8d_nohash_0.wav"),
        Recording("zero/mine.flac", "zero", None, None, words / "zero/mine.flac"),
    )
    assert len(corpus.samples(0, 8000)) == 1600


def test_what_is_left_out_is_counted(words: Path) -> None:
    put(words / "loose.wav")
    put(words / "yes" / "_scratch.wav")
    put(words / "yes" / "ann" / "old" / "1.wav")
    (words / "yes" / "c.m4a").write_bytes(b"x")
    (words / "yes" / "gone.wav").symlink_to("nowhere.wav")
    os.mkfifo(words / "yes" / "pipe.wav")
    (words / "yes" / "loop").symlink_to("..")
    (words / "yes" / "self.wav").symlink_to("self.wav")
    found = {one.reason: one for one in open_folders(words).left_out}
    assert found == {
        "hidden": LeftOut("hidden", 2, (".hidden", "seven/._0a7c2a8d_nohash_3.wav")),
        'in folders that begin with "_"': LeftOut('in folders that begin with "_"', 1, ("_background_noise_/rain.wav",)),
        'that begin with "_"': LeftOut('that begin with "_"', 1, ("yes/_scratch.wav",)),
        ".txt files": LeftOut(".txt files", 1, ("seven/notes.txt",)),
        ".m4a files": LeftOut(".m4a files", 1, ("yes/c.m4a",)),
        "other files": LeftOut("other files", 1, ("LICENSE",)),
        "beside the folders of words": LeftOut("beside the folders of words", 1, ("loose.wav",)),
        "nested deeper than word/speaker": LeftOut("nested deeper than word/speaker", 1, ("yes/ann/old/1.wav",)),
        "folders without a recording": LeftOut("folders without a recording", 1, ("empty",)),
        "links to a folder above": LeftOut("links to a folder above", 1, ("yes/loop",)),
        "no files (broken links, pipes, devices)": LeftOut(
            "no files (broken links, pipes, devices)", 3, ("yes/gone.wav", "yes/pipe.wav", "yes/self.wav")
        ),
    }
    assert str(found["hidden"]) == "2 hidden (.hidden, seven/._0a7c2a8d_nohash_3.wav)"


def test_only_some_names_are_kept(words: Path) -> None:
    for number in range(5):
        (words / "yes" / f"{number}\x1b[31m.mid").write_bytes(b"x")
    (found,) = [one for one in open_folders(words).left_out if one.reason == ".mid files"]
    assert (found.count, len(found.examples)) == (5, 3)
    assert "\x1b" not in str(found)


@pytest.mark.parametrize("suffix", [".mp3", ".aiff", ".opus", ".oga", ".au", ".w64", ".FLAC", ".Wav"])
def test_what_libsndfile_reads_is_read(tmp_path: Path, suffix: str) -> None:
    put(tmp_path / "yes" / f"a{suffix}")
    corpus = open_folders(tmp_path)
    assert names(corpus) == [f"yes/a{suffix}"]
    assert len(corpus.samples(0, 16000)) > 1000
    assert len(corpus.hashes) == 1


def test_a_folder_a_speaker_within_a_word(tmp_path: Path) -> None:
    for name in ("yes/anna/1.wav", "yes/José María/1.wav", "no/anna/1.wav", "no/x.wav", "no/../no/anna/2.wav"):
        put(tmp_path / name)
    corpus = open_corpus_at(tmp_path)
    assert [(one.name, one.label, one.speaker) for one in corpus.recordings] == [
        ("no/anna/1.wav", "no", "anna"),
        ("no/anna/2.wav", "no", "anna"),
        ("no/x.wav", "no", None),
        ("yes/José María/1.wav", "yes", "José María"),
        ("yes/anna/1.wav", "yes", "anna"),
    ]


def test_speakers_in_the_names(tmp_path: Path) -> None:
    for name in ("open/spk01_01.flac", "open/spk02_01.flac", "close/spk02_13.flac", "close/spk01_01.flac"):
        put(tmp_path / name)
    assert [(one.speaker, one.take) for one in open_corpus_at(tmp_path).recordings] == [
        ("spk01", 1), ("spk02", 13), ("spk01", 1), ("spk02", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        ("open/take_1.wav", "open/take_2.wav", "close/take_1.wav"),  # one speaker, if any
        ("open/open_1.wav", "close/close_1.wav"),  # who says one word each
        ("open/a_1.wav", "close/a_1.wav", "open/b_1.wav"),
        ("open/a_1.wav", "close/a_1.wav", "open/b_1.wav", "close/b_1.wav", "close/c.wav"),
        ("open/a_1.wav", "close/a_1.wav", "open/b_1.wav", "close/b_1.wav", "close/_1.wav", "open/2_1.wav"),
    ],
)
def test_names_that_name_nobody(tmp_path: Path, odd: tuple[str, ...]) -> None:
    for name in odd:
        put(tmp_path / name)
    assert {one.speaker for one in open_folders(tmp_path).recordings} == {None}


SPEECH_COMMANDS = {"0c40e715": "test", "026290a7": "validation", "00176480": "train"}


def test_speech_commands_has_its_own_split(tmp_path: Path) -> None:
    for speaker in SPEECH_COMMANDS:
        for word in ("yes", "no"):
            put(tmp_path / word / f"{speaker}_nohash_0.wav")
    corpus = open_folders(tmp_path)
    for recording in corpus.recordings:
        assert part_by_speaker(recording) == SPEECH_COMMANDS[str(recording.speaker)]
    split = make_split(corpus, "official", validation_size=0.0)
    parts = [{corpus.recordings[i].speaker for i in part} for part in (split.train, split.validation, split.test)]
    assert parts == [{"00176480"}, {"026290a7"}, {"0c40e715"}]
    put(tmp_path / "yes" / "mine.wav")
    with pytest.raises(KilovoxError, match="comes without one"):
        make_split(open_folders(tmp_path), "official")


def test_parts_of_a_split_above_the_words(tmp_path: Path) -> None:
    for part, people in (("train", "abc"), ("validation", "d"), ("testing", "e")):
        for speaker in people:
            put(tmp_path / part / "yes" / f"{speaker}_nohash_0.flac")
    corpus = open_corpus_at(tmp_path)
    assert corpus.labels == ("yes",)
    split = make_split(corpus, "official")
    parts = ["".join(str(corpus.recordings[i].speaker) for i in part) for part in (split.train, split.validation, split.test)]
    assert parts == ["abc", "d", "e"]


def test_train_and_validation_alone_can_be_trained_on(tmp_path: Path) -> None:
    for part in ("train", "validation"):
        put(tmp_path / part / "yes" / f"{part}_nohash_0.wav")
    split = make_split(open_corpus_at(tmp_path), "official")
    assert (len(split.train), len(split.validation), len(split.test)) == (1, 1, 0)


def test_words_that_are_called_as_parts_of_a_split(tmp_path: Path) -> None:
    put(tmp_path / "train" / "anna" / "1.wav")
    put(tmp_path / "bus" / "anna" / "1.wav")
    assert open_folders(tmp_path).labels == ("bus", "train")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match="nowhere: no such folder"):
        open_folders(tmp_path / "nowhere")


def test_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "yes").mkdir()
    put(tmp_path / "loose.wav")
    with pytest.raises(
        KilovoxError, match=r"no recordings in its folders; .*; found 1 beside the folders of words \(loose\.wav\)"
    ):
        open_folders(tmp_path)


def test_a_folder_that_cannot_be_read(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "yes":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(tree.os, "scandir", refused)
    with pytest.raises(KilovoxError, match="yes: cannot be read"):
        open_folders(words)


def test_folders_in_folders_without_end(tmp_path: Path) -> None:
    """Deeper than Python calls; and what is no file is no sound."""
    put(tmp_path / "yes" / "/".join("a" * 150) / "ada.wav")
    put(tmp_path / "yes" / "z.wav")
    os.mkfifo(tmp_path / "yes" / "y.wav")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        found = list(tree.Tree(tmp_path).sounds_below("yes"))
    finally:
        sys.setrecursionlimit(limit)
    assert found == [f"yes/{'/'.join('a' * 150)}/ada.wav", "yes/z.wav"]


def test_more_files_than_a_corpus_may_have(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAXIMUM_ENTRIES", 10)
    with pytest.raises(KilovoxError, match="words: more than 10 files"):
        open_folders(words)


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "line\nbreak", "  ", "\u202egnirts"])
def test_labels_and_speakers_can_be_shown(tmp_path: Path, name: str) -> None:
    put(tmp_path / name / "1.wav")
    with pytest.raises(KilovoxError, match=re.escape("label of ")):
        open_folders(tmp_path)
    (tmp_path / "in").mkdir()
    put(tmp_path / "in" / "yes" / name / "1.wav")
    with pytest.raises(KilovoxError, match=re.escape("speaker of ")):
        open_folders(tmp_path / "in")


def test_one_stray_recording_does_not_make_it_fsdd(words: Path) -> None:
    put(words / "7_anna_1.wav")
    message = r"1 recordings named as FSDD's \(7_anna_1\.wav\) and 3 folders of recordings \(seven, yes, zero\); expected one"
    with pytest.raises(KilovoxError, match=message):
        open_corpus_at(words)
    assert len(open_folders(words)) == 5
    (words / "recordings").mkdir()
    (words / "7_anna_1.wav").rename(words / "recordings" / "7_anna_1.wav")
    with pytest.raises(KilovoxError, match=r"1 recordings named as FSDD's \(recordings/7_anna_1\.wav\) and 3 folders"):
        open_corpus_at(words)
