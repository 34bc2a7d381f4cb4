"""The compiled C and the NumPy engine: the same integers at every stage."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compilers import Pair
from firmware.models import random_model
from kilovox.audio import read_audio
from kilovox.errors import KilovoxError
from kilovox.integer.decider import Decider, Frames
from kilovox.integer.observation import expected
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.host import HostRecogniser, HostStream, NoCompilerError, compile_library, find_compiler
from models import make_model

Samples = npt.NDArray[np.int16]

SIZES = [("int8", 5, 2), ("int8", 13, 1), ("int8", 24, 3), ("int8", 67, 2), ("int8", 88, 1),
         ("pow2", 5, 2), ("pow2", 13, 1), ("pow2", 24, 3), ("pow2", 67, 2), ("pow2", 88, 1)]  # fmt: skip
WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}
FRONT_ENDS = [
    {"energy": "absolute"},
    {"floor_db": None, "mel_bands": 20, "coefficients": 20},
    {"hop": 256, "decay_db": 4000.0},
    {"hop": 1},
    {"features": "levels"},
    {"features": "levels", "energy": "absolute", "mel_bands": 20},
    {"features": "levels", "floor_db": None, "mel_bands": 2, "hop": 200, "decay_db": 4000.0},
]
LEVELS = [front_end for front_end in FRONT_ENDS if "features" in front_end]


def recordings() -> list[Samples]:
    random = np.random.default_rng(0)
    square = np.where(np.arange(3000) // 20 % 2, 32767, -32768)
    speech_like = random.normal(size=4000) * 2000 * np.abs(np.sin(np.arange(4000) / 500))
    found = [random.integers(-32768, 32768, count) for count in (1, 2, 100, 255, 256, 257, 2000)]
    found += [square, np.full(2000, -32768), np.zeros(600), random.integers(-1, 1, 600), speech_like]
    found += [np.concatenate([np.zeros(500), square, random.integers(-2, 3, 2000), np.zeros(400)])]
    return [samples.astype(np.int16) for samples in found]


def expect_equal(pair: Pair, samples: Samples, chunk: int = 0) -> None:
    host, numpy = pair
    want = expected(numpy, samples)
    np.testing.assert_array_equal(host.cepstra(samples), want.cepstra)
    trace = host.trace(samples, chunk)
    for stage in ("features", "hidden", "cell", "logits"):
        np.testing.assert_array_equal(getattr(trace, stage), getattr(want, stage))
    assert (trace.label, trace.confidence, trace.outcome) == (want.label[0], want.confidence[0], want.outcome[0])
    decision = numpy([samples])
    assert (trace.label, trace.confidence) == (decision.indices[0], round(decision.confidence[0] * 255))
    assert trace.outcome == decision.outcomes[0]
    np.testing.assert_array_equal(trace.logits, decision.logits[0])


def expect_network_equal(pair: Pair, features: npt.NDArray[np.int8], trace: object = None) -> None:
    host, numpy = pair
    found = trace or host.trace_features(features)
    states = numpy.engine.start(1)
    for frame, hidden, cell in zip(features, found.hidden, found.cell, strict=True):
        states = numpy.engine.step(states, frame[None])
        np.testing.assert_array_equal(hidden, np.stack([state.hidden[0] for state in states]))
        np.testing.assert_array_equal(cell, np.stack([state.cell[0] for state in states]))
    np.testing.assert_array_equal(found.logits, numpy.engine.run([features])[0])


@pytest.mark.parametrize(("arithmetic", "units", "layers"), SIZES)
def test_every_stage_is_equal(pair: Callable[..., Pair], arithmetic: str, units: int, layers: int) -> None:
    both = pair(arithmetic, units, layers)
    for samples in recordings():
        expect_equal(both, samples)


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=str)
def test_every_stage_is_equal_with_other_front_ends(pair: Callable[..., Pair], front_end: dict[str, object]) -> None:
    for samples in recordings():
        expect_equal(pair("int8", 5, **front_end), samples[:1500])


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_extreme_features_are_equal(pair: Callable[..., Pair], arithmetic: str) -> None:
    random = np.random.default_rng(1)
    for values in (np.full((6, 13), -128), np.full((6, 13), 127), random.choice([-128, 127, 0], (20, 13))):
        expect_network_equal(pair(arithmetic, 24, 3), values.astype(np.int8))


@given(data=st.data(), arithmetic=st.sampled_from(["int8", "pow2"]))
@settings(max_examples=30, deadline=None)
def test_any_samples_in_any_pieces_are_equal(pair: Callable[..., Pair], data: st.DataObject, arithmetic: str) -> None:
    limit = data.draw(st.sampled_from([1, 50, 3000, 32767]))
    count = data.draw(st.integers(1, 1200))
    seed, chunk = data.draw(st.integers(0, 2**32 - 1)), data.draw(st.integers(1, 700))
    samples = np.random.default_rng(seed).integers(-limit - 1, limit + 1, count).astype(np.int16)
    expect_equal(pair(arithmetic, 13, 1), samples, chunk)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_what_listens_decides_recordings_alike(pair: Callable[..., Pair], arithmetic: str) -> None:
    host, numpy = pair(arithmetic, 6, 1, listens=True)
    found, want = host(recordings()), numpy(recordings())
    for name in ("indices", "confidence", "logits", "outcomes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name))
    assert len(set(want.outcomes.tolist())) >= 2
    features = np.random.default_rng(1).choice([-128, 127, 0, 5], (40, 10)).astype(np.int8)
    np.testing.assert_array_equal(host.decide([features]).logits[0], numpy._words([numpy.listener().push(features)]).logits[0])


FRAME = st.tuples(st.integers(0, 4), st.integers(0, 255), st.integers(0, 255))


@given(frames=st.lists(st.tuples(FRAME, st.integers(1, 4)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_words_are_decided_on_alike(pair: Callable[..., Pair], frames: list[tuple[tuple[int, int, int], int]]) -> None:
    """Whatever the outputs say, some of them several frames long: 0 to 3 are labels, 3 other words, 4 the blank."""
    host, numpy = pair("int8", 6, 1, listens=True)
    decider, stream = Decider(numpy.labels, numpy.thresholds, numpy.knots), HostStream(host)
    for (output, share, others), times in frames:
        for fading in range(times):
            one = (output, max(0, share - 9 * fading), others)
            want = decider.push(Frames(np.array([one[0]]), np.zeros(1, np.int64), np.array([one[1]]), np.array([one[2]])))
            host._c.kv_decide(stream._ear, *one)
            assert stream.detected() == want
    host._c.kv_decide(stream._ear, len(numpy.labels), 0, 0)
    assert stream.detected() == decider.finish()


RUNS = st.lists(st.tuples(st.integers(0, 900), st.sampled_from([0, 1, 50, 3000, 32767]), st.booleans()), max_size=5)


@given(front_end=st.sampled_from(LEVELS), runs=RUNS, seed=st.integers(0, 2**32 - 1), chunk=st.integers(0, 700))
@settings(max_examples=40, deadline=None)
def test_levels_of_any_sound_in_any_pieces_are_equal(
    pair: Callable[..., Pair], front_end: dict[str, object], runs: list[tuple[int, int, bool]], seed: int, chunk: int
) -> None:
    """Noise, silence, and squares of one sample's period, which are as loud as can be."""
    random = np.random.default_rng(seed)
    parts = [np.zeros(1)]
    for count, loud, square in runs:
        parts.append(np.where(np.arange(count) % 2, loud, -loud - 1) if square else random.integers(-loud - 1, loud + 1, count))
    expect_equal(pair("int8", 5, 1, **front_end), np.concatenate(parts).astype(np.int16), chunk)


