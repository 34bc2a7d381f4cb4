"""Where networks are trained."""

from typing import Literal

import torch

from kilovox.errors import KilovoxError


def device_of(asked: Literal["cpu", "cuda", "auto"]) -> torch.device:
    """The device that `training.device` means; auto is CUDA where there is one. Raises KilovoxError where there is none."""
    available = torch.cuda.is_available()
    if asked == "cuda" and not available:
        raise KilovoxError("training.device: 'cuda'; torch finds no CUDA device here: expected 'cpu' or 'auto'")
    return torch.device("cuda" if asked == "cuda" or (asked == "auto" and available) else "cpu")
