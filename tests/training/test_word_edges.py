"""Where a word of a recording begins and ends."""

import numpy as np
import pytest

from kilovox.training.word_edges import cut_closely, spoken_end

RATE = 8000


def tone(hertz, seconds=0.3, lead=0.0):
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.round(8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
    return np.concatenate([np.zeros(round(lead * RATE), np.int16), sound, np.zeros(round(lead * RATE), np.int16)])


@pytest.mark.parametrize("noise", [0.0, 300.0, 900.0])
def test_a_word_is_over_where_it_is_in_noise_too(noise):
    draw = np.random.default_rng(3)
    word = tone(1000.0, 0.3, lead=0.4)
    heard = (word + noise * draw.normal(size=len(word))).astype(np.int16)
    assert spoken_end(heard, RATE) == pytest.approx(0.7 * RATE, abs=0.03 * RATE)
    assert spoken_end(heard[:100], RATE) == 100


def test_a_word_without_silence_around_it_is_over_at_its_end():
    assert spoken_end(tone(1000.0, 0.3), RATE) == pytest.approx(0.3 * RATE, abs=0.03 * RATE)
    assert spoken_end(np.zeros(4000, np.int16), RATE) == 4000


def test_cut_closely():
    draw = np.random.default_rng(1)
    cut = cut_closely(tone(1000.0, 0.3, lead=0.5), RATE, draw)
    assert 0.3 * RATE <= len(cut) <= 0.42 * RATE
    for short in (np.zeros(0, np.int16), np.ones(100, np.int16), np.zeros(4000, np.int16)):
        assert len(cut_closely(short, RATE, draw)) <= len(short)
