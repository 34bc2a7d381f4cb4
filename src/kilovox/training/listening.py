"""Training to read running sound: connectionist temporal classification over strings of words."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from kilovox.frontend.pipeline import LARGEST_NORMALISED, LEAST_NORMALISED
from kilovox.training.trainer import ModelTrainer

TILT = 0.12
"""Of a random frequency response, from knot to knot: standard deviations of a feature."""
KNOTS = 9
LARGEST_SHIFT = 3
"""Frames that a batch begins later."""
EARLY, LATE = 8, 12
"""Frames before and after the end of a word, where that is known, in which it should be read."""
ASTRAY = 6.0
"""What a word costs at first that is read elsewhere, in nats: as if it were 400 times less likely. It falls evenly to 0."""
LED = 0.5
"""Share of a training in which it costs anything: where words end is an estimate, which is free to be wrong later."""


class ListeningTrainer(ModelTrainer):
    """Labels are those of kilovox.training.strings.padded_targets: classes, that of the blank is the model's last output, and
    the frames in which words end.

    Loss: A. Graves et al., "Connectionist Temporal Classification", ICML 2006, of a piece divided by its words and one. Of all
    the ways to read the words those near the places where they end are preferred at first, where the training is `led`, which
    teaches far sooner what a word is (as in A. Senior et al., "Acoustic modelling with CD-CTC-sMBR LSTM RNNs", ASRU 2015).
    `other`, the class of words that are not asked for, may be read anywhere in a piece whose labels have none of it: there it
    is as good as the blank.
    Accuracy counts the pieces of which every word is read right, and nothing else. Each batch is heard through other
    microphones: a random smooth response, of each piece its own.
    """

    other: int | None = None
    stride = 1
    """Frames from an output of the model to the next."""
    led = True
    _shift = 0
    _astray = 0.0

    def _set_learning_rate(self, step: int, steps: int) -> None:
        super()._set_learning_rate(step, steps)
        self._astray = ASTRAY * max(0.0, 1 - step / (LED * steps)) if self.led else 0.0

    def _inputs(self, features: Tensor) -> list[Tensor]:
        steps = torch.randn(len(features), 1, KNOTS, device=features.device).cumsum(dim=2) * TILT
        curve = functional.interpolate(
            steps - steps.mean(dim=2, keepdim=True), features.shape[2], mode="linear", align_corners=True
        )
        heard = (features + curve).clamp(LEAST_NORMALISED, LARGEST_NORMALISED)
        # So that a frame of the LSTM may begin with any frame of the sound.
        self._shift = int(torch.randint(LARGEST_SHIFT + 1, ()))
        return [heard[:, self._shift :]]

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        blank = logits.shape[2] - 1
        labels, ends = labels.chunk(2, dim=1)
        words = (labels != blank).sum(dim=1)
        likely = torch.log_softmax(logits, dim=2).transpose(0, 1)
        if self.other is not None:
            free = (labels != self.other).all(dim=1)[None, :]
            either = torch.logaddexp(likely[..., blank], likely[..., self.other])
            likely = torch.cat((likely[..., :blank], torch.where(free, either, likely[..., blank])[..., None]), dim=2)
        if self.model.training and self._astray:
            likely = torch.where(self._in_place(labels, ends, logits.shape[1], blank), likely, likely - self._astray)
        frames = torch.full((len(labels),), logits.shape[1], dtype=torch.int64)
        # On the processor: CUDA's gradient of it differs from run to run, and the same seed is to give the same model.
        likely, labels, words = likely.cpu(), labels.cpu(), words.cpu()
        losses = functional.ctc_loss(likely, labels, frames, words, blank=blank, reduction="none", zero_infinity=True)
        return (losses / (words + 1)).mean().to(logits.device)

    def _in_place(self, labels: Tensor, ends: Tensor, outputs: int, blank: int) -> Tensor:
        """(outputs, pieces, classes): whether a word of that class may be read there; the blank may be anywhere."""
        times = torch.arange(outputs, device=labels.device) * self.stride + self._shift
        late = times - ends[:, :, None]
        near = ((late >= -EARLY) & (late <= LATE)) | (ends < 0)[:, :, None]
        classes = functional.one_hot(labels, blank + 1)
        found: Tensor = torch.einsum("pwt,pwc->tpc", near.float(), classes.float()) > 0
        found[..., blank] = True
        return found

    def _correct(self, logits: Tensor, labels: Tensor) -> Tensor:
        blank = logits.shape[2] - 1
        best, labels = logits.argmax(dim=2).tolist(), labels.chunk(2, dim=1)[0]
        right = sum(self._right(read(row, blank), words, blank) for row, words in zip(best, labels.tolist(), strict=True))
        return torch.tensor(right, device=logits.device)

    def _right(self, said: list[int], words: list[int], blank: int) -> bool:
        free = self.other not in words
        return [one for one in said if not (free and one == self.other)] == [word for word in words if word != blank]


def read(best: Sequence[int], blank: int) -> list[int]:
    """The classes that a row of the likeliest says, frame by frame: each once for as long as it lasts, without the blank."""
    return [label for label, before in zip(best, [blank, *best], strict=False) if label not in (before, blank)]
