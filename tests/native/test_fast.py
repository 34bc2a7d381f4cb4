"""The fast path gives the bits of the readable one."""

import numpy as np
import pytest

from kilovox.integer.model_file import save_model
from kilovox.integer.recogniser import Recogniser
from kilovox.native import fast
from kilovox.native.fast import FastRecogniser, open_fast_recogniser
from kilovox.verification.host import NoCompilerError, find_compiler
from models import integer_model, make_model


@pytest.fixture
def compiler():
    try:
        return find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_same_decisions(arithmetic, compiler, synthetic_corpus):
    model = integer_model(arithmetic)
    samples = [synthetic_corpus.samples(index, 8000) for index in range(0, 90, 6)]
    found, expected = FastRecogniser(model)(samples), Recogniser(model)(samples)
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.confidence, expected.confidence)


def test_numpy_where_there_is_no_compiler(tmp_path, monkeypatch):
    def none(*arguments):
        raise NoCompilerError("none")

    save_model(integer_model("int8"), tmp_path / "m.safetensors")
    monkeypatch.setattr(fast, "HostRecogniser", none)
    assert type(open_fast_recogniser(str(tmp_path / "m.safetensors"))) is Recogniser


def test_float_models_stay_in_numpy(tmp_path):
    save_model(make_model(), tmp_path / "m.safetensors")
    assert type(open_fast_recogniser(str(tmp_path / "m.safetensors"))) is Recogniser


def test_c_where_there_is_a_compiler(tmp_path, compiler):
    save_model(integer_model("pow2"), tmp_path / "m.safetensors")
    assert type(open_fast_recogniser(str(tmp_path / "m.safetensors"))) is FastRecogniser
