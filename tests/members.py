"""What processes that train one network together are given to do in tests."""

import os
import signal

import torch
from torch import nn

from kilovox.config.network import Block
from kilovox.search.together import Training
from kilovox.training.convolutional import ConvolutionalClassifier
from kilovox.training.listening import ListeningTrainer
from kilovox.training.parallel import ALONE, joined
from kilovox.training.strings import padded_targets
from kilovox.training.trainer import ModelTrainer

BLANK = 3


class OneOfThemDies(Training):
    """The second process is killed in the second epoch, the first time that it comes there."""

    def __call__(self, rank):
        mark, epoch = self.folder.parent / "died", ModelTrainer._epoch

        def fragile(trainer, number, advance):
            if rank == 1 and number == 1 and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return epoch(trainer, number, advance)

        ModelTrainer._epoch = fragile
        try:
            super().__call__(rank)
        finally:
            ModelTrainer._epoch = epoch


def listened(member=ALONE):
    """Losses and weights of a few epochs of a network that listens, on seven pieces in batches of four: 4, then 3."""
    torch.manual_seed(5)
    blocks = (Block(channels=4, frames=3, bands=3, band_stride=2), Block(channels=6, frames=3, bands=3, frame_stride=2))
    network = ConvolutionalClassifier(8, blocks, 5, 6, 1, BLANK + 1, dropout=0.2)
    features = torch.randn(7, 24, 8)
    said, ends = [[0], [1, 2], [], [2], [0, 1], [1], [2]], [[9], [5, 20], [], [8], [4, 9], [9], [7]]
    targets = torch.from_numpy(padded_targets(said, ends, BLANK))
    batches = [(features[:4], targets[:4]), (features[4:], targets[4:])]
    trainer = ListeningTrainer(network, 3, batches, "cpu", 0.01, validation_loader=batches, progress=False, member=member)
    trainer.stride = 2
    history = trainer.train()
    return [{name: value for name, value in figures.items() if name != "seconds"} for figures in history], _numbers(network)


def listened_together(place, rank):
    with joined(place, rank, 2) as member:
        return listened(member)


def _numbers(network: nn.Module):
    return {name: value.tolist() for name, value in network.state_dict().items()}
