"""Takes: what is left to be said, what is wrong with one, and that readers see who spoke."""

import numpy as np
import pytest
import soundfile

from kilovox.corpus.folders import open_folders
from kilovox.corpus.open import open_corpus_at
from kilovox.corpus.takes import RATE, Take, checked_speaker, keep, level, planned
from kilovox.errors import KilovoxError


def said(peak=8000, start=0.6, end=1.2, seconds=2.0, noise=5):
    """A buzz in noise."""
    random = np.random.default_rng(4)
    sound = random.normal(size=round(seconds * RATE)) * noise
    first, last = round(start * RATE), round(end * RATE)
    shape = np.hanning(last - first) ** 0.3
    sound[first:last] += np.sign(np.sin(np.arange(last - first) * 0.06)) * shape * peak
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize(
    ("sound", "problem"),
    [
        (said(), None),
        (said(noise=300), None),
        (said(peak=1500), None),
        (said(peak=700), "too quiet (-33 dB): come nearer"),
        (said(peak=60_000), "clipped: go further away"),
        (said(start=0.0), "cut off at the beginning"),
        (said(end=2.0), "cut off at the end"),
        (said(peak=0, noise=300), "nothing heard above the noise"),
        (said(peak=0, noise=0), "nothing heard: is this the right microphone"),
        (np.zeros(0, np.int16), "nothing heard: is this the right microphone"),
    ],
)
def test_what_is_wrong_with_a_take(sound, problem):
    found = level(sound, RATE)
    assert [one.startswith(problem) for one in found.problems] == [True] if problem else found.problems == ()


def test_the_peak_is_that_of_the_take():
    assert level(said(peak=16384, noise=0), RATE).peak_db == pytest.approx(-6.02, abs=0.01)
    assert level(said(peak=0, noise=0), RATE).peak_db == -np.inf


def test_every_take_in_an_order_of_the_speakers_own_and_the_rest_after_a_break(tmp_path):
    words = ("yes", "no", "stop", "go")
    takes = planned(tmp_path, "anna", words, 3, ("apple",))
    assert len(takes) == len(set(takes)) == 13
    assert [take.number for take in takes] == [0] * 4 + [1] * 4 + [2] * 4 + [0]
    assert {take.word for take in takes[:4]} == set(words)
    assert takes[-1] == Take("apple", "anna", 0)
    assert takes == planned(tmp_path, "anna", words, 3, ("apple",))
    orders = {tuple(take.word for take in planned(tmp_path, name, words, 1)) for name in ("anna", "ben", "cem", "dora")}
    assert len(orders) > 1
    for take in takes[:5]:
        keep(tmp_path, take, said(), RATE)
    assert planned(tmp_path, "anna", words, 3, ("apple",)) == takes[5:]
    assert len(planned(tmp_path, "ben", words, 3)) == 12


@pytest.mark.parametrize("speakers", [("anna",), ("anna", "josé", "Li Wei")])
def test_readers_see_who_spoke(tmp_path, speakers):
    for speaker in speakers:
        for take in planned(tmp_path, checked_speaker(speaker), ("yes", "no"), 2):
            samples, rate = soundfile.read(keep(tmp_path, take, said(), RATE), dtype="int16")
            assert rate == RATE
            np.testing.assert_array_equal(samples, said())
    for corpus in (open_folders(tmp_path), open_corpus_at(tmp_path)):
        assert corpus.speakers == tuple(sorted(speakers))
        assert corpus.labels == ("no", "yes")
        assert {recording.take for recording in corpus.recordings} == {0, 1}
        assert corpus.official is None


@pytest.mark.parametrize("name", ["", " ", "a_b", "a/b", "..", "-x", "x.", "a\nb", "x" * 41, "a,b"])
def test_what_cannot_be_a_speaker(name):
    with pytest.raises(KilovoxError, match=r"^speaker: "):
        checked_speaker(name)
