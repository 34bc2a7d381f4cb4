"""Files of features: whole or not there, and never trusted unseen."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kilovox.frontend.shards import HEADER, read_shard, write_shard

PURPOSE = bytes(range(32))
KEYS = [bytes([number]) * 32 for number in range(3)]


def some(kind="i2"):
    return {key: np.arange(13 * frames).reshape(frames, 13).astype(kind) for key, frames in zip(KEYS, (4, 0, 7), strict=True)}


@pytest.mark.parametrize("kind", ["i1", "<i2", ">i2", "f4", "f8"])
def test_what_was_written_is_read(tmp_path, kind):
    written = some(kind)
    write_shard(tmp_path / "s", PURPOSE, written)
    read = read_shard(tmp_path / "s", PURPOSE)
    assert list(read.sequences) == KEYS
    for key, sequence in written.items():
        np.testing.assert_array_equal(read.sequences[key], sequence)
        assert read.sequences[key].dtype == np.dtype(kind).newbyteorder("<")
        assert not read.sequences[key].flags.writeable
    assert read.nbytes == 11 * 13 * np.dtype(kind).itemsize


def test_frames_without_end_and_no_frames_at_all(tmp_path):
    write_shard(tmp_path / "s", PURPOSE, {KEYS[0]: np.empty((0, 13), np.int16)})
    assert read_shard(tmp_path / "s", PURPOSE).sequences[KEYS[0]].shape == (0, 13)


def test_of_another_purpose_is_not_it(tmp_path):
    write_shard(tmp_path / "s", PURPOSE, some())
    assert read_shard(tmp_path / "s", bytes(32)) is None
    assert read_shard(tmp_path / "none", PURPOSE) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_flipped_bit_and_any_cut_is_noticed(tmp_path, data):
    path = tmp_path / "s"
    write_shard(path, PURPOSE, some())
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    assert read_shard(path, PURPOSE) is None


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04pickle" * 30, bytes(HEADER.size), b"KVSHARD\x01" + b"\xff" * 200]
)
def test_foreign_content(tmp_path, content):
    (tmp_path / "s").write_bytes(content)
    assert read_shard(tmp_path / "s", PURPOSE) is None


def test_what_others_may_write_is_not_trusted(tmp_path, monkeypatch):
    path = tmp_path / "s"
    write_shard(path, PURPOSE, some())
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o620)
    assert read_shard(path, PURPOSE) is None
    path.chmod(0o600)
    assert read_shard(path, PURPOSE) is not None
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert read_shard(path, PURPOSE) is None


def test_sequences_of_several_kinds_are_refused_and_nothing_is_left(tmp_path):
    mixed = {KEYS[0]: np.ones((2, 13), np.int16), KEYS[1]: np.ones((2, 12), np.int16)}
    for odd in (mixed, {KEYS[0]: np.ones((2, 13), object)}):
        with pytest.raises(TypeError, match="expected one of"):
            write_shard(tmp_path / "s", PURPOSE, odd)
    assert list(tmp_path.iterdir()) == []
