"""The integer front end: streams, bounds, invariances, agreement with float64, and that it is integer throughout."""

import ast
import hashlib
import inspect
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilovox.config import FixedPointFrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend import fixed_point_stages as stages
from kilovox.frontend.fixed_point import FixedPointMFCC, FixedPointStream, is_heard, quantisation, quantise
from kilovox.frontend.fixed_point_tables import DCT_BITS, LEVEL_BITS, log2_mantissa
from kilovox.frontend.mfcc import dct_matrix, mel_filters
from kilovox.frontend.word_finder import WordFinder

FRONT_END = FixedPointMFCC()
OCTAVE_DB = 10 * np.log10(2)
VARIANTS = [
    FixedPointMFCC(floor_db=floor, energy=energy, mel_bands=bands)
    for floor, energy, bands in [(60.0, "relative", 32), (None, "relative", 26), (50.0, "absolute", 20), (None, "absolute", 32)]
]
LEVELS = [
    FixedPointMFCC(floor_db=floor, energy=energy, mel_bands=bands, coefficients=bands, features="levels")
    for floor, energy, bands in [(60.0, "relative", 32), (None, "relative", 26), (50.0, "absolute", 20), (None, "absolute", 32)]
]


def speech_like(seed: int, samples: int = 6000, level: float = 8000.0) -> np.ndarray:
    """Harmonics of a gliding pitch under two formants, with pauses, in noise. (samples,) int16."""
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / 8000
    pitch = 90 + 80 * rng.random() + 40 * np.sin(2 * np.pi * 2 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    formants = rng.uniform([300, 900], [800, 2500])
    voice = sum(
        np.sin(k * phase) * (np.exp(-((k * pitch - formants[:, None]) ** 2) / 2e4).sum(axis=0) + 0.02) * (k * pitch < 3900)
        for k in range(1, 30)
    )
    chirp = 0.05 * np.sin(2 * np.pi * (300 * time + 2000 * time**2))
    envelope = np.clip(np.sin(2 * np.pi * 1.5 * time), 0, 1)
    mixed = voice * envelope + chirp + 0.003 * rng.standard_normal(samples)
    return np.rint(level * mixed / np.abs(mixed).max()).astype(np.int16)


def hard_frames() -> np.ndarray:
    """Frames that stretch every stage. (256, n) int32."""
    n = np.arange(256)
    rng = np.random.default_rng(0)
    frames = [np.zeros(256), np.full(256, 32767), np.full(256, -32768), np.where(n % 2, 32767, -32768), n * 0 + 1, n % 2]
    for period in range(2, 257):
        for phase in (0, period // 3):
            frames.append(np.where((n + phase) % period < period / 2, 32767, -32768))
    for k in np.arange(0, 128.5, 0.5):
        frames.append(np.where(np.cos(2 * np.pi * k * (n - 127.5) / 256) >= 0, 32767, -32768))
        frames.append(np.rint(32767 * np.sin(2 * np.pi * k * n / 256)))
    for position in range(0, 256, 5):
        for height in (1, -1, 32767, -32768):
            frames.append(np.where(n == position, height, 0))
    frames += list(rng.integers(-32768, 32768, (300, 256)))
    frames += list(rng.choice([-32768, 32767], (300, 256)))
    frames += list(rng.integers(-32768, 32768, (300, 256)) >> rng.integers(0, 16, (300, 1)))
    return np.array(frames).T.astype(np.int32)


def stages_of(frames: np.ndarray, front_end: FixedPointMFCC = FRONT_END) -> dict[str, np.ndarray]:
    """Every intermediate array, in the type of `frames`."""
    table = front_end.tables()
    found = {"products": stages.windowed(frames, table["half_window"])}
    found["values"], found["exponent"] = stages.normalised(found["products"])
    sine = table["sine"]
    found["z"], found["shifts"] = stages.transform(found["values"], sine, table["bit_reverse"])
    found["power"], found["last_shift"] = stages.power(found["z"], sine)
    found["high"], found["low"] = stages.mel_bands(found["power"], table["mel_starts"], table["mel_weights"])
    found["log2"] = stages.log2(found["high"], found["low"], table["log2_mantissa"])
    found["levels"] = front_end._frame_levels(frames)
    relative = np.maximum(found["levels"] - found["levels"].max(axis=0), -(64 << LEVEL_BITS))
    found["cepstra"] = stages.cepstra(relative, table["half_dct"])
    return found


def test_nothing_wraps() -> None:
    """The 64-bit run of every stage equals the 32-bit run, and stays in the intervals of docs/arithmetic.md."""
    frames = hard_frames()
    narrow, wide = stages_of(frames), stages_of(frames.astype(np.int64))
    for name, values in narrow.items():
        assert values.dtype == np.int32, name
        np.testing.assert_array_equal(values, wide[name], err_msg=name)
    bounds = {
        "products": (-(1 << 30) + 1, (1 << 30) - 1),
        "values": (-(1 << 15), (1 << 15) - 1),
        "z": (-19778, 19778),
        "power": (0, 2 * 19778**2),
        "high": (0, (1 << 31) - 1),
        "low": (0, (1 << 16) - 1),
        "levels": (-(1 << 15), 0),
    }
    for name, (low, high) in bounds.items():
        assert low <= wide[name].min(), name
        assert wide[name].max() <= high, name


@given(st.binary(min_size=512, max_size=512), st.integers(0, 15))
@settings(max_examples=60, deadline=None)
def test_nothing_wraps_on_any_frame(data: bytes, quieter: int) -> None:
    frame = (np.frombuffer(data, dtype="<i2").astype(np.int32) >> quieter)[:, None]
    narrow, wide = stages_of(frame), stages_of(frame.astype(np.int64))
    for name, values in narrow.items():
        np.testing.assert_array_equal(values, wide[name], err_msg=name)


@pytest.mark.parametrize("extreme", [-32768, 16384, 8192, -8192, 32767, 13000])
def test_butterfly_stays_in_16_bits_at_its_corners(extreme: int) -> None:
    """Inputs of which every component is extreme, with every sign, at every twiddle."""
    signs = np.array(np.meshgrid(*[[1, -1]] * 4)).reshape(4, -1)
    values = np.clip(signs * extreme, -32768, 32767).astype(np.int64)
    sine = FRONT_END.tables()["sine"]
    z = np.tile(values.reshape(2, 1, 2, 1, -1), (1, 1, 1, 128, 1))
    k = np.arange(128)
    stages.butterflies(z, sine[k + 64], sine[k], stages.stage_shift(z))
    assert np.abs(z).max() <= 19778


def test_first_pass_stays_in_16_bits_at_its_corners() -> None:
    """Every combination of the extremes in the eight components of four values."""
    corners = np.array(np.meshgrid(*[[-32768, 32767]] * 8)).reshape(2, 4, -1)
    result = stages.first_pass(np.tile(corners, (1, 32, 1)))
    assert (result.min(), result.max()) == (-32768, 32767)


@pytest.mark.parametrize("bands", range(2, 44, 2))
def test_dct_of_the_widest_input_fits(bands: int) -> None:
    front_end = FixedPointMFCC(mel_bands=bands, coefficients=min(13, bands), low_hz=0.0 if bands > 38 else 60.0)
    rows = np.abs(front_end.tables()["half_dct"].astype(np.int64)).sum(axis=1) * 2
    assert (rows.max() << 14) + (1 << DCT_BITS) < 1 << 31


@given(
    st.sampled_from(VARIANTS + LEVELS), st.integers(0, 2**32 - 1), st.integers(0, 1500),
    st.lists(st.integers(0, 700), max_size=12),
)  # fmt: skip
@settings(max_examples=90, deadline=None)
def test_stream_equals_whole(front_end: FixedPointMFCC, seed: int, samples: int, chunks: list[int]) -> None:
    recording = speech_like(seed, 2000)[:samples]
    (whole,) = front_end([recording])
    heard = is_heard(recording, front_end.window, front_end.hop)
    assert heard == (samples >= front_end.window) == (len(whole) > 0)
    stream = FixedPointStream(front_end)
    for _ in range(2):
        pieces = [stream.push(part) for part in np.split(recording, np.minimum(np.cumsum(chunks), samples).astype(int))]
        pieces.append(stream.flush())
        found = np.concatenate(pieces)
        np.testing.assert_array_equal(found if heard else found[:0], whole)
        assert found.shape == (front_end.frames(samples), front_end.coefficients)
        assert stream.heard == heard


SAMPLES = st.integers(0, 900)


@given(st.sampled_from([1, 100, 160, 256]), st.booleans(), SAMPLES, st.integers(-3, 3), SAMPLES, st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_heard_is_what_the_bands_of_the_recordings_own_frames_say(
    hop: int, words: bool, length: int, level: int, step: int, chunk: int
) -> None:
    """One step at most, which a frame holds or none does."""
    front_end = FixedPointMFCC(hop=hop, words=WordFinder() if words and hop < 256 else None)
    recording = np.full(length, 5, np.int16)
    recording[step:] += np.int16(level)
    starts = range(0, length - 255, hop)
    expected = any(len(np.unique(recording[start : start + 256])) > 1 for start in starts)
    if starts:
        levels = FixedPointMFCC(hop=hop)._levels(recording, np.array(starts))
        assert expected == (levels.max() > stages.LOWEST_LEVEL)
    assert is_heard(recording, 256, hop) == expected
    assert (len(front_end([recording])[0]) > 0) == expected
    stream = FixedPointStream(front_end)
    for start in range(0, length, chunk):
        stream.push(recording[start : start + chunk])
    assert stream.heard == expected
    stream.flush()
    assert stream.heard == expected


def test_stream_sample_by_sample_and_batch_order() -> None:
    recordings = [speech_like(seed, samples) for seed, samples in enumerate([3000, 100, 256, 4111])]
    together = FRONT_END(recordings)
    for recording, features in zip(recordings, together, strict=True):
        stream = FixedPointStream(FRONT_END)
        pieces = [stream.push(recording[i : i + 1]) for i in range(len(recording))]
        found = np.concatenate([*pieces, stream.flush()])
        np.testing.assert_array_equal(found[:0] if len(recording) < 256 else found, features)
        np.testing.assert_array_equal(FRONT_END([recording])[0], features)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.booleans(), st.integers(0, 600))
@settings(max_examples=40, deadline=None)
def test_left_shift_changes_nothing(seed: int, bits: int, noise: bool, silence: int) -> None:
    if noise:
        recording = np.random.default_rng(seed).integers(-(1 << (15 - bits)), 1 << (15 - bits), 1200).astype(np.int16)
    else:
        recording = speech_like(seed, 1200, level=(1 << (15 - bits)) - 1)
    recording[:silence] = 0
    for front_end in VARIANTS[:2] + LEVELS[:2]:
        quiet, loud = front_end([recording, recording << bits])
        np.testing.assert_array_equal(quiet, loud)


def test_left_shift_of_the_smallest_frames_changes_nothing() -> None:
    """One sample of one unit, at every place of the frame."""
    for sign in (1, -1):
        for bits in (1, 7, 14):
            impulses = (sign * np.eye(256)).astype(np.int16)
            for quiet, loud in zip(VARIANTS[1](list(impulses)), VARIANTS[1](list(impulses << bits)), strict=True):
                np.testing.assert_array_equal(quiet, loud)


def reference(recording: np.ndarray, front_end: FixedPointMFCC) -> tuple[np.ndarray, np.ndarray]:
    """The same pipeline in float64: levels in octaves (frames, bands), features in octaves (frames, coefficients)."""
    frames = np.lib.stride_tricks.sliding_window_view(recording.astype(float), 256)[:: front_end.hop]
    window = np.sin(np.pi * (np.arange(256) + 0.5) / 256) ** 2
    spectrum = np.fft.rfft(np.diff(frames, axis=1, prepend=frames[:, :1]) * window)
    filters = mel_filters(front_end.sample_rate, 256, front_end.mel_bands, front_end.low_hz, front_end.high_hz)
    levels = np.log2(np.abs(spectrum) ** 2 @ filters.T + 1e-9) - stages.FULL_SCALE_OCTAVES
    maximum, maxima = -128.0, []
    for loudest in levels.max(axis=1):
        maximum = max(loudest, maximum - front_end.decay_level / (1 << LEVEL_BITS))
        maxima.append(maximum)
    assert front_end.floor_db is not None
    relative = np.maximum(levels - np.array(maxima)[:, None], -front_end.floor_db / OCTAVE_DB)
    return levels, relative @ dct_matrix(front_end.coefficients, front_end.mel_bands).T


def test_agrees_with_float64() -> None:
    level_errors, feature_errors = [], []
    for seed in range(12):
        recording = speech_like(seed, level=[300, 3000, 30000][seed % 3])
        exact, features = reference(recording, FRONT_END)
        starts = np.arange(len(exact)) * FRONT_END.hop
        levels = FRONT_END._levels(recording, starts).T / (1 << LEVEL_BITS)
        heard = exact > exact.max(axis=1, keepdims=True) - 60 / OCTAVE_DB
        level_errors.append(np.abs(levels - exact)[heard] * OCTAVE_DB)
        feature_errors.append(np.abs(FRONT_END([recording])[0] / (1 << 7) - features).ravel())
    levels_db, features_octaves = np.concatenate(level_errors), np.concatenate(feature_errors)
    assert levels_db.mean() < 0.05
    assert np.percentile(levels_db, 99) < 0.5
    assert levels_db.max() < 1.5
    assert features_octaves.mean() < 0.015
    assert features_octaves.max() < 0.15


def test_absolute_level() -> None:
    """White noise at an eighth of the amplitude lies 6 octaves of power lower, in coefficient 0 alone."""
    front_end = FixedPointMFCC(energy="absolute", floor_db=None)
    noise = np.random.default_rng(0).integers(-4096, 4096, 2000).astype(np.int16)
    loud, quiet = front_end([noise << 3, noise])
    assert np.all(np.abs(loud[:, 0] - quiet[:, 0] - 6 * np.sqrt(32) * 128) < 6)
    assert np.abs(loud[:, 1:] - quiet[:, 1:]).max() <= 2


@pytest.mark.parametrize("front_end", LEVELS)
def test_levels_are_what_cepstra_are_of(front_end: FixedPointMFCC) -> None:
    """The orthonormal DCT of the levels, in floats, is the cepstra; halved levels lie half a unit or less below."""
    of_cepstra = replace(front_end, features="cepstra")
    recordings = [speech_like(seed, 3000) for seed in range(3)]
    for levels, cepstra in zip(front_end(recordings), of_cepstra(recordings), strict=True):
        assert levels.dtype == np.int16
        assert levels.shape == cepstra.shape
        exact = (levels + 0.25) @ dct_matrix(front_end.mel_bands, front_end.mel_bands).T
        assert np.abs(exact - cepstra).max() < 0.25 * np.sqrt(front_end.mel_bands) + 2.5


def test_levels_agree_with_float64() -> None:
    front_end = LEVELS[0]
    for seed in range(5):
        recording = speech_like(seed)
        relative = reference(recording, front_end)[1] @ dct_matrix(32, 32)
        assert np.abs(front_end([recording])[0] / (1 << 7) - relative).mean() < 0.012


def test_log2_error() -> None:
    rng = np.random.default_rng(1)
    exact = np.concatenate([np.arange(1, 70000), np.exp2(rng.uniform(16, 46, 100000)).astype(np.int64)])
    high, low = (exact >> 16).astype(np.int32), (exact & 0xFFFF).astype(np.int32)
    error = stages.log2(high, low, log2_mantissa()) / (1 << LEVEL_BITS) - np.log2(exact)
    assert np.abs(error).max() <= 0.0024
    assert stages.log2(np.int32([0]), np.int32([0]), log2_mantissa()) == 0


@given(st.integers(0, (1 << 31) - 1))
def test_bit_length(value: int) -> None:
    assert stages.bit_length(np.array([value], dtype=np.int32))[0] == value.bit_length()


@pytest.mark.parametrize("front_end", VARIANTS)
def test_silence_is_defined(front_end: FixedPointMFCC) -> None:
    silence, (interrupted,) = np.zeros(2000, np.int16), front_end([np.pad(speech_like(3, 1000), (0, 1000))])
    silent = FixedPointStream(front_end).push(silence)
    assert front_end([silence])[0].shape == (0, front_end.coefficients)
    expected = 0 if front_end.energy == "relative" else round(-45 * np.sqrt(front_end.mel_bands) * 128)
    assert np.all(np.abs(silent[:, 0] - expected) <= 40)
    assert np.all(np.abs(silent[:, 1:]) <= 8)
    assert len(np.unique(interrupted[-3:], axis=0)) <= 3


class _Watched(np.ndarray):
    """An array that refuses to become anything but integers, in every array derived from it."""

    def __array_finalize__(self, parent: object) -> None:
        assert self.dtype.kind in "iub", f"{self.dtype} array"
        assert self.dtype.itemsize <= 4 or self.dtype == np.intp, f"{self.dtype} array"


def test_no_floats_at_run_time() -> None:
    frames = hard_frames()[:, ::40].copy().view(_Watched)
    assert isinstance(FRONT_END._frame_levels(frames), np.ndarray)
    for values in stages_of(frames).values():
        assert values.dtype == np.int32
    tree = ast.parse(inspect.getsource(stages))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Div | ast.Pow)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))


