"""A torch network judged on the batches of a data loader, as the notebooks do it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kilovox.errors import KilovoxError
from kilovox.evaluation.metrics import classification_report, confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import torch


class ModelEvaluator:
    """Accuracy, classification report and confusion matrix of `model` on `test_loader`.

    model: called as model(features) -> logits (clips, labels); it is moved to `device`. test_loader: yields (features, labels),
    labels (clips,) integers. names: what to call the labels; their indices where None.
    """

    def __init__(
        self,
        model: "torch.nn.Module",
        test_loader: "Iterable[Sequence[torch.Tensor]]",
        device: "torch.device | str" = "cpu",
        names: "Sequence[str] | None" = None,
    ) -> None:
        self.model = model.to(device)
        self.test_loader = test_loader
        self.device = device
        self.names = names
        self.results: dict[str, Any] | None = None

    def evaluate(self, verbose: bool = True) -> dict[str, Any]:
        """Judge the network in evaluation mode, print the report unless `verbose` is False, and leave the network as it was.

        Warns of a dataset whose features are normalised in another way than those the network was trained on.

        Returns accuracy (percent), predictions and truth (clips,), confidence (clips,), confusion_matrix (labels, labels) and
        classification_report (text). Raises KilovoxError where the loader yields nothing.
        """
        self._compare_normalisation()
        truth, logits = self._run()
        predictions = logits.argmax(axis=1)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        names = list(self.names) if self.names is not None else [str(index) for index in range(logits.shape[1])]
        confusion = confusion_matrix(truth, predictions, logits.shape[1])
        self.results = {
            "accuracy": 100.0 * float(np.mean(predictions == truth)),
            "predictions": predictions,
            "truth": truth,
            "confidence": shares.max(axis=1) / shares.sum(axis=1),
            "confusion_matrix": confusion,
            "classification_report": classification_report(confusion, names),
        }
        if verbose:
            print(f"\n Accuracy on test data: {self.results['accuracy']:.2f}%")
            print(f"\n Classification Report:\n{self.results['classification_report']}")
            print(f"\n Confusion Matrix:\n{confusion}")
        return self.results

    def _compare_normalisation(self) -> None:
        known = getattr(self.model, "trained_normalisation", None)
        found = getattr(getattr(self.test_loader, "dataset", None), "normalisation", None)
        if known is None or found is None:
            return
        ours, theirs = known.tensors(), found.tensors()
        if ours.keys() != theirs.keys() or any(not np.array_equal(ours[name], theirs[name]) for name in ours):
            warnings.warn(
                "the test features are normalised by other statistics than the training features: make the test set as "
                "AudioFeaturesDataset(pairs, normalisation=train.normalisation)",
                stacklevel=3,
            )

    def plot_confusion_matrix(self, path: str | Path) -> None:
        """Draw the confusion matrix to `path` (.svg, .png or .pdf), judging first where that was not done yet."""
        from kilovox.evaluation.report.plots import confusion_heat_map, save_figure

        results = self.results or self.evaluate(verbose=False)
        confusion = results["confusion_matrix"]
        save_figure(confusion_heat_map(confusion, self.names or [str(index) for index in range(len(confusion))]), Path(path))

    def _run(self) -> tuple[Any, Any]:
        """Truth (clips,) int64 and logits (clips, labels) float64 of everything the loader yields."""
        import torch

        modes = [(module, module.training) for module in self.model.modules()]
        truth, logits = [], []
        try:
            self.model.eval()
            with torch.inference_mode():
                for features, labels in self.test_loader:
                    logits.append(self.model(features.to(self.device)).double().cpu().numpy())
                    truth.append(labels.cpu().numpy().astype(np.int64))
        finally:
            # Module by module: a network may keep some of its parts frozen in evaluation mode while it trains.
            for module, training in modes:
                module.training = training
        if not truth:
            raise KilovoxError("the test loader yields no batch; expected at least one")
        return np.concatenate(truth), np.concatenate(logits)
