"""What the decimator keeps and suppresses, that no sum overflows, and that a stream is what the whole recording is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.errors import KilovoxError
from kilovox.frontend.decimator import FIRST_HALF, FIRST_THIRD, HALF, STAGES, THIRD, Decimator, decimated, factor_of

FACTORS = (2, 3, 4, 6)
RATE = 8000
KEPT_HZ = 3400
KEPT_DB, SUPPRESSED_DB = 0.02, 60.0
"""What docs/arithmetic.md says."""
ROUNDED_DB = 0.5
"""What the rounding to int16 may add to what is left of 60 dB of suppression."""


def exact(samples, factor):
    """The rule in wide integers, sample by sample, silence before the first."""
    heard = samples.astype(np.int64)
    for stage in STAGES[factor]:
        heard = np.pad(heard, (stage.length - stage.factor, 0))
        ends = range(stage.length, len(heard) + 1, stage.factor)
        sums = [int(stage.window.astype(np.int64) @ heard[end - stage.length : end]) for end in ends]
        heard = np.array([max(-32768, min(32767, (total + 16384) >> 15)) for total in sums], np.int64)
    return heard.tolist()


def impulse_response(factor):
    """(n,) in floats, of the integers themselves: impulses at every phase, their answers interleaved."""
    answers = []
    for phase in range(factor):
        impulse = np.zeros(100 * factor, np.int16)
        impulse[factor - 1 - phase] = 32767
        answers.append(decimated(impulse, factor) / 32767)
    return np.array(answers).T.reshape(-1)


def decibels(response, hertz, rate):
    turns = np.exp(-2j * np.pi * np.outer(hertz, np.arange(len(response))) / rate)
    return 20 * np.log10(np.abs(turns @ response))


def folding(factor):
    """Frequencies in Hz that fold into what is kept."""
    edges = [(k * RATE - KEPT_HZ, min(k * RATE + KEPT_HZ, factor * RATE / 2)) for k in range(1, factor // 2 + 1)]
    return np.concatenate([np.linspace(low, high, 400) for low, high in edges])


@pytest.mark.parametrize("stage", [HALF, THIRD, FIRST_HALF, FIRST_THIRD])
def test_taps_are_what_the_formula_gives(stage):
    side = np.arange(len(stage.taps))
    ideal = np.sinc(side / stage.factor) / stage.factor * np.kaiser(stage.length, stage.beta)[len(side) - 1 :]
    taps = np.rint(ideal / (2 * ideal.sum() - ideal[0]) * 2**15).astype(int)
    taps[1] += (2**15 - 2 * taps.sum() + taps[0]) // 2
    taps[0] += 2**15 - 2 * taps.sum() + taps[0]
    assert stage.taps == tuple(taps.tolist())
    assert stage.step == 1 or not any(stage.taps[2::2])


@pytest.mark.parametrize("stage", [HALF, THIRD, FIRST_HALF, FIRST_THIRD])
def test_no_sum_overflows(stage):
    """The bound of docs/arithmetic.md: of whatever part of the products, in whatever order."""
    assert np.abs(stage.window).sum() * 2**15 + 2**14 < 2**31
    assert max(map(abs, stage.taps)) < 2**15
    assert stage.window.sum() == 2**15


@pytest.mark.parametrize("factor", FACTORS)
def test_what_is_kept_and_suppressed_by_the_impulse_response(factor):
    response = impulse_response(factor)
    kept = decibels(response, np.linspace(0, KEPT_HZ, 400), factor * RATE)
    assert np.abs(kept).max() <= KEPT_DB
    assert decibels(response, folding(factor), factor * RATE).max() <= ROUNDED_DB - SUPPRESSED_DB


@pytest.mark.parametrize("factor", FACTORS)
def test_what_is_kept_and_suppressed_of_tones(factor):
    time = np.arange(RATE * factor // 4) / (RATE * factor)

    def gain(hertz):
        tone = 30000 * np.sin(2 * np.pi * hertz * time + 0.3)
        settled = decimated(np.rint(tone).astype(np.int16), factor)[-1600:].astype(np.float64)
        return 20 * np.log10(max(0.1, np.sqrt(np.mean(settled**2))) / (30000 / np.sqrt(2)))

    for hertz in (120, 1000, 2040, 3000, KEPT_HZ):  # whole periods in 1,600 samples
        assert abs(gain(hertz)) <= KEPT_DB, hertz
    for hertz in folding(factor)[::37]:
        assert gain(hertz) <= ROUNDED_DB - SUPPRESSED_DB, hertz


@settings(deadline=None)
@given(st.sampled_from(FACTORS), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 200), max_size=12))
def test_a_stream_is_the_whole_recording_and_the_rule(factor, seed, cuts):
    random = np.random.default_rng(seed)
    samples = random.integers(-32768, 32768, 300).astype(np.int16) >> np.int16(random.integers(0, 12))
    whole = decimated(samples, factor)
    assert whole.dtype == np.int16
    assert whole.tolist() == exact(samples, factor)
    assert len(whole) == len(samples) // factor
    stream = Decimator(factor)
    pieces = [stream.push(piece) for piece in np.split(samples, np.minimum(np.cumsum(cuts), len(samples)).astype(int))]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("factor", FACTORS)
def test_the_worst_sound_is_exact(factor):
    """Of the first stage every product of the largest size and one sign: it saturates, and wraps nowhere."""
    window = STAGES[factor][0].window
    loudest = np.where(window < 0, -32768, 32767).astype(np.int16)
    for samples in (np.tile(loudest, 7), np.tile(~loudest, 7)):
        assert decimated(samples, factor).tolist() == exact(samples, factor)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("value", [-32768, -1, 1, 32767])
def test_constants_stay(factor, value):
    found = decimated(np.full(200 * factor, value, np.int16), factor)
    assert (found[100:] == value).all()


def test_reset_forgets():
    stream, samples = Decimator(6), np.full(500, 9000, np.int16)
    first = stream.push(samples)
    stream.reset()
    np.testing.assert_array_equal(stream.push(samples), first)


def test_at_the_rate_itself_nothing_changes():
    samples = np.arange(10, dtype=np.int16)
    np.testing.assert_array_equal(decimated(samples, factor_of(RATE, RATE)), samples)


def test_rates():
    assert [factor_of(rate, 8000) for rate in (8000, 16000, 24000, 32000, 48000)] == [1, 2, 3, 4, 6]
    message = "input rate 44100 Hz; expected 8000, 16000, 24000, 32000 or 48000, for the model hears 8000"
    for wrong in (44100, 40000, 4000, 0, -16000):
        with pytest.raises(KilovoxError, match=message.replace("44100", str(wrong))):
            factor_of(wrong, 8000)


def test_what_is_refused():
    with pytest.raises(KilovoxError, match="factor 5; expected one of 1, 2, 3, 4, 6"):
        Decimator(5)
    with pytest.raises(KilovoxError, match="one-dimensional int16"):
        decimated(np.zeros(4), 2)
