import sys

import numpy as np
import pytest
from sklearn import metrics as peer

from kilovox.errors import KilovoxError
from kilovox.evaluation.torch_evaluator import ModelEvaluator

torch = pytest.importorskip("torch")


class Network(torch.nn.Module):
    """Dropout shows whether it was judged in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.dropout = torch.nn.Dropout(0.9)
        self.fc = torch.nn.Linear(6, 3)
        self.frozen = torch.nn.BatchNorm1d(6).eval()

    def forward(self, features):
        return self.fc(self.dropout(self.frozen(features)))


@pytest.fixture
def network():
    torch.manual_seed(1)
    return Network()


@pytest.fixture
def loader():
    generator = torch.Generator().manual_seed(2)
    features, labels = torch.randn(40, 6, generator=generator), torch.randint(0, 3, (40,), generator=generator)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(features, labels), batch_size=16)


def test_figures_are_scikit_learns(network, loader, capsys):
    results = ModelEvaluator(network, loader, torch.device("cpu")).evaluate()
    features, truth = loader.dataset.tensors
    network.eval()
    logits = network(features).detach()
    predictions = logits.argmax(1).numpy()
    assert results["predictions"].tolist() == predictions.tolist()
    assert results["truth"].tolist() == truth.tolist()
    assert results["accuracy"] == pytest.approx(100 * peer.accuracy_score(truth, predictions))
    assert results["confusion_matrix"].tolist() == peer.confusion_matrix(truth, predictions).tolist()
    report = peer.classification_report(truth, predictions, digits=4)
    assert results["classification_report"] == report
    assert results["confidence"] == pytest.approx(torch.softmax(logits.double(), 1).amax(1).numpy(), abs=1e-6)
    printed = capsys.readouterr().out
    assert printed.startswith(f"\n Accuracy on test data: {results['accuracy']:.2f}%\n\n Classification Report:\n")
    assert report in printed
    assert f"\n Confusion Matrix:\n{np.array(results['confusion_matrix'])}\n" in printed


def test_the_network_is_left_as_it_was(network, loader):
    network.train()
    network.frozen.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    ModelEvaluator(network, loader).evaluate(verbose=False)
    assert network.training
    assert network.dropout.training
    assert not network.frozen.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_modes_come_back_after_a_failure(network):
    network.train()
    broken = [(torch.zeros(2, 5), torch.zeros(2))]
    with pytest.raises(RuntimeError):
        ModelEvaluator(network, broken).evaluate()
    assert network.training


def test_nothing_to_judge(network):
    with pytest.raises(KilovoxError, match="yields no batch"):
        ModelEvaluator(network, []).evaluate()


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_confusion_matrix_as_a_picture(network, loader, tmp_path, capsys, ending):
    path = tmp_path / f"confusion.{ending}"
    ModelEvaluator(network, loader, names=["a", "b", "c"]).plot_confusion_matrix(path)
    assert path.stat().st_size > 1000
    assert capsys.readouterr().out == ""


def test_the_room_does_not_import_torch():
    import subprocess

    code = (
        "import sys; import kilovox.evaluation.torch_evaluator, kilovox.evaluation.evaluate, kilovox.evaluation.report.report, "
        "kilovox.evaluation.latency; sys.exit('torch' in sys.modules or 'matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
