"""What a run is a run of: all that its networks depend on, written down once.

The folder of a run, the teachers' cache, cross-validation and every resumption ask this key, and nothing else, whether two
runs are the same. Where the recordings lie is no part of it; what they are called is, for the order of their names decides
which of them a split draws.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from kilovox.config import Configuration
from kilovox.config.data import Member
from kilovox.config.front_end import without_later_keys
from kilovox.corpus.base import Corpus, Recording
from kilovox.corpus.mixture import Mixture, open_mixture, settled
from kilovox.corpus.utterances import UtteranceCorpus
from kilovox.frontend import pipeline
from kilovox.training import augmentation, strings
from kilovox.training.device import device_of

RECIPE_VERSION = 2
"""To be raised when training begins to give other bits of the same configuration and corpora."""

ASPECTS: dict[str, Callable[[Recording], str]] = {
    "names": lambda recording: recording.name,
    "labels": lambda recording: recording.label,
    "speakers": lambda recording: json.dumps(recording.speaker),
    "takes": lambda recording: json.dumps(recording.take),
}
"""What is said of every recording besides its sound."""

_MISSING = object()


@dataclass(frozen=True)
class Use:
    """A corpus in a run: what it is there for and, where that is fixed, its share of every batch and how that is drawn."""

    corpus: Corpus | UtteranceCorpus
    role: str = "train"
    share: float | None = None
    balance: str = "recordings"

    def facts(self) -> dict[str, Any]:
        """Hashes of everything that is said of its recordings, in order."""
        if isinstance(self.corpus, UtteranceCorpus):
            return self._facts_of_utterances(self.corpus)
        recordings = self.corpus.recordings
        said = {name: _hash(map(aspect, recordings)) for name, aspect in ASPECTS.items()}
        sound = {"sound": _hash(self.corpus.hashes), "fingerprint": self.corpus.fingerprint}
        drawn = {} if self.balance == "recordings" else {"balance": self.balance}
        return {"role": self.role, "share": self.share, "recordings": len(recordings)} | drawn | said | sound

    def _facts_of_utterances(self, corpus: UtteranceCorpus) -> dict[str, Any]:
        said = {
            "names": _hash(one.name for one in corpus.utterances),
            "labels": _hash(json.dumps([[word.word, word.start, word.end] for word in one.words]) for one in corpus.utterances),
            "speakers": _hash(json.dumps(one.speaker) for one in corpus.utterances),
        }
        sound = {"sound": _hash(corpus.hashes), "fingerprint": corpus.fingerprint}
        return {"role": self.role, "share": self.share, "recordings": len(corpus)} | said | sound


@dataclass(frozen=True)
class RunKey:
    """`facts` are JSON; `corpora` are the names of the corpora among them, which are told and not compared."""

    facts: dict[str, Any]
    corpora: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Configuration, uses: Sequence[Use]) -> "RunKey":
        """Of a configuration and every corpus that is really used. Raises KilovoxError where a recording cannot be read."""
        facts = {
            "versions": {
                "recipe": RECIPE_VERSION,
                "features": pipeline.VERSION,
                "augmentation": augmentation.VERSION,
                "torch": torch.__version__.partition("+")[0],
            }
            | ({"strings": strings.VERSION} if config.streams is not None else {})
            | ({"backgrounds": strings.BACKGROUNDS_VERSION} if _hears_backgrounds(config) else {}),
            "device": device_of(config.training.device).type,
            "configuration": canonical(config),
            "corpora": [use.facts() for use in uses],
        }
        return cls(facts, tuple(use.corpus.name for use in uses))

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of the facts."""
        return hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()

    def by(self, processes: int) -> "RunKey":
        """That of the same run by several processes at once: it rounds in another way."""
        return self if processes == 1 else replace(self, facts={**self.facts, "processes": processes})

    def of_teachers(self) -> dict[str, Any]:
        """The facts that teachers depend on: other networks with the same teachers need not train them again."""
        configuration = {key: value for key, value in self.facts["configuration"].items() if key not in _NOT_OF_TEACHERS}
        model = {key: configuration["model"][key] for key in ("input_dim", "output_dim", "readout")}
        seed = configuration["experiment"]["seed"]
        facts = {name: fact for name, fact in self.facts.items() if name != "processes"}
        return {**facts, "configuration": {**configuration, "model": model, "experiment": seed}, "part": "teachers"}

    def differences(self, facts: dict[str, Any]) -> list[str]:
        """What is another thing in another run's `facts`: each in words, with both values."""
        ours, theirs = _leaves(self.facts), _leaves(facts)
        differing = [path for path in ours | theirs if path and ours.get(path, _MISSING) != theirs.get(path, _MISSING)]
        told = [path for path in differing if path[-1] != "fingerprint"] or differing
        return list(dict.fromkeys(self._in_words(path, ours, theirs) for path in told))

    def _in_words(self, path: tuple[str, ...], ours: dict[tuple[str, ...], Any], theirs: dict[tuple[str, ...], Any]) -> str:
        section, *rest = path
        if section == "corpora":
            number = int(rest[0]) if rest and rest[0].isdecimal() and len(rest[0]) < 10 else -1
            if number < 0 or (section, rest[0], "role") not in ours or (section, rest[0], "role") not in theirs:
                return "other corpora, or another number of them"
            name = self.corpora[number] if number < len(self.corpora) else str(number)
            return f"corpus {name}: {' '.join(rest[1:])}"
        name = ".".join(rest) if section == "configuration" else f"version of {rest[0]}" if rest else section
        found, before = (values.get(path, "not there") for values in (ours, theirs))
        return f"{name} is {_short(found)}, there it was {_short(before)}"


