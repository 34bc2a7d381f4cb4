"""What the commands run: C for any model, compiled from nothing that a model says; NumPy where there is none; the same bits."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from firmware.models import random_model
from kilovox.config import FixedPointFrontEnd, FrontEnd
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import raw_features
from kilovox.integer.model_file import save_model
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream
from kilovox.native import fast, library
from kilovox.native.fast import FastRecogniser, as_fast_as_possible, fast_raw_features, fast_stream, open_fast_recogniser
from kilovox.native.library import NoLibraryError
from kilovox.verification.host import HostRecogniser
from models import integer_model, make_model

WORDS = {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2}


@pytest.fixture
def c():
    try:
        return library.library()
    except NoLibraryError as error:
        pytest.skip(str(error))


@pytest.fixture
def spoken(synthetic_corpus):
    return [synthetic_corpus.samples(index, 8000) for index in range(0, 90, 6)]


def expect_same(found, expected):
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.confidence, expected.confidence)


@pytest.mark.parametrize(
    ("arithmetic", "front_end"),
    [
        ("int8", {}),
        ("pow2", {"words": WORDS}),
        ("int8", {"features": "levels"}),
        ("pow2", {"features": "levels", "mel_bands": 20}),
    ],
)
def test_device_c_native_c_and_numpy_decide_alike(arithmetic, front_end, spoken, c, compiler, tmp_path, monkeypatch):
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path))
    model = random_model(arithmetic, 21, 2, **front_end)
    expected = Recogniser(model)(spoken)
    expect_same(FastRecogniser(model, c)(spoken), expected)
    expect_same(HostRecogniser(model, compiler)(spoken), expected)


def test_same_decisions_of_a_trained_model_from_several_threads(spoken, c):
    model = integer_model("int8")
    native, expected = FastRecogniser(model, c), Recogniser(model)(spoken)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(native, [spoken] * 8):
            expect_same(found, expected)


def test_no_recordings_and_other_features_are_what_they_are_in_numpy(c):
    native, plain = FastRecogniser(random_model("int8", 5), c), Recogniser(random_model("int8", 5))
    assert native.raw_features([]) == plain.raw_features([]) == []
    for wrong in (np.zeros((3, 12), np.int16), np.zeros((3, 14), np.int16)):
        with pytest.raises(KilovoxError, match="reads 13 coefficients"):
            native.decide([wrong])
    with pytest.raises(KilovoxError, match="int16"):
        native([np.zeros(300)])


@pytest.mark.parametrize(
    "front_end", [{}, {"words": WORDS}, {"features": "levels", "mel_bands": 26}], ids=["whole", "words", "levels"]
)
@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_streams_are_equal(arithmetic, front_end, c):
    words, model = front_end.get("words"), random_model(arithmetic, 13, 2, **front_end)
    random = np.random.default_rng(2)
    samples = np.concatenate([random.integers(-loud - 1, loud + 1, 2500) for loud in (2, 9000, 3, 300, 2)]).astype(np.int16)
    native, plain = RecogniserStream(FastRecogniser(model, c)), RecogniserStream(Recogniser(model))
    for _ in range(2):
        for start in range(0, len(samples), 700):
            assert native.push(samples[start : start + 700]) == plain.push(samples[start : start + 700])
            assert native.words == plain.words
            if native.words or not words:
                found, want = native.result(), plain.result()
                assert found[:2] == want[:2]
                np.testing.assert_array_equal(found[2], want[2])
        assert native.finish() == plain.finish()
        found, want = native.result(), plain.result()
        assert found[:2] == want[:2]
        np.testing.assert_array_equal(found[2], want[2])
        native.reset()
        plain.reset()


def test_features_of_a_corpus_are_equal(spoken, c):
    config = FixedPointFrontEnd(kind="fixed_point")
    for found, want in zip(fast_raw_features(config, spoken), raw_features(config, spoken), strict=True):
        np.testing.assert_array_equal(found, want)
    floats = FrontEnd(kind="mfcc")
    np.testing.assert_array_equal(fast_raw_features(floats, spoken[:1])[0], raw_features(floats, spoken[:1])[0])


def test_features_of_a_corpus_come_from_the_fast_front_end(synthetic_corpus, c, tmp_path, monkeypatch):
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path))
    monkeypatch.setattr("kilovox.frontend.fixed_point.levels", lambda *_, **__: pytest.fail("NumPy"))
    few = synthetic_corpus.subset([0, 1])
    native = FastRecogniser(random_model("int8", 5), c)
    found = native.corpus_features(few)
    monkeypatch.undo()
    for own, want in zip(found, Recogniser(native.model).corpus_features(few), strict=True):
        np.testing.assert_array_equal(own, want)


def test_nothing_of_a_model_is_compiled(tmp_path, monkeypatch, c):
    """Whatever a model says, no compiler is started once the library is there, and the library is the same."""
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a process was started"))
    for number, model in enumerate([random_model("int8", 5), random_model("pow2", 31, 3)]):
        path = tmp_path / f"{number}.safetensors"
        save_model(model, path)
        native = open_fast_recogniser(str(path))
        assert type(native) is FastRecogniser
        assert native.engine._c is c
    assert not {path.name for path in tmp_path.iterdir()} - {"0.safetensors", "1.safetensors"}


def test_numpy_and_one_line_where_there_is_no_library(tmp_path, monkeypatch, capsys, spoken):
    def none():
        raise NoLibraryError("no C compiler: cc")

    save_model(integer_model("int8"), tmp_path / "m.safetensors")
    monkeypatch.setattr(fast, "library", none)
    fast.say_once.cache_clear()
    recogniser = open_fast_recogniser(str(tmp_path / "m.safetensors"))
    assert type(recogniser) is Recogniser
    fast_stream(recogniser)
    config = FixedPointFrontEnd(kind="fixed_point")
    np.testing.assert_array_equal(fast_raw_features(config, spoken[:1])[0], raw_features(config, spoken[:1])[0])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["kilovox: going on without C, slower, with the same results (no C compiler: cc)"]


def test_float_models_stay_in_numpy(tmp_path):
    save_model(make_model(), tmp_path / "m.safetensors")
    recogniser = open_fast_recogniser(str(tmp_path / "m.safetensors"))
    assert type(recogniser) is Recogniser
    assert as_fast_as_possible(recogniser) is recogniser
    with pytest.raises(KilovoxError, match="integer model"):
        FastRecogniser(recogniser.model)


def test_importing_compiles_nothing():
    code = "import subprocess; subprocess.Popen = None; import kilovox.native.fast; print(kilovox.native.library._found)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
