"""A teacher that hears the whole word at once: dilated convolutions over time, pooled. It is never firmware."""

import torch
from torch import Tensor, nn

from kilovox.training.network import valid_frames

DILATIONS = (1, 2, 4, 4)
WIDTH = 5


class ConvolutionalTeacher(nn.Module):
    """Residual convolutions over time, then mean and maximum over the valid frames, then a linear head.

    The shape follows temporal convolutions for keyword spotting (S. Choi et al., Interspeech 2019, arXiv 1904.03814).
    """

    def __init__(self, input_dim: int, channels: int, output_dim: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv1d(input_dim, channels, WIDTH, padding=WIDTH // 2), nn.BatchNorm1d(channels), nn.ReLU()
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(channels, channels, WIDTH, padding=WIDTH // 2 * dilation, dilation=dilation),
                nn.BatchNorm1d(channels), nn.ReLU(), nn.Dropout(dropout),
            )
            for dilation in DILATIONS
        )  # fmt: skip
        self.head = nn.Linear(2 * channels, output_dim)

    def forward(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits (clips, output_dim) of padded features (clips, frames, input_dim); `valid`: (clips,) frames that count."""
        if valid is None:
            valid = valid_frames(features)
        features = features[:, : int(valid.max())]
        there = (torch.arange(features.shape[1], device=features.device) < valid[:, None]).to(features)[:, None]
        heard = self.first(features.transpose(1, 2)) * there
        for block in self.blocks:
            heard = (heard + block(heard)) * there
        pooled = torch.cat([heard.sum(dim=2) / valid[:, None], heard.amax(dim=2)], dim=1)
        logits: Tensor = self.head(pooled)
        return logits
