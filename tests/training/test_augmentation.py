"""Random changes: reproducible, within their bounds."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from far_away import FarAway
from kilovox.config import Acoustics, Augmentation, FixedPointFrontEnd, FrontEnd
from kilovox.training.augmentation import TEMPOS, augment_samples, augmented_features, mask_features

A, B, *_ = HASHES = [hashlib.sha256(bytes([place])).hexdigest() for place in range(40)]
WORD = (5000 * np.sin(np.arange(4000) / 3)).astype(np.int16)


@given(st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0, 300), st.floats(0, 40))
def test_samples_stay_samples(seed, speed, shift, gain):
    settings = Augmentation(speed=speed, shift_ms=shift, gain_db=gain)
    changed = augment_samples(WORD, settings, 8000, np.random.default_rng(seed))
    assert changed.dtype == np.int16
    assert len(WORD) / (1 + speed) - 2 <= len(changed) <= len(WORD) * (1 + speed) + 8 * shift + 2
    again = augment_samples(WORD, settings, 8000, np.random.default_rng(seed))
    np.testing.assert_array_equal(changed, again)


def test_nothing_asked_for_changes_little():
    settings = Augmentation(speed=0.0, shift_ms=0.0, gain_db=0.0, noise_db=90.0)
    changed = augment_samples(WORD, settings, 8000, np.random.default_rng(0))
    assert np.abs(changed.astype(int) - WORD).max() <= 2


def test_views_differ_and_repeat():
    settings = Augmentation(views=2)
    first, second = augmented_features([WORD, WORD[:2500]], [A, B], settings, FrontEnd(), 1)
    assert len(first) == len(second) == 2
    assert first[0].shape != second[0].shape or np.abs(first[0] - second[0]).max() > 0.1
    again, _ = augmented_features([WORD, WORD[:2500]], [A, B], settings, FrontEnd(), 1)
    np.testing.assert_array_equal(first[1], again[1])


def test_words_are_spoken_at_many_tempos_in_one_view():
    front_end = FixedPointFrontEnd(kind="fixed_point")
    still = {"vocal_tract": 0.0, "silence_ms": 0.0, "noise": 0.0, "reverberation": 0.0}
    lengths = {}
    for tempo in (0.0, 0.5):
        settings = Augmentation(views=1, acoustics=Acoustics(**still, tempo=tempo))
        (view,) = augmented_features([WORD] * 40, HASHES, settings, front_end, 1)
        lengths[tempo] = [len(sequence) for sequence in view]
    assert len(set(lengths[0.0])) == 1
    (plain,) = set(lengths[0.0])
    assert len(set(lengths[0.5])) >= TEMPOS - 1
    assert plain / 1.55 < min(lengths[0.5]) < plain / 1.2
    assert plain * 1.2 < max(lengths[0.5]) < plain * 1.55


def test_masks_blank_runs():
    torch.manual_seed(0)
    batch = torch.ones(64, 20, 13)
    masked = mask_features(batch, Augmentation(time_mask=4, feature_mask=2))
    blank_frames = (masked == 0).all(dim=2).sum(dim=1)
    blank_coefficients = (masked == 0).all(dim=1).sum(dim=1)
    assert blank_frames.max() == 4
    assert blank_frames.min() == 0
    assert blank_coefficients.max() == 2
    torch.testing.assert_close(mask_features(batch, Augmentation(time_mask=0, feature_mask=0)), batch)


def words(count):
    generator = np.random.default_rng(3)
    return [(WORD * generator.uniform(0.2, 1)).astype(np.int16)[: 2000 + 60 * place] for place in range(count)]


@pytest.mark.parametrize("acoustics", [None, Acoustics(silence_ms=50.0)])
@pytest.mark.parametrize("front_end", [FrontEnd(), FixedPointFrontEnd(kind="fixed_point")])
def test_a_recordings_variants_are_its_own(acoustics, front_end, tmp_path, monkeypatch):
    """Other recordings beside it and another order change nothing; but babble is other recordings."""
    settings = Augmentation(views=2, acoustics=acoustics)
    recordings = dict(zip(HASHES, words(40), strict=True))
    views = {}
    for name, chosen in (("all", HASHES), ("turned", HASHES[::-1]), ("half", HASHES[::2])):
        monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / name))
        made = augmented_features([recordings[digest] for digest in chosen], chosen, settings, front_end, 1)
        views[name] = [dict(zip(chosen, view, strict=True)) for view in made]
    for first, other in zip(views["all"], views["turned"], strict=True):
        for digest in HASHES:
            np.testing.assert_array_equal(first[digest], other[digest])
    for first, other in zip(views["all"], views["half"], strict=True):
        same = sum(np.array_equal(first[digest], other[digest]) for digest in HASHES[::2])
        assert same == 20 if acoustics is None else 13 <= same <= 20


@pytest.mark.parametrize("acoustics", [None, Acoustics(noise=0.9)])
def test_variants_that_workers_make_are_the_same(tmp_path, monkeypatch, acoustics):
    settings, front_end = Augmentation(views=2, acoustics=acoustics), FixedPointFrontEnd(kind="fixed_point")
    here = list(augmented_features(words(40), HASHES, settings, front_end, 1))
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "another"))
    workers = FarAway()
    there = list(augmented_features(words(40), HASHES, settings, front_end, 1, workers=workers))
    for view, other in zip(here, there, strict=True):
        for one, its_other in zip(view, other, strict=True):
            np.testing.assert_array_equal(one, its_other)
    assert sorted(place for part in workers.given for place in part) == sorted([*range(40)] * 2)


def test_folds_share_what_they_have_in_common(monkeypatch):
    settings = Augmentation(views=1)
    made = []
    monkeypatch.setattr(
        "kilovox.training.augmentation.augment_samples", lambda *arguments: made.append(1) or augment_samples(*arguments)
    )
    recordings = words(40)
    for left_out in (slice(0, 10), slice(10, 20), slice(20, 30)):
        chosen = [place for place in range(40) if place not in range(40)[left_out]]
        list(augmented_features([recordings[p] for p in chosen], [HASHES[p] for p in chosen], settings, FrontEnd(), 1))
    assert len(made) == 40


def test_nobody_speaks_in_babble_who_is_left_out(tmp_path, monkeypatch):
    """A fold's training part is all that may sound in it, whatever lies in the cache."""
    settings = Augmentation(views=3, acoustics=Acoustics(noise=0.9, noise_db=-20.0))
    front_end, recordings = FixedPointFrontEnd(kind="fixed_point"), words(40)
    rest = range(10, 40)
    arguments = [recordings[p] for p in rest], [HASHES[p] for p in rest], settings, front_end, 1
    list(augmented_features(recordings, HASHES, settings, front_end, 1))
    warm = list(augmented_features(*arguments))
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "empty"))
    for view, other in zip(warm, list(augmented_features(*arguments)), strict=True):
        for one, its_other in zip(view, other, strict=True):
            np.testing.assert_array_equal(one, its_other)
