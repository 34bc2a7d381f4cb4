"""Noise of the level, slope and repeatability that is said; filters, rooms, codecs and speeds that do what they are called."""

import numpy as np
import pytest

from kilovox import effects

RATE = 8000


def tone(hertz, seconds=0.5):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def slope(sound):
    """dB an octave between 250 and 2000 Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    low, high = ((hertz > edge / 1.2) & (hertz < edge * 1.2) for edge in (250, 2000))
    return 10 * np.log10(power[high].mean() / power[low].mean()) / 3


@pytest.mark.parametrize("kind", effects.NOISE_KINDS)
def test_noise_has_unit_power_and_follows_the_generator(kind):
    voices = [tone(300), tone(500)]
    first, again = (effects.noise(kind, 5000, RATE, np.random.default_rng(3), voices) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(first) == 5000
    assert effects.root_mean_square(first) == pytest.approx(1.0)
    assert not np.array_equal(first, effects.noise(kind, 5000, RATE, np.random.default_rng(4), voices))


@pytest.mark.parametrize(("kind", "expected"), [("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_the_slope_of_coloured_noise(kind, expected):
    assert slope(effects.noise(kind, 2**17, RATE, np.random.default_rng(0))) == pytest.approx(expected, abs=0.5)


def test_babble_without_voices_is_noise():
    assert effects.root_mean_square(effects.noise("babble", 800, RATE, np.random.default_rng(0))) == pytest.approx(1.0)


def test_faster_is_shorter_and_higher():
    fast = effects.faster(tone(500), 1.25)
    assert len(fast) == len(tone(500)) // 1.25
    assert np.argmax(np.abs(np.fft.rfft(fast, RATE))) == pytest.approx(625, abs=2)


def test_resampled_is_as_fast_and_stays_sharp():
    high = tone(3000)
    for factor in (0.8, 1.1):
        played = effects.resampled(high, factor)
        assert abs(len(played) - len(high) / factor) <= 1
        assert np.argmax(np.abs(np.fft.rfft(played, RATE))) == pytest.approx(3000 * factor, abs=2)
        assert effects.root_mean_square(played) == pytest.approx(effects.root_mean_square(high), rel=0.02)
        assert effects.root_mean_square(effects.faster(high, factor)) < 0.85 * effects.root_mean_square(high)


def test_filters():
    mixed = tone(100) + tone(1000) + tone(3900)

    def level(sound, hertz):
        return np.abs(np.fft.rfft(sound[: RATE // 2] * np.hanning(RATE // 2)))[hertz // 2]

    narrow = effects.band_limited(mixed, RATE, 300.0, 3400.0)
    assert level(narrow, 1000) == pytest.approx(level(mixed, 1000), rel=0.02)
    assert level(narrow, 100) < 0.02 * level(mixed, 100)
    assert level(narrow, 3900) < 0.5 * level(mixed, 3900)
    louder = effects.equalised(mixed, RATE, np.array([0.0, 4000.0]), np.array([6.0, 6.0]))
    np.testing.assert_allclose(louder[100:-100], mixed[100:-100] * 10**0.3, atol=0.02)


def test_a_room_rings_and_a_dry_one_does_not():
    click = np.zeros(4000)
    click[0] = 1.0
    wet = effects.reverberated(click, RATE, 0.3, 0.5, np.random.default_rng(0))
    assert wet[0] == pytest.approx(1.0)
    assert 0.3 < np.sqrt(np.sum(wet[1:] ** 2)) < 0.7
    assert np.abs(wet[2400:]).max() < 1e-9
    np.testing.assert_allclose(effects.reverberated(click, RATE, 0.3, 0.0, np.random.default_rng(0)), click, atol=1e-12)


@pytest.mark.parametrize("codec", [*effects.CODECS, *effects.FILE_CODECS])
def test_codecs_keep_the_length_and_most_of_the_sound(codec):
    samples = effects.as_samples(8000 * tone(440))
    coded = effects.coded(samples, RATE, codec)
    assert coded.dtype == np.int16
    assert len(coded) == len(samples)
    assert not np.array_equal(coded, samples)
    assert np.corrcoef(coded[400:-400], samples[400:-400])[0, 1] > 0.95


def test_samples_saturate():
    np.testing.assert_array_equal(effects.as_samples(np.array([-1e6, -0.6, 0.4, 1e6])), [-32768, -1, 0, 32767])


def test_music_has_unit_power_and_pitches_and_follows_the_generator():
    heard = effects.music(16_000, 8000, np.random.default_rng(1))
    np.testing.assert_array_equal(heard, effects.music(16_000, 8000, np.random.default_rng(1)))
    assert effects.root_mean_square(heard) == pytest.approx(1.0)
    spectrum = np.abs(np.fft.rfft(heard[:4000])) ** 2
    # A few harmonics hold what noise would spread over everything.
    assert np.sort(spectrum)[-100:].sum() > 0.8 * spectrum.sum()
