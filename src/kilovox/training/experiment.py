"""One configuration from a corpus to a model file."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kilovox.budget import Arithmetic
from kilovox.config import Configuration, Distillation, Quantisation, Training
from kilovox.corpus.base import DIGIT_WORDS, Corpus, RecordingCorpus
from kilovox.corpus.splits import Indices, Split, make_split
from kilovox.corpus.synthetic import licences, open_synthetic
from kilovox.errors import KilovoxError
from kilovox.files import lock, make_folder, write_json
from kilovox.frontend.cache import cached
from kilovox.frontend.corpus_features import corpus_features
from kilovox.frontend.pipeline import AnyNormalisation, as_floats, fit_normalisation, pad
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance, Source, save_model
from kilovox.training.augmentation import augmented_features
from kilovox.training.dataset import AudioFeaturesDataset, make_loader
from kilovox.training.network import LSTMClassifier
from kilovox.training.quantised import QuantisedLSTMClassifier
from kilovox.training.seeding import derive_seed, set_seed
from kilovox.training.teacher import ConvolutionalTeacher
from kilovox.training.trainer import Figures, ModelTrainer, best_epoch

MODEL_FILE = "model.safetensors"
FLOAT_FILE = "float.safetensors"
"""Beside an integer network: its float twin, from which its training for integers began."""
PTQ_FILE = "ptq.safetensors"
"""The twin quantised without further training."""
CACHE_VERSION = 1
"""Of the teachers' decisions: to be raised when training begins to give others."""
QUANTISED_FOLDER = "quantised"
PARTS = 3
"""Of a batch with synthetic clips, whose lengths differ widely. Recipes without them keep the bits they had in one part."""
JUDGES_NOTHING = "every recording of {corpus} was trained on: no figure on it judges this model"
IDENTITY_FILE = "experiment.json"


def teacher_folder(number: int) -> str:
    """Where a run's teacher leaves its log and checkpoint."""
    return f"teacher-{number}"


@dataclass(frozen=True)
class Prepared:
    """What the network is trained on: datasets, and what the model file must say of them."""

    labels: tuple[str, ...]
    split: Split
    train: AudioFeaturesDataset
    validation: AudioFeaturesDataset | None
    normalisation: AnyNormalisation
    besides: tuple[Source, ...] = ()


def run_experiment(
    config: Configuration,
    corpus: Corpus,
    folder: Path,
    *,
    resume: bool = False,
    progress: bool = True,
    tensorboard: bool = False,
) -> Model:
    """Train the network of `config` on `corpus`; the model is also written to `folder`/model.safetensors.

    A killed run goes on with `resume`, to the same bytes. Raises KilovoxError where `folder` holds a run already and
    `resume` is not asked for, or a run of something else.
    """
    torch.set_num_threads(config.training.threads)
    prepared = prepare(config, corpus)
    with _claimed(folder, _identity(config, corpus), resume):
        return _run(config, corpus, prepared, folder, resume=resume, progress=progress, tensorboard=tensorboard)


def _run(config: Configuration, corpus: Corpus, prepared: Prepared, folder: Path, **options: bool) -> Model:
    if config.distillation is not None:
        _learn_from_teachers(config, config.distillation, corpus, prepared, folder, options)
    set_seed(derive_seed(config.experiment.seed, "weights"))
    network = LSTMClassifier(
        config.model.input_dim, config.hidden, config.model.num_layers, config.model.output_dim,
        config.model.dropout, config.model.readout,
    )  # fmt: skip
    history = _train(network, config, config.training, prepared, folder, **options)
    describe = _Description(config, corpus, prepared)
    model = describe.model(_tensors(network), history)
    if config.quantisation is not None:
        save_model(describe.model(_tensors(network), history, "-float"), folder / FLOAT_FILE)
        model = _quantise(network, describe, config.quantisation, folder, options)
    save_model(model, folder / MODEL_FILE)
    return model


def _train(
    network: nn.Module, config: Configuration, settings: Training, prepared: Prepared, folder: Path, **options: bool
) -> list[Figures]:
    batch = settings.batch_size
    if isinstance(network, (LSTMClassifier, QuantisedLSTMClassifier)):
        network.parts = PARTS if config.synthetic is not None else 1
    trainer = ModelTrainer(
        network, settings.epochs, make_loader(prepared.train, batch, shuffle=True), _device(), settings.learning_rate,
        validation_loader=make_loader(prepared.validation, 256, shuffle=False) if prepared.validation else None,
        settings=settings, seed=config.experiment.seed, folder=folder, **options,
    )  # fmt: skip
    return trainer.train()