def test_features_are_deterministic() -> None:
    """Pinned: tables and features are part of every model trained with them."""
    digest = hashlib.sha256()
    for name, table in FRONT_END.tables().items():
        digest.update(name.encode() + table.astype(table.dtype.newbyteorder("<")).tobytes())
    assert digest.hexdigest() == "63c92d8a05601d7717c49bda02ebeb00177b0f93185a8403772ca4ff6bcc95d9"
    frames = hard_frames().T.astype("<i2")
    digest = hashlib.sha256(FRONT_END([frames.ravel()])[0].astype("<i2").tobytes())
    assert digest.hexdigest() == "4f68562eb965a38e94293ea9a0e126b1e09e9681a31877725e0c4a52a20d6ca8"


def test_levels_are_deterministic_and_have_no_dct() -> None:
    """Pinned, as cepstra are."""
    frames = hard_frames().T.astype("<i2")
    digest = hashlib.sha256(LEVELS[0]([frames.ravel()])[0].astype("<i2").tobytes())
    assert digest.hexdigest() == "81995f024948aa20caf48175dda8dc14fb9253a35565cd20051db735d287eb55"
    assert FRONT_END.tables().keys() - LEVELS[0].tables().keys() == {"half_dct"}
    assert FRONT_END.table_bytes - LEVELS[0].table_bytes == 2 * 13 * 16
    assert LEVELS[0].state_bytes == FRONT_END.state_bytes


