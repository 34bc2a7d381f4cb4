"""A folder to begin with: a configuration for words of one's own, their vocabulary, and what to do next."""

import json
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from kilovox.budget import parse_size
from kilovox.config.data import Experiment
from kilovox.config.experiment import Configuration, parse_configuration
from kilovox.config.vocabulary import UNKNOWN
from kilovox.config.words import checked_words
from kilovox.config.yaml_file import read_document
from kilovox.errors import KilovoxError
from kilovox.files import make_folder, umask, write_text
from kilovox.text import shown

Voices = Literal["both", "people", "synthetic"]
"""Who is trained on: people and synthetic voices, or one of the two alone."""

VOCABULARY_FILE, README_FILE = "vocabulary.yaml", "README.md"
RECORDINGS, SYNTHETIC = "recordings", "synthetic"

_PLAIN = re.compile(r"[^\W\d_](?:[\w -]*\w)?")
_NOT_TEXT = re.compile(r"true|false|null|inf|nan", re.IGNORECASE)

_CORPORA = {
    "people": "{{name: recordings, kind: folders, path: {recordings}}}  # people, by kilovox data record",
    "beside": (
        "{{name: synthetic, kind: synthetic, path: {synthetic}, share: 0.6, balance: words}}  # by kilovox data synthesise"
    ),
    "synthetic": "{{name: synthetic, kind: synthetic, path: {synthetic}}}  # voices of nobody, by kilovox data synthesise",
}

_HEAD = """\
# {words}; everything else is "unknown". To be used from this folder; README.md says how.
# kilovox inspect {name}.yaml shows every setting that follows from these.
experiment: {{name: {name}}}
corpora:
{corpora}
vocabulary: {vocabulary}
data_splitting: {{split: random, group: auto, test_size: 0.2, validation_size: 0.1}}  # three people or more are kept apart
budget: {{memory: {memory}}}
"""

_LISTENING = """\
model:                      # hears sound as it runs: convolutions before an LSTM as large as fits
  kind: convolutional
  blocks:
    - {channels: 24, bands: 5, band_stride: 2}
    - {channels: 32, band_stride: 2}
    - {channels: 40, band_stride: 2, frame_stride: 2}
    - {channels: 40}
  projection: 44
streams:                    # trained on: pieces of sound made of the recordings, other words and noise
  count: 16384
  spoken: 0                 # no utterances; kilovox data sentences --out sentences, and these two lines in the place of this
  # spoken: 0.2
  # utterances: [{name: sentences, path: sentences, share: 0.1}]
"""

_ONE_BY_ONE = """\
frontend: {kind: fixed_point, words: {}}  # finds a word by the pause after it, and hears nothing else
"""

_README = """\
# {title}

A recogniser of {words} that tells them from everything else. All commands are given in this folder; what they need comes
with the extras train, listen, synthetic and verify (in a clone of kilovox: pip install '.[train,listen,synthetic,verify]').

{steps}
`kilovox --help` lists what else there is; the vocabulary is in `{vocabulary}`, every setting in `{name}.yaml`.
"""

_RECORD = """\
**Record.** Each person, where it will be used, with the microphone that will be used:

    kilovox data record --out {recordings} --words {words}{options}

It asks who speaks, shows a word, records it, says what is wrong with a take, and goes on where it stopped. Three people or more
let the evaluation tell how strangers are understood; more people help more than more takes. Recordings that are there already
belong into `{recordings}/WORD/NAME_NUMBER.wav`; folders of other words are "unknown".
"""

_SYNTHESISE = """\
**Add voices that nobody owns.** {why}

    kilovox data synthesise --out {synthetic} --words {words} --others 40{options}

It needs espeak-ng and flite, and downloads Kokoro's voices once; `--kokoro 0` or `--flite 0` does without. Fewer voices than
the default take less time: `--kokoro 200 --espeak 100 --flite 40`.
"""

_LOOK = """\
**Look.** Clipped, silent, double or unreadable recordings are named:

    kilovox data inspect --corpus {corpus}
"""

_TRAIN = """\
**Train.** {how}

    kilovox train {name}.yaml
"""

_JUDGE = """\
**Judge** it on recordings it was not trained on, hear it, and put it onto a device:

    kilovox evaluate runs/{name}/model.safetensors
    kilovox listen runs/{name}/model.safetensors
    kilovox demo runs/{name}/model.safetensors
    kilovox export runs/{name}/model.safetensors firmware
    kilovox verify runs/{name}/model.safetensors
"""


