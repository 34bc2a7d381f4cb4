"""YAML files, and the configurations that come with kilovox."""

from pathlib import Path
from typing import Any

from kilovox.config.experiment import Configuration, parse_configuration
from kilovox.config.yaml_file import read_document
from kilovox.errors import KilovoxError
from kilovox.files import expanded

_CONFIGURATIONS = (Path(__file__).parents[3] / "configs", Path(__file__).parents[1] / "configs")
"""In a checkout, and in an installed package."""


def read_configuration(path: Path) -> Configuration:
    """Read and check a YAML experiment. Raises KilovoxError naming file, line, key, value and what would be right."""
    document = read_document(path)
    return parse_configuration(document.values, str(path), document.line)


def bundled_configurations() -> dict[str, Path]:
    """The configurations that come with kilovox, by name, sorted."""
    return dict(sorted((path.stem, path) for folder in _CONFIGURATIONS for path in folder.glob("*.yaml")))


def find_configuration(text: str) -> Configuration:
    """The configuration of that name that comes with kilovox (task-a, task-b, ...), else that in the file `text`.

    A name is a name, whatever lies in the present folder: ./task-a is a file.
    """
    named = bundled_configurations()
    if text in named:
        return read_configuration(named[text])
    path = expanded(text)
    if path.is_dir():
        raise KilovoxError(f"{text}: is a folder; expected a YAML file or one of {', '.join(named)}")
    if not path.exists():
        raise KilovoxError(f"{text}: no such file; expected a YAML file or one of {', '.join(named)}")
    return read_configuration(path)


def read_yaml_file(path: str | Path) -> Any:
    """The content of a YAML file; of an experiment, every section and key, with the values that they default to.

    So `read_yaml_file(path)["dataset"]["path"]` is there for every experiment (None for a corpus that is found or downloaded),
    and `["model"]["hidden_dim"]` is a number: the size that fits, where that was asked for. Raises KilovoxError where there is
    no file, or it is not YAML.
    """
    values = read_document(Path(path)).values
    if not (isinstance(values, dict) and isinstance(values.get("experiment"), dict)):
        return values
    try:
        config = parse_configuration(values, str(path))
    except KilovoxError:
        return values  # another program's, with a section of that name
    vocabulary = config.vocabulary
    if vocabulary is not None and vocabulary.labels is not None:
        config = config.of(len(vocabulary.labels) + (vocabulary.others == "unknown"))
    elif config.model.output_dim is None and config.dataset.kind == "fsdd":
        config = config.of(10)
    filled = config.model_dump(mode="json")
    filled["model"]["input_dim"] = config.inputs
    if config.model.output_dim is not None:
        filled["model"]["hidden_dim"] = config.hidden
    return filled
