"""The training loop: epochs, schedule, validation, checkpoints.

What happens in an epoch depends on the seed and the epoch's number alone, so that a run can be taken up anywhere.
"""

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from kilovox.config import Training
from kilovox.errors import KilovoxError
from kilovox.files import write_text
from kilovox.training.augmentation import mask_features
from kilovox.training.checkpoint import load_checkpoint, save_checkpoint
from kilovox.training.network import valid_frames
from kilovox.training.parallel import ALONE, Alone
from kilovox.training.progress import EpochProgress, check_tensorboard, write_tensorboard
from kilovox.training.seeding import derive_seed

Loader = DataLoader[tuple[Tensor, Tensor]]
Batch = tuple[Tensor, Tensor]
Figures = dict[str, Any]

PLAIN = Training(schedule="constant", weight_decay=0.0, label_smoothing=0.0, gradient_clip=None)
"""Adam at a constant rate and nothing else: the seed's loop."""


class DivergedError(KilovoxError):
    """A loss that is no longer a number."""


class ModelTrainer:
    """Trains `model` on the batches (features, labels) of `train_loader`.

    `settings` beyond `epochs` and `learning_rate` (schedule, smoothing, clipping, patience, masks) default to a plain loop.
    With a `validation_loader` the weights of the best epoch there are kept (see `best_epoch`); else the last. With a
    `folder`, every epoch ends with a checkpoint and a line in `log.jsonl` there, and `resume` goes on from them to the very
    model that an uninterrupted run gives; `saved` is called after each. `tensorboard` writes the figures for
    TensorBoard too. Of several processes that train the network together, this one is `member`.

    A line an epoch goes to standard error. Its loss is the mean over the clips, where the notebook that this began with prints
    the sum over the batches. Its accuracy is that of the training itself, as the batches come: on augmented features, with
    dropout, by weights that change meanwhile, against the targets (a teacher's, where there is one) and, where features are
    masked, behind the masks; it is then called masked accuracy, and in the log `accuracy_on` says so.
    """

    def __init__(
        self, model: nn.Module, epochs: int, train_loader: Loader, device: torch.device | str, learning_rate: float, *,
        validation_loader: Loader | None = None, settings: Training = PLAIN, seed: int = 42, folder: Path | None = None,
        resume: bool = False, progress: bool = True, tensorboard: bool = False, saved: Callable[[], None] | None = None,
        member: Alone = ALONE,
    ) -> None:  # fmt: skip
        self.model, self.epochs, self.device = model, epochs, torch.device(device)
        self.train_loader, self.validation_loader = train_loader, validation_loader
        self.learning_rate, self.settings, self.seed = learning_rate, settings, seed
        self.folder, self.resume, self.progress, self.tensorboard, self.saved = folder, resume, progress, tensorboard, saved
        self.member = member
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=settings.weight_decay)
        self.loss = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
        self.history: list[Figures] = []
        self._best: dict[str, Tensor] = {}
        self._average: dict[str, Tensor] = {}

    def train(self) -> list[Figures]:
        """Train, and leave the chosen weights in the model. Returns one dict an epoch: epoch, loss, accuracy (see the class),
        learning_rate, seconds and, with a validation loader, validation_loss and validation_accuracy (fractions)."""
        if self.tensorboard:
            check_tensorboard()
        dataset = getattr(self.train_loader, "dataset", None)
        # The evaluator compares: features normalised in another way are not what the network knows.
        self.model.trained_normalisation = getattr(dataset, "normalisation", None)  # type: ignore[assignment]
        self._restore()
        with EpochProgress(self.epochs, len(self.history), self.progress) as progress:
            while len(self.history) < self.epochs and not self._out_of_patience():
                with self.member.sharing(self.model):
                    figures = self._epoch(len(self.history), progress.advance)
                self._check_finite(figures)
                self.history.append(figures)
                self._keep_best(figures)
                self._save()
                progress.epoch(figures)
        if self.tensorboard and self.folder is not None:
            write_tensorboard(self.folder, self.history)
        self.model.load_state_dict(self._best)
        return self.history

    def _epoch(self, epoch: int, advance: Callable[[float], None]) -> Figures:
        torch.manual_seed(derive_seed(self.seed, "epoch", epoch))
        started = time.perf_counter()
        self.model.train()
        total = torch.zeros(2, device=self.device)
        seen, batches = 0, len(self.train_loader)
        for number, batch in enumerate(self.train_loader):
            self._set_learning_rate(epoch * batches + number, self.epochs * batches)
            total += self._step(*self._to_device(batch))
            seen += len(batch[1])
            advance(1 / batches)
        rate = self.optimizer.param_groups[0]["lr"]
        on = "masked" if self._masks else "unmasked"
        figures: Figures = {
            "epoch": epoch + 1,
            **_means(self.member.summed(total), seen),
            "accuracy_on": on,
            "learning_rate": rate,
        }
        if self.validation_loader is not None:
            with self._averaged():
                figures |= {f"validation_{name}": value for name, value in self._judge(self.validation_loader).items()}
        return {**figures, "seconds": time.perf_counter() - started}

    def _step(self, features: Tensor, labels: Tensor) -> Tensor:
        """One gradient step; returns (sum of losses, correct decisions) of this process's part."""
        inputs, labels = self.member.part(self._inputs(features), labels)
        logits = self.model(*inputs)
        loss = self._loss(logits, labels)
        self.optimizer.zero_grad()
        self.member.backward(loss, self.model)
        if self.settings.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.gradient_clip)
        self.optimizer.step()
        self._move_average()
        return torch.stack((loss.detach() * len(labels), self._correct(logits, labels))) * self.member.scale

    def _inputs(self, features: Tensor) -> list[Tensor]:
        """What the model reads of a batch in training."""
        masks = self.settings.augmentation
        # The ends are read off before a mask can blank them.
        return [mask_features(features, masks), valid_frames(features)] if masks.views else [features]

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean over the clips of a batch."""
        loss: Tensor = self.loss(logits, labels)
        return loss

    def _correct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """How many clips of a batch are decided right."""
        truth = labels if labels.ndim == 1 else labels.argmax(dim=1)
        return (logits.argmax(dim=1) == truth).sum()

    @property
    def _masks(self) -> bool:
        masks = self.settings.augmentation
        return masks.views > 0 and (masks.time_mask > 0 or masks.feature_mask > 0)

    def accuracy(self, batches: Iterable[Batch]) -> float:
        """Of the model as it is on these batches, as a fraction: no mask, no dropout."""
        return self._judge(batches)["accuracy"]

    def _check_finite(self, figures: Figures) -> None:
        losses = [value for name, value in figures.items() if name.endswith("loss")]
        weights = all(bool(value.isfinite().all()) for value in self.model.state_dict().values())
        if not (all(map(math.isfinite, losses)) and weights):
            raise DivergedError(
                f"epoch {figures['epoch']}: loss {losses[0]}, no longer a number; expected a lower learning_rate "
                f"(it is {self.learning_rate})"
            )

    @torch.no_grad()
    def _move_average(self) -> None:
        """B. Polyak and A. Juditsky, SIAM J. Control Optim. 30 (1992), with an exponential window."""
        if not self.settings.averaging:
            return
        if not self._average:
            self._average = self._copy()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, 1 - self.settings.averaging)
            else:
                self._average[name].copy_(value)

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """The averaged weights in the model, where there are any, and then its own again."""
        own = self._copy() if self._average else None
        if own is not None:
            self.model.load_state_dict(self._average)
        try:
            yield
        finally:
            if own is not None:
                self.model.load_state_dict(own)

    @torch.no_grad()
    def _judge(self, batches: Iterable[Batch]) -> dict[str, float]:
        self.model.eval()
        total, seen = torch.zeros(2, device=self.device), 0
        for features, labels in map(self._to_device, self.member.own(batches)):
            logits = self.model(features)
            total += torch.stack((self._loss(logits, labels) * len(labels), self._correct(logits, labels)))
            seen += len(labels)
        return _means(self.member.summed(total), int(self.member.summed(torch.tensor(seen))))

    def _to_device(self, batch: Batch) -> Batch:
        return batch[0].to(self.device), batch[1].to(self.device)

    def _set_learning_rate(self, step: int, steps: int) -> None:
        share = one_cycle(step, steps) if self.settings.schedule == "one_cycle" else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * share

    def _keep_best(self, figures: Figures) -> None:
        if self.validation_loader is None or figures is self._best_epoch():
            self._best = {name: value.clone() for name, value in self._average.items()} or self._copy()

    def _best_epoch(self) -> Figures:
        return best_epoch(self.history)

    def _out_of_patience(self) -> bool:
        if self.settings.patience is None or self.validation_loader is None or not self.history:
            return False
        return len(self.history) - int(self._best_epoch()["epoch"]) >= self.settings.patience

    @property
    def _checkpoint(self) -> Path | None:
        return self.folder / "checkpoint.safetensors" if self.folder else None

    def _restore(self) -> None:
        self.model.to(self.device)
        if self._checkpoint is None or not self.resume or not self._checkpoint.exists():
            return
        kept, facts = load_checkpoint(self._checkpoint, self.model, self.optimizer)
        self._best, self._average = ({n: v.to(self.device) for n, v in part.items()} for part in kept)
        self.history = facts["history"]
        if len(self.history) > self.epochs:
            raise KilovoxError(f"{self._checkpoint}: {len(self.history)} epochs; expected at most {self.epochs}")

    def _save(self) -> None:
        if self.folder is None or self._checkpoint is None:
            return
        kept = (self._best, self._average)
        save_checkpoint(self._checkpoint, self.model, self.optimizer, kept, {"history": self.history})
        # Rewritten whole: after a kill between two writes the log still says what the checkpoint says.
        write_text(self.folder / "log.jsonl", "".join(json.dumps(figures) + "\n" for figures in self.history))
        if self.saved is not None:
            self.saved()


def best_epoch(history: list[Figures]) -> Figures:
    """The epoch with the most right decisions on the validation part; of equals the one with the lowest loss there."""
    return max(history, key=lambda figures: (figures["validation_accuracy"], -figures["validation_loss"]))


def _means(total: Tensor, seen: int) -> dict[str, float]:
    loss, correct = (total / seen).tolist()
    return {"loss": loss, "accuracy": correct}


def one_cycle(step: int, steps: int, warm_up: float = 0.3, start: float = 1 / 25, end: float = 1e-5) -> float:
    """Share of the largest learning rate at `step` of `steps`: cosine up from `start`, then cosine down to `end`.

    L. Smith and N. Topin, "Super-Convergence", 2019 (arXiv 1708.07120). A function of the step alone, so that nothing of
    the schedule needs to be stored to resume.
    """
    position = step / max(1, steps - 1)
    if position < warm_up:
        low, high, way = start, 1.0, position / warm_up
    else:
        low, high, way = 1.0, end, (position - warm_up) / (1 - warm_up)
    return low + (high - low) * (1 - math.cos(math.pi * way)) / 2