def test_tables_are_small_and_typed() -> None:
    types = {name: table.dtype.name for name, table in FRONT_END.tables().items()}
    assert types == {
        "half_window": "int16",
        "sine": "int16",
        "bit_reverse": "uint8",
        "mel_starts": "uint8",
        "mel_weights": "uint8",
        "log2_mantissa": "uint16",
        "half_dct": "int16",
    }
    assert FRONT_END.table_bytes <= 5 * 1024
    assert FRONT_END.state_bytes < 1536


@pytest.mark.parametrize(
    "changes",
    [
        {"window": 400},
        {"hop": 0},
        {"hop": 300},
        {"mel_bands": 31},
        {"mel_bands": 60},
        {"coefficients": 33},
        {"high_hz": 5000.0},
        {"floor_db": 0.0},
        {"floor_db": 300.0},
        {"floor_db": 192.7},
        {"floor_db": 0.001},
        {"floor_db": math.nan},
        {"floor_db": math.inf},
        {"decay_db": -1.0},
        {"decay_db": 19_300.0},
        {"decay_db": math.nan},
        {"decay_db": math.inf},
        {"low_hz": math.nan},
        {"high_hz": math.nan},
        {"low_hz": -1.0},
        {"hop": 160.0},
        {"hop": "160"},
        {"coefficients": 0},
        {"sample_rate": 0},
        {"sample_rate": 10**9, "high_hz": 10**8},
        {"energy": "loud"},
        {"features": "waves"},
        {"features": "levels"},
        {"features": "levels", "coefficients": 32, "words": WordFinder()},
    ],
)
def test_parameters_outside_the_bounds_are_refused(changes: dict) -> None:
    with pytest.raises(KilovoxError, match="expected"):
        FixedPointMFCC(**changes)


