"""One network trained by several processes, each on its part of every batch, to the loss curve that one alone gives.

Synchronous data parallelism (as in S. Li et al., "PyTorch Distributed", VLDB 2020), over gloo: the gradients of all parts are
added up, and every process takes the same step. Every process draws what is drawn for the whole batch (its clips, masks,
dropout) and uses the rows of its own; batch normalisation counts all of them. Only roundings differ.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch._C._distributed_c10d import FileStore, Store, TCPStore
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from kilovox.config import Configuration
from kilovox.errors import KilovoxError


class LostError(Exception):
    """Another process of the training is gone: all of them are to begin again from the last checkpoint."""


class Alone:
    """One process that trains by itself, on whole batches."""

    rank, size = 0, 1
    scale = 1.0
    """Of what this process counts in a batch, for all of them together to count every clip once."""

    def part(self, inputs: list[Tensor], labels: Tensor) -> tuple[list[Tensor], Tensor]:
        """The rows of a batch that are this process's."""
        return inputs, labels

    def backward(self, loss: Tensor, model: nn.Module) -> None:
        """The gradients of the mean loss of the batch, of which `loss` is that of this part."""
        loss.backward()  # type: ignore[no-untyped-call]

    def own(self, batches: Iterable[Any]) -> Iterable[Any]:
        """Of the batches that are judged, those that are this process's."""
        return batches

    def summed(self, total: Tensor) -> Tensor:
        """The sum of what all processes counted."""
        return total

    def sharing(self, model: nn.Module) -> contextlib.AbstractContextManager[None]:
        """While `model` is trained: its layers act on whole batches."""
        return contextlib.nullcontext()


ALONE = Alone()


class Member(Alone):
    """One of `size` processes, of a process group that is up."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self._share, self._clips, self._rows = 1.0, 0, slice(0, 0)

    def part(self, inputs: list[Tensor], labels: Tensor) -> tuple[list[Tensor], Tensor]:
        clips = self._clips = len(labels)
        bounds = [clips * rank // self.size for rank in range(self.size + 1)]
        # Of fewer clips than processes everybody takes all, and none counts in full.
        self._rows = slice(bounds[self.rank], bounds[self.rank + 1]) if clips >= self.size else slice(0, clips)
        self.scale = 1.0 if clips >= self.size else 1 / self.size
        own = labels[self._rows]
        self._share = len(own) * self.scale / clips
        return [values[self._rows] for values in inputs], own

    def backward(self, loss: Tensor, model: nn.Module) -> None:
        super().backward(loss * self._share, model)
        parameters = [one for one in model.parameters() if one.requires_grad]
        gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
        total = self.summed(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        parts = torch.split(total, [one.numel() for one in parameters])
        for one, gradient in zip(parameters, parts, strict=True):
            one.grad = gradient.view_as(one)

    def own(self, batches: Iterable[Any]) -> Iterable[Any]:
        return islice(batches, self.rank, None, self.size)

    def summed(self, total: Tensor) -> Tensor:
        found = total.detach().clone()
        try:
            distributed.all_reduce(found)
        except RuntimeError as error:
            raise LostError(str(error).partition("\n")[0]) from None
        return found

    @contextlib.contextmanager
    def sharing(self, model: nn.Module) -> Iterator[None]:
        replaced = []
        for module in model.modules():
            forward: Callable[[Tensor], Tensor] | None = None
            if isinstance(module, nn.Dropout):
                forward = partial(self._dropout, module)
            elif isinstance(module, _BatchNorm):
                forward = partial(self._normalised, module, module.forward)
            if forward is not None:
                module.forward = forward
                replaced.append(module)
        try:
            yield
        finally:
            for module in replaced:
                del module.forward

    def _dropout(self, module: nn.Dropout, values: Tensor) -> Tensor:
        """Drawn for the whole batch, in the order in which one process draws it: that of memory."""
        if not (module.training and module.p):
            return values
        # Of one clip, what torch's LSTM gives has equal strides: the frames come first.
        order = sorted(range(values.dim()), key=lambda place: (values.stride(place), place), reverse=True)
        shape = [self._clips if place == 0 else values.shape[place] for place in order]
        kept = functional.dropout(torch.ones(shape, device=values.device), module.p)
        return values * kept.permute([order.index(place) for place in range(values.dim())])[self._rows]

    def _normalised(self, module: _BatchNorm, alone: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
        """By mean and variance of the whole batch."""
        if not module.training:
            return alone(values)
        others = [place for place in range(values.dim()) if place != 1]
        shape = [-1 if place == 1 else 1 for place in range(values.dim())]
        rows = self._rows.stop - self._rows.start
        counted = values.numel() / values.shape[1] / rows * self._clips / self.scale
        mean = self._added(values.sum(others)) / counted
        centred = values - mean.view(shape)
        variance = self._added(centred.square().sum(others)) / counted
        self._remember(module, mean, variance * (counted / (counted - 1)))
        scaled: Tensor = centred * (torch.rsqrt(variance + module.eps) * module.weight).view(shape)
        return scaled + module.bias.view(shape)

    @torch.no_grad()
    def _remember(self, module: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
        for name, value in (("running_mean", mean), ("running_var", variance)):
            module.get_buffer(name).lerp_(value, module.momentum or 0.0)
        module.get_buffer("num_batches_tracked").add_(1)

    def _added(self, value: Tensor) -> Tensor:
        """The sum over all processes, through which gradients flow back to each."""
        total: Tensor = _Sum.apply(value, self)  # type: ignore[no-untyped-call]
        return total


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, value: Tensor, member: Member) -> Tensor:
        context.member = member
        return member.summed(value)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return context.member.summed(gradient), None


def check_shareable(config: Configuration, processes: int) -> None:
    """Raise KilovoxError where several processes cannot train what one would."""
    model, asked = config.model, config.quantisation
    dropouts = [model.dropout, asked.dropout if asked else 0.0]
    if model.num_layers > 1 and any(dropouts):
        raise KilovoxError(
            f"--processes {processes}: dropout between {model.num_layers} LSTM layers is drawn within torch, batch by batch; "
            "expected model.num_layers 1, no dropout, or one process"
        )


@contextlib.contextmanager
def meeting_place(host: str | None) -> Iterator[str]:
    """Where processes find one another: a file of this machine, or for those of others a port of `host`, which this one is."""
    if host is None:
        with tempfile.TemporaryDirectory(prefix="kilovox-") as scratch:
            yield f"{scratch}/meet"
        return
    store = TCPStore(host, 0, is_master=True, wait_for_workers=False)
    yield f"{host}:{store.port}"
    del store


@contextlib.contextmanager
def joined(place: str, rank: int, size: int) -> Iterator[Member]:
    """In a process of its own: member `rank` of the `size` that meet at `place`."""
    if Path(place).is_absolute():
        store: Store = FileStore(place, size)
        # All are on this machine, and nobody else need hear them.
        os.environ["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
    else:
        host, _, port = place.rpartition(":")
        store = TCPStore(host, int(port), is_master=False)
    try:
        distributed.init_process_group("gloo", store=store, rank=rank, world_size=size)
    except RuntimeError as error:
        raise LostError(str(error).partition("\n")[0]) from None
    try:
        yield Member(rank, size)
    finally:
        distributed.destroy_process_group()
