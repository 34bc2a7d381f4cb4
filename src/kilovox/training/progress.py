"""What a person sees while a network is trained, and the same for TensorBoard."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kilovox.errors import not_installed


class EpochProgress:
    """A bar over epochs on standard error with loss, accuracy and time left; where that is no terminal, a line an epoch."""

    def __init__(self, epochs: int, done: int, visible: bool) -> None:
        self._console = Console(stderr=True)
        self._epochs, self._visible = epochs, visible
        self._bar = Progress(
            TextColumn("epoch"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[figures]}"),
            console=self._console, disable=not (visible and self._console.is_terminal),
        )  # fmt: skip
        self._task = self._bar.add_task("epochs", total=epochs, completed=done, figures="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def advance(self, share: float) -> None:
        """`share` of an epoch is done."""
        self._bar.advance(self._task, share)

    def epoch(self, figures: dict[str, Any]) -> None:
        """An epoch has ended with `figures`."""
        masked = "masked " if figures.get("accuracy_on") == "masked" else ""
        text = f"loss {figures['loss']:.3f}  {masked}accuracy {figures['accuracy']:.2%}"
        if "validation_loss" in figures:
            text += f"  validation {figures['validation_loss']:.3f} {figures['validation_accuracy']:.2%}"
        self._bar.update(self._task, completed=figures["epoch"], figures=text)
        if self._visible and not self._console.is_terminal:
            self._console.print(f"Epoch [{figures['epoch']}/{self._epochs}], {text}", highlight=False, markup=False)


def check_tensorboard() -> None:
    """Raise KilovoxError where the optional extra is not installed: before hours of training, not after."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        raise not_installed("tensorboard") from None


def write_tensorboard(folder: Path, history: list[dict[str, Any]]) -> None:
    """Write the learning curves for TensorBoard."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for figures in history:
            for name in figures.keys() - {"epoch", "seconds", "accuracy_on"}:
                writer.add_scalar(name, figures[name], figures["epoch"])
