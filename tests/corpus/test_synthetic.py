"""Synthetic voices: repeatable blends, words trimmed and written whole, and clear errors for what is not installed."""

import json
import shutil

import numpy as np
import pytest
import soundfile

from kilovox.corpus import synthetic
from kilovox.errors import KilovoxError

NAMES = ["af_one", "am_two", "bf_three", "jf_four", "zm_five"]


def tones(number, words=synthetic.WORDS):
    random = np.random.default_rng(number)
    for word in synthetic.WORDS:
        sound = np.sin(np.arange(4000) * random.uniform(0.05, 0.5)).astype(np.float32)
        if word in words:
            yield word, np.concatenate([np.zeros(3000, np.float32), sound, np.zeros(5000, np.float32)])


def test_voices_are_written_trimmed_and_kept(tmp_path):
    advanced = []
    synthetic.write_voices(tmp_path, "kokoro", range(2), tones, 24_000, lambda: advanced.append(1))
    assert len(advanced) == 2
    corpus = synthetic.open_synthetic(tmp_path)
    assert (len(corpus), corpus.labels) == (20, tuple(sorted(synthetic.WORDS)))
    assert corpus.speakers == ("kokoro0000", "kokoro0001")
    assert synthetic.licences(corpus.speakers) == {"kokoro": synthetic.LICENCES["kokoro"]}
    assert json.loads((tmp_path / "licences.json").read_text()) == synthetic.LICENCES
    path = tmp_path / "six" / "kokoro0001_nohash_0.wav"
    sound, rate = soundfile.read(path)
    assert rate == synthetic.SAMPLE_RATE
    assert len(sound) == pytest.approx((4000 + 2 * 1200) / 1.5, abs=300)
    assert np.abs(sound).max() == pytest.approx(synthetic.PEAK, abs=0.01)
    before = path.stat().st_mtime_ns
    synthetic.write_voices(tmp_path, "kokoro", range(2), lambda *_: pytest.fail("spoken again"), 24_000)
    assert path.stat().st_mtime_ns == before


def test_an_interrupted_voice_is_spoken_anew(tmp_path):
    def interrupted(number, _):
        words = tones(number)
        yield next(words)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthetic.write_voices(tmp_path, "flite", range(1), interrupted, 16_000)
    assert len(list(tmp_path.glob("*/*.wav"))) == 1
    synthetic.write_voices(tmp_path, "flite", range(1), tones, 16_000)
    assert len(list(tmp_path.glob("*/*.wav"))) == 10


def test_voices_may_say_some_of_the_words_and_the_others_later(tmp_path):
    some, everything = tmp_path / "some", tmp_path / "everything"
    synthetic.write_voices(some, "flite", range(2), tones, 16_000, words=("six", "nine"))
    assert sorted(path.name for path in some.iterdir()) == ["licences.json", "nine", "six"]
    for folder in (some, everything):
        synthetic.write_voices(folder, "flite", range(2), tones, 16_000)
    for path in everything.glob("*/*.wav"):
        assert (some / path.relative_to(everything)).read_bytes() == path.read_bytes()


def test_blends_are_shares_and_follow_the_generator():
    for seed in range(50):
        first, again = (synthetic.blend(NAMES, np.random.default_rng(seed)) for _ in range(2))
        assert first == again
        assert 1 <= len(first) <= 3
        assert sum(first.values()) == pytest.approx(1.0)
    assert {len(synthetic.blend(NAMES, np.random.default_rng(seed))) for seed in range(50)} == {1, 2, 3}


class Said:
    def __init__(self):
        self.styles = {name: np.full((510, 256), index, np.float32) for index, name in enumerate(NAMES)}
        self.heard = []

    def say(self, phonemes, style, speed):
        self.heard.append((phonemes, float(style[0, 0]), speed))
        return np.ones(24_000, np.float32)


def test_a_voice_says_ten_words_in_one_style_and_is_the_same_again():
    kokoro = Said()
    assert [word for word, _ in synthetic.kokoro_voice(kokoro, 3, 1)] == list(synthetic.WORDS)
    assert len({style for _, style, _ in kokoro.heard}) == 1
    assert all(0.75 * 0.9 <= speed <= 1.35 * 1.1 for _, _, speed in kokoro.heard)
    first = list(kokoro.heard)
    kokoro.heard.clear()
    list(synthetic.kokoro_voice(kokoro, 3, 1))
    assert kokoro.heard == first
    kokoro.heard.clear()
    assert [word for word, _ in synthetic.kokoro_voice(kokoro, 3, 1, ["nine", "six"])] == ["six", "nine"]
    assert kokoro.heard == [first[6], first[9]]


def test_silence_stays_silence():
    np.testing.assert_array_equal(synthetic.trimmed(np.zeros(100, np.float32), 16_000), np.zeros(100))


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    with pytest.raises(KilovoxError, match="kilovox data synthesise"):
        synthetic.open_synthetic(tmp_path / "none")
    with pytest.raises(KilovoxError, match="synthesiser festival; expected some of kokoro, espeak, flite"):
        synthetic.synthesise(tmp_path / "out", {"festival": 1})
    with pytest.raises(KilovoxError, match="'up/down' has '/' in it"):
        synthetic.synthesise(tmp_path / "out", {"flite": 1}, words=("six", "up/down"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KilovoxError, match="flite is not installed"):
        synthetic.synthesise(tmp_path / "out", {"flite": 1}, quiet=True)


def test_licences_nested_without_end_are_of_something_else(tmp_path):
    (tmp_path / synthetic.LICENCES_FILE).write_text("[" * 99_999)
    with pytest.raises(KilovoxError, match="holds something else"):
        synthetic.synthesise(tmp_path, {"espeak": 1})


def test_nobody_speaks(tmp_path):
    with pytest.raises(KilovoxError, match="no voice of espeak or flite; expected one at least"):
        synthetic.synthesise(tmp_path / "made", {"espeak": 0, "flite": 0})
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("source", ["espeak", "flite"])
def test_programs_that_are_installed_speak(tmp_path, source):
    program = {"espeak": "espeak-ng", "flite": "flite"}[source]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    corpus = synthetic.synthesise(tmp_path, {source: 1}, quiet=True)
    assert len(corpus) == 10
    assert all(len(corpus.samples(index, 8000)) > 800 for index in range(10))
