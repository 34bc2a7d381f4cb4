"""What the literature says pays in small networks for spoken words, within the bytes of ours: floats, then int8.

    python benchmarks/small_networks.py [--corpus people/speech_commands] [--features FILE] [--networks a,b] [--seeds 2]
                                        [--tasks words,classes] [--workers 1] [--seconds 3600] [--steps 900] [--out FILE]

Every network is trained by the recipe of isolated_words.py on the same recordings: 18 words (`words`), or 8 of the commands,
unknown and silence (`classes`). Held-out people of the training part choose, validation people judge. A line a network as it
ends, then a table: bytes in int8, multiply-accumulates of a second, shares right. Takes a graphics processor where there is
one; with a file of features nothing but torch and NumPy.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ds_cnn import DSCNN, HEARD
from isolated_words import BANDS, LARGEST, STEPS_OF_INTEGERS, Material, fit, make_features
from small_layers import Full, Memory, Unit, cost, fold
from torch import Tensor, nn
from torch.nn import functional


class Gate(nn.Module):
    """Squeeze and excitation (J. Hu et al., CVPR 2018) over the bands of one frame, which is what a stream can do."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, channels // 4), nn.Linear(channels // 4, channels)

    def forward(self, sound: Tensor) -> Tensor:
        mean = sound.mean(3).transpose(1, 2)
        return sound * torch.sigmoid(self.excite(functional.relu(self.squeeze(mean)))).transpose(1, 2)[..., None]


class Broadcast(nn.Module):
    """The mean over bands through convolutions in time, added to all bands (B. Kim et al., arXiv 2106.04140); causal."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.depthwise = Unit(channels, channels, (3, 1), groups=channels, dilation=dilation, causal=True)
        self.pointwise = Unit(channels, channels, rectified=False)

    def forward(self, sound: Tensor) -> Tensor:
        return functional.hardtanh(sound + self.pointwise(self.depthwise(sound.mean(3, keepdim=True))), 0.0, LARGEST)


Block = tuple[int, int, int, int, int]
"""Channels, frames, bands, stride of bands, stride of frames."""


class Ours(nn.Module):
    """kilovox's convolutions, projection and LSTM (0 units: none, 0 projection: the mean over bands), and what can be added.

    read: the last state, their mean, or all of them (`ctc`), as the network that listens is read.
    """

    def __init__(
        self, classes: int, blocks: Sequence[Block], projection: int, units: int, read: str = "last", residual: bool = False,
        apart: int = 1, gate: bool = False, broadcast: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.read = read
        (channels, frames, width, band_stride, frame_stride), *others = blocks
        self.first = Unit(1, channels, (frames, width), (frame_stride, band_stride), causal=True, apart=apart)
        bands, self.blocks, self.skips = -(-BANDS // band_stride), nn.ModuleList(), []
        for number, (wider, frames, width, band_stride, frame_stride) in enumerate(others):
            bands = -(-bands // band_stride)
            stride, split = (frame_stride, band_stride), min(apart, bands)
            parts: list[nn.Module] = [
                Unit(channels, channels, (frames, width), stride, groups=channels, causal=True, apart=split),
                Unit(channels, wider),
            ]
            if gate:
                parts.append(Gate(wider))
            if broadcast:
                parts.append(Broadcast(wider, 2 ** (number // 2)))
            self.blocks.append(nn.Sequential(*parts))
            self.skips.append(residual and wider == channels and stride == (1, 1))
            channels = wider
        self.projection = Full(channels * bands, projection, normalised=True) if projection else None
        self.memory = Memory(projection or channels, units) if units else None
        self.drop = nn.Dropout(0.1)
        self.head = Full(units or projection or channels, classes + (read == "ctc"))

    def forward(self, features: Tensor) -> Tensor:
        sound = self.first(features[:, None])
        for block, skip in zip(self.blocks, self.skips, strict=True):
            sound = functional.hardtanh(sound + block(sound), 0.0, LARGEST) if skip else block(sound)
        clips, channels, frames, bands = sound.shape
        if self.projection is None:
            states = sound.mean(3).transpose(1, 2)
        else:
            flat = sound.permute(0, 2, 1, 3).reshape(clips * frames, channels * bands)
            states = self.projection(flat).view(clips, frames, -1)
        if self.memory is not None:
            states = self.memory(self.drop(states))
        read = states[:, -1] if self.read == "last" else states.mean(1) if self.read == "mean" else states
        return self.head(self.drop(read))


class BCBlock(nn.Module):
    """One of BC-ResNet's: convolution over bands with sub-spectral normalisation, then in time over their mean."""

    def __init__(self, inputs: int, channels: int, stage: int, stride: int, apart: int) -> None:
        super().__init__()
        self.same = inputs == channels
        self.enter = nn.Identity() if self.same else Unit(inputs, channels)
        self.bands = Unit(channels, channels, (1, 3), (1, stride), groups=channels, rectified=False, apart=apart)
        self.frames = Unit(channels, channels, (3, 1), groups=channels, dilation=2**stage, swish=True)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.drop = nn.Dropout2d(0.1)

    def forward(self, sound: Tensor) -> Tensor:
        bands = self.bands(self.enter(sound))
        heard = bands + self.drop(self.pointwise(self.frames(bands.mean(3, keepdim=True))))
        return functional.relu(heard + sound if self.same else heard)


