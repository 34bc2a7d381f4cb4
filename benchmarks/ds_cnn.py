"""MLPerf Tiny's keyword spotting network, DS-CNN, beside ours: the same recordings, recipe and people, in floats and in int8.

    python benchmarks/ds_cnn.py [--corpus people/speech_commands] [--seeds 3] [--workers 1]

The peer is what the reference of MLPerf Tiny trains (github.com/mlcommons/tiny, benchmark/training/keyword_spotting), after
Y. Zhang et al., "Hello Edge", arXiv 1711.07128: 49 x 10 cepstra, a convolution of 10 x 4 with 64 channels, four depthwise and
pointwise convolutions, the mean of all that. Its cepstra are made here of the integer front end's levels, frames of 32 ms every
20 ms at 8 kHz, where the reference has 40 ms at 16 kHz. Prints bytes, multiply-accumulates, and how many of the people's words
are right, with 95 % intervals that count people. Instructions of ours are counted by `kilovox verify`; the peer's are not: it
has no engine here.
"""

import math
import sys

import torch
from isolated_words import BANDS
from small_layers import MOMENTUM, Full, Unit, int8_values
from torch import Tensor, nn

CEPSTRA, HEARD = 10, 50
"""Coefficients, and frames of the one second that is heard."""


class DSCNN(nn.Module):
    """(clips, frames, BANDS) levels -> (clips, classes) logits; `cepstra`: BANDS of them are the levels, turned round."""

    def __init__(self, classes: int, width: int = 64, cepstra: int = CEPSTRA) -> None:
        super().__init__()
        centres = math.pi / BANDS * (torch.arange(BANDS) + 0.5)
        rows = torch.cos(torch.outer(torch.arange(cepstra).float(), centres)) * math.sqrt(2 / BANDS)
        self.register_buffer("cosines", rows.t().contiguous())
        self.normalisation = nn.BatchNorm2d(1, affine=False, momentum=MOMENTUM)
        self.first = Unit(1, width, (10, 4), (2, 2), padding=(4, 1))
        pairs = [(Unit(width, width, (3, 3), groups=width), Unit(width, width)) for _ in range(4)]
        self.blocks = nn.Sequential(*(unit for pair in pairs for unit in pair))
        self.drop, self.drop_mean = nn.Dropout(0.2), nn.Dropout(0.4)
        self.head = Full(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        cepstra = self.normalisation((features[:, :HEARD] @ self.cosines)[:, None])
        if len(self.first.weights):
            cepstra = int8_values(cepstra)
        heard = self.blocks(self.drop(self.first(cepstra)))
        return self.head(self.drop_mean(heard.mean((2, 3))))


if __name__ == "__main__":
    from small_networks import main

    # One beside the other, on both tasks.
    sys.exit(main(["--networks", "dscnn,ours36-last,ours36-ctc", "--tasks", "words,classes", *sys.argv[1:]]))
