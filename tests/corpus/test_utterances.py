"""Utterances: tables and lists of transcripts, where words are in the sound, and what a corpus of them gives."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from kilovox.audio import RawFormat
from kilovox.corpus.base import LeftOut
from kilovox.corpus.transcripts import spoken_words
from kilovox.corpus.utterances import SpokenWord, Utterance, UtteranceCorpus, is_utterances, open_utterances
from kilovox.errors import KilovoxError

TABLE = "path,speaker,transcript\nclips/b.wav,ada,seven four\nclips/a.wav,,<sil> FOUR(2) ++noise++ seven four </s>\n"
SEGMENTS = "utterance,speaker,word,start,end\na,,four,.05,0.1\nb,ada,seven,0,0.1\na,,Four,0.15,0.25\n"


def tone(seed: int, rate: int = 8000) -> np.ndarray:
    """A quarter of a second."""
    return np.random.default_rng(seed).integers(-9000, 9000, rate // 4).astype(np.int16)


def write(path: Path, samples: np.ndarray, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A folder with two utterances of a quarter of a second, in a table."""
    for seed, name in enumerate("ab"):
        write(tmp_path / "clips" / f"{name}.wav", tone(seed))
    (tmp_path / "utterances.csv").write_text(TABLE)
    return tmp_path


def test_a_table(spoken):
    corpus = open_utterances(spoken)
    a, b = SpokenWord("four"), SpokenWord("seven")
    assert corpus.utterances == (
        Utterance("a", None, spoken / "clips/a.wav", (a, b, a)),
        Utterance("b", "ada", spoken / "clips/b.wav", (b, a)),
    )
    assert (len(corpus), corpus.speakers, corpus.words, corpus.left_out) == (2, ("ada",), ("four", "seven"), ())
    assert corpus.samples(1, 8000).tolist() == tone(1).tolist()
    assert corpus.utterances[0].transcript == "four seven four"


def test_segments(spoken):
    (spoken / "segments.csv").write_text(SEGMENTS)
    first, second = open_utterances(spoken).utterances
    assert first.words == (SpokenWord("four", 0.05, 0.1), SpokenWord("seven"), SpokenWord("four", 0.15, 0.25))
    assert second.words == (SpokenWord("seven", 0.0, 0.1), SpokenWord("four"))


def test_segments_that_are_no_word_are_counted(spoken):
    (spoken / "segments.csv").write_text(SEGMENTS + "b,ada,<sil>,0.1,0.12\nb,ada,eight,0.12,0.15\nb,ada,seven,0.2,0.25\n")
    corpus = open_utterances(spoken)
    expected = ("b: <sil>", "b: eight", "b: seven")
    assert corpus.left_out == (LeftOut("segments that are no word of the transcript", 3, expected),)


