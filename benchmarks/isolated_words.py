"""Words one by one, for comparisons of small networks: the same features, the same recipe, the same people for all of them.

Features are the integer front end's mel levels, int8, of one second and 0.2 s of silence: as recorded, and in `VIEWS` changed
views (kilovox.training.acoustics, another tempo, shifted by up to 0.1 s). People who validate in the corpus' own split judge; a
tenth of those who train are held out and choose. They are written to a file, so that a machine with a graphics processor needs
nothing but torch, NumPy and that file.
"""

import hashlib
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WORDS = (
    "yes", "no", "up", "down", "left", "right", "stop", "go", "bed", "cat", "happy", "zero", "one", "two", "three", "four",
    "five", "eight",
)  # fmt: skip
"""Of which the part of Speech Commands that this was measured on has enough; the first KNOWN are among the ten commands."""
KNOWN = 8
VIEWS, FRAMES, BANDS, RATE = 4, 60, 32, 8000
MOST, MOST_HELD = 349, 40
"""Recordings of a word that train, and that choose."""
HOPS = (134, 143, 152, 160, 168, 178, 190)
SILENCES, SILENCES_HELD = 600, 120
LARGEST, LEAST = 127 / 32, -4.0
"""Of a feature and of what lies between layers: int8 in units of 1/32."""
TILT, KNOTS, SHIFT, MASKED_FRAMES, MASKED_BANDS = 0.12, 9, 3, 8, 4
BATCH, RATE_OF_FLOATS, RATE_OF_INTEGERS, STEPS_OF_INTEGERS = 256, 0.006, 0.001, 260

Arrays = dict[str, Any]


def make_features(corpus_folder: Path, path: Path) -> None:
    """Write the features of Speech Commands in `corpus_folder`, which has WORDS and a part that validates, to `path` (.npz)."""
    from kilovox.config import parse_front_end
    from kilovox.config.training import Acoustics
    from kilovox.corpus.speech_commands import open_speech_commands
    from kilovox.frontend.pipeline import fit_normalisation
    from kilovox.native.fast import fast_raw_features
    from kilovox.training.acoustics import perturbed

    front_end = parse_front_end({"kind": "fixed_point", "features": "levels"})
    corpus = open_speech_commands(corpus_folder)
    train, held, judges = _people(corpus)
    samples = {place: corpus.samples(place, RATE) for place in (*train, *held)}

    def heard(sounds: list[Any], hops: list[int]) -> list[Any]:
        found: dict[int, Any] = {}
        for hop in sorted(set(hops)):
            places = [place for place, one in enumerate(hops) if one == hop]
            at_hop = front_end.model_copy(update={"hop": hop})
            found |= dict(zip(places, fast_raw_features(at_hop, [sounds[place] for place in places]), strict=True))
        return [found[place] for place in range(len(sounds))]

    plain = [heard([_second(samples[place]) for place in part], [front_end.hop] * len(part)) for part in (train, held)]
    normalised = fit_normalisation(front_end, plain[0])
    views = [_padded(normalised(plain[0]))]
    settings = Acoustics(
        vocal_tract=0.2, crop_ms=60, silence_ms=250, equaliser_db=3.0, band_limit=0.15, reverberation=0.25, noise=0.7,
        noise_db=3.0, codec=0.05,
    )  # fmt: skip
    for view in range(VIEWS):
        sounds, hops = [], []
        for number, place in enumerate(train):
            draw = np.random.default_rng([7, view, number])
            voices = [samples[train[int(draw.integers(len(train)))]] for _ in range(4)]
            changed = perturbed(samples[place], settings, RATE, draw, voices)
            sounds.append(_second(changed, int(draw.integers(-800, 801)) if len(changed) < RATE else 0, draw))
            hops.append(int(draw.choice(HOPS)))
        views.append(_padded(normalised(heard(sounds, hops))))
        print(f"view {view + 1} of {VIEWS}", flush=True)
    silences = [_padded(normalised(heard(sounds, [160] * len(sounds)))) for sounds in _silences()]
    people = [str(one.speaker) for one in corpus.recordings]
    numbers = {name: number for number, name in enumerate(sorted({people[place] for place in (*train, *held)}))}
    labels = [WORDS.index(one.label) if one.label in WORDS else -1 for one in corpus.recordings]
    np.savez_compressed(
        path, train=np.stack(views), held=_padded(normalised(plain[1])), silence=silences[0], silence_held=silences[1],
        train_label=np.array([labels[place] for place in train], np.int8),
        held_label=np.array([labels[place] for place in held], np.int8), held_judges=np.array(judges),
        held_person=np.array([numbers[people[place]] for place in held], np.int16),
    )  # fmt: skip


