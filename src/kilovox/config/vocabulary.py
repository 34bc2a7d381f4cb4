"""Section `vocabulary`: what is asked of a network."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from kilovox.config.base import GrownSection, as_tuple
from kilovox.errors import KilovoxError
from kilovox.files import expanded

_FOLDERS = tuple(Path(__file__).parents[above] / "configs" / "vocabularies" for above in (3, 1))
"""In a checkout, and in an installed package."""

UNKNOWN = "unknown"
"""The label of other words, where they are kept as one."""

Word = Annotated[str, Field(min_length=1, max_length=64)]


class Vocabulary(GrownSection):
    """What is asked: the labels, the words that mean each, and what becomes of other words.

    `labels`: in the order of the network's outputs; without them, whatever the corpus has, sorted. A label stands for itself.
    `words`: more words for a label, `seven: "7"` or `"7": [seven]`; a list of words alone, `[yes, no, stop]`, asks for these
    and leaves the rest out. `others`: refuse (a word that is not asked for is an error), leave_out (its recordings are not
    used) or unknown (they are one more label, "unknown", the last). `nothing`: words whose recordings hold nothing that could
    be heard, as Speech Commands' `_silence_`: noise, for networks that listen. In the place of all this: the name of a
    vocabulary that comes with kilovox (digits), or of a YAML file with these keys.
    """

    LATER = frozenset({"nothing"})

    labels: tuple[Word, ...] | None = None
    words: dict[Word, Word] = Field(default_factory=dict)
    others: Literal["refuse", "leave_out", "unknown"] = "refuse"
    nothing: Annotated[tuple[Word, ...], BeforeValidator(as_tuple)] = ()

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        return _canonical(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _consistent(self) -> "Vocabulary":
        labels = self.labels
        if labels is not None:
            if not labels:
                raise ValueError("labels is empty; expected at least one")
            twice = [label for label in labels if labels.count(label) > 1]
            if twice:
                raise ValueError(f"label {twice[0]!r} stands there twice; expected it once")
            strange = [label for label in self.words.values() if label not in labels]
            if strange:
                raise ValueError(f"words mean {strange[0]!r}, which is no label; expected one of {', '.join(labels)}")
        if self.others == "unknown" and UNKNOWN in (labels or ()):
            raise ValueError(f"label {UNKNOWN!r} beside others: unknown; expected one or the other")
        known = set(self.words.values()) | set(labels or ())
        moved = [word for word, label in self.words.items() if word in known and word != label]
        silent = [word for word in self.nothing if word in known or word in self.words]
        if silent:
            raise ValueError(f"nothing names {silent[0]!r}, which is asked for; expected words that are no label")
        if moved:
            raise ValueError(
                f"word {moved[0]!r} means {self.words[moved[0]]!r} and is a label itself; expected one or the other"
            )
        return self


def _canonical(value: dict[str, Any]) -> dict[str, Any]:
    """As the fields have it: labels a tuple of text, words a label for each word."""
    meant = dict(value)
    words, labels = meant.get("words"), meant.get("labels")
    if isinstance(words, list | tuple):
        if labels is not None:
            raise ValueError("words is a list beside labels; expected the words of each label, or the list alone")
        labels, words = words, {}
        meant.setdefault("others", "leave_out")
    if isinstance(labels, list | tuple):
        meant["labels"] = tuple(_text(label) for label in labels)
    if isinstance(words, dict):
        meant["words"] = {}
        for key, one in words.items():
            pairs = [(_text(word), _text(key)) for word in one] if isinstance(one, list) else [(_text(key), _text(one))]
            for word, label in pairs:
                if meant["words"].setdefault(word, label) != label:
                    raise ValueError(f"word {word!r} means {meant['words'][word]!r} and {label!r}; expected one label")
    return meant


def _text(value: Any) -> Any:
    """Digits are written as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read_vocabulary(name: str) -> dict[str, Any]:
    """The keys in the file `name`, or of the vocabulary of that name that comes with kilovox. Raises KilovoxError."""
    from kilovox.config.reading import read_yaml_file

    bundled = {path.stem: path for folder in _FOLDERS for path in sorted(folder.glob("*.yaml"))}
    path = bundled.get(name, expanded(name))
    if name not in bundled and not path.is_file():
        here = ", relative to the folder that kilovox is run in," if path.suffix and not path.is_absolute() else ""
        raise KilovoxError(f"vocabulary {name!r}: no such file; expected a YAML file{here} or one of {', '.join(bundled)}")
    values = read_yaml_file(path)
    if not isinstance(values, dict):
        raise KilovoxError(f"{path}: expected labels, words and others, found {values!r}")
    return values


def _named(value: Any) -> Any:
    """What a name stands for, so that a configuration says all that training depends on."""
    if not isinstance(value, str):
        return value
    try:
        return read_vocabulary(value)
    except KilovoxError as error:
        raise ValueError(str(error)) from None


AnyVocabulary = Annotated[Vocabulary | None, BeforeValidator(_named)]
