"""The whole state of a training run after an epoch, as one .safetensors file; never pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from kilovox.errors import KilovoxError
from kilovox.files import write_bytes

Kept = tuple[dict[str, Tensor], dict[str, Tensor]]
"""The best weights so far, and the running average (empty where none is kept)."""


def save_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, kept: Kept, facts: dict[str, Any]) -> None:
    """Write the weights, the best and the averaged ones so far, the optimiser's moments, and `facts` (JSON), atomically."""
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    for part, weights in zip(("best", "average"), kept, strict=True):
        tensors |= {f"{part}/{name}": value for name, value in weights.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": value for name, value in moments.items()}
    # Several names may share memory, which the format does not allow.
    tensors = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    write_bytes(path, save(tensors, metadata={"kilovox": json.dumps(facts)}))


def load_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[Kept, dict[str, Any]]:
    """Restore `model` and `optimizer`; returns the best and the averaged weights, and the facts.

    Raises KilovoxError for a file that does not fit.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["kilovox"])
            if [figures["epoch"] for figures in facts["history"]] != list(range(1, len(facts["history"]) + 1)):
                raise ValueError("its history is not one of epochs in order")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        model.load_state_dict(_under(tensors, "model/"))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, "optimizer/").items():
            index, moment = name.split("/")
            state.setdefault(int(index), {})[moment] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        raise KilovoxError(f"{path}: not a checkpoint of this training ({error}); start again in another folder") from None
    return (_under(tensors, "best/"), _under(tensors, "average/")), facts


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
