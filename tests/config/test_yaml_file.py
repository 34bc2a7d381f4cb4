"""YAML as its version 1.2 means it, and a clear word, with the line, about what is not YAML."""

import contextlib
import time

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kilovox.config.yaml_file import MAXIMUM_BYTES, read_document
from kilovox.errors import KilovoxError


def read(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path).values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("2E5", 200000.0), ("-1.5e+3", -1500.0), (".5", 0.5), ("1.", 1.0), (".inf", float("inf")),
        ("042", 42), ("+12", 12), ("-0", 0), ("0x10", 16), ("0o17", 15), ("1_000", "1_000"), ("0b11", "0b11"), ("08", 8),
        ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2024-01-01", "2024-01-01"), ("12:30:45", "12:30:45"),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("Y", "Y"), ("n", "n"), ("ON", "ON"),
        ("true", True), ("False", False), ("~", None), ("", None), ("null", None), ("'null'", "null"), ('"1"', "1"),
        ("=", "="), ("<<", "<<"), ("1.2.3", "1.2.3"), ("e3", "e3"), ("0x", "0x"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_scalars(tmp_path, text, value):
    found = read(tmp_path, f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_words_that_version_1_1_took_for_truth(tmp_path):
    assert read(tmp_path, "words: [yes, no, on, off, y, n]") == {"words": ["yes", "no", "on", "off", "y", "n"]}


def test_keys_are_names(tmp_path):
    assert read(tmp_path, "1: a\nyes: b\n~: c\n1e3: d\n042: e\n") == {"1": "a", "yes": "b", "~": "c", "1e3": "d", "042": "e"}


def test_merge(tmp_path):
    assert read(tmp_path, "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}")["b"] == {"x": 1, "y": 3}
    assert read(tmp_path, "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}")["c"] == {"x": 1, "y": 2, "z": 3}
    assert read(tmp_path, "a: &a {x: {p: 1, q: 2}}\nb: {<<: *a, x: {p: 3}}")["b"] == {"x": {"p": 3}}


@pytest.mark.parametrize(
    "text", ["\ufeffa: 1", "a: 1\r\n", "--- \na: 1\n...\n", "%YAML 1.1\n---\na: 1", "# nothing\n\na: 1 # b\n"]
)
def test_other_ways_to_write_it(tmp_path, text):
    assert read(tmp_path, text) == {"a": 1}


def test_nothing(tmp_path):
    assert read(tmp_path, "") is None
    assert read(tmp_path, "# nothing\n") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n\nb: 2\na: 3", r":4: key 'a' stands there twice"),
        ("a: {b: 1, b: 2}", r":1: key 'b' stands there twice"),
        ("x: &x {c: 1}\nb:\n  <<: *x\n  d: 1\n  d: 2", r":5: key 'd' stands there twice"),
        ("<<: {a: 1}\n<<: {b: 1}", r":2: key '<<' stands there twice"),
        ("a: &a 1\nb: {<<: *a}", r":1: expected a mapping"),
        ("a:\n\tb: 1", r":2: not YAML \(a tab\); expected spaces"),
        ("a: 1\n---\nb: 1", r":2: a second document begins \(---\); expected one document a file"),
        ("a: 1\n? [b]\n: 1", r":2: a key that is a list or a section"),
        ("a: 1\nb: \x00", r":2: not YAML \(character U\+0000\)"),
        ("a: 1\nb: \x1b[1m", r":2: not YAML \(character U\+001B\)"),
        (b"a: 1\nb: \xe9", r":2: not YAML \(byte 0xe9 is not UTF-8\); expected the file saved as UTF-8"),
        ("a: 1".encode("utf-16"), r":1: not YAML \(byte 0xff is not UTF-8\)"),
        ("a: &a [*a]", r":1: a value that holds itself"),
        ("a: *b", r":1: not YAML \(found undefined alias 'b'\)"),
        ("a: [1", r":1: not YAML \(while parsing a flow sequence"),
        ("a: b: c", r":1: not YAML \(mapping values are not allowed here\)"),
        ("a: !!python/object/apply:os.system [id]", r":1: not YAML \(could not determine a constructor"),
        ("a: !!timestamp 2001-01-01", r":1: not YAML \(could not determine"),
        ("a: !!int x", r":1: 'x'; expected a whole number"),
        ("a: 1\nb: " + "9" * 5000, r":2: '9+ \.\.\.; expected a whole number of at most 4,300 digits"),
        ("a: !!float x", r":1: 'x'; expected a number"),
        ("a: !!bool yes", r":1: 'yes'; expected true or false"),
        ("[" * 60, r":1: not YAML \(sections in sections without end\)"),
        ("a" * (MAXIMUM_BYTES + 1), r"x\.yaml: more than 262,144 bytes"),
    ],
)
def test_what_is_no_yaml(tmp_path, text, said):
    with pytest.raises(KilovoxError, match=r"x\.yaml" + said.removeprefix(r"x\.yaml")) as caught:
        read(tmp_path, text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("merged", [False, True])
def test_a_billion_laughs(tmp_path, merged):
    """Aliases of aliases: nine levels of nine are 9^9 values, from 400 bytes."""
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, 10):
        inner = "".join(f"k{i}: *a{level - 1}, " for i in range(9))
        lines.append(f"a{level}: &a{level} {{{'<<: ' if merged else 'l: '}[{', '.join([f'*a{level - 1}'] * 9)}], {inner}}}")
    started = time.monotonic()
    with pytest.raises(KilovoxError, match=r"aliases that stand for more than 100,000 values"):
        read(tmp_path, "\n".join(lines))
    assert time.monotonic() - started < 5


def test_lines(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: &a\n  x: 1\n  y: [p,\n      q]\nb:\n  <<: *a\n  z: {w: 2}\n")
    document = read_document(path)
    keys = [("a",), ("a", "x"), ("a", "y"), ("a", "y", 1), ("b",), ("b", "x"), ("b", "z", "w"), ("b", "nowhere", "at", "all")]
    assert [document.line(key) for key in keys] == [1, 2, 3, 4, 5, 2, 7, 5]


def test_no_file(tmp_path):
    with pytest.raises(KilovoxError, match="none: cannot be read"):
        read_document(tmp_path / "none")
    with pytest.raises(KilovoxError, match="cannot be read"):
        read_document(tmp_path)


TEXT = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=10)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_1:-", min_size=1, max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(values=PLAIN)
def test_what_is_written_is_read(tmp_path, values):
    """By PyYAML, which quotes what 1.1 would take for something else: what it leaves bare, 1.2 must read in the same way."""
    text = yaml.safe_dump({"a": values}, allow_unicode=True)
    assert read(tmp_path, text) == {"a": values}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(text=st.text("ab1:-?[]{}&*!|>'\"%@`#,\n \t<~.\x00é", max_size=40))
def test_only_our_own_errors(tmp_path, text):
    with contextlib.suppress(KilovoxError):
        read(tmp_path, text)
