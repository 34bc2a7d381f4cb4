"""Bytes of networks, and the largest that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.budget import ARITHMETICS, SCOPES, fit_hidden, parse_size, size_of
from kilovox.errors import KilovoxError

LIMIT = 36 * 1024


@pytest.mark.parametrize(
    ("arithmetic", "scope", "layers", "hidden"),
    [
        ("float32", "model", 2, 24), ("float32", "model", 1, 40), ("float32", "layer", 2, 33), ("float32", "layer", 1, 41),
        ("int8", "model", 2, 51), ("int8", "layer", 2, 66), ("pow2", "model", 2, 72), ("pow2", "layer", 2, 93),
    ],
)  # fmt: skip
def test_largest_within_36_kb(arithmetic, scope, layers, hidden):
    assert fit_hidden(LIMIT, layers, arithmetic, scope).hidden == hidden


def test_known_networks():
    assert size_of(128, 2, "float32").parameters == 206_602
    assert size_of(24, 2, "float32").parameters == 8_794
    assert size_of(24, 2, "float32").bytes == 4 * 8_794
    assert size_of(40, 1, "float32").parameters == 9_210


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_bytes_counted_from_arrays(arithmetic):
    """The sizes, from the shapes of the very arrays."""
    hidden, inputs, outputs = 7, 13, 10
    rows = [(4 * hidden, inputs + hidden), (4 * hidden, 2 * hidden), (outputs, hidden)]
    expected = []
    for layer, (row, column) in enumerate(rows):
        if arithmetic == "float32":
            expected.append(4 * (row * column + row * (1 if layer == 2 else 2)))
        elif arithmetic == "int8":
            expected.append(row * column + 4 * row + (1 if layer == 2 else row))
        else:
            expected.append(row * -(-column // 2) + 4 * row + 2)
    size = size_of(hidden, 2, arithmetic, inputs, outputs)
    assert list(size.layer_bytes) == expected
    assert size.bytes == sum(expected) + (0 if arithmetic == "float32" else 258)


@given(st.integers(300, 10**7))
def test_closed_formulas_of_float32(memory):
    """12h^2 + 78h + 10 parameters for two layers of 13 inputs and 10 outputs, 4h^2 + 70h + 10 for one."""
    for layers, formula in ((2, lambda h: 12 * h * h + 78 * h + 10), (1, lambda h: 4 * h * h + 70 * h + 10)):
        if 4 * formula(1) > memory:
            continue
        hidden = fit_hidden(memory, layers, "float32").hidden
        assert 4 * formula(hidden) <= memory < 4 * formula(hidden + 1)
        assert size_of(hidden, layers, "float32").parameters == formula(hidden)


@given(
    st.integers(2_000, 10**6),
    st.integers(1, 4),
    st.sampled_from(ARITHMETICS),
    st.sampled_from(SCOPES),
    st.integers(1, 60),
    st.integers(2, 30),
)
def test_fit_is_the_last_that_fits(memory, layers, arithmetic, scope, inputs, outputs):
    try:
        size = fit_hidden(memory, layers, arithmetic, scope, inputs, outputs)
    except KilovoxError:
        assert size_of(1, layers, arithmetic, inputs, outputs).within(scope) > memory
        return
    assert size.within(scope) <= memory
    assert size_of(size.hidden + 1, layers, arithmetic, inputs, outputs).within(scope) > memory


@pytest.mark.parametrize(
    ("text", "count"), [("36KB", 36864), ("36 KiB", 36864), ("36864", 36864), ("1mb", 1048576), ("512 B", 512)]
)
def test_parse_size(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "KB", "-1KB", "0", "36 XB", "1.5KB", "36KB!"])
def test_parse_size_refuses(text):
    with pytest.raises(KilovoxError, match="not a size of memory"):
        parse_size(text)


def test_nothing_fits():
    with pytest.raises(KilovoxError, match="hold no network"):
        fit_hidden(100, 2, "float32")
    with pytest.raises(KilovoxError, match="hidden size 0"):
        size_of(0, 2, "int8")


def test_what_is_left_of_the_budget():
    """Positive where it fits, negative where it does not; `within` the scope that was asked for."""
    size = size_of(24, 2, "float32")
    fits, too_large = size.as_json("model", size.bytes + 5), size.as_json("layer", size.largest_layer - 7)
    assert (fits["free"], fits["limit"], fits["scope"]) == (5, size.bytes + 5, "model")
    assert (too_large["free"], too_large["largest_layer"]) == (-7, max(size.layer_bytes))
