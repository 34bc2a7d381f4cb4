"""Pieces of running sound to train on."""

import numpy as np
import pytest

from kilovox.config.streams import Streams
from kilovox.corpus.vocabulary import NOTHING
from kilovox.training.strings import Sayings, Strings, Voices, padded_targets

RATE, OTHER = 8000, 3
HERTZ = (500.0, 1000.0, 2000.0, 3000.0)
"""Of each class; the last is other words."""


def tone(hertz, seconds=0.3, lead=0.0):
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.round(8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
    return np.concatenate([np.zeros(round(lead * RATE), np.int16), sound, np.zeros(round(lead * RATE), np.int16)])


def loudness(sound):
    """Power of each tenth of a second."""
    step = RATE // 10
    return (sound[: len(sound) // step * step].reshape(-1, step).astype(float) ** 2).mean(axis=1)


def voices(classes, weight=1.0, name="a", **how):
    return Voices([tone(HERTZ[label], **how) for label in classes], np.array(classes, np.int64), weight, name)


def saying(sounds, words, weight=1.0, ends=None):
    """Utterances that all say the same."""
    return Sayings(
        sounds, [words] * len(sounds), [ends or (None,) * len(words)] * len(sounds), weight, f"{len(sounds)} of {words}"
    )


def strings(*corpora, sayings=(), other=OTHER, seed=1, **settings):
    return Strings(Streams(**settings), corpora or (voices([0, 1, 2, 3]),), sayings, other, RATE, seed)


def test_a_piece_is_a_function_of_its_number():
    one, another = strings(), strings()
    again = [another(number) for number in (3, 1, 0, 2)]
    for number, piece in zip((3, 1, 0, 2), again, strict=True):
        mine = one(number)
        assert mine[1:] == piece[1:]
        np.testing.assert_array_equal(mine.sound, piece.sound)
    assert not np.array_equal(one(0)[0], one(1)[0])
    assert not np.array_equal(strings(seed=2)(0)[0], one(0)[0])


@pytest.mark.parametrize("seconds", [0.5, 3.2])
def test_length_and_words_that_fit(seconds):
    for number in range(20):
        sound, said, _ = strings(seconds=seconds, nothing=0.0, spoken=0.0)(number)
        assert sound.shape == (round(seconds * RATE),)
        assert sound.dtype == np.int16
        assert 1 <= len(said) <= seconds / (0.3 / 1.25 - 0.04) + 1


def test_what_is_said_is_what_is_heard():
    """The tones of a clean piece, in order, by their largest frequency in each tenth of a second."""
    draw = strings(single=0.0, spoken=0.0, nothing=0.0, noisy=0.0, rate=0.0, gap_ms=400.0, close=0.0)
    for number in range(8):
        sound, said, _ = draw(number)
        frames = sound[: len(sound) // 400 * 400].reshape(-1, 400).astype(float)
        size = np.abs(np.fft.rfft(frames * np.hanning(400), axis=1))
        loud = size.max(axis=1) > size.max() / 8
        nearest = [int(np.argmin([abs(hertz - place * RATE / 400) for hertz in HERTZ])) for place in size.argmax(axis=1)]
        heard = [label for label, there in zip(nearest, loud, strict=True) if there]
        runs = [label for label, before in zip(heard, [-1, *heard], strict=False) if label != before]
        assert runs == [label for label, before in zip(said, [-1, *said], strict=False) if label != before]


def test_words_end_where_their_sound_does():
    """Within the overlap of the next, and 10 ms."""
    draw = strings(spoken=0.0, nothing=0.0, noisy=0.0, gap_ms=300.0, close=0.0)
    for number in range(12):
        sound, said, ends = draw(number)
        assert len(ends) == len(said)
        assert ends == sorted(ends)
        power = np.convolve(np.abs(sound.astype(float)), np.ones(80), "same")
        for label, end in zip(said, ends, strict=True):
            assert end >= 0.3 * RATE / 1.25 - 80, label
            near = power[max(0, end - 400) : end - 160]
            assert near.mean() > power.max() / 16


def test_a_word_may_come_after_a_long_silence_and_the_next_after_another():
    draw = strings(single=0.4, spoken=0.0, nothing=0.0, noisy=0.0, gap_ms=200.0, seconds=4.0)
    firsts, gaps = [], []
    for number in range(150):
        sound, _, _ = draw(number)
        loud = np.flatnonzero(np.abs(sound.astype(float)) > np.abs(sound).max() / 8) / RATE
        firsts.append(loud[0])
        gaps += list(np.diff(loud))
    late = np.array(firsts) > 0.3
    assert 0.15 < late.mean() < 0.5
    assert 2.0 < max(firsts) < 3.0
    assert 0.15 < np.mean(np.array(firsts) < 0.02) < 0.5
    assert max(gaps) > 1.0


def test_some_pieces_are_clipped():
    draw = strings(spoken=0.0, nothing=0.0, noisy=0.0)
    clipped = [(np.abs(draw(number)[0].astype(int)) >= 32767).mean() > 0.01 for number in range(200)]
    assert 0.03 < np.mean(clipped) < 0.15


def test_ends_of_utterances_move_with_them():
    known = [saying([tone(700.0, 1.0)], (1, 0), ends=(0.4, None))]
    draw = strings(sayings=known, spoken=0.99, single=0.0, nothing=0.0, noisy=0.0)
    for number in range(10):
        sound, said, ends = draw(number)
        first = np.flatnonzero(np.abs(sound.astype(float)) > np.abs(sound).max() / 8)[0]
        assert said == [1, 0]
        assert ends[1] == -1
        assert 0.4 / 1.15 * RATE - 60 <= ends[0] - first <= 0.4 * 1.15 * RATE + 60


def test_sources_of_utterances_are_drawn_by_their_weights_and_not_by_their_sizes():
    large, small = ([tone(700.0, 1.0)] * count for count in (30, 3))
    sayings = [saying(large, (1,), 0.25), saying(small, (0, 0), 0.75)]
    draw = strings(sayings=sayings, spoken=0.9, single=0.0, nothing=0.0)
    assert 0.58 < np.mean([draw(number)[1] == [0, 0] for number in range(300)]) < 0.77


def test_one_word_alone_utterances_and_nothing_have_their_shares():
    sayings = [saying([tone(700.0, 1.0)], (1, 0, OTHER))]
    draw = strings(sayings=sayings, single=0.3, spoken=0.3, nothing=0.2)
    said = [draw(number)[1] for number in range(400)]
    assert 0.14 < np.mean([words == [] for words in said]) < 0.26
    assert 0.23 < np.mean([words == [1, 0, OTHER] for words in said]) < 0.37
    assert 0.23 < np.mean([len(words) == 1 for words in said]) < 0.37


def test_labels_are_drawn_equally_often_and_other_words_by_their_share():
    unequal = voices([0] * 30 + [1] * 3 + [2] + [OTHER] * 9)
    draw = strings(unequal, others=0.4, spoken=0.0, nothing=0.0)
    said = [label for number in range(150) for label in draw(number)[1]]
    shares = np.bincount(said, minlength=4) / len(said)
    np.testing.assert_allclose(shares, [0.2, 0.2, 0.2, 0.4], atol=0.06)


def test_corpora_are_drawn_by_weight_among_those_that_have_the_label():
    chosen = []

    class Noticing(list):
        def __init__(self, sounds, name):
            super().__init__(sounds)
            self.name = name

        def __getitem__(self, index):
            chosen.append((self.name, HERTZ.index(self.name_of(index))))
            return super().__getitem__(index)

        def name_of(self, index):
            return HERTZ[index]

    small, large = ([tone(hertz) for hertz in HERTZ[:count]] for count in (1, 2))
    corpora = [
        Voices(Noticing(small, "small"), np.array([0]), 1.0, "s"),
        Voices(Noticing(large, "large"), np.array([0, 1]), 3.0, "l"),
    ]
    draw = strings(*corpora, other=None, spoken=0.0, nothing=0.0)
    for number in range(100):
        draw(number)
    of_first = [name for name, label in chosen if label == 0]
    assert 0.65 < np.mean([name == "large" for name in of_first]) < 0.85
    assert {name for name, label in chosen if label == 1} == {"large"}


def test_without_other_words_every_word_is_asked_for():
    draw = strings(voices([0, 1, 2]), other=None, spoken=0.0)
    assert OTHER not in {label for number in range(40) for label in draw(number)[1]}


def test_a_word_longer_than_the_piece_is_heard_from_its_beginning():
    sound, said, _ = strings(voices([1], seconds=2.0), other=None, seconds=0.5, nothing=0.0, spoken=0.0)(0)
    assert said == [1]
    assert np.abs(sound[:400]).max() > 0


def test_an_utterance_that_is_too_long_is_not_cut():
    sayings = [saying([tone(700.0, 9.0)], (1, 1, 1, 1))]
    draw = strings(voices([0]), sayings=sayings, other=None, spoken=0.9, single=0.0, nothing=0.05)
    assert {label for number in range(20) for label in draw(number)[1]} == {0}


def test_facts_tell_material_apart():
    same, fewer, other = strings(), strings(voices([0, 1])), strings(voices([0, 1, 2, 3], name="b"))
    assert same.facts == strings().facts
    assert len({str(one.facts) for one in (same, fewer, other, strings(close=0.9), strings(seed=9))}) == 4
    assert same.facts == strings(count=7).facts


def test_targets():
    assert padded_targets([[1, 2], [], [3]], [[40, -1], [], [7]], 9).tolist() == [[1, 2, 40, -1], [9, 9, -1, -1], [3, 9, 7, -1]]
    assert padded_targets([[]], [[]], 9).tolist() == [[9, -1]]


def test_recordings_that_hold_nothing_are_noise_and_never_a_word():
    hum = tone(3777.0, seconds=1.0)
    background = Voices([hum], np.array([NOTHING], np.int64), 1.0, "background")
    draw = strings(voices([0, 1, 2, 3]), background, nothing=1 / 3, single=2 / 3, spoken=0.0, noisy=0.99)
    pieces = [draw(number) for number in range(60)]
    assert {label for piece in pieces for label in piece.said} == {0, 1, 2, OTHER}

    def hums(piece):
        power = np.abs(np.fft.rfft(piece.sound.astype(float))) ** 2
        hertz = np.fft.rfftfreq(len(piece.sound), 1 / RATE)
        return power[np.abs(hertz - 3777) < 40].sum() > 0.5 * power.sum()

    silent = [piece for piece in pieces if not piece.said]
    assert 0.25 < sum(map(hums, silent)) / len(silent) < 0.8
    begun = [loud for piece in silent if min(loud := loudness(piece.sound)) < 0.1 * max(loud)]
    assert 0.3 < len(begun) / len(silent) < 0.8, "some begin and end within the piece, as words do"
    assert sum(8 <= sum(loud > 0.5 * max(loud)) <= 12 for loud in begun) > 3
    assert "backgrounds" in draw.facts
    assert "backgrounds" not in strings(voices([0])).facts
    assert not any(hums(strings(nothing=0.9, single=0.0, spoken=0.0)(number)) for number in range(20))
