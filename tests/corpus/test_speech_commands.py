"""Speech Commands as published, and as parts of it are laid out: who speaks, which part, and what is left out."""

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.folders import open_folders
from kilovox.corpus.open import open_corpus, open_corpus_at
from kilovox.corpus.speech_commands import is_speech_commands, open_speech_commands
from kilovox.corpus.splits import make_split
from kilovox.errors import KilovoxError
from models import write_wav

PARTS = {"0c40e715": "test", "026290a7": "validation", "00176480": "train"}
"""By the published rule."""


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_wav(folder / name, int.from_bytes(name.encode()))
    return folder


@pytest.fixture
def published(tmp_path: Path) -> Path:
    names = [f"{word}/{speaker}_nohash_{take}.wav" for word in ("yes", "zero") for speaker in PARTS for take in (0, 1)]
    put(tmp_path / "sc", *names, "_background_noise_/pink_noise.wav")
    (tmp_path / "sc" / "README.md").write_text("x")
    return tmp_path / "sc"


def parts(corpus: RecordingCorpus) -> dict[str, set[str]]:
    """The parts that the recordings of every speaker are in."""
    assert corpus.official is not None
    found: dict[str, set[str]] = {}
    for recording in corpus.recordings:
        found.setdefault(str(recording.speaker), set()).add(corpus.official(recording))
    return found


def with_lists(folder: Path, validation: str, testing: str) -> Path:
    (folder / "validation_list.txt").write_text(validation)
    (folder / "testing_list.txt").write_text(testing)
    return folder


def test_without_lists_the_rule_decides(published):
    corpus = open_speech_commands(published)
    assert (len(corpus), corpus.labels, corpus.speakers) == (12, ("yes", "zero"), tuple(sorted(PARTS)))
    first = corpus.recordings[1]
    assert (first.name, first.label, first.speaker, first.take) == ("yes/00176480_nohash_1.wav", "yes", "00176480", 1)
    assert parts(corpus) == {speaker: {part} for speaker, part in PARTS.items()}
    assert [str(one) for one in corpus.left_out] == [
        "1 .md files (README.md)",
        '1 in folders that begin with "_" (_background_noise_/pink_noise.wav)',
    ]


def test_lists_decide_where_they_are(published):
    with_lists(published, "yes/0c40e715_nohash_0.wav\r\n\n", "zero/00176480_nohash_1.wav\nzero/not_here_nohash_0.wav\n")
    corpus = pickle.loads(pickle.dumps(open_corpus_at(published)))
    assert parts(corpus) == {"0c40e715": {"validation", "train"}, "026290a7": {"train"}, "00176480": {"test", "train"}}
    assert not [one for one in corpus.left_out if ".txt" in one.reason]
    split = make_split(corpus, "official")
    assert (len(split.train), len(split.validation), len(split.test)) == (10, 1, 1)


def test_lists_mean_a_copy_in_another_format_too(published):
    with_lists(published, "", "yes/0c40e715_nohash_0.wav\n")
    (published / "yes/0c40e715_nohash_0.wav").rename(published / "yes/0c40e715_nohash_0.flac")
    assert parts(open_speech_commands(published))["0c40e715"] == {"test", "train"}


def test_folders_above_the_words_are_parts(tmp_path):
    put(tmp_path, "train/yes/0c40e715_nohash_0.wav", "validation/yes/026290a7_nohash_0.wav", "train/No/aa_nohash_3.wav")
    corpus = open_speech_commands(tmp_path)
    assert corpus.labels == ("no", "yes")
    assert parts(corpus) == {"0c40e715": {"train"}, "026290a7": {"validation"}, "aa": {"train"}}
    split = make_split(corpus, "official")
    assert (len(split.train), len(split.validation), len(split.test)) == (2, 1, 0)


