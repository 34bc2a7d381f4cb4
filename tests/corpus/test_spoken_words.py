"""Any words by synthetic voices: pronounced, repeatable, each voice its own other words; digits stay what they were."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.corpus import phonemes, speaking, speech_programs, spoken_words, synthetic
from kilovox.corpus.languages import checked_language
from kilovox.corpus.phonemes import in_symbols, kokoro_phonemes
from kilovox.corpus.spoken_words import Vocabulary, say_with_kokoro, say_with_program, vocabulary_of
from kilovox.errors import KilovoxError

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

SYMBOLS = set("AIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲᵻʣʦ\u0303 .,!?")
"""Kokoro's."""


@pytest.mark.parametrize(
    ("ipa", "language", "symbols"),
    [
        ("jˈɛs", "en-us", "jˈɛs"),
        ("nˈo^ʊ", "en-us", "nˈO"),
        ("nˈə^ʊ", "en-gb", "nˈQ"),
        ("t^ʃˈɜːt^ʃ", "en-us", "ʧˈɜɹʧ"),
        ("t^ʃˈɜːt^ʃ", "en-gb", "ʧˈɜːʧ"),
        ("d^ʒˈʌd^ʒ", "en-us", "ʤˈʌʤ"),
        ("wˈɔːɾɚ", "en-us", "wˈɔTəɹ"),
        ("bˈʌʔn\u0329", "en-us", "bˈʌtᵊn"),
        ("lˈɾə^l", "en-us", "lˈTᵊl"),
        ("hˈe^ə", "en-gb", "hˈɛː"),
        ("tʃˈʌ^ʉ ɡˈa:t", "en-gb-scotland", "tʃˈW ɡˈaːt"),
        ("dˈoːɹbɛl", "en-us", "dˈɔɹbɛl"),
        ("lˈa^ɪk ˈa^ʊt bˈɔ^ɪ", "en-us", "lˈIk ˈWt bˈY"),
        ("bɔ\u0303ʒˈuʁ", "fr-fr", "bɔ\u0303ʒˈuʁ"),
        ("ɡrˈat^sje", "it", "ɡrˈaʦje"),
    ],
)
def test_phonemes_in_kokoros_symbols(ipa, language, symbols):
    assert in_symbols(ipa, language) == symbols


@needs_espeak
@pytest.mark.parametrize("language", ["en-us", "en-gb", "en-gb-scotland", "fr-fr", "es", "it", "pt-br", "hi"])
def test_every_sound_of_a_language_has_a_symbol(language):
    for word in ("chair", "butter", "yes", "garage", "little", "thing", "measure", "boy"):
        said = kokoro_phonemes(language, word, SYMBOLS)
        assert said
        ipa = phonemes.espeak_ipa(language, word)
        lost = [one for one in in_symbols(ipa, language) if one not in SYMBOLS]
        assert not lost, (word, ipa, lost)


@needs_espeak
def test_digits_are_said_as_those_that_were_written_down():
    found = [kokoro_phonemes("en-us", word, SYMBOLS) for word in synthetic.WORDS]
    assert sum(one != known for one, known in zip(found, synthetic.AMERICAN, strict=True)) <= 1


@needs_espeak
def test_languages_are_named_where_they_are_unknown(monkeypatch):
    with pytest.raises(KilovoxError, match=r"--language en-au: espeak-ng has no such voice; expected one of en-"):
        vocabulary_of(("yes",), "en-au", 3)
    with pytest.raises(
        KilovoxError, match=r"--language qqq: espeak-ng has no such voice; expected one that espeak-ng --voices"
    ):
        spoken_words.check_source("espeak", "qqq")
    with pytest.raises(KilovoxError, match="espeak-ng says"):
        kokoro_phonemes("en-us", "...", set())
    with pytest.raises(KilovoxError, match=r"--language 'E N'; expected a language"):
        checked_language("E N")
    with pytest.raises(KilovoxError, match=r"--flite: its voices speak English, not de; expected --flite 0"):
        spoken_words.check_source("flite", "de")
    with pytest.raises(KilovoxError, match=r"--kokoro: none of its voices speaks de; expected --kokoro 0"):
        spoken_words.check_source("kokoro", "de")