@given(data=st.data(), arithmetic=st.sampled_from(["int8", "pow2"]))
@settings(max_examples=40, deadline=None)
def test_words_are_found_and_decided_alike(pair: Callable[..., Pair], data: st.DataObject, arithmetic: str) -> None:
    host, numpy = pair(arithmetic, 13, 1, words=WORDS)
    runs = data.draw(st.lists(st.tuples(st.integers(0, 4000), st.sampled_from([0, 3, 300, 9000])), min_size=1, max_size=8))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    samples = np.concatenate([random.integers(-limit - 1, limit + 1, count) for count, limit in runs]).astype(np.int16)
    if len(samples) == 0:
        return
    want = expected(numpy, samples)
    for chunk in (0, data.draw(st.integers(1, 700))):
        found = host.trace(samples, chunk)
        for stage in ("features", "hidden", "cell", "logits"):
            np.testing.assert_array_equal(getattr(found, stage), getattr(want, stage))
        assert (found.label, found.confidence, found.outcome) == (want.label[0], want.confidence[0], want.outcome[0])
    decision = numpy([samples])
    np.testing.assert_array_equal(decision.logits[0], want.logits)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_recordings_are_decided_alike_from_several_threads(
    pair: Callable[..., Pair], arithmetic: str, synthetic_folder: Path
) -> None:
    host, numpy = pair(arithmetic, 24, 3)
    spoken = [read_audio(path, 8000) for path in sorted(synthetic_folder.glob("*.wav"))[:24]]
    expected = numpy(spoken)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(host, [spoken] * 4):
            np.testing.assert_array_equal(found.logits, expected.logits)
            np.testing.assert_array_equal(found.indices, expected.indices)
            np.testing.assert_array_equal(found.confidence, expected.confidence)
    sequences = numpy.normalised(numpy.raw_features(spoken))
    np.testing.assert_array_equal(host.decide(sequences).logits, expected.logits)


