"""A live recording is a whole recording, one after another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.models import random_listener
from kilovox.errors import KilovoxError
from kilovox.frontend.fixed_point import is_heard
from kilovox.integer.detection import FrameDetector
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import WAITING, RecogniserStream
from models import integer_model, make_recogniser


def expect_the_whole(stream, recogniser, samples):
    """What the stream says is what is decided of the whole recording."""
    whole, result = recogniser([samples]), stream.result()
    label, confidence, logits = result
    np.testing.assert_array_equal(logits, whole.logits[0])
    assert logits.dtype == np.int32
    assert confidence == round(whole.confidence[0] * 255)
    assert result.outcome == whole.outcomes[0] == (LABEL if is_heard(samples, 256, 160) else NOTHING)
    assert label == result.best == (recogniser.labels[whole.indices[0]] if result.outcome else None)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=12), st.integers(0, 1000), st.sampled_from(["int8", "pow2"]))
def test_any_chunks_give_the_same_bits(chunks, seed, arithmetic):
    recogniser = Recogniser(integer_model(arithmetic))
    samples = np.random.default_rng(seed).integers(-9000, 9000, max(1, sum(chunks))).astype(np.int16)
    stream = RecogniserStream(recogniser)
    stream.push(np.arange(700, dtype=np.int16))
    stream.reset()
    frames = sum(stream.push(part) for part in np.split(samples, np.cumsum(chunks)))
    frames += stream.finish()
    expect_the_whole(stream, recogniser, samples)
    assert frames == stream.frames == max(len(samples) - 256, 0) // 160 + 1


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5000), st.sampled_from([0, 30, 9000])), min_size=1, max_size=6), st.integers(1, 900))
def test_words_of_any_chunks_are_those_of_the_whole(runs, chunk):
    recogniser = Recogniser(integer_model("int8", words={"buffer": 40, "pause": 4, "margin": 1}))
    random = np.random.default_rng(chunk)
    samples = np.concatenate([random.integers(-limit, limit + 1, count) for count, limit in runs]).astype(np.int16)
    stream = RecogniserStream(recogniser)
    stream.push(samples[::-1])
    stream.reset()
    frames = sum(stream.push(samples[start : start + chunk]) for start in range(0, len(samples), chunk))
    frames += stream.finish()
    expect_the_whole(stream, recogniser, samples)
    assert (stream.words > 0) == is_heard(samples, 256, 160)
    assert frames == stream.frames


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5000), st.sampled_from([0, 30, 9000])), min_size=1, max_size=6), st.integers(1, 900))
def test_what_listens_says_the_same_of_any_chunks(runs, chunk):
    recogniser = Recogniser(random_listener("int8"))
    random = np.random.default_rng(chunk)
    samples = np.concatenate([random.integers(-limit, limit + 1, count) for count, limit in runs]).astype(np.int16)
    stream, words = RecogniserStream(recogniser), []
    stream.push(samples[::-1])
    stream.reset()
    heard = recogniser.heard_out(samples)
    for start in range(0, len(heard), chunk):
        stream.push(heard[start : start + chunk])
        words += stream.detected()
    stream.finish()
    words += stream.detected()
    whole, result = recogniser([heard]), stream.result()
    np.testing.assert_array_equal(result[2], whole.logits[0])
    assert (result.outcome, result[1]) == (whole.outcomes[0], round(whole.confidence[0] * 255))
    found = [one for one in FrameDetector(recogniser)([samples]) if one.best]
    assert [recogniser.labels[word.best] for word in words] == [one.best for one in found]
    assert [word.confidence for word in words] == [round(255 * one.confidence) for one in found]


def test_words_wait_until_there_are_too_many():
    stream = RecogniserStream(Recogniser(random_listener("int8")))
    random, words = np.random.default_rng(3), []
    samples = np.concatenate([random.integers(-9000, 9000, 1500) * (part % 2) for part in range(40)]).astype(np.int16)
    for start in range(0, len(samples), 160):
        stream.push(samples[start : start + 160])
        words += stream.detected()
    assert len(words) > WAITING
    stream.reset()
    stream.push(samples)
    assert stream.words == WAITING
    assert stream.detected() == words[-WAITING:]
    assert stream.words == 0
    stream.push(samples)
    stream.next()
    assert (stream.words, stream.result().outcome, stream.detected()) == (0, NOTHING, [])


def test_a_recording_begins_anew_after_the_end_of_another():
    recogniser = Recogniser(integer_model("int8"))
    loud, quiet = (
        np.random.default_rng(seed).integers(-limit, limit, 2000).astype(np.int16) for seed, limit in enumerate((9000, 9))
    )
    stream = RecogniserStream(recogniser)
    for samples in (loud, quiet):
        stream.push(samples)
        stream.finish()
        expect_the_whole(stream, recogniser, samples)
        ended = stream.result()
        assert stream.finish() == stream.push(samples[:0]) == 0
        assert stream.result()[:2] == ended[:2]
    assert stream.frames == 11
    stream.push(loud[:1])
    assert (stream.result().outcome, stream.frames) == (NOTHING, 0)


def test_the_end_of_a_second_recording_tells_of_its_own_words():
    recogniser = Recogniser(integer_model("int8", words={"buffer": 40, "pause": 4, "margin": 1}))
    random = np.random.default_rng(3)
    word = np.pad(random.integers(-100, 100, 1500), 1500).astype(np.int16)
    stream = RecogniserStream(recogniser)
    for samples in (word * 90, word[::-1].copy(), word * 0):
        stream.push(samples)
        stream.finish()
        expect_the_whole(stream, recogniser, samples)
    assert stream.words == 0


def test_of_two_equally_loud_words_the_first_is_told_of():
    """The same burst, twice in the second word: its loudest frame is as loud, the network's answer is another."""
    recogniser = Recogniser(integer_model("int8", words={"buffer": 40, "pause": 4, "margin": 1}))
    burst, pause = np.random.default_rng(6).integers(-9000, 9000, 1600).astype(np.int16), np.zeros(1600, np.int16)
    samples = np.concatenate([burst, pause, burst, burst, pause])
    stream = RecogniserStream(recogniser)
    stream.push(samples[:3200])
    assert stream.words == 1
    first = stream.result()
    stream.next()
    stream.push(samples[3200:])
    assert stream.words == 1
    assert not np.array_equal(stream.result()[2], first[2])
    stream.reset()
    stream.push(samples)
    assert stream.words == 2
    np.testing.assert_array_equal(stream.result()[2], first[2])
    stream.finish()
    assert stream.words == 2
    expect_the_whole(stream, recogniser, samples)


