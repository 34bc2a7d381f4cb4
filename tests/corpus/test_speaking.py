"""Voices by workers: what they say is what it would be here, and what is there is not said again."""

import numpy as np
import pytest

from far_away import FarAway
from kilovox.corpus import speaking, synthetic
from kilovox.corpus.synthetic import synthesise
from kilovox.errors import KilovoxError


@pytest.fixture(autouse=True)
def said(monkeypatch):
    """Programs that hum: a voice by its number and seed, a word by itself."""
    heard = []

    def hum(number, seed, scratch, words):
        assert scratch.is_dir()
        for word in words:
            heard.append((seed, number, word))
            yield word, np.sin(np.arange(6000) * (0.02 * (number + 1) + 0.001 * len(word))).astype(np.float32)

    for name in ("espeak_voice", "flite_voice"):
        monkeypatch.setattr(speaking, name, hum)
    return heard


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.wav")}


def test_workers_say_the_same(tmp_path):
    counts, workers = {"espeak": 5, "flite": 2}, FarAway()
    here = synthesise(tmp_path / "here", counts, seed=3)
    far = synthesise(tmp_path / "far", counts, seed=3, workers=workers)
    assert len(here) == 70
    assert far.fingerprint == here.fingerprint
    assert files(tmp_path / "far") == files(tmp_path / "here")
    assert [len(voices) for voices in workers.given] == [4, 1, 2], "of one synthesiser each"


def test_what_was_broken_off_goes_on(tmp_path, said, monkeypatch):
    counts = {"espeak": 6}
    expected = files_of(tmp_path / "whole", counts)
    said.clear()

    class BreaksOff(FarAway):
        def run(self, function, items, tick=None):
            yield next(super().run(function, items, tick))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(tmp_path / "run", counts, workers=BreaksOff())
    assert len(files(tmp_path / "run")) == 20, "the last two voices"
    (tmp_path / "run" / "six" / "espeak0005_nohash_0.wav").unlink()
    said.clear()
    synthesise(tmp_path / "run", counts, workers=FarAway())
    assert sorted({number for _, number, _ in said}) == [0, 1, 2, 3, 5]
    assert [word for _, number, word in said if number == 5] == ["six"]
    assert files(tmp_path / "run") == expected


def files_of(folder, counts):
    synthesise(folder, counts)
    return files(folder)


def test_who_does_not_speak_the_language(tmp_path):
    with pytest.raises(KilovoxError, match="--flite: its voices speak English, not de"):
        synthesise(tmp_path / "run", {"flite": 1}, words=("ja",), language="de", workers=FarAway())
    assert not (tmp_path / "run").exists()
    with pytest.raises(KilovoxError, match="synthesiser parrot; expected some of"):
        synthesise(tmp_path / "run", {"parrot": 1}, words=synthetic.WORDS, workers=FarAway())
