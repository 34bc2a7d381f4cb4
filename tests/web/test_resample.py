"""The page's resampler, run by node: what passes, what does not, and that blocks do not matter."""

import numpy as np
import pytest

RATES = (8000, 11025, 16000, 22050, 44100, 48000, 96000)


def test_samples_are_rounded_as_numpy_rounds(node):
    random = np.random.default_rng(1)
    values = np.concatenate([np.arange(-40, 40) / 2, random.uniform(-40000, 40000, 500), [32767.5, -32768.5, 32766.5]])
    want = np.clip(np.rint(values), -32768, 32767).astype(int).tolist()
    assert [int(value) for value in node("return given.map(page.toInt16);", values.tolist())] == want


@pytest.mark.parametrize("rate", RATES)
def test_it_passes_what_it_shall_and_nothing_that_folds_back(node, rate):
    """Less than 0.1 dB of change up to 3,600 Hz; 78 dB down from 4,400 Hz on."""
    found = node("const { up, length, taps } = page.design(given, 8000); return { up, length, taps: Array.from(taps) };", rate)
    if rate == 8000:
        return  # goes through as it is; the test below
    prototype = np.array(found["taps"]).reshape(found["up"], found["length"]).T.ravel()  # at up times the rate
    frequencies = np.fft.rfftfreq(1 << 22, 1 / (rate * found["up"]))
    gain = np.abs(np.fft.rfft(prototype, 1 << 22)) / found["up"]
    assert np.abs(20 * np.log10(gain[frequencies <= 3600])).max() < 0.1
    assert 20 * np.log10(gain[frequencies >= 4400].max()) < -78


@pytest.mark.parametrize("rate", RATES)
def test_blocks_do_not_matter(node, rate):
    random = np.random.default_rng(rate)
    sound = random.uniform(-1, 1, 3000).tolist()
    cuts = [0, *sorted(random.integers(0, 3000, 20).tolist()), 3000]
    whole, pieces = node(
        f"""const pieces = new page.Resampler({rate}, 8000);
        const parts = given.cuts.slice(1).flatMap((end, at) => Array.from(pieces.push(given.sound.slice(given.cuts[at], end))));
        return [Array.from(page.resample([given.sound], {rate}, 8000)), [...parts, ...pieces.finish()]];""",
        {"sound": sound, "cuts": cuts},
    )
    assert whole == pieces
    assert abs(len(whole) - 3000 * 8000 / rate - (0 if rate == 8000 else 25)) <= 2  # what was on its way comes out at the end
    if rate == 8000:
        assert whole == np.rint(np.array(sound) * 32768).astype(int).tolist()


@pytest.mark.parametrize("rate", RATES[1:])
def test_a_tone_stays_what_it_is_and_comes_later_by_half_the_filter(node, rate):
    length, up = node("const { length, up } = page.design(given, 8000); return [length, up];", rate)
    delay = (length * up - 1) / 2 / (rate * up)
    for pitch in (440, 3500):
        tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(rate // 4) / rate)
        ours = np.array(node(f"return Array.from(page.resample([given], {rate}, 8000));", tone.tolist()))
        want = 16384 * np.sin(2 * np.pi * pitch * (np.arange(2000) / 8000 - delay))
        assert np.abs(ours[100:1900] - want[100:1900]).max() < 4


def test_a_rate_without_a_small_ratio_costs_no_more_than_others(node):
    """767,999 and 8,000 have none: every phase of theirs together would be 38 million taps."""
    for rate in (767999, 44101):
        up, down, count = node("const { up, down, taps } = page.design(given, 8000); return [up, down, taps.length];", rate)
        assert count <= 2**20
        assert abs(up * rate / down - 8000) < 0.1
