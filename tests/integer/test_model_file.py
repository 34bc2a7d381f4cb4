"""Model files: the same bytes for the same model, and a clear word about every other file."""

import contextlib
import hashlib
import json
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from kilovox.errors import KilovoxError
from kilovox.integer.detection_errors import DetectionErrors
from kilovox.integer.model_file import (
    FORMAT_VERSION,
    MAXIMUM_BYTES,
    RECORDINGS_TENSOR,
    Metadata,
    Model,
    Provenance,
    _digest,
    load_model,
    save_model,
    short_hash,
)

ERRORS = {"words": 10, "seconds": 1800.0, "levels": (0, 128, 255), "right": (9, 8, 4), "false": (5, 2, 0)}


def make_model(**changes):
    metadata = {
        "format_version": FORMAT_VERSION, "name": "tiny", "arithmetic": "float32", "labels": ("0", "1"), "front_end": {},
        "network": {},
        "configuration": {"experiment": {"name": "tiny"}},
        "trained_on": Provenance(corpus="c", fingerprint="f", split="random", recordings=("0123456789ab", "bb0123456789")),
        "metrics": {"accuracy": 0.5, "split": "validation"},
    }  # fmt: skip
    tensors = {"b": np.arange(4, dtype=np.int8), "a": np.ones((2, 3), np.float32)}
    return Model(metadata=Metadata(**{**metadata, **changes}), tensors=tensors)


