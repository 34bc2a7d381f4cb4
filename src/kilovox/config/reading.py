"""YAML files, and the configurations that come with kilovox."""

import re
from pathlib import Path
from typing import Any

import yaml

from kilovox.config.experiment import Configuration, parse_configuration
from kilovox.errors import KilovoxError

_CONFIGURATIONS = (Path(__file__).parents[3] / "configs", Path(__file__).parents[1] / "configs")
"""In a checkout, and in an installed package."""


def read_configuration(path: Path) -> Configuration:
    """Read and check a YAML experiment. Raises KilovoxError naming the file, the key, the value and what would be right."""
    return parse_configuration(read_yaml_file(path), str(path))


def find_configuration(text: str) -> Configuration:
    """The configuration in the file `text`, or the one of that name that comes with kilovox (task-a, task-b, ...)."""
    named = dict(sorted((path.stem, path) for folder in _CONFIGURATIONS for path in folder.glob("*.yaml")))
    if text in named and not Path(text).exists():
        return read_configuration(named[text])
    if not Path(text).is_file():
        raise KilovoxError(f"{text}: no such file; expected a YAML file or one of {', '.join(named)}")
    return read_configuration(Path(text))


class _NoDuplicates(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not silently the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if isinstance(key, str) and keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml_file(path: str | Path) -> Any:
    """The content of a YAML file. Raises KilovoxError where there is none or it is not YAML."""
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), _NoDuplicates)  # noqa: S506 (a safe loader)
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be read ({error.strerror}); expected a YAML file") from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        reason = re.sub(r"\s+", " ", str(error))
        raise KilovoxError(f"{path}: not YAML ({reason})") from None
