"""YAML as version 1.2 means it, from strangers: what looks like a word is a word, and nothing grows beyond its file.

Scalars follow the core schema (https://yaml.org/spec/1.2.2/#103-core-schema): `yes`, `on`, `1:30` and `2024-01-01` are words,
`1e-3` and `042` are numbers. Merge keys (`<<: *name`) work as in 1.1. A key is a name: it is kept as it is written.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from kilovox.errors import KilovoxError
from kilovox.files import read_small
from kilovox.text import printable, shown

MAXIMUM_BYTES = 2**18
"""A configuration is a few KB."""
MAXIMUM_VALUES = 100_000
"""With every alias replaced by what it stands for."""

Key = tuple[str | int, ...]

_DEPTH = 50
"""Of sections in sections."""

_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+0123456789.")
    ),
    "merge": (r"<<", ["<"]),
}  # fmt: skip
"""By kind: how it is written, and the characters that it may begin with."""

_KINDS = ("null", "str", "seq", "map")
"""Of those that PyYAML constructs, the ones that are safe to show and to hold: no dates, no bytes, no sets."""


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and in which line each of its values stands, by keys."""

    values: Any
    lines: dict[Key, int]

    def line(self, key: Key) -> int | None:
        """The line of `key`, or of the nearest section around it that is there."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key)


class _Loader(yaml.SafeLoader):
    """Resolves the scalars of `_SCALARS`, and constructs those kinds and nothing else."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 (PyYAML declares it so)
    yaml_constructors: ClassVar[Any] = {
        **{f"{_TAG}{kind}": yaml.SafeLoader.yaml_constructors[f"{_TAG}{kind}"] for kind in _KINDS},
        f"{_TAG}merge": yaml.SafeLoader.yaml_constructors[f"{_TAG}str"],  # `<<` that is no key
        None: yaml.SafeLoader.yaml_constructors[None],
    }
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise yaml.composer.ComposerError(None, None, "sections in sections without end", self.get_mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A key that stands twice is an error, not silently the last; what is merged gives way to what stands there."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error("a key that is a list or a section; expected a name", key)
            if key.value in seen:
                raise _error(f"key '{printable(key.value)}' stands there twice; expected it once", key)
            seen.add(key.value)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """Of an int or a float, tagged or not."""
        text = str(self.construct_scalar(node))
        whole = node.tag == f"{_TAG}int"
        try:
            if whole:
                return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            expected = "a whole number of at most 4,300 digits" if whole else "a number"
            raise _error(f"{shown(text)}; expected {expected}", node) from None

    def construct_truth(self, node: yaml.ScalarNode) -> bool:
        """Of a bool, tagged or not."""
        text = str(self.construct_scalar(node))
        if text.lower() not in ("true", "false"):
            raise _error(f"{shown(text)}; expected true or false", node)
        return text.lower() == "true"


for _kind, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(rf"(?:{_pattern})\Z"), _first)
_Loader.add_constructor(f"{_TAG}int", _Loader.construct_number)
_Loader.add_constructor(f"{_TAG}float", _Loader.construct_number)
_Loader.add_constructor(f"{_TAG}bool", _Loader.construct_truth)


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises KilovoxError, naming file and line, for a file that is missing, no text, too large, or more than one document; for
    what is not YAML, a key that stands twice, a value that holds itself, and aliases that stand for more than
    MAXIMUM_VALUES values.
    """
    text = _text(path)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(None, {})
        _check_size(node)
        values = loader.construct_document(node)
        return Document(values, _lines(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise KilovoxError(f"{where}: {_reason(error, text)}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise KilovoxError(f"{path}: not YAML ({_one_line(str(error))})") from None
    finally:
        loader.dispose()


def _text(path: Path) -> str:
    data = read_small(path, MAXIMUM_BYTES, "a YAML file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise KilovoxError(f"{path}:{line}: not YAML ({found}); expected the file saved as UTF-8") from None
    unfit = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unfit:
        line = text.count("\n", 0, unfit.start()) + 1
        raise KilovoxError(f"{path}:{line}: not YAML (character U+{ord(unfit[0]):04X}); expected text")
    return text


def _check_size(root: yaml.Node) -> None:
    """Raise ConstructorError where aliases make more of the file than it holds. Every node is looked at once."""
    sizes: dict[int, int] = {}
    within: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in within:
            raise _error("a value that holds itself; expected aliases of what stands before", node)
        within.add(id(node))
        total = 1 + sum(size(child) for child in _children(node))
        within.remove(id(node))
        sizes[id(node)] = total
        if total > MAXIMUM_VALUES:
            raise _error(f"aliases that stand for more than {MAXIMUM_VALUES:,} values; expected them written out", node)
        return total

    size(root)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _lines(node: yaml.Node, key: Key = (), line: int | None = None) -> dict[Key, int]:
    """By keys, from the nodes as they are after merging: the line, from 1, in which a key or an item stands."""
    found = {key: node.start_mark.line + 1 if line is None else line}
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            found |= _lines(value, (*key, name.value), name.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= _lines(value, (*key, index))
    return found


def _error(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _reason(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    if isinstance(error, yaml.constructor.ConstructorError) and error.problem and "expected" in error.problem:
        return error.problem
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return "not YAML (a tab); expected spaces"
    if isinstance(error, yaml.composer.ComposerError) and error.context == "expected a single document in the stream":
        return "a second document begins (---); expected one document a file"
    parts = [_one_line(part) for part in (error.context, error.problem) if part]
    return f"not YAML ({', '.join(parts)})"


def _one_line(text: str) -> str:
    return printable(re.sub(r"\s+", " ", text), 300)


def section(values: Any, where: str) -> dict[str, Any]:
    """`values` where they are sections. Raises KilovoxError for anything else."""
    if not isinstance(values, dict):
        raise KilovoxError(f"{where}: expected sections (experiment, dataset, model, training, ...), found {shown(values)}")
    return values
