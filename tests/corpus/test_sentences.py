"""What synthetic voices say beside digits."""

import shutil

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from far_away import FarAway
from kilovox.cli.main import main
from kilovox.corpus import sentences
from kilovox.corpus.sentence_texts import DIGITS, LARGEST, SPELT, draw_text, read_texts
from kilovox.corpus.sentence_texts import words as lists
from kilovox.corpus.synthetic import LICENCES
from kilovox.corpus.utterances import word_cuts
from kilovox.errors import KilovoxError

HOMOPHONES = {"to", "too", "for", "fore", "won", "ate", "oh", "o", *DIGITS}


@pytest.fixture
def spoken(monkeypatch):
    """A synthesiser that hums a tenth of a second a letter; gives the texts it was given."""
    texts = []

    def speaker(generator, scratch):
        pitch = generator.uniform(100.0, 300.0)

        def say(text):
            texts.append(text)
            time = np.arange(1_600 * len(text)) / 16_000
            return np.sin(2 * np.pi * pitch * time).astype(np.float32)

        return say

    monkeypatch.setattr(sentences, "PROGRAMS", {"espeak": (speaker, 16_000), "flite": (speaker, 16_000)})
    return texts


def test_no_other_word_sounds_just_as_a_digit():
    assert not HOMOPHONES & {word for words in lists().values() for word in words}
    assert "o" not in SPELT


def test_texts_are_of_every_kind_and_follow_the_generator():
    draws = [draw_text(np.random.default_rng([3, number])) for number in range(400)]
    assert draws == [draw_text(np.random.default_rng([3, number])) for number in range(400)]
    alone = [text for text in draws if len(text.words) == 1]
    digits = [text for text in draws if set(text.words) <= set(DIGITS)]
    spelt = [text for text in draws if set(text.words) <= set(SPELT)]
    mixed = [text for text in draws if set(text.words) & set(DIGITS) and set(text.words) & set(SPELT)]
    assert min(map(len, (alone, digits, spelt, mixed))) >= 8
    assert not {word for text in alone for word in text.words} & set(DIGITS)
    assert all(len(text.words) <= 6 for text in draws)


def test_letters_are_spoken_by_their_names():
    text = next(text for number in range(99) if "w" in (text := draw_text(np.random.default_rng(number))).words)
    assert "double you" in text.spoken


def test_utterances_have_transcripts_speakers_and_lone_words_in_place(tmp_path, spoken):
    corpus = sentences.say_sentences(tmp_path, {"espeak": 2, "flite": 1}, quiet=True)
    assert len(corpus) == 3 * sentences.TEXTS_PER_VOICE
    assert corpus.speakers == ("espeak0000", "espeak0001", "flite0000")
    assert corpus.left_out == ()
    alone = [one for one in corpus.utterances if len(one.words) == 1]
    assert len(word_cuts(corpus)) == len(alone) > 0
    for one in alone:
        (word,) = one.words
        assert (word.start, word.end) == (0.0, round(soundfile.info(one.path).duration, 3))
    assert sorted(spoken) == sorted(" ".join(SPELT.get(w.word, w.word) for w in one.words) for one in corpus.utterances)


def test_what_is_there_is_kept_and_what_is_missing_is_made(tmp_path, spoken):
    first = sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    lost = first.utterances[7].path
    before = {one.path: one.path.read_bytes() for one in first.utterances}
    lost.unlink()
    spoken.clear()
    again = sentences.say_sentences(tmp_path, {"espeak": 2}, quiet=True)
    assert len(spoken) == 1 + sentences.TEXTS_PER_VOICE
    assert {one.path: one.path.read_bytes() for one in again.utterances if one.path in before} == before


@pytest.mark.parametrize("content", [b"", b"x" * 1000])
def test_a_sound_that_was_damaged_is_named(tmp_path, spoken, content):
    """It may be a lone word, whose end it says; removed, it is made again."""
    first = sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    alone = next(one.path for one in first.utterances if len(one.words) == 1)
    before = alone.read_bytes()
    alone.write_bytes(content)
    with pytest.raises(KilovoxError, match=rf"{alone.name}: no sound can be read; expected it whole, or removed"):
        sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    alone.unlink()
    sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    assert alone.read_bytes() == before


def test_who_makes_them_speak_changes_nothing(tmp_path, spoken):
    counts = {"espeak": 3, "flite": 2}
    here = sentences.say_sentences(tmp_path / "here", counts, quiet=True)
    there = sentences.say_sentences(tmp_path / "there", counts, quiet=True, workers=FarAway())
    assert here.fingerprint == there.fingerprint
    for table in ("utterances.csv", "segments.csv"):
        assert (tmp_path / "here" / table).read_bytes() == (tmp_path / "there" / table).read_bytes()


def test_another_seed_says_something_else(tmp_path, spoken):
    def transcripts(seed):
        corpus = sentences.say_sentences(tmp_path / str(seed), {"espeak": 1}, seed, quiet=True)
        return [one.transcript for one in corpus.utterances]

    assert transcripts(1) != transcripts(2)


