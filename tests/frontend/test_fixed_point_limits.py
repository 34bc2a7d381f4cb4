"""Limits of the integer front end: what is refused, saturated, counted, and where the parameters matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point_stages as stages
from kilovox.frontend.fixed_point import (
    FixedPointMFCC,
    FixedPointStream,
    check_multiplier,
    is_heard,
    of_word,
    quantisation,
    quantise,
)
from kilovox.frontend.fixed_point_tables import decibels_to_level, half_dct
from kilovox.frontend.word_finder import Word, WordFinder


@pytest.mark.parametrize("constant", range(3))
def test_one_constant_coefficient_cannot_be_quantised(constant):
    deviation = np.ones(3)
    deviation[constant] = 0.0
    with pytest.raises(KilovoxError, match="deviations greater than 0"):
        quantisation(np.zeros(3), deviation, 4.0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_means_and_deviations_must_be_numbers(wrong):
    for mean, deviation in (([0.0, wrong], [1.0, 1.0]), ([0.0, 0.0], [1.0, wrong])):
        with pytest.raises(KilovoxError, match="expected finite means"):
            quantisation(np.array(mean), np.array(deviation), 4.0)
    for none in (0.0, -1.0):
        with pytest.raises(KilovoxError, match="deviations greater than 0"):
            quantisation(np.zeros(2), np.ones(2), none)
    wide, narrow = (quantisation(np.zeros(1), np.full(1, 100.0), deviations) for deviations in (0.5, 4.0))
    assert wide[1][0] / 2.0 ** wide[2] == pytest.approx(8 * float(narrow[1][0]) / 2.0 ** narrow[2], rel=1e-3)


def test_a_multiplier_has_14_bits():
    check_multiplier(np.array([1, (1 << 14) - 1], np.int16))
    with pytest.raises(KilovoxError, match="multiplier 16384 of the features; expected at most 16383"):
        check_multiplier(np.array([1, 1 << 14], np.int16))


def test_the_most_sensitive_coefficient_uses_the_multiplier_s_bits():
    """The largest multiplier lies in 2^13 ... 2^14 - 1 wherever the shift is not at its limits, so nothing is lost."""
    for deviation in (3.0, 100.0, 2887.0):
        _, multiplier, shift = quantisation(np.zeros(2), np.array([deviation, 2 * deviation]), 4.0)
        assert 1 << 13 <= multiplier.max() < 1 << 14
        assert 1 < shift < 24
        assert multiplier.max() / 2.0**shift == pytest.approx(127 / (4 * deviation), rel=1e-4)


def test_quantised_features_saturate_on_both_sides():
    offset, multiplier = np.zeros(1, np.int16), np.full(1, 8192, np.int16)
    features = np.array([[-129], [-128], [-1], [0], [127], [128]], np.int16)
    assert quantise(features, offset, multiplier, 13).ravel().tolist() == [-128, -128, -1, 0, 127, 127]
    # Halves are rounded up.
    assert quantise(np.array([[-3], [-1], [1], [3]], np.int16), offset, multiplier, 14).ravel().tolist() == [-1, 0, 1, 2]


def test_the_lowest_floor_is_what_the_dct_is_proved_for():
    lowest = 64 * 10 * np.log10(2)
    FixedPointMFCC(floor_db=192.0)
    for too_low in (lowest + 0.5, 200.0, 1e9):
        with pytest.raises(KilovoxError, match=r"floor_db: .*; expected a level, more than 0 and at most 192.66, or None"):
            FixedPointMFCC(floor_db=too_low)
    assert FixedPointMFCC(floor_db=192.0).floor_level <= 1 << 14


@pytest.mark.parametrize(("hop", "rate"), [(80, 8000), (160, 8000), (256, 8000), (160, 16000)])
def test_the_maximum_falls_by_decibels_a_second_whatever_the_hop(hop, rate):
    front_end = FixedPointMFCC(sample_rate=rate, hop=hop, decay_db=30.0, mel_bands=14)
    assert front_end.decay_level == decibels_to_level(30.0 * hop / rate)
    # A click, then quiet noise: coefficient 0, relative to the maximum, climbs as the maximum falls.
    front_end = FixedPointMFCC(sample_rate=rate, hop=hop, decay_db=3000.0, floor_db=None, coefficients=1, mel_bands=2)
    noise = np.random.default_rng(0).integers(-2, 3, 20 * hop + 256).astype(np.int16)
    noise[:256] *= 8000
    levels = front_end._levels(noise, np.arange(21) * hop).max(axis=0).tolist()
    maximum, expected = stages.LOWEST_LEVEL, []
    for level in levels:
        maximum = max(level, maximum - front_end.decay_level)
        expected.append(maximum)
    found = front_end._running_maximum(np.array(levels, np.int32), np.zeros(21, np.int64))
    assert found.tolist() == expected
    assert expected != [max(levels)] * 21


def test_bytes_of_state_are_those_of_the_arrays():
    """Samples int16, transform (128, 2) int16 twice as large once it holds powers, levels int16; maximum and fill."""
    assert FixedPointMFCC().state_bytes == 512 + 512 + 64 + 8
    assert FixedPointMFCC(mel_bands=20).state_bytes == 512 + 512 + 40 + 8


def test_bytes_of_tables_are_those_of_the_arrays():
    # Half window, sine of 3/4 turn, bit reversal, mel starts and weights, mantissa, half DCT.
    found = {name: table.nbytes for name, table in FixedPointMFCC().tables().items()}
    assert FixedPointMFCC().table_bytes == sum(found.values())
    assert found["half_window"] == 2 * 128
    assert found["bit_reverse"] == 128
    assert found["mel_starts"] == 34
    assert found["half_dct"] == 2 * 13 * 16


def test_cepstra_saturate():
    """Every band at the lowest level: coefficient 0 leaves 16 bits and is held at the end."""
    lowest = np.full((62, 1), -(1 << 14), np.int32)
    assert stages.cepstra(lowest, half_dct(1, 62))[0, 0] == -(1 << 15)
    assert stages.cepstra(-lowest, half_dct(1, 62))[0, 0] == (1 << 15) - 1


def test_levels_never_saturate():
    """At the bounds of a relative level, which is never above 0, and with either floor; the same in 64 bits."""
    bounds = np.array([[-(1 << 14), -(1 << 14) + 1, -3, -2, -1, 0]], np.int32)
    for words in (bounds, bounds.astype(np.int64)):
        found = stages.level_features(words)
        assert found.dtype == words.dtype
        assert found.ravel().tolist() == [-(1 << 13), -(1 << 13), -2, -1, -1, 0]
    loud = np.random.default_rng(1).integers(-32768, 32768, 4000)
    samples = np.concatenate([np.zeros(400), loud, np.zeros(4000), [1], np.zeros(900)]).astype(np.int16)
    lowest = {}
    for energy in ("relative", "absolute"):
        for floor in (None, 192.66, 60.0):
            front_end = FixedPointMFCC(floor_db=floor, energy=energy, coefficients=32, features="levels")
            levels = FixedPointStream(front_end).push(samples)
            assert levels.max() <= 0
            lowest[energy, floor] = int(levels.min())
    assert lowest["relative", None] == lowest["relative", 192.66] == -(1 << 13)
    assert lowest["relative", 60.0] == -(decibels_to_level(60.0) + 1 >> 1)
    assert lowest["absolute", None] == lowest["absolute", 192.66] == lowest["absolute", 60.0] == -45 << 7


def test_levels_are_as_many_as_bands_and_of_no_word():
    with pytest.raises(KilovoxError, match="coefficients: 13; expected mel_bands, 32, where features are levels"):
        FixedPointMFCC(features="levels")
    with pytest.raises(KilovoxError, match=r'words: .*; expected features "cepstra", or no words'):
        FixedPointMFCC(features="levels", coefficients=32, words=WordFinder())
    assert FixedPointMFCC(features="levels", coefficients=2, mel_bands=2).tables().keys() >= {"mel_weights"}


def test_silence_after_loud_sound_is_at_the_floor():
    loud = np.random.default_rng(1).integers(-32768, 32768, 4000)
    samples = np.concatenate([loud, np.zeros(4000)]).astype(np.int16)
    for bands in (2, 32, 42):
        front_end = FixedPointMFCC(floor_db=None, mel_bands=bands, coefficients=1, low_hz=0.0 if bands > 38 else 60.0)
        last = front_end([samples])[0][-1, 0]
        floor = -(1 << 14) * half_dct(1, bands).astype(np.int64).sum() * 2
        assert last == max(-(1 << 15), (floor + (1 << 14)) >> 15)


def test_settled_silence_does_not_change():
    """Relative levels lie at the floor; absolute ones fall with the maximum."""
    samples = np.concatenate([np.random.default_rng(1).integers(-9000, 9000, 1000), np.zeros(3000)]).astype(np.int16)
    for floor in (60.0, None):
        (relative,) = FixedPointMFCC(floor_db=floor)([samples])
        assert len(np.unique(relative[-12:], axis=0)) == 1
    (absolute,) = FixedPointMFCC(floor_db=60.0, energy="absolute", decay_db=60.0)([samples])
    assert (np.diff(absolute[-12:, 0].astype(int)) < 0).all()


def test_a_frame_with_one_unit_at_its_last_sample_is_heard():
    """The difference is -1 there, whose one's complement has no bits; the frame is not silent all the same."""
    samples = np.zeros(256, np.int16)
    samples[-1] = -1
    assert FixedPointMFCC()._levels(samples, np.array([0])).max() > stages.LOWEST_LEVEL
    constant = np.full(256, -1, np.int16)
    assert FixedPointMFCC()._levels(constant, np.array([0])).max() == stages.LOWEST_LEVEL