@needs_espeak
def test_other_words_sound_otherwise():
    found = vocabulary_of(("right", "no"), others=300)
    assert len(found.others) == 300
    assert not {"write", "know", "right", "no"} & set(found.others)


def test_every_voice_says_all_words_and_some_others():
    vocabulary = Vocabulary(("yes", "no"), others=tuple(f"w{number}" for number in range(40)))
    said = [vocabulary.of_voice("flite", number, 1) for number in range(20)]
    assert all(one[:2] == ("yes", "no") and len(set(one)) == 5 for one in said)
    assert len({word for one in said for word in one}) > 30
    assert len(Vocabulary(tuple("abcdefg"), others=tuple("hijklmnopqr")).of_voice("flite", 0, 1)) == 14
    assert said[3] == vocabulary.of_voice("flite", 3, 1) != vocabulary.of_voice("espeak", 3, 1)


class Said:
    vocabulary = dict.fromkeys(SYMBOLS, 1)

    def __init__(self):
        names = ["af_one", "am_two", "bf_three", "ff_four", "zm_five"]
        self.styles = {name: np.full((510, 256), place, np.float32) for place, name in enumerate(names)}
        self.heard = []

    def say(self, phonemes, style, speed):
        self.heard.append((phonemes, float(style[0, 0]), speed))
        return np.ones(24_000, np.float32)


@pytest.fixture
def spelt(monkeypatch):
    """espeak-ng that says every letter; the languages that were asked for."""
    asked = []

    def ipa(language, word):
        asked.append(language)
        return word

    monkeypatch.setattr(phonemes, "espeak_ipa", ipa)
    return asked


def test_a_voice_of_kokoro_says_a_word_the_same_whatever_else_it_says(spelt):
    kokoro = Said()
    say = say_with_kokoro(kokoro, "en-us", 1)
    assert [word for word, _ in say(3, ("stop", "go"))] == ["stop", "go"]
    both = list(kokoro.heard)
    assert len({style for _, style, _ in both}) == 1
    kokoro.heard.clear()
    list(say(3, ("go",)))
    assert kokoro.heard == both[1:]
    for number in range(30):
        list(say(number, ("stop",)))
    assert {"en-us", "en-gb"} < set(spelt)
    spelt.clear()
    list(say_with_kokoro(kokoro, "fr-fr", 1)(0, ("stop",)))
    assert spelt == ["fr-fr"]


def test_voices_of_a_language_are_preferred():
    names = ["af_one", "am_two", "ff_four", "zm_five"]
    shares = [synthetic.blend(names, np.random.default_rng(seed), "f") for seed in range(200)]
    assert np.mean(["ff_four" in one for one in shares]) > 0.75
    assert {name for one in shares for name in one} == set(names)


def test_a_program_that_says_nothing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(spoken_words, "flite_speaker", lambda generator, scratch: lambda text: np.zeros(100, np.float32))
    with pytest.raises(KilovoxError, match="flite says nothing for 'да'; expected a word of its language"):
        list(say_with_program("flite", "en-us", 1, tmp_path)(0, ("да",)))


STUB = {
    "espeak_speaker": lambda generator, scratch, accents=(): _tone(generator),
    "flite_speaker": lambda generator, scratch: _tone(generator),
}


def _tone(generator):
    pitch = generator.uniform(0.05, 0.3)
    return lambda text: np.sin(np.arange(9000) * pitch * (1 + len(text) / 9)).astype(np.float32)


def invoke(*arguments):
    return CliRunner().invoke(main, ["data", "synthesise", *map(str, arguments)])


