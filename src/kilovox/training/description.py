"""What the model files of a run say besides their tensors."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from kilovox.budget import Arithmetic
from kilovox.config import Configuration
from kilovox.config.streams import Streams
from kilovox.config.vocabulary import UNKNOWN
from kilovox.corpus.base import Corpus
from kilovox.integer.model_file import FORMAT_VERSION, Metadata, Model, Provenance, short_hash
from kilovox.integer.recogniser import Recogniser
from kilovox.text import printable
from kilovox.training.calibration import LIKELIER, detections, errors_of, fitted_knots, threshold_for
from kilovox.training.dataset import AudioFeaturesDataset
from kilovox.training.preparation import Prepared
from kilovox.training.run_key import without_paths
from kilovox.training.trainer import Figures, best_epoch

JUDGES_NOTHING = "every recording of {corpus} was trained on: no figure on it judges this model"


@dataclass(frozen=True)
class Description:
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
        metadata = Metadata(
            format_version=FORMAT_VERSION,
            name=config.experiment.name + suffix,
            arithmetic=arithmetic,
            labels=prepared.labels,
            aliases=prepared.aliases,
            front_end=config.frontend.model_dump(mode="json"),
            network={**config.model.model_dump(mode="json"), "hidden_dim": config.hidden},
            # Where recordings lie is nobody else's business.
            configuration=without_paths(config.model_dump(mode="json", exclude={"search"})),
            trained_on=Provenance(
                corpus=printable(corpus.name) or "nameless",
                fingerprint=corpus.fingerprint,
                split=prepared.split.name,
                recordings=tuple(sorted({short_hash(digest) for digest in prepared.recordings})),
                besides=prepared.besides,
                note="" if len(prepared.split.test) else JUDGES_NOTHING.format(corpus=printable(corpus.name)),
            ),
            thresholds=() if config.streams is None else _thresholds(prepared.labels, LIKELIER),
            metrics=_metrics(history, prepared.validation, config.streams is not None) if history else {},
        )
        model = Model(metadata=metadata, tensors={**tensors, **prepared.normalisation.tensors()})
        if config.streams is None or prepared.validation is None or history is None:
            return model
        return _calibrated(model, prepared.validation, config.streams)


def _calibrated(model: Model, validation: AudioFeaturesDataset, streams: Streams) -> Model:
    """With what the very model makes of the strings of people who validate."""
    labels = model.metadata.labels
    classes = validation.labels.chunk(2, dim=1)[0].tolist()
    said = [[label for label in row if label != len(labels)] for row in classes]
    heard = detections(Recogniser(model), list(validation.clips), said, streams.seconds)
    threshold = LIKELIER if streams.rejected is None else threshold_for(heard, streams.rejected)
    found = {
        "thresholds": _thresholds(labels, threshold), "calibration": fitted_knots(heard),
        "detection_errors": errors_of(heard, threshold),
    }  # fmt: skip
    return Model(metadata=model.metadata.model_copy(update=found), tensors=model.tensors)


def _thresholds(labels: tuple[str, ...], threshold: int) -> tuple[int, ...]:
    """Of a model that listens: where it has a label for other words, what is so much likelier than those is accepted."""
    return tuple(0 if label == UNKNOWN else threshold for label in labels) if UNKNOWN in labels else ()


def _metrics(history: list[Figures], validation: AudioFeaturesDataset | None, running: bool) -> dict[str, Any]:
    """Figures of the epoch whose weights the model holds, and on how many recordings, or pieces of running sound, they were
    measured."""
    if validation is None:
        last = history[-1]
        return {"split": "train", "epoch": last["epoch"], "accuracy": last["recordings_accuracy"]}
    best = best_epoch(history)
    return {
        "split": "validation", "pieces" if running else "recordings": len(validation), "epoch": best["epoch"],
        "accuracy": best["validation_accuracy"], "loss": best["validation_loss"],
    }  # fmt: skip