_NOT_OF_TEACHERS = ("quantisation", "budget", "hidden")


def canonical(config: Configuration) -> dict[str, Any]:
    """A configuration with every default filled in, without where recordings lie and without the device's name."""
    values: dict[str, Any] = without_paths(config.model_dump(mode="json"))
    values["dataset"].pop("kind")
    values["training"].pop("device")
    values.pop("search", None)  # which networks there might be is nothing of this one
    values["frontend"] = without_later_keys(values["frontend"])
    # Keys that came later are said where they are used: runs of before are the same runs.
    if values["streams"] is None:
        del values["streams"]
    if values["model"]["kind"] == "lstm":
        for key in ("kind", "blocks", "projection"):
            del values["model"][key]
    return {**values, "hidden": config.hidden}


class RunKeys:
    """The keys of several runs whose first corpus is the same; the corpora that are used besides are opened and read once."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._opened: dict[str, Mixture] = {}

    @classmethod
    def knowing(cls, config: Configuration, mixture: Mixture) -> "RunKeys":
        """Those of `config`, whose corpora are opened already."""
        keys = cls(mixture.first)
        keys._opened[_which(config)] = mixture
        return keys

    def mixture(self, config: Configuration) -> Mixture:
        """All corpora of `config`."""
        which = _which(config)
        if which not in self._opened:
            self._opened[which] = open_mixture(config, self._corpus)
        return self._opened[which]

    def uses(self, config: Configuration) -> tuple[Use, ...]:
        """Every corpus that a run of `config` uses, the one that is split first."""
        mixture = self.mixture(config)
        uses = [
            Use(part.corpus, _role(number, part.member), part.member.share, part.member.balance)
            for number, part in enumerate(mixture.parts)
        ]
        return (*uses, *(Use(corpus, "utterances", source.share) for source, corpus in mixture.sayings))

    def of(self, config: Configuration) -> RunKey:
        """The key of a run of `config`."""
        return RunKey.of(settled(config, self._corpus), self.uses(config))


def _which(config: Configuration) -> str:
    """What a mixture is known by, beside its first corpus."""
    sayings = config.streams.utterances if config.streams is not None else ()
    return repr((config.corpora, config.synthetic, config.dataset.kind, sayings))


def _role(number: int, member: Member) -> str:
    return "corpus" if number == 0 else "synthetic" if member.kind == "synthetic" else member.role


def _hash(texts: Iterable[str]) -> str:
    """SHA-256 (hex) of texts in order, none of which can pass for two."""
    hashed = hashlib.sha256()
    for text in texts:
        hashed.update(json.dumps(text).encode() + b"\n")
    return hashed.hexdigest()


def without_paths(values: Any) -> Any:
    """`values` of a configuration but for where recordings lie; `words` are the user's own, with a "path" perhaps."""
    if isinstance(values, dict):
        return {key: value if key == "words" else without_paths(value) for key, value in values.items() if key != "path"}
    return [without_paths(value) for value in values] if isinstance(values, list) else values


def _leaves(values: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(values, dict) and values:
        return {key: leaf for name, value in values.items() for key, leaf in _leaves(value, (*path, str(name))).items()}
    if isinstance(values, list) and values:
        return _leaves(dict(enumerate(values)), path)
    return {path: values}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:12] + "..."


def _hears_backgrounds(config: Configuration) -> bool:
    """Whether recordings that hold nothing are trained on."""
    return config.streams is not None and config.vocabulary is not None and bool(config.vocabulary.nothing)
