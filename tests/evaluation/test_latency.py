import json

import pytest

from kilovox.errors import KilovoxError
from kilovox.evaluation import latency
from kilovox.evaluation.latency import Percentiles, cpu_name, measure_latency, thread_count
from kilovox.integer.recogniser import Recogniser
from models import make_model


def test_times_of_clip_after_clip(tones):
    clips = [tones.samples(index, 8000) for index in range(3)]
    result = measure_latency(Recogniser(make_model()), clips, repeats=2)
    assert (result.clips, result.repeats) == (3, 2)
    for times in (result.total, result.front_end, result.network):
        assert 0 < times.p5 <= times.p50 <= times.p95 <= times.p99
    assert result.total.p99 >= max(result.front_end.p50, result.network.p50)
    assert json.loads(json.dumps(result.as_json()))["total"].keys() == {"p5", "p50", "p95", "p99"}


def test_percentiles_are_milliseconds():
    times = Percentiles.of([1_000_000, 2_000_000, 3_000_000])
    assert (times.p5, times.p50, times.p95, times.p99) == pytest.approx((1.1, 2.0, 2.9, 2.98))


def test_parts_add_up_to_the_whole(tones, monkeypatch):
    ticks = iter(range(0, 10**9, 1_000_000))
    monkeypatch.setattr(latency, "perf_counter_ns", lambda: next(ticks))
    result = measure_latency(Recogniser(make_model()), [tones.samples(0, 8000)], repeats=3)
    assert (result.front_end.p50, result.network.p50, result.total.p50) == (1.0, 1.0, 2.0)


@pytest.mark.parametrize(("clips", "repeats"), [(0, 1), (1, 0)])
def test_nothing_to_time(tones, clips, repeats):
    with pytest.raises(KilovoxError, match="expected at least one of each"):
        measure_latency(Recogniser(make_model()), [tones.samples(0, 8000)] * clips, repeats)


def test_the_machine_has_a_name_and_threads(monkeypatch):
    assert cpu_name()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert thread_count() == 3
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "many")
    assert thread_count() >= 1
    for value in ("²", "9" * 5000):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert thread_count() >= 1