def test_words_may_overlap_and_reach_beyond_by_the_tolerance(spoken):
    (spoken / "segments.csv").write_text("utterance,speaker,word,start,end\nb,ada,seven,0.0,0.2\nb,ada,four,0.15,0.3\n")
    assert open_utterances(spoken).utterances[1].words[1] == SpokenWord("four", 0.15, 0.3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,speaker\n", "utterances.csv:1: no column 'transcript' in path,speaker; expected path,speaker,transcript"),
        ("path,speaker,transcript,take\n", "utterances.csv:1: column 'take' is unknown"),
        ("path,speaker,transcript\n", "no utterances; expected at least one"),
        ("path,speaker,transcript\n,ada,four\n", "utterances.csv:2: path is empty"),
        ("path,speaker,transcript\nclips/gone.wav,ada,four\n", "utterances.csv:2: 'clips/gone.wav': no such file"),
        ("path,speaker,transcript\nclips/a.wav,ada,\n", "utterances.csv:2: transcript is empty; expected the words"),
        (TABLE + "clips/../clips/a.wav,bo,four\n", "utterances.csv:4: 'clips/../clips/a.wav' is listed in line 3 already"),
        (TABLE + "b.wav,bo,four\n", "utterances.csv:4: 'b' is the name of line 2 too; expected a name for each"),
        (TABLE.replace("ada", "a\x1bda"), "utterances.csv:2: speaker: character U+001B"),
        (TABLE.replace("seven four\n", "x\u202ey\n"), "utterances.csv:2: word: character U+202E"),
        (TABLE.replace("seven four\n", "x" * 65 + "\n"), "utterances.csv:2: word: 65 characters; expected at most 64"),
    ],
)
def test_bad_tables(spoken, text, message):
    write(spoken / "b.wav", tone(9))
    (spoken / "utterances.csv").write_text(text)
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_utterances(spoken)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("c,ada,four,0,0.1", "segments.csv:2: utterance 'c' is not listed; expected one of those that are"),
        ("b,bo,four,0,0.1", "segments.csv:2: speaker 'bo'; expected 'ada', who says b"),
        ("b,ada,,0,0.1", "segments.csv:2: word is empty"),
        ("b,ada,four,nan,0.1", "segments.csv:2: start 'nan'; expected seconds, 0 or more, such as 0.31"),
        ("b,ada,four,-0.1,0.1", "segments.csv:2: start '-0.1'; expected seconds"),
        ("b,ada,four,0,inf", "segments.csv:2: end 'inf'; expected seconds"),
        ("b,ada,four,0,", "segments.csv:2: no end; expected seconds, such as 0.31"),
        ("b,ada,four,0,1_0", "segments.csv:2: end '1_0'; expected seconds"),
        ("b,ada,four,0.1,0.1", "segments.csv:2: start 0.1, end 0.1; expected the end after the start"),
        ("b,ada,four,0.1,0.301", "segments.csv:2: end 0.301; expected at most 0.250, the seconds of b"),
        ("b,ada,four,0.25,0.3", "segments.csv:2: start 0.25; expected less than 0.250, the seconds of the sound"),
        ("b,ada,seven,0,0.2\nb,ada,four,0.149,0.2", "segments.csv:3: start 0.149; expected 0.2 or more, where the word before"),
    ],
)
def test_bad_segments(spoken, row, message):
    (spoken / "segments.csv").write_text(f"utterance,speaker,word,start,end\n{row}\n")
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_utterances(spoken)


def test_segments_of_a_sound_that_is_none(spoken):
    (spoken / "clips/b.wav").write_text("not a sound")
    (spoken / "segments.csv").write_text(SEGMENTS)
    with pytest.raises(KilovoxError, match=r"b\.wav: not a readable sound file"):
        open_utterances(spoken)


@pytest.fixture
def an4(tmp_path: Path) -> Path:
    """As CMU lays out AN4: in SPHERE, and the last one raw."""
    (tmp_path / "etc").mkdir()
    for part, folder, speakers in (("train", "an4_clstk", ("fash", "ffmm")), ("test", "an4test_clstk", ("fcaw",))):
        names, lines = [], []
        for seed, speaker in enumerate(speakers):
            name = f"an{seed}-{speaker}-b"
            (tmp_path / "wav" / folder / speaker).mkdir(parents=True)
            path = tmp_path / "wav" / folder / speaker / f"{name}.sph"
            if speaker == "ffmm":
                path.with_suffix(".raw").write_bytes(tone(seed, 16000).astype(">i2").tobytes())
            else:
                soundfile.write(path, tone(seed, 16000), 16000, format="NIST", subtype="PCM_16")
            names.append(f"{folder}/{speaker}/{name}")
            lines.append(f"<s> RUBOUT G TWO(2) ++um++ </s> ({name})" if part == "train" else f"YES ({name})")
        (tmp_path / "etc" / f"an4_{part}.fileids").write_text("\n".join(names) + "\n")
        (tmp_path / "etc" / f"an4_{part}.transcription").write_text("\n".join(reversed(lines)) + "\n")
    return tmp_path


def test_an4_as_published(an4):
    corpus = open_utterances(an4)
    assert [(one.name, one.speaker, one.transcript, one.part) for one in corpus.utterances] == [
        ("an0-fash-b", "fash", "rubout g two", "train"),
        ("an0-fcaw-b", "fcaw", "yes", "test"),
        ("an1-ffmm-b", "ffmm", "rubout g two", "train"),
    ]
    assert corpus.utterances[2].raw == RawFormat(16000, big_endian=True)
    for place, seed in ((0, 0), (1, 0), (2, 1)):
        assert corpus.samples(place, 16000).tolist() == tone(seed, 16000).tolist()
    assert len(set(corpus.hashes)) == 2  # the first and the second sound the same


