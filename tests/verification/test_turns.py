"""Any sequence of pushes, ends and questions: NumPy and C answer alike, and as of each recording alone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compilers import Pair
from firmware.models import random_model
from kilovox.firmware.sources import sources
from kilovox.integer.model_file import Model
from kilovox.integer.outcome import LABEL, NOTHING
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream, Result
from kilovox.verification import turns, verify
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.host import HostRecogniser, HostStream, NoCompilerError, find_compiler

WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}
CLICKS = {"buffer": 30, "pause": 2, "margin": 0, "shortest": 1, "edge": 0, "prominence_db": 0.0}
MODELS = [("int8", None), ("pow2", None), ("int8", WORDS), ("pow2", CLICKS)]

LEVELS = {"silence": (0, 0), "constant": (7000, 0), "quiet": (0, 2), "soft": (0, 300), "loud": (0, 30000)}
PUSH = st.tuples(st.sampled_from(sorted(LEVELS)), st.integers(0, 300) | st.integers(0, 2500))
STEPS = st.lists(PUSH | st.sampled_from(["finish", "finish", "next", "reset"]), min_size=1, max_size=14)
LOUD, SOFT, PAUSE = ("loud", 1500), ("soft", 1500), ("silence", 1500)


def expect_equal(one: Result, other: Result) -> None:
    assert (one.outcome, one.best, *one[:2]) == (other.outcome, other.best, *other[:2])
    np.testing.assert_array_equal(one[2], other[2])


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
@given(steps=STEPS, seed=st.integers(0, 2**32 - 1))
@example([LOUD, PAUSE, LOUD, "next", SOFT, "finish", LOUD, PAUSE, "finish"], 1)
@settings(max_examples=25, deadline=None)
def test_what_listens_answers_any_sequence_alike(
    pair: Callable[..., Pair], arithmetic: str, steps: list[tuple[str, int] | str], seed: int
) -> None:
    host, numpy = pair(arithmetic, 6, 1, listens=True)
    in_c, in_python, random = HostStream(host), RecogniserStream(numpy), np.random.default_rng(seed)
    for place, step in enumerate(steps):
        if isinstance(step, tuple):
            centre, spread = LEVELS[step[0]]
            samples = (centre + random.integers(-spread, spread + 1, step[1])).astype(np.int16)
            assert in_c.push(samples) == in_python.push(samples)
        elif step == "finish":
            assert in_c.finish() == in_python.finish()
        else:
            for stream in (in_c, in_python):
                stream.next() if step == "next" else stream.reset()
        expect_equal(in_c.result(), in_python.result())
        assert (in_c.frames, in_c.words) == (in_python.frames, in_python.words)
        if place % 3 == seed % 3:  # else they wait on
            assert in_c.detected() == in_python.detected()
            assert in_c.words == in_python.words == 0


@pytest.mark.parametrize(("arithmetic", "words"), MODELS)
@given(steps=STEPS, seed=st.integers(0, 2**32 - 1))
@example([LOUD, PAUSE, "finish", SOFT, PAUSE, "finish"], 1)
@example([LOUD, PAUSE, "next", SOFT, PAUSE, "next", "finish", "finish"], 2)
@example(["finish", "next", ("loud", 200), "finish", "next", ("loud", 1), "reset", ("silence", 900), "finish"], 3)
@settings(max_examples=25, deadline=None)
def test_any_sequence_is_answered_alike(
    pair: Callable[..., Pair], arithmetic: str, words: dict[str, int] | None, steps: list[tuple[str, int] | str], seed: int
) -> None:
    host, numpy = pair(arithmetic, 5, 1, words=words)
    in_c, in_python, random = HostStream(host), RecogniserStream(numpy), np.random.default_rng(seed)
    recording, ended, forgot = np.zeros(0, np.int16), False, False
    for step in steps:
        if isinstance(step, tuple):
            centre, spread = LEVELS[step[0]]
            samples = (centre + random.integers(-spread, spread + 1, step[1])).astype(np.int16)
            if ended and len(samples):
                recording, ended, forgot = samples[:0], False, False
            recording = np.concatenate([recording, samples])
            assert in_c.push(samples) == in_python.push(samples)
        elif step == "finish":
            assert in_c.finish() == in_python.finish()
            ended = True
        else:
            for stream in (in_c, in_python):
                stream.next() if step == "next" else stream.reset()
            if step == "reset" or words is None:
                recording, ended, forgot = recording[:0], False, False
            forgot |= step == "next"
        result = in_python.result()
        expect_equal(in_c.result(), result)
        assert (in_c.frames, in_c.words) == (in_python.frames, in_python.words)
        if result.outcome == NOTHING:
            assert (result[0], result.best, result[1], result[2].any()) == (None, None, 0, False)
        if ended and not forgot:
            whole = numpy([recording])
            np.testing.assert_array_equal(whole.logits[0], result[2])
            assert (whole.outcomes[0], round(whole.confidence[0] * 255)) == (result.outcome, result[1])
    if not words:
        assert in_c.words == 0


def test_of_two_equally_loud_words_the_first_is_told_of(pair: Callable[..., Pair]) -> None:
    """The same burst, shorter the second time: its loudest frame is as loud, its network's answer is another."""
    host, numpy = pair("int8", 5, 1, words=WORDS)
    burst, pause = np.random.default_rng(6).integers(-9000, 9000, 1600).astype(np.int16), np.zeros(1600, np.int16)
    first, second = np.concatenate([burst, pause]), np.concatenate([np.tile(burst, 2), pause])
    alone = []
    for samples in (first, second):
        stream = HostStream(host)
        stream.push(samples)
        alone.append(stream.result()[2])
    assert not np.array_equal(*alone)
    for stream in (HostStream(host), RecogniserStream(numpy)):
        stream.push(first)
        stream.push(second)
        assert stream.words == 2
        np.testing.assert_array_equal(stream.result()[2], alone[0])
    np.testing.assert_array_equal(numpy([np.concatenate([first, second])]).logits[0], alone[0])