def _people(corpus: Any) -> tuple[list[int], list[int], list[bool]]:
    """Places of recordings that train, of those held out, and of these whether they judge."""

    def digest(text: str) -> int:
        return int(hashlib.sha256(text.encode()).hexdigest(), 16)

    train, held, judges = [], [], []
    counts: dict[tuple[str, str], int] = {}
    for place in sorted(range(len(corpus)), key=lambda place: digest(corpus.recordings[place].name)):
        one = corpus.recordings[place]
        part = corpus.official(one)
        if one.label not in WORDS or part == "test":
            continue
        if part == "train" and digest(str(one.speaker)) % 10 == 0:
            part = "choose"
        count = counts[part, one.label] = counts.get((part, one.label), 0) + 1
        if part == "train" and count <= MOST:
            train.append(place)
        elif part == "validation" or (part == "choose" and count <= MOST_HELD):
            held.append(place)
            judges.append(part == "validation")
    return train, held, judges


def _second(samples: Any, shift: int = 0, draw: np.random.Generator | None = None) -> Any:
    """One second of (samples,), whatever there was, with zeros around it and 0.2 s after it."""
    sound = np.zeros(RATE + RATE // 5, np.int16)
    start = 0 if draw is None or len(samples) <= RATE else int(draw.integers(len(samples) - RATE + 1))
    samples = samples[start : start + RATE]
    place = 0 if draw is None else int(draw.integers(RATE - len(samples) + 1))
    sound[place : place + len(samples)] = samples
    if shift:
        sound[:RATE] = np.roll(sound[:RATE], shift)
        sound[: max(shift, 0)] = 0
        sound[min(RATE, RATE + shift) : RATE] = 0
    return sound


def _padded(sequences: list[Any]) -> Any:
    """(clips, FRAMES, BANDS) int8; what ends early stays as it ended."""
    found = np.empty((len(sequences), FRAMES, BANDS), np.int8)
    for place, one in enumerate(sequences):
        found[place, : len(one)] = one[:FRAMES]
        found[place, len(one) :] = one[-1]
    return found


def _silences() -> list[list[Any]]:
    """Noise of every kind, at levels far apart, that trains and that judges."""
    from kilovox import effects

    kinds = [kind for kind in effects.NOISE_KINDS if kind != "babble"]
    parts = []
    for seed, count in ((1, SILENCES), (2, SILENCES_HELD)):
        sounds = []
        for number in range(count):
            draw = np.random.default_rng([seed, number])
            sound = effects.noise(kinds[number % len(kinds)], RATE, RATE, draw)
            loud = 32767 * 10 ** (draw.uniform(-60, -3) / 20) / np.abs(sound).max()
            sounds.append(_second(effects.as_samples(sound * loud)))
        parts.append(sounds)
    return parts


class Material:
    """What one task trains on and is judged on, on a device.

    task: `words`, all of WORDS; `classes`, the first KNOWN of them, unknown (all others) and silence (noise), as in the 12
    classes of Speech Commands.
    """

    def __init__(self, data: Arrays, task: str, device: str) -> None:
        features, label, held = data["train"], data["train_label"].astype(np.int64), data["held"]
        self.truth, self.judges = data["held_label"].astype(np.int64), data["held_judges"]
        self.person = data["held_person"].astype(np.int64)
        self.classes, weight = len(WORDS), np.ones(len(label))
        if task == "classes":
            self.classes = KNOWN + 2
            label, self.truth = np.minimum(label, KNOWN), np.minimum(self.truth, KNOWN)
            silence = np.resize(data["silence"], (len(features), *data["silence"].shape))
            features = np.concatenate([features, silence], 1)
            label = np.concatenate([label, np.full(silence.shape[1], KNOWN + 1)])
            more = len(data["silence_held"])
            held = np.concatenate([held, data["silence_held"]])
            self.truth = np.concatenate([self.truth, np.full(more, KNOWN + 1)])
            self.judges = np.concatenate([self.judges, np.arange(more) < more // 2])
            self.person = np.concatenate([self.person, np.full(more, -1)])  # nobody's
            share = np.array([1.0] * KNOWN + [3.0, 1.0])
            weight = share[label] / np.bincount(label)[label]
        self.features = torch.from_numpy(np.ascontiguousarray(features)).to(device)
        self.label, self.weight = torch.from_numpy(label).to(device), torch.from_numpy(weight).to(device)
        self.held = torch.from_numpy(np.ascontiguousarray(held)).to(device)

    def batch(self, size: int, whole: bool) -> tuple[Tensor, Tensor]:
        """(clips, FRAMES, BANDS) of any view, changed once more, and labels; `whole`: multiples of 1/32."""
        chosen = torch.multinomial(self.weight, size, replacement=True)
        view = torch.randint(len(self.features), (size,), device=chosen.device)
        features = _changed(self.features[view, chosen].float() / 32)
        return torch.round(features * 32) / 32 if whole else features, self.label[chosen]

    @torch.no_grad()
    def judged(self, network: nn.Module) -> Arrays:
        """Shares of right decisions, of people who choose and of people who judge, and the latters' decisions."""
        network.eval()
        said = torch.cat([decided(network, part.float() / 32) for part in self.held.split(512)]).cpu().numpy()
        found: Arrays = {}
        for name, part in (("choose", ~self.judges), ("judge", self.judges)):
            truth, right = self.truth[part], said[part] == self.truth[part]
            recall = [right[truth == label].mean() for label in range(self.classes) if (truth == label).any()]
            found[name] = {
                "recordings": int(part.sum()), "accuracy": float(right.mean()), "balanced": float(np.mean(recall))
            }  # fmt: skip
        return found | {"said": said[self.judges].tolist()}


def _changed(features: Tensor) -> Tensor:
    """Another microphone, some frames earlier or later, a few frames and bands blanked."""
    clips, frames, bands = features.shape
    steps = torch.randn(clips, 1, KNOTS, device=features.device).cumsum(2) * TILT
    curve = functional.interpolate(steps - steps.mean(2, keepdim=True), bands, mode="linear", align_corners=True)
    features = torch.roll((features + curve).clamp(LEAST, LARGEST), int(torch.randint(-SHIFT, SHIFT + 1, ())), 1)
    for size, limit, shape in ((frames, MASKED_FRAMES, (clips, frames, 1)), (bands, MASKED_BANDS, (clips, 1, bands))):
        width = torch.randint(0, limit + 1, (clips, 1), device=features.device)
        start = torch.randint(0, size, (clips, 1), device=features.device)
        place = torch.arange(size, device=features.device)
        features = features * ~((place >= start) & (place < start + width)).view(shape)
    return features


def reads_frames(network: nn.Module) -> bool:
    """Whether it has outputs frame by frame, the last the blank's, and is taught by connectionist temporal classification."""
    return getattr(network, "read", "") == "ctc"


def decided(network: nn.Module, features: Tensor) -> Tensor:
    """(clips,) labels; of outputs frame by frame the one that is the likeliest where it is likeliest."""
    logits: Tensor = network(features)
    return logits.log_softmax(2)[..., :-1].amax(1).argmax(1) if reads_frames(network) else logits.argmax(1)


def _loss(network: nn.Module, features: Tensor, label: Tensor) -> Tensor:
    logits = network(features)
    if not reads_frames(network):
        return functional.cross_entropy(logits, label, label_smoothing=0.1)
    clips, frames, outputs = logits.shape
    lengths, ones = torch.full((clips,), frames, dtype=torch.long), torch.ones(clips, dtype=torch.long)
    likely = logits.log_softmax(2).transpose(0, 1)
    return functional.ctc_loss(likely, label[:, None], lengths, ones, blank=outputs - 1, zero_infinity=True)


def one_cycle(step: int, steps: int) -> float:
    """As kilovox.training.trainer.one_cycle, which this machine need not have."""
    at, warm_up = step / max(1, steps - 1), 0.3
    low, high, way = (1 / 25, 1.0, at / warm_up) if at < warm_up else (1.0, 1e-5, (at - warm_up) / (1 - warm_up))
    return low + (high - low) * (1 - math.cos(math.pi * way)) / 2


def fit(network: nn.Module, material: Material, steps: int, whole: bool, deadline: float) -> None:
    """Train, and leave the running average of the weights. Raises TimeoutError after `deadline`.

    AdamW, one cycle, gradients clipped; `whole`: the network computes integers already.
    """
    rate, averaging = (RATE_OF_INTEGERS, 0.98) if whole else (RATE_OF_FLOATS, 0.99)
    parameters = list(network.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
    average: dict[str, Tensor] = {}
    network.train()
    for step in range(steps):
        if time.time() > deadline:
            raise TimeoutError
        for group in optimizer.param_groups:
            group["lr"] = rate * one_cycle(step, steps)
        loss = _loss(network, *material.batch(BATCH, whole))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            state = network.state_dict()
            if not average:
                average = {name: value.clone() for name, value in state.items()}
            floats = [name for name, value in state.items() if value.is_floating_point()]
            torch._foreach_lerp_([average[name] for name in floats], [state[name] for name in floats], 1 - averaging)
    network.load_state_dict(average)
