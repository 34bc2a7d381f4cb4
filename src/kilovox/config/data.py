"""Sections of a configuration: what it is called, and which recordings are used for what."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from kilovox.config.base import GrownSection, Name, Section, Share, UserPath, as_tuple
from kilovox.config.vocabulary import Word
from kilovox.config.words import checked_words
from kilovox.errors import KilovoxError
from kilovox.text import shown

SPLITS = r"^(random|official|all|speaker:.+|fold:[0-9]{1,6}/[0-9]{1,6})$"

Task = Literal[12, 35] | tuple[str, ...]

Kind = Literal["fsdd", "folders", "manifest", "features", "speech_commands", "utterances", "spoken_words", "common_voice"]
"""Of a corpus: how it is laid out. Of utterances, the words that somebody found in them are used."""


def _task(value: Any) -> Any:
    task = as_tuple(value)
    words = task if isinstance(task, tuple) else ()
    if task is None or (type(task) is int and task in (12, 35)):
        return task
    if not words or not all(isinstance(word, str) for word in words) or len(set(words)) < len(words):
        raise ValueError(f"{shown(value)}; expected 12, 35, or a list of different words, such as [yes, no]")
    try:
        checked_words(words, "a word")
    except KilovoxError as error:
        raise ValueError(str(error)) from None
    return task


AnyTask = Annotated[Literal[12, 35] | tuple[Word, ...] | None, BeforeValidator(_task)]
"""Of Speech Commands; see kilovox.corpus.speech_commands_tasks."""


class _Corpus(GrownSection):
    """A corpus that may be Speech Commands."""

    @model_validator(mode="after")
    def _of_speech_commands(self) -> "_Corpus":
        kind, task = getattr(self, "kind", None), getattr(self, "task", None)
        if task is not None and kind != "speech_commands":
            raise ValueError(f"task is {task!r} beside kind {kind!r}; expected kind speech_commands, which alone has tasks")
        return self


class Experiment(Section):
    """What it is called, and the seed of every random choice in training."""

    name: Name
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42


class Dataset(_Corpus):
    """Where the recordings are; without `path`, KILOVOX_FSDD or a download (kind fsdd), or FSDD's own MFCCs (features).

    `task`, of kind speech_commands: 12 (ten words, `_unknown_` and `_silence_`), 35 (its words), or a list of words in the
    place of the ten; see kilovox.corpus.speech_commands_tasks.
    """

    LATER = frozenset({"task"})

    kind: Kind = "fsdd"
    path: UserPath = None
    task: AnyTask = None


class DataSplitting(Section):
    """`validation_size` is a share of the training part; it chooses the epoch and nothing else.

    `split`: random, official (the corpus' own), speaker:NAME (judged on that speaker alone), fold:K/N (the Kth of N parts of
    whole speakers) or all (nothing is left to judge). `group: speaker`: nobody's recordings are in two of the parts; `auto`:
    that, where everybody is named and three people or more are there.
    """

    split: Annotated[str, Field(pattern=SPLITS)] = "random"
    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 42
    validation_size: Share = 0.1
    group: Literal["speaker", "auto"] | None = None


class Member(_Corpus):
    """One corpus of several (`corpora`): where it is, and what it is used for.

    `kind`, `task`: as in `dataset`; synthetic, as `kilovox data synthesise` makes it. `role`: train, validation (it chooses
    the epoch) or judge (nothing that sounds the same as one of its recordings is trained on). `share`: of every batch, drawn at
    random; without one, every recording comes once an epoch. `balance`: whether a share is drawn recording by recording, or
    all of its labels equally often. `split`: as in `data_splitting`, which counts for the first corpus; the others are used
    whole unless they say one.
    """

    LATER = frozenset({"task", "balance"})

    name: Name
    kind: Literal[Kind, "synthetic"] = "fsdd"
    path: UserPath = None
    task: AnyTask = None
    role: Literal["train", "validation", "judge"] = "train"
    share: Annotated[float | None, Field(gt=0, lt=1)] = None
    split: Annotated[str | None, Field(pattern=SPLITS)] = None
    balance: Literal["recordings", "words"] = "recordings"


def check_members(members: tuple[Member, ...]) -> None:
    """Raise ValueError where the corpora of a mixture do not fit together."""
    if not members:
        raise ValueError("corpora is empty; expected at least one that trains")
    names = [member.name for member in members]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"corpora: two are called {twice[0]!r}; expected a name of its own for each")
    if members[0].role != "train":
        raise ValueError(f"corpora: the first, {names[0]!r}, has role {members[0].role!r}; expected train, and others after it")
    for member in members:
        if member.role != "train" and (member.share, member.split) != (None, None):
            raise ValueError(f"corpora: {member.name!r} has a share or a split; expected them of corpora that train alone")
        if member.balance == "words" and (member.share is None or member is members[0]):
            raise ValueError(f"corpora: {member.name!r} balances words; expected that of a share, and not of the first corpus")
    shares = {member.name: member.share for member in members if member.role == "train"}
    total = sum(share for share in shares.values() if share is not None)
    listed = ", ".join(f"{name} {share}" for name, share in shares.items() if share is not None)
    if None not in shares.values() and abs(total - 1) > 1e-6:
        raise ValueError(f"corpora: shares add up to {total:g} ({listed}); expected 1, or none for the first")
    if None in shares.values() and total >= 1:
        raise ValueError(f"corpora: shares add up to {total:g} ({listed}); expected less than 1, for the rest of the batch")


class Synthetic(Section):
    """Recordings that nobody spoke, trained on besides the corpus: `share` of every batch; they never judge.

    `path`: a folder a word, as `kilovox data synthesise` makes it; without one, the folder of the cache that it makes.
    """

    path: UserPath = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.4
