"""Features of a whole corpus, by whoever computes them."""

import numpy as np
import pytest

from far_away import FarAway
from kilovox.config import FixedPointFrontEnd, FrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend import cache
from kilovox.frontend.corpus_features import CorpusSamples, corpus_features
from kilovox.frontend.pipeline import raw_features


@pytest.fixture
def few_at_a_time(monkeypatch):
    monkeypatch.setattr(cache, "GIVEN_AWAY", 2)


@pytest.mark.parametrize("config", [FrontEnd(), FixedPointFrontEnd(kind="fixed_point")], ids=["floats", "integers"])
@pytest.mark.parametrize("cached", [True, False])
def test_workers_give_the_same_bits(few_at_a_time, synthetic_corpus, tmp_path, monkeypatch, config, cached):
    if not cached:
        monkeypatch.setattr(cache, "make_folder", lambda path: (_ for _ in ()).throw(KilovoxError("no room")))
    corpus, workers = synthetic_corpus.subset(range(0, 90, 4)), FarAway()
    found = corpus_features(corpus, config, raw_features, workers)
    assert sorted(place for part in workers.given for place in part) == list(range(len(corpus)))
    assert max(map(len, workers.given)) == 2
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "another"))
    for one, other in zip(found, corpus_features(corpus, config), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_there_is_not_given_away(synthetic_corpus):
    workers = FarAway()
    for _ in range(2):
        corpus_features(synthetic_corpus.subset([1, 2, 3]), FrontEnd(), raw_features, workers)
    assert sum(map(len, workers.given)) == 3


def test_what_a_worker_cannot_read_is_said(few_at_a_time, synthetic_corpus, monkeypatch):
    monkeypatch.setattr(type(synthetic_corpus), "samples", lambda *_: np.zeros(10, np.int16))
    with pytest.raises(KilovoxError, match="10 samples at 8000 Hz; expected at least"):
        corpus_features(synthetic_corpus, FrontEnd(), raw_features, FarAway())


def test_recordings_are_read_where_they_are_used(synthetic_corpus):
    import pickle

    samples = CorpusSamples(synthetic_corpus, 8000, [5, 3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(samples))[1], samples[1])
    assert len(pickle.dumps(samples)) < len(pickle.dumps(synthetic_corpus)) + 1000