class BCResNet(nn.Module):
    """B. Kim et al., "Broadcasted Residual Learning for Efficient Keyword Spotting", Interspeech 2021, on 32 bands for their 40
    and 4 sub-bands for their 5; hears the whole second at once, in floats alone."""

    def __init__(self, classes: int, scale: float, apart: int = 4) -> None:
        super().__init__()
        widths = [int(8 * scale * share) for share in (2, 1, 1.5, 2, 2.5, 4)]
        self.first = Unit(1, widths[0], (5, 5), (1, 2))
        blocks = []
        for stage, count in enumerate((2, 2, 4, 4)):
            for number in range(count):
                inputs = widths[stage if number == 0 else stage + 1]
                blocks.append(BCBlock(inputs, widths[stage + 1], stage, 2 if stage in (1, 2) and number == 0 else 1, apart))
        self.blocks = nn.Sequential(*blocks)
        self.depthwise = nn.Conv2d(widths[4], widths[4], (5, 4), padding=(2, 0), groups=widths[4], bias=False)
        self.pointwise = Unit(widths[4], widths[5])
        self.head = Full(widths[5], classes)

    def forward(self, features: Tensor) -> Tensor:
        sound = self.pointwise(self.depthwise(self.blocks(self.first(features[:, None, :HEARD]))))
        return self.head(sound.mean((2, 3)))


BASE = [(24, 3, 5, 2, 1), (32, 3, 3, 2, 1), (40, 3, 3, 2, 2), (40, 3, 3, 1, 1)]
"""Of `listening`, and of the configurations for Speech Commands."""
WIDE = [(32, 3, 5, 2, 1), (48, 3, 3, 2, 1), (64, 3, 3, 2, 2), (64, 3, 3, 1, 1), (64, 3, 3, 1, 1)]
SLOW = [(32, 5, 5, 2, 2), *WIDE[1:]]
NARROWER = [(min(channels - 4, 56), *rest) for channels, *rest in WIDE]
NARROWEST = [(min(channels - 4, 52), *rest) for channels, *rest in WIDE]
WITHOUT = [(32, 3, 5, 2, 1), (52, 3, 3, 2, 1), (70, 5, 3, 2, 2), *[(70, 5, 3, 1, 1)] * 4]
SMALL = [(16, 3, 5, 2, 1), (24, 3, 3, 2, 1), (32, 3, 3, 2, 2), (32, 3, 3, 1, 1)]
SMALL_SLOW = [(20, 5, 5, 2, 2), (32, 3, 3, 2, 1), (40, 3, 3, 2, 2), (40, 3, 3, 1, 1)]

NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "ours36-last": lambda classes: Ours(classes, BASE, 44, 53),
    "ours36-ctc": lambda classes: Ours(classes, BASE, 44, 53, "ctc"),
    "ours36-mean": lambda classes: Ours(classes, BASE, 44, 53, "mean"),
    "wide36-last": lambda classes: Ours(classes, WIDE, 28, 36),
    "wide36-ctc": lambda classes: Ours(classes, WIDE, 28, 36, "ctc"),
    "slow36-last": lambda classes: Ours(classes, SLOW, 28, 36),
    "wide36-residual": lambda classes: Ours(classes, WIDE, 28, 36, residual=True),
    "wide36-subbands": lambda classes: Ours(classes, NARROWER, 24, 29, residual=True, apart=4),
    "wide36-gate": lambda classes: Ours(classes, NARROWER, 26, 33, residual=True, gate=True),
    "wide36-broadcast": lambda classes: Ours(classes, NARROWEST, 22, 26, residual=True, broadcast=True),
    "nomemory36-mean": lambda classes: Ours(classes, WITHOUT, 0, 0, "mean", residual=True),
    "ours16-last": lambda classes: Ours(classes, SMALL, 24, 30),
    "ours16-ctc": lambda classes: Ours(classes, SMALL, 24, 30, "ctc"),
    "slow16-last": lambda classes: Ours(classes, SMALL_SLOW, 20, 24),
    "dscnn": DSCNN,
    "dscnn-levels": lambda classes: DSCNN(classes, cepstra=BANDS),
    "bcresnet1": lambda classes: BCResNet(classes, 1),
    "bcresnet1.5": lambda classes: BCResNet(classes, 1.5),
    "bcresnet2": lambda classes: BCResNet(classes, 2),
}