def test_what_does_not_fit_is_counted(published):
    put(
        published,
        "yes/mine.wav",
        "yes/a_b_nohash_0.wav",
        "loose.wav",
        "yes/anna/0c40e715_nohash_7.wav",
        "Yes/0c40e715_nohash_8.wav",
    )
    (published / "yes" / "notes.txt").write_text("x")
    corpus = open_speech_commands(published)
    assert (len(corpus), corpus.labels) == (13, ("yes", "zero"))
    assert {one.reason: one.examples for one in corpus.left_out} == {
        "not called {speaker}_nohash_{n}": ("yes/a_b_nohash_0.wav", "yes/mine.wav"),
        'in folders that begin with "_"': ("_background_noise_/pink_noise.wav",),
        "beside the folders of words": ("loose.wav",),
        "nested deeper than a folder a word": ("yes/anna/0c40e715_nohash_7.wav",),
        ".txt files": ("yes/notes.txt",),
        ".md files": ("README.md",),
    }


@pytest.mark.parametrize(
    ("validation", "testing", "message"),
    [
        ("yes\n", "", "validation_list.txt:1: 'yes'; expected a name as word/0a7c2a8d_nohash_0.wav"),
        ("", "\n\na/b/c.wav\n", "testing_list.txt:3: 'a/b/c.wav'; expected a name"),
        ("a/b.wav\n", "a/c.wav\na/b.wav\n", "testing_list.txt:2: 'a/b.wav' validates already; expected it on one of the lists"),
    ],
)
def test_bad_lists(published, validation, testing, message):
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_speech_commands(with_lists(published, validation, testing))


def test_one_list_alone(published):
    (published / "testing_list.txt").write_text("")
    with pytest.raises(KilovoxError, match=r"testing_list\.txt without validation_list\.txt; expected both, or neither"):
        open_corpus_at(published)


def test_lists_beside_folders_that_are_parts(tmp_path):
    put(tmp_path, "train/yes/0c40e715_nohash_0.wav", "test/yes/026290a7_nohash_0.wav")
    with pytest.raises(KilovoxError, match="and folders that are parts; expected one of the two"):
        open_speech_commands(with_lists(tmp_path, "", ""))


def test_nothing_there(tmp_path):
    with pytest.raises(KilovoxError, match="nowhere: no such folder; expected Speech Commands"):
        open_speech_commands(tmp_path / "nowhere")
    put(tmp_path, "yes/mine.wav")
    with pytest.raises(KilovoxError, match=r"no recordings in its folders; .*; found 1 not called .* \(yes/mine\.wav\)"):
        open_speech_commands(tmp_path)


def test_found_where_it_looks_like_it(published, tmp_path):
    assert is_speech_commands(published)
    split = put(tmp_path / "split", "train/yes/0c40e715_nohash_0.wav", "validation/no/026290a7_nohash_0.flac")
    assert is_speech_commands(split)
    for folder in (published, split):  # whichever reads it, it is the same corpus
        assert open_corpus_at(folder).fingerprint == open_corpus("folders", folder).fingerprint
        assert parts(open_corpus_at(folder)) == parts(open_folders(folder))


@pytest.mark.parametrize("name", ["yes/mine.wav", "yes/anna/1.wav", "Up/0c40e715_nohash_0.wav", "yes/anna_nohash_0.wav"])
def test_a_folder_a_word_where_it_may_be_another(published, name):
    put(published, name)
    assert not is_speech_commands(published)
    assert len(open_corpus_at(published)) == 13


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(lines=st.lists(st.text(max_size=20) | st.sampled_from(["yes/0c40e715_nohash_0.wav", "a/b", "a/", "/b", "\x00/\x1b"])))
def test_any_list_is_read_or_refused(published, lines):
    with_lists(published, "", "")
    (published / "testing_list.txt").write_bytes("\n".join(lines).encode("utf-8", "replace"))
    try:
        corpus = open_speech_commands(published)
    except KilovoxError as error:
        assert "testing_list.txt:" in str(error)  # noqa: PT017
    else:
        assert parts(corpus)["026290a7"] == {"train"}