def test_of_equal_logits_the_first_label_is_told(compiler: str) -> None:
    for arithmetic in ("int8", "pow2"):
        model = random_model(arithmetic, 6, labels=("a", "b", "c", "d"))
        weights, bias = model.tensors["head.weights"].copy(), np.array([-900, 700, 700, -900], np.int32)
        weights[...] = 0 if arithmetic == "int8" else 0x77
        weights[..., 1:3] = weights[..., 1:2]
        model = model.model_copy(update={"tensors": {**model.tensors, "head.weights": weights, "head.bias": bias}})
        samples = np.random.default_rng(0).integers(-900, 900, 1200).astype(np.int16)
        for found in (Recogniser(model)([samples]), HostRecogniser(model, compiler)([samples])):
            assert found.logits[0, 1] == found.logits[0, 2] == found.logits[0].max()
            assert (found.indices[0], found.outcomes[0]) == (1, LABEL)
        trace = HostRecogniser(model, compiler).trace(samples)
        assert trace.label == 1


def test_the_script_asks_for_all_there_is() -> None:
    (_, samples), *_ = synthetic_clips(1, 8000)
    recogniser = verify.Task(random_model("int8", 13, 1), {}, [("x", samples)])._recogniser
    frames, decisions = turns.expected_of(recogniser, samples, turns.script(len(samples)))
    assert {what for what, _, _ in turns.script(9)} == {"push", "finish", "next", "result", "reset"}
    assert {int(one.outcome[0]) for one in decisions} == {NOTHING, LABEL}
    assert len({one.logits.tobytes() for one in decisions}) >= 3
    assert sum(frames) > 30


@pytest.mark.parametrize(
    ("file", "right", "wrong", "what"),
    [("kv_push.c", "if (count && r->stage & KV_ENDED)", "if (0)", {"logits", "frames"}),
     ("kv_next.c", "kv_reset(r);", "(void)r;", {"frames"}),
     ("kv_result.c", "const int heard = r->stage & KV_HEARD;", "const int heard = 1;", {"logits"})],
)  # fmt: skip
def test_a_recording_that_does_not_begin_anew_is_seen(
    monkeypatch: pytest.MonkeyPatch, file: str, right: str, wrong: str, what: set[str]
) -> None:
    try:
        find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))

    def planted(model: Model, **options: int | None) -> dict[str, str]:
        files = sources(model, **options)
        assert right in files[file]
        return files | {file: files[file].replace(right, wrong)}

    monkeypatch.setattr(verify, "sources", planted)
    result = verify.verify(random_model("int8", 13, 1), ["host"], synthetic_clips(1, 8000))
    difference = result.targets["host"].difference
    assert difference is not None
    assert difference.what in what
    assert "in turn" in difference.pushed