def test_the_command_makes_words_and_others_and_goes_on(tmp_path, monkeypatch):
    for name, stub in STUB.items():
        monkeypatch.setattr(spoken_words, name, stub)
    monkeypatch.setattr(spoken_words, "is_installed", lambda program: False)
    monkeypatch.setattr(spoken_words, "check_espeak_language", lambda language: None)
    options = [
        "--words",
        "yes,guten Tag",
        "--others",
        12,
        "--kokoro",
        0,
        "--espeak",
        2,
        "--flite",
        1,
        "--out",
        tmp_path / "out",
    ]
    result = invoke(*options, "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["recordings"] == 3 * (2 + 3)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.wav")}
    more = json.loads(invoke(*options, "--espeak", 3, "--json").stdout)
    assert more["recordings"] == 4 * 5
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    (tmp_path / "list.txt").write_text("eins\nzwei\ndrei\n")
    german = ["--words", "ja,nein", "--language", "de", "--others", 3, "--list", tmp_path / "list.txt", "--espeak", 2]
    made = invoke(*german, "--out", tmp_path / "de")
    assert made.exit_code == 0, made.output
    assert sorted(path.name for path in (tmp_path / "de").iterdir() if path.is_dir()) == ["drei", "eins", "ja", "nein", "zwei"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--words", "stop"], "--out: missing; expected a folder of its own for other words than digits"),
        (["--words", "stop,Stop", "--out", "x"], "--words: 'Stop' twice"),
        (["--words", "a/b", "--out", "x"], "has '/' in it"),
        (["--list", "x.txt"], "--list: says which other words there are; expected --others with it"),
        (["--language", "DE", "--out", "x"], "--language 'DE'; expected a language as espeak-ng calls it"),
        (["--words", "ja", "--language", "de", "--flite", 3, "--out", "x"], "--flite: its voices speak English, not de"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(spoken_words, "check_espeak_language", lambda language: None)
    result = invoke(*arguments)
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert list(tmp_path.iterdir()) == []


def test_digits_are_said_as_before(tmp_path, monkeypatch):
    """What is drawn for digits: voices, phonemes and paces, by their hash."""
    kokoro = Said()
    for number in range(20):
        list(synthetic.kokoro_voice(kokoro, number, 1))
    heard = [(said, round(style, 4), round(speed, 4)) for said, style, speed in kokoro.heard]
    assert hashlib.sha256(repr(heard).encode()).hexdigest()[:16] == "fa9b36f71d80cde1"
    used = []
    monkeypatch.setattr(speaking, "espeak_voice", lambda number, seed, scratch, words: used.append((seed, tuple(words))) or ())
    monkeypatch.setattr(synthetic, "open_folders", lambda folder: None)
    synthetic.synthesise(tmp_path / "out", {"espeak": 1}, 5, quiet=True, words=("six", "nine"))
    assert used == [(6, ("six", "nine"))]


class Done:
    stdout = "Pty Language Age/Gender VoiceName File\n 5 variant - a !v/a\n 5 variant - b !v/b\n"


def test_programs_are_told_digits_as_before(tmp_path, monkeypatch):
    """Their command lines, by their hash."""
    said = []

    def run(arguments, **_):
        said.append([one for one in arguments if "said.wav" not in one])
        return Done()

    speech_programs._espeak_variants.cache_clear()
    monkeypatch.setattr(speech_programs.subprocess, "run", run)
    monkeypatch.setattr(speech_programs, "is_installed", lambda program: True)
    monkeypatch.setattr(speech_programs.soundfile, "read", lambda *_, **__: (np.zeros(10, np.float32), 16_000))
    for number in range(5):
        list(synthetic.espeak_voice(number, 2, tmp_path))
        list(synthetic.flite_voice(number, 3, tmp_path, ("six",)))
    speech_programs._espeak_variants.cache_clear()
    assert hashlib.sha256(repr(said).encode()).hexdigest()[:16] == "42a01543a963a9e3"


@needs_espeak
def test_espeak_says_words_and_others(tmp_path):
    corpus = synthetic.synthesise(tmp_path, {"espeak": 1}, quiet=True, words=("doorbell", "stop"), others=3)
    assert len(corpus) == 5
    assert all(len(corpus.samples(index, 8000)) > 800 for index in range(5))