def test_levels_at_their_bounds() -> None:
    """The DCT is proved for levels of 2^14 at the most; a configuration allows exactly what the front end does."""
    assert FixedPointMFCC(floor_db=192.66).floor_level == 1 << 14
    assert FixedPointFrontEnd(kind="fixed_point", floor_db=192.66).floor_db == 192.66
    with pytest.raises(ValueError, match=r"192\.66"):
        FixedPointFrontEnd(kind="fixed_point", floor_db=192.67)
    assert FixedPointMFCC(decay_db=19_265.0).decay_level < 1 << 15


@pytest.mark.parametrize("samples", [np.zeros(300), np.zeros(300, np.int32), np.zeros((300, 1), np.int16), [0] * 300])
def test_samples_must_be_int16(samples: object) -> None:
    with pytest.raises(KilovoxError, match="expected a one-dimensional int16 array"):
        FRONT_END([samples])
    with pytest.raises(KilovoxError, match="expected a one-dimensional int16 array"):
        FixedPointStream(FRONT_END).push(samples)


def test_no_recordings() -> None:
    assert FRONT_END([]) == []
    assert FRONT_END([np.zeros(0, dtype=np.int16)])[0].shape == (0, 13)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_quantise_equals_wide_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean, std = rng.uniform(-30000, 30000, 13), np.exp(rng.uniform(0, 9, 13))
    offset, multiplier, shift = quantisation(mean, std, 4.0)
    features = rng.integers(-32768, 32768, (50, 13)).astype(np.int16)
    features[:2] = [[-32768], [32767]]
    result = quantise(features, offset, multiplier, shift)
    wide = (features.astype(np.int64) - offset) * multiplier + (1 << (shift - 1))
    assert np.abs(wide).max() < 1 << 31
    np.testing.assert_array_equal(result, np.clip(wide >> shift, -128, 127))
    assert result.dtype == np.int8


def test_quantisation_maps_deviations_to_127() -> None:
    mean, std = np.array([-6570.0, -428.0, 109.0]), np.array([2887.0, 1160.0, 207.0])
    offset, multiplier, shift = quantisation(mean, std, 4.0)
    edges = np.rint(mean + 4 * std).astype(np.int16)[None]
    assert np.all(np.abs(quantise(edges, offset, multiplier, shift).astype(int) - 127) <= 1)
    with pytest.raises(KilovoxError, match="greater than 0"):
        quantisation(mean, std * 0, 4.0)