def test_next_forgets_what_was_decided_on():
    random = np.random.default_rng(4)
    word = np.pad(random.integers(-9000, 9000, 1500), (0, 1500)).astype(np.int16)
    words = RecogniserStream(Recogniser(integer_model("int8", words={"buffer": 40, "pause": 4, "margin": 1})))
    words.push(word)
    assert (words.words, words.result().outcome) == (1, LABEL)
    words.next()
    assert (words.words, words.result().outcome, words.result()[:2]) == (0, NOTHING, (None, 0))
    assert not words.result()[2].any()
    frames = words.frames
    words.push(word // 30)  # softer than the word that was forgotten
    assert (words.words, words.result().outcome) == (1, LABEL)
    assert words.frames > frames
    whole = RecogniserStream(Recogniser(integer_model("int8")))
    whole.push(word)
    whole.next()
    assert (whole.frames, whole.result().outcome) == (0, NOTHING)
    whole.push(word)
    expect_the_whole(whole, Recogniser(integer_model("int8")), word)


@pytest.mark.parametrize("words", [None, {"buffer": 40, "pause": 4, "margin": 1, "shortest": 1, "prominence_db": 0.0}])
@pytest.mark.parametrize("level", [0, 1, -32768])
def test_nothing_is_heard_in_silence_whatever_its_level(words, level):
    recogniser = Recogniser(integer_model("int8", words=words))
    stream = RecogniserStream(recogniser)
    assert stream.result().outcome == NOTHING
    samples = np.full(3000, level, np.int16)
    stream.push(samples)
    assert stream.result().outcome == NOTHING
    stream.finish()
    expect_the_whole(stream, recogniser, samples)
    assert recogniser([samples]).outcomes[0] == NOTHING


def test_less_sure_than_the_threshold_is_unknown():
    model = integer_model("int8")
    samples = np.random.default_rng(0).integers(-9000, 9000, 2000).astype(np.int16)
    sure = round(Recogniser(model)([samples]).confidence[0] * 255)
    for threshold, outcome in ((0, LABEL), (sure, LABEL), (sure + 1, UNKNOWN)):
        thresholds = (threshold,) * 3
        recogniser = Recogniser(
            model.model_copy(update={"metadata": model.metadata.model_copy(update={"thresholds": thresholds})})
        )
        stream = RecogniserStream(recogniser)
        stream.push(samples)
        result = stream.result()
        assert result.outcome == recogniser([samples]).outcomes[0] == outcome
        assert result.best == recogniser.labels[int(np.argmax(result[2]))]
        assert result[0] == (result.best if outcome == LABEL else None)


def test_float_models_do_not_stream():
    with pytest.raises(KilovoxError, match="float32; expected an integer model"):
        RecogniserStream(make_recogniser())