IN_FLOATS_ALONE = ("gate", "broadcast", "subbands", "bcresnet")
"""What no engine of integers here has."""

Arrays = dict[str, Any]


def trained(name: str, task: str, seed: int, data: Arrays, steps: int, deadline: float) -> Arrays:
    """One network's figures, in floats and, where it has them, in integers: as they come of it, and trained for."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    started = time.time()
    torch.manual_seed(seed)
    material = Material(data, task, device)
    network = NETWORKS[name](material.classes).to(device)
    size, products = cost(network, HEARD, BANDS)
    fit(network, material, steps, whole=False, deadline=deadline)
    found: Arrays = {
        "net": name, "task": task, "seed": seed, "steps": steps, "bytes": size, "macs": products,
        "parameters": sum(one.numel() for one in network.parameters()), "float": material.judged(network),
    }  # fmt: skip
    if not any(part in name for part in IN_FLOATS_ALONE):
        fold(network)
        found["ptq"] = material.judged(network)
        fit(network, material, min(steps, STEPS_OF_INTEGERS), whole=True, deadline=deadline)
        found["int8"] = material.judged(network)
    return found | {"seconds": time.time() - started}


def work(queue: Any, features: Path, steps: int, deadline: float, out: Path) -> None:
    """Train one network of the queue after another; a process."""
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    data = dict(np.load(features))
    while (job := queue.get()) is not None and time.time() < deadline:
        try:
            found = trained(*job, data, steps, deadline)
        except TimeoutError:
            return
        with out.open("a") as file:  # one write a network: lines of several processes do not mix
            file.write(json.dumps(found) + "\n")
        print(_line(found), flush=True)


def _line(found: Arrays) -> str:
    parts = [f"{found['net']:16} {found['task']:7} seed {found['seed']}"]
    parts += [f"{kind} {found[kind]['judge']['balanced']:.2%}" for kind in ("float", "ptq", "int8") if kind in found]
    return " ".join(parts) + f" ({found['seconds']:.0f} s)"


def table(results: Path, features: Path) -> str:
    """Means over seeds: of people who choose and of people who judge, with the interval of the first seed by people."""
    data = dict(np.load(features))
    found = [json.loads(line) for line in results.read_text().splitlines()]
    lines = [f"{'network':16} {'task':7} {'bytes':>6} {'MMAC':>5} seeds  chosen on (float)  judged (float)  judged (int8)"]
    for name, task in dict.fromkeys((one["net"], one["task"]) for one in found):
        runs = [one for one in found if (one["net"], one["task"]) == (name, task)]
        material = Material(data, task, "cpu")
        cells = [f"{np.mean([run['float'][part]['balanced'] for run in runs]):.2%}" for part in ("choose", "judge")]
        whole = [run["int8"] for run in runs if "int8" in run]
        if whole:
            cells.append(f"{np.mean([one['judge']['balanced'] for one in whole]):.2%} {_interval(material, whole[0]['said'])}")
        first = runs[0]
        lines.append(f"{name:16} {task:7} {first['bytes']:6} {first['macs'] / 1e6:5.2f} {len(runs)}  " + "  ".join(cells))
    return "\n".join(lines)


def _interval(material: Material, said: list[int]) -> str:
    """95 % of the share right, not balanced, people drawn as wholes."""
    right = np.array(said) == material.truth[material.judges]
    person = material.person[material.judges]
    people = np.unique(person)
    counts = np.array([(right[person == one].sum(), (person == one).sum()) for one in people])
    draws = counts[np.random.default_rng(1).integers(len(people), size=(2000, len(people)))].sum(1)
    low, high = np.percentile(draws[:, 0] / draws[:, 1], (2.5, 97.5))
    return f"({right.mean():.2%} of all, {low:.2%} to {high:.2%})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is asked for, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("people/speech_commands"))
    parser.add_argument("--features", type=Path, default=Path("isolated-words.npz"))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--tasks", default="words,classes")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--out", type=Path, default=Path("isolated-words.jsonl"))
    asked = parser.parse_args(arguments)
    if not asked.features.exists():
        if not asked.corpus.is_dir():
            print(f"{asked.corpus}: not there, and no features in {asked.features}: nothing is measured")
            return 0
        make_features(asked.corpus, asked.features)
    deadline = time.time() + asked.seconds
    context = torch.multiprocessing.get_context("spawn")
    queue = context.Queue()
    for task in asked.tasks.split(","):
        for seed in range(1, asked.seeds + 1):
            for name in asked.networks.split(","):
                queue.put((name, task, seed))
    asked.out.write_text("")
    workers = [
        context.Process(target=work, args=(queue, asked.features, asked.steps, deadline, asked.out), daemon=True)
        for _ in range(asked.workers)
    ]
    for worker in workers:
        queue.put(None)
        worker.start()
    for worker in workers:
        worker.join()
    print(table(asked.out, asked.features))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