def test_the_level_of_a_word_is_relative_to_its_peak():
    features, loudest = np.arange(30, dtype=np.int16).reshape(10, 3), np.arange(-100, -90, dtype=np.int32) * 256
    word = of_word(features, loudest, Word(2, 5, -98 * 256, True))
    assert word[:, 0].tolist() == [0, 128, 256]
    assert word[:, 1:].tolist() == features[2:5, 1:].tolist()
    assert features[2, 0] == 6  # what was given is left alone


@pytest.mark.parametrize(
    "values",
    [{"edge": -1}, {"edge": 255}, {"shortest": 101}, {"depth_db": 201.0}, {"prominence_db": -1.0}, {"prominence_db": 201.0},
     {"margin": -1}, {"pause": 100}, {"pause": 3}],
)  # fmt: skip
def test_limits_of_words(values):
    with pytest.raises(KilovoxError, match="words"):
        WordFinder(**values)
    WordFinder(edge=254, shortest=100, depth_db=200.0, prominence_db=200.0, margin=99, pause=99)


def test_words_need_two_coefficients_and_a_hop_shorter_than_the_window():
    for values in ({"coefficients": 1}, {"hop": 256}):
        with pytest.raises(KilovoxError, match="where words are found"):
            FixedPointMFCC(words=WordFinder(), **values)
    FixedPointMFCC(words=WordFinder(), coefficients=2, hop=255)


@given(st.lists(st.tuples(st.integers(-1, 1), st.integers(1, 30)), max_size=6), st.integers(2, 20), st.integers(1, 30))
def test_heard_is_a_frame_whose_samples_are_not_all_equal(runs, window, hop):
    samples = np.repeat([value for value, _ in runs], [count for _, count in runs]).astype(np.int16)
    starts = range(0, len(samples) - window + 1, hop)
    assert is_heard(samples, window, hop) == any(len(set(samples[start : start + window].tolist())) > 1 for start in starts)
