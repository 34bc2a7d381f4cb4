"""Sigmoid and tanh of every int16."""

import numpy as np

from kilovox.integer.activation import sigmoid, tanh, tanh_table

X = np.arange(-(1 << 15), 1 << 15).astype(np.int16)
REAL = X / 4096.0
TABLE = tanh_table()


def test_error_is_what_the_docs_state():
    assert np.abs(tanh(TABLE, X) / 32768 - np.tanh(REAL)).max() < 4.0e-4
    assert np.abs(sigmoid(TABLE, X) / 32768 - 1 / (1 + np.exp(-REAL))).max() < 2.0e-4


def test_symmetry_range_and_order():
    assert np.array_equal(tanh(TABLE, X[1:]), -tanh(TABLE, X[1:])[::-1])
    assert np.array_equal(sigmoid(TABLE, X[1:]) + sigmoid(TABLE, X[1:])[::-1], np.full(len(X) - 1, 1 << 15))
    for values, low in ((tanh(TABLE, X), -32767), (sigmoid(TABLE, X), 0)):
        assert values.dtype == np.int32
        assert values.min() >= low
        assert values.max() <= 32767
        assert (np.diff(values) >= 0).all()


def test_zero():
    assert tanh(TABLE, np.zeros(1, np.int16))[0] == 0
    assert sigmoid(TABLE, np.zeros(1, np.int16))[0] == 1 << 14


def test_table():
    assert TABLE.dtype == np.int16
    assert TABLE[0] == 0
    assert TABLE[-1] == 32767
    np.testing.assert_allclose(TABLE / 32768, np.tanh(np.arange(129) / 16), atol=2**-15)