def _learn_from_teachers(
    config: Configuration, asked: Distillation, corpus: Corpus, prepared: Prepared, folder: Path, options: dict[str, bool]
) -> None:
    """Train larger networks, and let their decisions soften the labels of the training part, view by view; cached."""

    def compute() -> list[npt.NDArray[Any]]:
        total = sum(_teach(config, asked, number, prepared, folder, options) for number in range(asked.teachers))
        return list((total / asked.teachers).numpy())  # type: ignore[union-attr]

    # Everything that the teachers depend on: networks of other sizes with the same teachers need not train them again.
    values = config.model_dump(mode="json", include={"data_splitting", "frontend", "training", "distillation"})
    values["besides"] = [(source.fingerprint, config.synthetic and config.synthetic.share) for source in prepared.besides]
    sizes = [config.model.input_dim, config.model.output_dim]
    key = values | {"corpus": corpus.fingerprint, "seed": config.experiment.seed, "network": sizes, "version": CACHE_VERSION}
    shares = torch.from_numpy(np.stack(cached(key, compute)))
    true = nn.functional.one_hot(prepared.train.labels, config.model.output_dim)
    prepared.train.soften(asked.weight * shares + (1 - asked.weight) * true)


def _teach(
    config: Configuration, asked: Distillation, number: int, prepared: Prepared, folder: Path, options: dict[str, bool]
) -> Tensor:
    """Train one teacher; its softmax of every view of the training part, (views, clips, labels)."""
    set_seed(derive_seed(config.experiment.seed, "teacher", number))
    teacher = _teacher(config, asked)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    _train(teacher, config, settings, prepared, make_folder(folder / teacher_folder(number)), **options)
    teacher.eval()
    with torch.no_grad():
        views = [
            torch.cat([teacher(batch.to(_device())).cpu() for batch in view.split(512)]) for view in prepared.train.features
        ]
    return torch.softmax(torch.stack(views) / asked.temperature, dim=2)


def _teacher(config: Configuration, asked: Distillation) -> nn.Module:
    model = config.model
    if asked.kind == "convolution":
        return ConvolutionalTeacher(model.input_dim, asked.hidden_dim, model.output_dim, asked.dropout)
    return LSTMClassifier(
        model.input_dim, asked.hidden_dim, asked.num_layers, model.output_dim, asked.dropout, model.readout
    )  # fmt: skip


def _quantise(
    network: LSTMClassifier, describe: "_Description", asked: Quantisation, folder: Path, options: dict[str, bool]
) -> Model:
    """Quantise the trained float network at once (ptq.safetensors), then train on as the integers (the model)."""
    config = describe.config
    quantised = QuantisedLSTMClassifier(
        config.model.input_dim, config.hidden, config.model.num_layers, config.model.output_dim,
        asked.arithmetic, asked.dropout, asked.per_row,
    )  # fmt: skip
    quantised.take(network.cpu())
    save_model(describe.model(quantised.integer_tensors(), None, "-ptq", asked.arithmetic), folder / PTQ_FILE)
    settings = config.training.model_copy(update={"epochs": asked.epochs, "learning_rate": asked.learning_rate})
    history = _train(quantised, config, settings, describe.prepared, make_folder(folder / QUANTISED_FOLDER), **options)
    return describe.model(quantised.integer_tensors(), history, "", asked.arithmetic)