def test_round_trip_and_same_bytes(tmp_path):
    model = make_model()
    save_model(model, tmp_path / "one")
    save_model(model, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded = load_model(tmp_path / "one")
    assert loaded.metadata == model.metadata
    for name, tensor in model.tensors.items():
        np.testing.assert_array_equal(loaded.tensors[name], tensor)
        assert loaded.tensors[name].dtype == tensor.dtype


def test_what_is_not_said_takes_no_room(tmp_path):
    save_model(make_model(), tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    assert b"calibration" not in content
    assert b"thresholds" not in content
    assert b"detection_errors" not in content
    said = make_model(calibration=tuple(range(17)), thresholds=(128, 0), detection_errors=DetectionErrors(**ERRORS))
    save_model(said, tmp_path / "m")
    assert load_model(tmp_path / "m").metadata == said.metadata


@pytest.mark.parametrize("kept", [0, 4, 100, -1, -40])
def test_truncated(tmp_path, kept):
    path = tmp_path / "m.safetensors"
    save_model(make_model(), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(KilovoxError, match=r"m\.safetensors: not a whole \.safetensors file"):
        load_model(path)


@pytest.mark.parametrize("content", [b"RIFF" + bytes(60), b"\x80\x04" + bytes(100), struct.pack("<Q", 2**60) + b"{}"])
def test_foreign_files(tmp_path, content):
    path = tmp_path / "m"
    path.write_bytes(content)
    with pytest.raises(KilovoxError, match="not a whole"):
        load_model(path)


def test_another_programs_safetensors(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(save({"x": np.ones(3)}))
    with pytest.raises(KilovoxError, match="but not a kilovox model"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 99}, "format version 99; this kilovox reads versions 1 and 2"),
        ({"arithmetic": "int3"}, "metadata arithmetic: input should be 'float32', 'int8' or 'pow2'"),
        ({"labels": []}, "metadata labels"),
        ({"labels": ["0", "0"]}, "labels occur more than once"),
        ({"labels": ["0", ""]}, r"metadata labels\.1"),
        ({"unheard": 1}, "metadata unheard: extra inputs are not permitted"),
        ({"trained_on": {}}, r"metadata trained_on\.corpus: field required"),
        ({"calibration": list(range(16))}, "metadata calibration: expected 17 shares, none below the one before"),
        ({"calibration": [*range(16), 3]}, "metadata calibration: expected 17 shares"),
        ({"calibration": [*range(16), 256]}, r"metadata calibration\.16: input should be less than or equal to 255"),
        ({"detection_errors": {**ERRORS, "levels": [0, 128, 128]}}, "metadata detection_errors: levels do not rise"),
        ({"detection_errors": {**ERRORS, "right": [9, 8]}}, "3 levels, 2 right, 3 false; expected as many"),
        ({"detection_errors": {**ERRORS, "right": [9, 8, 9]}}, "counts rise with the level"),
        ({"detection_errors": {**ERRORS, "words": 8}}, "counts rise with the level, or more than 8 are right"),
        ({"detection_errors": {**ERRORS, "seconds": 0.0}}, r"metadata detection_errors\.seconds: input should be greater"),
        ({"detection_errors": {**ERRORS, "seconds": 5e-324}}, r"detection_errors\.seconds: .* greater than or equal to 0\.001"),
        ({"detection_errors": {**ERRORS, "seconds": "NaN"}}, r"metadata detection_errors\.seconds"),
        ({"detection_errors": {**ERRORS, "false": [5, 2, -1]}}, r"metadata detection_errors\.false\.2"),
        ({"detection_errors": {"words": 9}}, r"metadata detection_errors\.seconds: field required"),
        (
            {"detection_errors": {**ERRORS, **{key: list(range(33)) for key in ("levels", "right", "false")}}},
            r"metadata detection_errors\.levels: tuple should have at most 32 items",
        ),
        ({"name": "renamed"}, "does not fit its checksum"),
    ],
)
def test_edited_metadata(tmp_path, change, said):
    path = tmp_path / "m"
    metadata = json.loads(make_model().metadata.model_dump_json()) | change
    content = json.dumps({"metadata": metadata, "sha256": "0" * 64})
    path.write_bytes(save({"x": np.ones(3, np.float32)}, metadata={"kilovox": content}))
    with pytest.raises(KilovoxError, match=said):
        load_model(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"metadata": 1}', "[" * 5000])
def test_metadata_of_another_shape(tmp_path, content):
    path = tmp_path / "m"
    path.write_bytes(save({"x": np.ones(3, np.float32)}, metadata={"kilovox": content}))
    with pytest.raises(KilovoxError, match="is not what this kilovox writes"):
        load_model(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_flipped_bit_is_noticed(tmp_path, data):
    path = tmp_path / "m"
    save_model(make_model(), path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with contextlib.suppress(KilovoxError):
        # It loads only where nothing that is said has changed, such as white space in the header.
        found = load_model(path)
        assert found.metadata == make_model().metadata
        for name, tensor in make_model().tensors.items():
            np.testing.assert_array_equal(found.tensors[name], tensor)


def test_oversized(tmp_path):
    path = tmp_path / "m"
    with path.open("wb") as file:
        file.truncate(MAXIMUM_BYTES + 1)
    with pytest.raises(KilovoxError, match="at most"):
        load_model(path)


def test_missing_and_folder(tmp_path):
    with pytest.raises(KilovoxError, match="no model there"):
        load_model(tmp_path / "none")
    with pytest.raises(KilovoxError, match="is a folder"):
        load_model(tmp_path)


def test_missing_tensor():
    with pytest.raises(KilovoxError, match="has no tensor 'c'; it has a, b"):
        make_model().tensor("c")


def digests(count):
    return tuple(hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))


def trained_on(recordings):
    return Provenance(corpus="c", fingerprint="f", split="random", recordings=recordings)


def test_recordings_are_few_bytes_and_come_back_short_and_sorted(tmp_path):
    sizes = {}
    for count in (0, 2400):
        save_model(make_model(trained_on=trained_on(digests(count))), tmp_path / "m")
        sizes[count] = (tmp_path / "m").stat().st_size
        loaded = load_model(tmp_path / "m")
        assert loaded.metadata.trained_on.recordings == tuple(sorted(map(short_hash, digests(count))))
        assert set(loaded.tensors) == {"a", "b"}
        save_model(loaded, tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    assert sizes[2400] - sizes[0] < 2400 * 6 + 200


def test_names_that_are_no_hashes_stay_what_they_are(tmp_path):
    model = make_model(trained_on=trained_on(("aa", *digests(1))))
    save_model(model, tmp_path / "m")
    assert load_model(tmp_path / "m").metadata == model.metadata


def test_files_of_version_1_are_read_with_their_whole_hashes(tmp_path):
    model = make_model(format_version=1, trained_on=trained_on(digests(3)))
    save_model(model, tmp_path / "m")
    assert RECORDINGS_TENSOR.encode() not in (tmp_path / "m").read_bytes()
    assert load_model(tmp_path / "m").metadata == model.metadata


@pytest.mark.parametrize(
    ("rows", "recordings"),
    [
        (np.zeros((3, 5), np.uint8), ()),
        (np.zeros(18, np.uint8), ()),
        (np.zeros((3, 6), np.int16), ()),
        (np.zeros((3, 6), np.uint8), ("aa",)),
    ],
)
def test_recordings_of_another_shape(tmp_path, rows, recordings):
    model = make_model(trained_on=trained_on(recordings))
    text = model.metadata.model_dump_json()
    tensors = {**model.tensors, RECORDINGS_TENSOR: rows}
    content = json.dumps({"metadata": json.loads(text), "sha256": _digest(text, tensors)})
    (tmp_path / "m").write_bytes(save(tensors, metadata={"kilovox": content}))
    with pytest.raises(KilovoxError, match=r"tensor trained_on\.recordings is .*; expected uint8 \(recordings, 6\)"):
        load_model(tmp_path / "m")