def test_the_kernel_of_other_widths_is_equal(compiler: str) -> None:
    model = random_model("int8", 30)
    plain, portable = (
        HostRecogniser(model, compiler),
        HostRecogniser(model, compiler, ("-O1", "-DKV_PORTABLE", "-fPIC", "-shared")),
    )
    assert plain.library != portable.library
    np.testing.assert_array_equal(plain(recordings()).logits, portable(recordings()).logits)


def test_a_library_is_compiled_once(compiler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile_library({"one.c": "int kv_one(void); int kv_one(void) { return 1; }\n"}, compiler)
    written = first.stat().st_mtime_ns
    monkeypatch.setattr("shutil.copyfile", lambda *_: pytest.fail("compiled again"))
    again = compile_library({"one.c": "int kv_one(void); int kv_one(void) { return 1; }\n"}, compiler)
    assert (again, again.stat().st_mtime_ns) == (first, written)


def test_what_does_not_compile_says_why(compiler: str) -> None:
    with pytest.raises(KilovoxError, match="exit status"):
        compile_library({"bad.c": "int kv_bad(void) { return }\n"}, compiler)


def test_no_compiler_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NoCompilerError, match="no-such-compiler"):
        find_compiler()
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoCompilerError, match="clang"):
        HostRecogniser(random_model("int8", 5))


def test_a_float_model_is_refused(compiler: str) -> None:
    with pytest.raises(KilovoxError, match="arithmetic float32"):
        HostRecogniser(make_model(), compiler)


def test_what_is_no_samples_or_features_is_refused(pair: Callable[..., Pair]) -> None:
    host, _ = pair("int8", 5)
    with pytest.raises(KilovoxError, match="int16"):
        host([np.zeros(300)])
    with pytest.raises(KilovoxError, match=r"\(frames, 13\)"):
        host.trace_features(np.zeros((3, 12), np.int8))


def test_nothing_heard_is_nothing_decided(pair: Callable[..., Pair]) -> None:
    for words in (None, WORDS):
        host, numpy = pair("int8", 13, 1, words=words)
        silent = [np.zeros(0, np.int16), np.zeros(5000, np.int16), np.full(5000, -7, np.int16), recordings()[2]]
        for decisions in (host(silent), numpy(silent)):
            assert decisions.outcomes.tolist() == decisions.confidence.tolist() == [0, 0, 0, 0]
            assert not decisions.logits.any()
        trace = host.trace(silent[0])
        assert (trace.outcome, trace.confidence, trace.label, trace.logits.any()) == (0, 0, 0, False)


def test_recogniser_of_the_same_model_agrees(compiler: str) -> None:
    model = random_model("pow2", 9, labels=("a", "b"))
    np.testing.assert_array_equal(
        HostRecogniser(model, compiler)(recordings()).indices, Recogniser(model)(recordings()).indices
    )


def test_a_broken_compiler_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(KilovoxError, match="exit status 3"):
        compile_library({"one.c": ""}, str(broken))