@dataclass(frozen=True)
class Project:
    """What a folder is made for. `listens`: it follows running sound; else it hears words one by one, a pause after each."""

    name: str
    words: tuple[str, ...]
    memory: str = "36KB"
    voices: Voices = "both"
    listens: bool = True
    language: str = "en-us"

    @property
    def configuration_file(self) -> str:
        """Its name within the folder."""
        return f"{self.name}.yaml"

    def files(self) -> dict[str, str]:
        """Text by name."""
        return {
            self.configuration_file: self._configuration(),
            VOCABULARY_FILE: self._vocabulary(),
            README_FILE: self._readme(),
        }

    def _configuration(self) -> str:
        kinds = {"both": ("people", "beside"), "people": ("people",), "synthetic": ("synthetic",)}[self.voices]
        corpora = "\n".join(f"  - {_CORPORA[kind].format(recordings=RECORDINGS, synthetic=SYNTHETIC)}" for kind in kinds)
        head = _HEAD.format(
            words=", ".join(self.words), name=self.name, corpora=corpora, vocabulary=VOCABULARY_FILE, memory=self.memory.strip()
        )
        return head + (_LISTENING if self.listens else _ONE_BY_ONE)

    def _vocabulary(self) -> str:
        lines = "".join(f"  - {yaml_text(word)}\n" for word in self.words)
        words = f"# words: {{{yaml_text(self.words[0])}: [another word for it, and one more]}}\n"
        return f"labels:\n{lines}others: {UNKNOWN}\n{words}"

    def _readme(self) -> str:
        words = shlex.quote(",".join(self.words))
        options = "" if self.language == "en-us" else f" --language {self.language}"
        steps = []
        if self.voices != "synthetic":
            steps.append(_RECORD.format(recordings=RECORDINGS, words=words, options=options))
        if self.voices != "people":
            beside = "Beside few people they help more than anything else, and they say other words too:"
            why = beside if self.voices == "both" else "They are all that is trained on, and say other words too:"
            steps.append(_SYNTHESISE.format(synthetic=SYNTHETIC, words=words, why=why, options=options))
        steps.append(_LOOK.format(corpus=SYNTHETIC if self.voices == "synthetic" else RECORDINGS))
        hours = "It takes an hour or more of one core; `streams.count: 2048` tells in minutes whether all is well."
        minutes = "It takes minutes, with many recordings an hour."
        steps.append(_TRAIN.format(name=self.name, how=hours if self.listens else minutes))
        steps.append(_JUDGE.format(name=self.name))
        text = "\n".join(f"{number}. {_indented(step)}" for number, step in enumerate(steps, 1))
        return _README.format(
            title=self.name, words=", ".join(self.words), steps=text, vocabulary=VOCABULARY_FILE, name=self.name
        )


def _indented(step: str) -> str:
    """As an item of a numbered list goes on."""
    first, *others = step.splitlines()
    return "\n".join([first, *(f"   {line}" if line else "" for line in others)]) + "\n"


def yaml_text(word: str) -> str:
    """`word` as YAML reads it as text, in quotes where it would be something else."""
    return word if _PLAIN.fullmatch(word) and not _NOT_TEXT.fullmatch(word) else json.dumps(word, ensure_ascii=False)


def make_project(folder: Path, project: Project) -> Configuration:
    """Write `project` as the new folder `folder`, all of it or nothing; the configuration, as it is read.

    Raises KilovoxError for a name that cannot be one, words as `checked_words` does, a memory that no network fits, and where
    `folder` holds something, is a file or cannot be made.
    """
    _check_name(project.name)
    checked_words(project.words)
    parse_size(project.memory)
    files = project.files()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        holds = "holds something" if folder.is_dir() else "is a file"
        raise KilovoxError(f"{folder}: {holds}; expected a folder that is not there yet, or an empty one")
    make_folder(folder.absolute().parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".kilovox-new.", dir=folder.absolute().parent) as scratch:
            made = make_folder(Path(scratch) / "made")
            for name, text in files.items():
                write_text(made / name, text)
            config = _read(made, project)
            made.chmod(0o777 & ~umask())
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise KilovoxError(f"{folder}: cannot be made ({error.strerror}); name a folder that can be written") from None
    return config


def _read(made: Path, project: Project) -> Configuration:
    """What was written, as it will be read from within the folder."""
    document = read_document(made / project.configuration_file)
    values = {**document.values, "vocabulary": read_document(made / VOCABULARY_FILE).values}
    config = parse_configuration(values, project.configuration_file, document.line)
    config = config.of(len(project.words) + 1)
    return config.changed(model={"hidden_dim": config.hidden})  # raises where no network fits


def _check_name(name: str) -> None:
    try:
        Experiment.model_validate({"name": name})
    except ValidationError:
        expected = "expected letters, digits and _ . - alone, no . or - first, at most 100"
        raise KilovoxError(f"name {shown(name)}; {expected}") from None
    # Capitals do not tell files apart on many disks.
    if f"{name}.yaml".casefold() == VOCABULARY_FILE:
        raise KilovoxError(f"name {shown(name)}: {VOCABULARY_FILE} is the list of words; expected another name")
