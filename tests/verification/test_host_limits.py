"""The C at its limits: what saturates, ties, and the smallest sound, equal to NumPy."""

from collections.abc import Callable

import numpy as np
import pytest

from compilers import Pair
from firmware.models import random_model
from kilovox.frontend.fixed_point_tables import decibels_to_level
from kilovox.integer.model_file import Model
from kilovox.integer.recogniser import Recogniser
from kilovox.verification.host import HostRecogniser

LOUD = np.random.default_rng(1).integers(-32768, 32768, 2000)


def both(model: Model, compiler: str) -> Pair:
    return HostRecogniser(model, compiler), Recogniser(model)


@pytest.mark.parametrize("front_end", [{"floor_db": None}, {"floor_db": None, "mel_bands": 42, "low_hz": 0.0}, {}], ids=str)
def test_silence_after_loud_sound_saturates_alike(pair: Callable[..., Pair], front_end: dict[str, object]) -> None:
    host, numpy = pair("int8", 5, 1, **front_end)
    samples = np.concatenate([LOUD, np.zeros(2000)]).astype(np.int16)
    (cepstra,) = numpy.raw_features([samples])
    if front_end.get("floor_db", 60.0) is None:
        assert cepstra.min() == -32768
    np.testing.assert_array_equal(host.cepstra(samples), cepstra)
    np.testing.assert_array_equal(host.trace(samples, 77).features, numpy.normalised([cepstra])[0])


@pytest.mark.parametrize("energy", ["relative", "absolute"])
@pytest.mark.parametrize("floor_db", [None, 192.66, 60.0])
def test_levels_at_their_lowest(pair: Callable[..., Pair], energy: str, floor_db: float | None) -> None:
    host, numpy = pair("int8", 5, 1, features="levels", energy=energy, floor_db=floor_db)
    samples = np.concatenate([np.zeros(300), LOUD, np.zeros(2000), [-1], np.zeros(400)]).astype(np.int16)
    (levels,) = numpy.raw_features([samples])
    lowest = -5760 if energy == "absolute" else -8192 if floor_db != 60.0 else -(decibels_to_level(60.0) + 1 >> 1)
    assert (levels.min(), levels.max() <= 0) == (lowest, True)
    np.testing.assert_array_equal(host.cepstra(samples), levels)
    np.testing.assert_array_equal(host.trace(samples, 77).features, numpy.normalised([levels])[0])


@pytest.mark.parametrize("unit", [-1, 1])
@pytest.mark.parametrize("place", [0, 1, 127, 128, 254, 255])
def test_one_sample_of_one_unit(pair: Callable[..., Pair], place: int, unit: int) -> None:
    """At the last sample the only difference is -1, of which no bit but the sign is set."""
    host, numpy = pair("int8", 5, 1)
    samples = np.zeros(256 + 160, np.int16)
    samples[place] = unit
    for recording in (samples[:256], samples):
        (cepstra,) = numpy.raw_features([recording])
        np.testing.assert_array_equal(host.cepstra(recording), cepstra)
        assert (cepstra[0] != 0).any()
        np.testing.assert_array_equal(host.trace(recording).features, numpy.normalised([cepstra])[0])


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
@pytest.mark.parametrize("largest", [(0, 9), (3, 4), (8, 9), (0, 5, 9), tuple(range(10))])
def test_the_first_of_equal_logits_decides(compiler: str, arithmetic: str, largest: tuple[int, ...]) -> None:
    model = random_model(arithmetic, 5, 1)
    weights, bias = model.tensors["head.weights"].copy(), np.full(10, -5000, np.int32)
    weights[:] = 0
    bias[list(largest)] = 1000
    changed = Model(metadata=model.metadata, tensors={**model.tensors, "head.weights": weights, "head.bias": bias})
    host, numpy = both(changed, compiler)
    samples = LOUD.astype(np.int16)
    trace, decision = host.trace(samples), numpy([samples])
    assert decision.indices[0] == trace.label == largest[0]
    np.testing.assert_array_equal(trace.logits, decision.logits[0])
    assert trace.confidence == round(decision.confidence[0] * 255)


def test_gates_and_states_saturate_alike(compiler: str) -> None:
    """Gates held open, candidates at either end: cells and states climb to where 16 and 8 bits end."""
    model, tensors = random_model("int8", 9, 2), {}
    for layer in range(2):
        bias = np.full((9, 4), 1 << 20, np.int32)
        bias[::2, 2] *= -1
        tensors |= {f"lstm{layer}.bias": bias, f"lstm{layer}.shift": np.zeros((9, 4), np.uint8)}
    host, numpy = both(Model(metadata=model.metadata, tensors={**model.tensors, **tensors}), compiler)
    features = np.random.default_rng(3).choice([-128, -1, 0, 1, 127], (60, 13)).astype(np.int8)
    trace, states = host.trace_features(features), numpy.engine.start(1)
    for frame, hidden, cell in zip(features, trace.hidden, trace.cell, strict=True):
        states = numpy.engine.step(states, frame[None])
        np.testing.assert_array_equal(hidden, [state.hidden[0] for state in states])
        np.testing.assert_array_equal(cell, [state.cell[0] for state in states])
    assert {-32768, 32767} <= set(trace.cell.ravel().tolist())
    assert {-128, 127} & set(trace.hidden.ravel().tolist())