def prepare(config: Configuration, corpus: Corpus) -> Prepared:
    """Split, features, normalisation and augmentation as `config` asks for them.

    Raises KilovoxError where the corpus does not fit the network: other labels or other coefficients.
    """
    labels = corpus.labels
    if len(labels) != config.model.output_dim:
        found = f"{len(labels)} labels ({', '.join(labels)})"
        raise KilovoxError(f"{corpus.where}: has {found}; expected model.output_dim, {config.model.output_dim}")
    splitting = config.data_splitting
    split = make_split(corpus, splitting.split, splitting.test_size, splitting.random_state, splitting.validation_size)
    raw = corpus_features(corpus, config.frontend)
    if raw[0].shape[1] != config.model.input_dim:
        raise KilovoxError(
            f"{corpus.where}: has {raw[0].shape[1]} coefficients a frame; expected model.input_dim, {config.model.input_dim}"
        )
    train = [raw[index] for index in split.train]
    normalisation = fit_normalisation(config.frontend, train)
    classes = np.array([labels.index(recording.label) for recording in corpus.recordings])

    def padded(sequences: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return as_floats(pad(normalisation(sequences), config.frontend.frames))

    views = [padded(train)] + [padded(view) for view in _augmented(config, corpus, split.train)]
    dataset = AudioFeaturesDataset.of_features(views, classes[split.train])
    besides: tuple[Source, ...] = ()
    if config.synthetic is not None and isinstance(corpus, RecordingCorpus):
        added = open_synthetic(config.synthetic.path)
        _check_words(added, labels)
        raw_added = corpus_features(added, config.frontend)
        everything = np.arange(len(added), dtype=np.int64)
        added_views = [padded(raw_added)] + [padded(view) for view in _augmented(config, added, everything)]
        added_classes = np.array([labels.index(recording.label) for recording in added.recordings])
        dataset = AudioFeaturesDataset.of_parts(
            (views, classes[split.train]), (added_views, added_classes), config.synthetic.share
        )
        besides = (Source(corpus=added.name, fingerprint=added.fingerprint, recordings=len(added), licences=licences(added)),)
    validation = None
    if len(split.validation):
        held_out = padded([raw[index] for index in split.validation])
        validation = AudioFeaturesDataset.of_features([held_out], classes[split.validation])
    return Prepared(labels, split, dataset, validation, normalisation, besides)


def _check_words(added: Corpus, labels: tuple[str, ...]) -> None:
    strange = sorted(set(added.labels) - set(labels))
    if strange:
        raise KilovoxError(f"{added.where}: words {', '.join(strange)}; expected only {', '.join(labels)}")


def _augmented(config: Configuration, corpus: Corpus, indices: Indices) -> list[list[npt.NDArray[Any]]]:
    if not isinstance(corpus, RecordingCorpus):
        # Without samples there is nothing to change but the features, which is done batch by batch.
        return []
    rate = config.frontend.sample_rate
    recordings = [corpus.samples(int(index), rate) for index in indices]
    hashes = [corpus.hashes[index] for index in indices]
    return augmented_features(recordings, hashes, config.training.augmentation, config.frontend, config.experiment.seed)


def _identity(config: Configuration, corpus: Corpus) -> str:
    """What a run is a run of: its configuration (wherever the corpus lies) and the corpus' content."""
    values = config.model_dump(mode="json", exclude={"dataset": True, "synthetic": {"path"}})
    text = json.dumps({"configuration": values, "corpus": corpus.fingerprint}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_run_of(config: Configuration, corpus: Corpus, folder: Path) -> bool:
    """Whether `folder` holds a run (finished or not) of this very configuration and corpus."""
    return _read_identity(folder) == _identity(config, corpus)


@contextlib.contextmanager
def _claimed(folder: Path, identity: str, resume: bool) -> Iterator[None]:
    """The folder is this run's, and nobody else's for as long as it goes on."""
    make_folder(folder)
    with lock(folder / "lock"):
        mark = folder / IDENTITY_FILE
        if mark.exists() or (folder / MODEL_FILE).exists():
            if not resume:
                raise KilovoxError(f"{folder}: holds a training run already; expected --resume, or another folder by --out")
            if _read_identity(folder) != identity:
                expected = "expected the same one to resume, or another --out"
                raise KilovoxError(f"{folder}: holds a run of another configuration or corpus; {expected}")
        else:
            write_json(mark, {"identity": identity})
        yield


def holds_another_run(config: Configuration, corpus: Corpus, folder: Path) -> bool:
    """Whether `folder` holds a run, and not of this configuration and corpus."""
    there = any((folder / name).exists() for name in (IDENTITY_FILE, MODEL_FILE))
    return there and _read_identity(folder) != _identity(config, corpus)


def _read_identity(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / IDENTITY_FILE).read_text())["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _tensors(network: LSTMClassifier) -> dict[str, npt.NDArray[Any]]:
    return {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}


@dataclass(frozen=True)
class _Description:
    """What the model files of one run say besides their tensors."""

    config: Configuration
    corpus: Corpus
    prepared: Prepared

    def model(
        self,
        tensors: dict[str, npt.NDArray[Any]],
        history: list[Figures] | None,
        suffix: str = "",
        arithmetic: Arithmetic = "float32",
    ) -> Model:
        """A model of `tensors`; `history` is of the training that gave them, None where none did."""
        config, corpus, prepared = self.config, self.corpus, self.prepared
        used = np.sort(np.concatenate([prepared.split.train, prepared.split.validation]))
        hashes = corpus.hashes
        metadata = Metadata(
            format_version=FORMAT_VERSION,
            name=config.experiment.name + suffix,
            arithmetic=arithmetic,
            labels=prepared.labels,
            aliases={word: digit for word, digit in DIGIT_WORDS.items() if digit in prepared.labels},
            front_end=config.frontend.model_dump(mode="json"),
            network={**config.model.model_dump(mode="json"), "hidden_dim": config.hidden},
            configuration=config.model_dump(mode="json", exclude={"dataset": {"path"}, "synthetic": {"path"}}),
            trained_on=Provenance(
                corpus=corpus.name,
                fingerprint=corpus.fingerprint,
                split=prepared.split.name,
                recordings=tuple(hashes[index] for index in used),
                besides=prepared.besides,
                note="" if len(prepared.split.test) else JUDGES_NOTHING.format(corpus=corpus.name),
            ),
            metrics=_metrics(history, len(prepared.split.validation)) if history else {},
        )
        return Model(metadata=metadata, tensors={**tensors, **prepared.normalisation.tensors()})


def _metrics(history: list[Figures], validation: int) -> dict[str, Any]:
    """Figures of the epoch whose weights the model holds, and on what they were measured."""
    if not validation:
        last = history[-1]
        return {"split": "train", "epoch": last["epoch"], "accuracy": last["accuracy"]}
    best = best_epoch(history)
    return {
        "split": "validation", "recordings": validation, "epoch": best["epoch"],
        "accuracy": best["validation_accuracy"], "loss": best["validation_loss"],
    }  # fmt: skip
