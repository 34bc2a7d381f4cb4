"""A page a bundled model, made from its file; figures on recordings from models.yaml, of emulated cores from costs.json."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from drawing import Panel, figure

from kilovox.config import FixedPointFrontEnd
from kilovox.integer.bundled import open_recogniser, resolve_model
from kilovox.integer.calibration import IDENTITY, calibrated
from kilovox.integer.detection_errors import HOUR, DetectionErrors
from kilovox.integer.outcome import FULL_CONFIDENCE
from kilovox.integer.recogniser import Recogniser

FIGURES = Path(__file__).parent / "models.yaml"
COSTS = Path(__file__).parent / "costs.json"

CORES = {
    "cortex-m0": "Cortex-M0", "cortex-m4": "Cortex-M4", "riscv32": "RV32IM", "riscv32i": "RV32I, no multiplier",
}  # fmt: skip

FRONT_END = {
    "sample_rate": "samples a second", "window": "samples of a frame", "hop": "samples from frame to frame",
    "mel_bands": "mel bands", "features": "what the network reads", "coefficients": "numbers a frame",
}  # fmt: skip


def said_of_models() -> dict[str, Any]:
    """By model: what it is for, figures, limits."""
    values: dict[str, Any] = yaml.safe_load(FIGURES.read_text())
    return values


def pages() -> dict[str, str]:
    """By file name: Markdown."""
    said, costs = said_of_models(), json.loads(COSTS.read_text())
    recognisers = {name: open_recogniser(name) for name in said}
    found = {f"models/{name}.md": _page(name, one, said[name], costs.get(name)) for name, one in recognisers.items()}
    return {"models/index.md": _overview(recognisers, said, costs), **found}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(map(str, row)) for row in rows]
    columns = list(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *lines]) + "\n"


def _overview(recognisers: dict[str, Recogniser], said: dict[str, Any], costs: dict[str, Any]) -> str:
    rows = []
    for name, one in recognisers.items():
        first = said[name]["figures"][0]
        flash = f"{costs[name]['targets']['cortex-m0']['flash']:,}" if name in costs else "no C"
        arithmetic, size = one.model.metadata.arithmetic, f"{one.size.bytes:,}"
        rows.append([f"[`{name}`]({name}.md)", said[name]["for"], arithmetic, size, flash, f"{first[0]} {first[1]}"])
    head = ("model", "for", "arithmetic", "bytes of the network", "flash on a Cortex-M0", "first figure")
    return (
        f"# Models\n\n{len(recognisers)} models come with the package; a command takes their names. Each page is made from the "
        "model file itself when this site is built, figures on recordings from [Results](../results.md), and costs from "
        f"`kilovox verify`.\n\n{table(head, rows)}\nWhich one? Digits one by one: `digits`. Digits in running sound: "
        "`listening`. A processor without a fast multiplier: their `-pow2`; `listening-pow2` takes a third less flash. The "
        "three `fsdd-` models belong to the tasks of [Results](../results.md), and know six people.\n\nA model of yours has "
        "none of these pages, and the same facts: `kilovox inspect MODEL`.\n"
    )


def _page(name: str, recogniser: Recogniser, said: dict[str, Any], costs: dict[str, Any] | None) -> str:
    metadata = recogniser.model.metadata
    parts = [
        f"# {name}\n", f"For {said['for']}.\n", _facts(name, recogniser),
        "## What it was trained on\n", _trained(recogniser),
        "## Front end\n", _front_end(recogniser),
        "## Layers\n", _layers(recogniser),
        "## On a processor\n", _costs(name, recogniser, costs),
        "## How often it is right\n", _accuracy(said["figures"]),
    ]  # fmt: skip
    if metadata.detection_errors is not None:
        parts += ["## Missed words against false detections\n", _curve(recogniser, metadata.detection_errors)]
    parts += ["## What it cannot, and whom it was not tried on\n", "\n".join(f"- {limit}" for limit in said["limits"]) + "\n"]
    return "\n".join(parts)


def _facts(name: str, recogniser: Recogniser) -> str:
    metadata, size = recogniser.model.metadata, recogniser.size
    kind = "tells of words in running sound" if recogniser.listens else (
        "finds words, and decides on each" if recogniser.finds_words else "decides on whole recordings"
    )  # fmt: skip
    convolutions = f"{len(recogniser.network.blocks)} blocks of convolutions, " if recogniser.listens else ""
    aliases = ", ".join(f"{word} = {label}" for word, label in metadata.aliases.items())
    file = resolve_model(name)
    return table(("", ""), [
        ("labels", " ".join(f"`{label}`" for label in metadata.labels)),
        ("other words for them", aliases or "none"),
        ("what it does", kind),
        ("network", f"{convolutions}{size.layers} x LSTM {size.hidden}, {metadata.arithmetic}, {size.parameters:,} parameters"),
        ("bytes of the network", f"{size.bytes:,}"),
        ("file", f"`{file.name}`, {file.stat().st_size:,} bytes, format version {metadata.format_version}"),
        ("configuration", f"`kilovox inspect {name} --json` has every key"),
    ])  # fmt: skip


def _trained(recogniser: Recogniser) -> str:
    trained = recogniser.model.metadata.trained_on
    rows = [(trained.corpus, f"{len(trained.recordings):,}, with what people spoke in the others", f"split `{trained.split}`")]
    if not any(not source.licences for source in trained.besides):
        rows = [(trained.corpus, f"{len(trained.recordings):,}", f"split `{trained.split}`")]
    for source in trained.besides:
        licences = "; ".join(source.licences.values())
        rows.append((source.corpus, f"{source.recordings:,}", licences or "recordings of people"))
    note = f"\n{trained.note[:1].upper()}{trained.note[1:]}.\n" if trained.note else ""
    return table(("corpus", "recordings", "which"), rows) + note


def _front_end(recogniser: Recogniser) -> str:
    front_end = recogniser.front_end
    rows = [(meaning, getattr(front_end, key)) for key, meaning in FRONT_END.items() if hasattr(front_end, key)]
    kind = "integers, int16 samples to int8 features" if isinstance(front_end, FixedPointFrontEnd) else "floats: MFCC"
    words = getattr(front_end, "words", None)
    if words is not None:
        rows += [
            ("frames kept, to find words in", words.buffer), ("the longest pause within a word, frames", words.pause),
        ]  # fmt: skip
    return (
        f"Kind `{front_end.kind}`: {kind}. Every key is explained in [Configuration](../reference/configuration.md).\n\n"
        + table(("", ""), rows)
    )


def _layers(recogniser: Recogniser) -> str:
    size = recogniser.size
    names = [f"LSTM {number + 1}, {size.hidden} units" for number in range(size.layers)] + [f"head, {size.outputs} outputs"]
    if recogniser.listens:
        names = [*_convolutions(recogniser), *names]
    rows = [*zip(names, map("{:,}".format, size.layer_parameters), map("{:,}".format, size.layer_bytes), strict=True)]
    if size.tables:
        rows.append(("activation table", "", f"{size.tables:,}"))
    return table(("layer", "parameters", "bytes"), [*rows, ("all", f"{size.parameters:,}", f"{size.bytes:,}")])


def _convolutions(recogniser: Recogniser) -> list[str]:
    found: list[str] = []
    for number, block in enumerate(recogniser.network.blocks):
        kernel = f"{block.frames} x {block.bands}, every {block.frame_stride} x {block.band_stride}"
        if number == 0:
            found.append(f"full convolution {kernel}, {block.channels} channels")
        else:
            found += [f"depthwise convolution {kernel}", f"pointwise, {block.channels} channels"]
    return [*found, f"projection onto {recogniser.network.projection}"]


def _costs(name: str, recogniser: Recogniser, costs: dict[str, Any] | None) -> str:
    if costs is None:
        return "It is a float network: `kilovox export --target onnx` writes it, and there is no C of it.\n"
    rows = []
    for core, title in CORES.items():
        one = costs["targets"][core]
        numbers = [one["flash"], one["ram"], one["stack"], one["per_second"]]
        # A model that finds words runs its network when a word has ended, at times at the end of the recording, in no push.
        numbers += [] if recogniser.finds_words else [one["longest_push"]]
        rows.append([title, *(f"{number:,}" for number in numbers)])
    compilers = sorted({one["compiler"] for one in costs["targets"].values()})
    head = ["core", "flash", "static RAM", "stack", "instructions a second of speech"]
    head += [] if recogniser.finds_words else ["longest `kv_push` of a hop"]
    return (
        f"{table(head, rows)}\nBytes, and instructions as an emulator counts them, over {costs['clips']} of the "
        f"{costs['recordings']}: `kilovox verify {name} --clips {costs['clips']}`; the state was the Python engine's, bit for "
        "bit. Other recordings give other counts a second, by some hundredths, and a stack some words deeper. Compiled by "
        f"{' and '.join(compilers)}. No board was measured.\n"
    )


def _accuracy(figures: list[list[str]]) -> str:
    rows = [
        (what, value, interval, command if command == "the same" else f"`{command}`")
        for what, value, interval, command in figures
    ]
    return table(("judged on", "", "95 % interval", "command"), rows) + (
        "\nSplits, intervals and what was looked at how often: [Results](../results.md).\n"
    )


def _curve(recogniser: Recogniser, errors: DetectionErrors) -> str:
    """Missed against false an hour, as the model file has them; the threshold that the model has is marked."""
    metadata = recogniser.model.metadata
    highest = max(errors.per_hour)
    limit = (0.0, 20 * np.ceil(highest * 1.05 / 20))
    panel = Panel(limit, (0, 0.5), height=320)
    panel.axes(
        [(value, f"{value:g}") for value in np.arange(0, limit[1] + 1, 20)],
        [(value, f"{value:.0%}") for value in (0, 0.1, 0.2, 0.3, 0.4, 0.5)], ("false detections an hour", "words missed"),
    )  # fmt: skip
    panel.line(errors.per_hour, errors.missed, dots=True)
    chosen = sorted(set(metadata.thresholds) - {0})
    rows = []
    for level, missed, false in zip(errors.levels, errors.missed, errors.per_hour, strict=True):
        told = calibrated(level, metadata.calibration or IDENTITY) / FULL_CONFIDENCE
        rows.append((f"**{level}**" if level in chosen else level, f"{told:.2f}", f"{missed:.1%}", f"{false:,.1f}"))
        if level in chosen:
            panel.dot(false, missed, f"as it is: sure of {level} of 255", place=(-10, 24))
    caption = (
        f"{errors.words:,} words of people who validate in {errors.seconds / HOUR:.2f} h of running sound, as noisy as what "
        "was trained on: the more sure the network must be, the fewer false detections and the more words missed. The curve is "
        "stored in the model file. These people chose the epoch, so it flatters a little; other people's figures are above."
    )
    drawn = figure([panel], "Words missed against false detections an hour", caption)
    head = ("accepted where at least so sure, of 255", "confidence told", "words missed", "false an hour")
    return f"{drawn}\n\n{table(head, rows)}"