def test_segments_beside_an4(an4):
    (an4 / "segments.csv").write_text("utterance,speaker,word,start,end\nan1-ffmm-b,ffmm,two,0.1,0.25\n")
    assert open_utterances(an4).utterances[2].words[2] == SpokenWord("two", 0.1, 0.25)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("an4_train.fileids", lambda text: text + text, "an4_train.fileids:3: 'an4_clstk/fash/an0-fash-b' is listed in"),
        (
            "an4_train.fileids",
            lambda text: text.replace("an1-ffmm", "an2-ffmm"),
            "fileids:2: 'an2-ffmm-b' has no line in an4_tr",
        ),
        (
            "an4_train.fileids",
            lambda text: text.partition("\n")[0],
            "transcription:1: 'an1-ffmm-b' is not in an4_train.fileids",
        ),
        ("an4_train.fileids", lambda text: text.replace("/ffmm/", "/x/"), "fileids:2: 'an4_clstk/x/an1-ffmm-b': no such file"),
        ("an4_train.transcription", lambda text: text + text, "an4_train.transcription:3: 'an1-ffmm-b' is in line 1 already"),
        (
            "an4_train.transcription",
            lambda _: "<s> YES </s>",
            "an4_train.transcription:1: '<s> YES </s>'; expected <s> WORDS </s>",
        ),
        ("x_train.fileids", lambda _: "", "x_train.fileids: a second list of the train part beside an4_train.fileids"),
        ("../utterances.csv", lambda _: "", "both utterances.csv and etc/*.fileids; expected one of the two"),
    ],
)
def test_bad_lists(an4, name, edit, message):
    path = an4 / "etc" / name
    path.write_text(edit(path.read_text() if path.exists() else ""))
    with pytest.raises(KilovoxError, match=re.escape(message)):
        open_utterances(an4)


def test_a_list_without_transcripts(an4):
    (an4 / "etc/an4_test.transcription").unlink()
    with pytest.raises(KilovoxError, match=r"an4_test\.transcription: cannot be read .*; expected a list of utterances"):
        open_utterances(an4)


def test_a_compressed_sphere_file_says_so(an4):
    path = an4 / "wav/an4_clstk/fash/an0-fash-b.sph"
    path.write_bytes(path.read_bytes().replace(b"sample_coding -s3 pcm", b"sample_coding -s3 shn"))
    with pytest.raises(KilovoxError, match=r"an0-fash-b\.sph: not a readable sound file"):
        assert open_utterances(an4).hashes


def test_neither(tmp_path):
    with pytest.raises(KilovoxError, match=r"neither utterances\.csv nor etc/\*\.fileids in it"):
        open_utterances(tmp_path)
    with pytest.raises(KilovoxError, match="no such folder"):
        open_utterances(tmp_path / "gone")


def test_what_it_looks_like(spoken, an4, tmp_path):
    assert is_utterances(spoken)
    (tmp_path / "utterances.csv").unlink()
    assert is_utterances(an4)
    assert not is_utterances(tmp_path / "etc")


def test_the_fingerprint_is_of_sound_words_and_times(spoken):
    fingerprints = {open_utterances(spoken).fingerprint}
    (spoken / "segments.csv").write_text(SEGMENTS)
    fingerprints.add(open_utterances(spoken).fingerprint)
    (spoken / "utterances.csv").write_text(TABLE.replace("seven four\n", "seven five\n"))
    fingerprints.add(open_utterances(spoken).fingerprint)
    write(spoken / "clips/a.wav", tone(7))
    fingerprints.add(open_utterances(spoken).fingerprint)
    assert len(fingerprints) == 4


def test_subset(spoken):
    corpus = open_utterances(spoken)
    fresh = corpus.subset([1])
    assert (fresh.utterances, fresh.name, fresh.where) == (corpus.utterances[1:], corpus.name, corpus.where)
    assert fresh.hashes == corpus.hashes[1:]
    (spoken / "clips/b.wav").unlink()
    assert corpus.subset([1, 0]).hashes == corpus.hashes  # known already


def test_names_are_each_their_own(spoken):
    one = open_utterances(spoken).utterances[0]
    with pytest.raises(KilovoxError, match="here: a is listed more than once"):
        UtteranceCorpus("x", [one, one], "here")
    with pytest.raises(KilovoxError, match="word of 'n': character"):
        UtteranceCorpus("x", [Utterance("n", None, spoken, (SpokenWord("\x1b"),))], "here")


@given(st.text() | st.lists(st.sampled_from(["<s>", "++a++", "[b]", "X(2)", "(2)", "Été", "<", ">"])).map(" ".join))
def test_words_are_lower_case_and_no_marks(transcript):
    for word in spoken_words(transcript):
        assert word == word.lower()
        assert not re.search(r"\s|.\([0-9]+\)$|^<[^<>]*>$", word)