def test_voices_of_another_seed_do_not_get_these_transcripts(tmp_path, spoken):
    first = sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    before = (tmp_path / "utterances.csv").read_bytes()
    with pytest.raises(KilovoxError, match=r"seed\.txt: '1'; expected 2, as asked for: another folder, or --seed 1"):
        sentences.say_sentences(tmp_path, {"espeak": 1}, seed=2, quiet=True)
    assert (tmp_path / "utterances.csv").read_bytes() == before
    (tmp_path / "seed.txt").unlink()
    with pytest.raises(KilovoxError, match=r"seed\.txt: cannot be read .*; expected the seed of the voices in it"):
        sentences.say_sentences(tmp_path, {"espeak": 1}, quiet=True)
    assert all(one.path.exists() for one in first.utterances)


def test_sentences_of_a_file_are_said(tmp_path, spoken):
    file = tmp_path / "mine.txt"
    file.write_text("\ufeffTurn it off, please!\n\n  Don't - not yet.  \n", encoding="utf-8")
    texts = read_texts(file)
    assert [text.words for text in texts] == [("turn", "it", "off", "please"), ("don't", "not", "yet")]
    corpus = sentences.say_sentences(tmp_path / "out", {"espeak": 2}, quiet=True, texts=texts)
    assert {one.transcript for one in corpus.utterances} == {"turn it off please", "don't not yet"}
    assert set(spoken) == {"Turn it off, please!", "Don't - not yet."}
    again = sentences.say_sentences(tmp_path / "out", {"espeak": 2}, quiet=True, texts=texts)
    assert again.fingerprint == corpus.fingerprint
    for other in ((), texts[:1]):
        with pytest.raises(
            KilovoxError, match=r"seed\.txt: '1 [0-9a-f]{16}'; expected 1.*: another folder, or --seed 1 and its texts"
        ):
            sentences.say_sentences(tmp_path / "out", {"espeak": 2}, quiet=True, texts=other)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"Good.\nTake 5 of them.\n", r"mine\.txt, line 2: 'Take 5 of them\.'; expected at most 300 letters a to z"),
     (b"--help me", "line 1: '--help me'; expected"), (b"[[h@'loU]]", "line 1"), ("schön".encode(), "line 1: 'schön'"),
     (b"- ' -", "line 1"), (b"a ' b", "line 1"), (b"a" * 301, "line 1"), (b" \n\n", "mine.txt: empty; expected sentences"),
     (b"\xff\xfe", "mine.txt: not UTF-8"), (b"a\n" * LARGEST, "mine.txt: more than 1,048,576 bytes")],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path, content, message):
    (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(KilovoxError, match=message):
        read_texts(tmp_path / "mine.txt")


def test_what_is_wrong_is_named(tmp_path, monkeypatch):
    with pytest.raises(KilovoxError, match="synthesiser festival; expected some of espeak, flite"):
        sentences.say_sentences(tmp_path / "out", {"festival": 1})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(KilovoxError, match="mine: holds something else; expected a new or empty folder"):
        sentences.say_sentences(tmp_path / "mine", {"espeak": 1})
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "cache"))
    with pytest.raises(KilovoxError, match="no synthetic sentences; expected them made by: kilovox data sentences"):
        sentences.open_sentences()


def test_digits_in_a_row_are_said_by_kokoro_too_and_the_same_when_taken_up(tmp_path, spoken, monkeypatch):
    class Kokoro:
        styles = {"af_one": np.ones((510, 256), np.float32), "bm_two": np.zeros((510, 256), np.float32)}  # noqa: RUF012

        def __init__(self):
            self.heard = []

        def say(self, phonemes, style, speed):
            self.heard.append((phonemes, round(speed, 6)))
            return np.sin(np.arange(4_800)).astype(np.float32)

    kokoro = Kokoro()
    monkeypatch.setattr(sentences, "load_kokoro", lambda quiet: kokoro)
    counts = {"espeak": 1, "kokoro": 2}
    corpus = sentences.say_sentences(tmp_path / "once", counts, quiet=True, digits=True)
    assert corpus.speakers == ("espeak0000", "kokoro0000", "kokoro0001")
    said = [[word.word for word in one.words] for one in corpus.utterances]
    assert all(set(words) <= set(DIGITS) and 2 <= len(words) <= 7 for words in said)
    assert {word for words in said for word in words} == set(DIGITS)
    assert [len(heard.replace(",", " ").split()) for heard, _ in kokoro.heard] == [len(words) for words in said[20:]]
    first, kokoro.heard = kokoro.heard, []
    lost = corpus.utterances[27].path
    lost.unlink()
    sentences.say_sentences(tmp_path / "once", counts, quiet=True, digits=True)
    assert kokoro.heard == [first[7]]
    with pytest.raises(KilovoxError, match="'1 digits'; expected 1, as asked for"):
        sentences.say_sentences(tmp_path / "once", {"espeak": 1}, quiet=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kokoro", "3"], "--kokoro 3: its voices know digits alone; expected --digits with it"),
        (["--digits", "--texts", "lines.txt"], "--texts: says what is said instead of digits in a row"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path, arguments, message):
    done = CliRunner().invoke(main, ["data", "sentences", "--out", str(tmp_path / "out"), *arguments])
    assert (done.exit_code, message in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("source", "program"), [("espeak", "espeak-ng"), ("flite", "flite")])
def test_programs_that_are_installed_speak(tmp_path, source, program, monkeypatch):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    monkeypatch.setattr(sentences, "TEXTS_PER_VOICE", 2)
    corpus = sentences.say_sentences(tmp_path, {source: 1}, quiet=True)
    assert all(len(corpus.samples(index, 8000)) > 800 for index in range(2))
    assert LICENCES[source] in (tmp_path / "licences.json").read_text()
