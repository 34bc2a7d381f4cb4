"""Features computed once, recording by recording; with any cache, or none, the same."""

import hashlib
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from kilovox.corpus.cache import cache_folder
from kilovox.frontend import cache
from kilovox.frontend.cache import cached, stored

SETTINGS = {"front end": 1}
KEYS = [f"recording {number}" for number in range(50)]


class Counting:
    """Features that follow from the key, and which of them were computed."""

    def __init__(self, keys=KEYS):
        self.keys, self.asked = keys, []

    def __call__(self, places):
        self.asked += [self.keys[place] for place in places]
        return [features(self.keys[place]) for place in places]


def features(key):
    number = int(key.split()[1])
    return np.full((number % 7, 3), number, np.int16)


def right(found, keys=KEYS):
    return len(found) == len(keys) and all(np.array_equal(one, features(key)) for one, key in zip(found, keys, strict=True))


def shards():
    return sorted((cache_folder() / "features").glob("*/*.shard"))


def test_each_recording_is_computed_once_in_whatever_company():
    first = Counting(KEYS[:30])
    assert right(stored(SETTINGS, KEYS[:30], first), KEYS[:30])
    assert sorted(first.asked) == sorted(KEYS[:30])
    turned = KEYS[::-1]
    more = Counting(turned)
    assert right(stored(SETTINGS, turned, more), turned)
    assert sorted(more.asked) == sorted(KEYS[30:])
    nothing = Counting()
    assert right(stored(SETTINGS, [KEYS[3], KEYS[3], KEYS[40]], nothing), [KEYS[3], KEYS[3], KEYS[40]])
    assert nothing.asked == []
    other = Counting()
    stored({"front end": 2}, KEYS, other)
    assert len(other.asked) == 50


def test_they_are_read_only_and_mapped():
    for one in stored(SETTINGS, KEYS, Counting()) + stored(SETTINGS, KEYS, Counting()):
        assert not one.flags.writeable


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a shard", b"\x80\x04pickle", None])
def test_a_damaged_shard_alone_is_computed_again(damage):
    stored(SETTINGS, KEYS, Counting())
    chosen = shards()[0]
    content = chosen.read_bytes()
    chosen.write_bytes(content[:-9] if damage is None else damage)
    again = Counting()
    assert right(stored(SETTINGS, KEYS, again))
    assert 0 < len(again.asked) < 20
    assert chosen.read_bytes() == content


def test_a_shard_moved_here_from_other_settings_is_not_taken():
    stored(SETTINGS, KEYS, Counting())
    mine = shards()
    stored({"front end": 2}, KEYS, lambda places: [np.zeros((1, 3), np.int16) for _ in places])
    for theirs in shards():
        if theirs not in mine:
            shutil.copy(theirs, next(path for path in mine if path.name == theirs.name))
    assert right(stored(SETTINGS, KEYS, Counting()))


def test_a_cache_that_cannot_be_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KILOVOX_CACHE", str(tmp_path / "file" / "below"))
    assert right(stored(SETTINGS, KEYS, Counting()))
    assert len(cached({"a": 1}, lambda: [np.ones((1, 2))])) == 1


def test_a_full_disk_is_done_without(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_shard", full)
    assert right(stored(SETTINGS, KEYS, Counting()))
    assert shards() == []


def test_the_folder_of_somebody_else_is_not_used(monkeypatch):
    stored(SETTINGS, KEYS, Counting())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_: (_ for _ in ()).throw(PermissionError(1, "not yours")))
    again = Counting()
    assert right(stored(SETTINGS, KEYS, again))
    assert len(again.asked) == 50


def test_the_oldest_go_first_and_never_what_was_just_written_or_is_in_use(monkeypatch):
    monkeypatch.setattr(cache, "MAXIMUM_BYTES", 60_000)
    held = stored({"a": "held"}, KEYS, lambda places: [np.ones((100, 3), np.int16) for _ in places])
    for number in range(4):
        stored({"a": number}, KEYS, lambda places: [np.ones((100, 3), np.int16) for _ in places])
        for file in (cache_folder() / "features").rglob("*"):
            os.utime(file, (file.stat().st_atime - 100, file.stat().st_mtime - 100))
    there = {path.parent.name for path in shards()}
    assert len(there) == 2, "each alone is half the limit: the one in use and the last"
    for key, computed in (("held", 0), (3, 0), (0, 50)):
        again = Counting()
        stored({"a": key}, KEYS, again)
        assert len(again.asked) == computed, key
    assert all(one.sum() == 300 for one in held)


def test_one_beyond_the_limit_stays(monkeypatch):
    monkeypatch.setattr(cache, "MAXIMUM_BYTES", 100)
    stored(SETTINGS, KEYS, Counting())
    again = Counting()
    assert right(stored(SETTINGS, KEYS, again))
    assert again.asked == []


@pytest.mark.parametrize(("spare", "computed"), [(0, 0), (-1, 10)])
def test_a_shard_grows_to_its_share_of_the_limit(monkeypatch, spare, computed):
    """Two shards share the limit. One that would outgrow its half keeps what was asked for last."""
    of_two, rows = [[key for key in KEYS if hashlib.sha256(key.encode()).digest()[0] % 2 == half][:20] for half in (0, 1)], 100
    monkeypatch.setattr(cache, "SHARDS", 2)
    monkeypatch.setattr(cache, "MAXIMUM_BYTES", 2 * (20 * rows * 3 * 2 + spare))
    for keys in of_two:
        for part in (keys[:10], keys[10:]):
            stored(SETTINGS, part, lambda places: [np.ones((rows, 3), np.int16) for _ in places])
        again = Counting(keys)
        stored(SETTINGS, keys[10:], again)
        assert again.asked == []
        stored(SETTINGS, keys[:10], again)
        assert len(again.asked) == computed


def test_what_a_killed_process_left_is_cleaned_when_it_is_old():
    stored(SETTINGS, KEYS[:5], Counting())
    folder = shards()[0].parent
    for name, age in ((".03.shard.abcdefgh", 7200), (".04.shard.abcdefgh", 60)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    stored(SETTINGS, KEYS, Counting())
    assert not (folder / ".03.shard.abcdefgh").exists()
    assert (folder / ".04.shard.abcdefgh").exists(), "somebody may be at it"


WORK = """
import sys, time, numpy as np
from kilovox.frontend.cache import stored

def compute(places):
    time.sleep(0.02 * len(places))
    print(*places)
    return [np.full((place % 7, 3), place, np.int16) for place in places]

found = stored({"front end": 1}, [f"recording {number}" for number in range(50)], compute)
assert all((one == place).all() and len(one) == place % 7 for place, one in enumerate(found))
"""


def test_processes_share_the_work():
    processes = [subprocess.Popen([sys.executable, "-c", WORK], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    computed = []
    for process in processes:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        computed += map(int, printed.split())
    assert sorted(computed) == list(range(50))


def test_a_whole_result_is_computed_once_and_again_when_the_key_changes():
    calls = []

    def compute():
        calls.append(1)
        return [np.arange(6.0).reshape(3, 2), np.ones((1, 2))]

    first, again = cached({"a": 1}, compute), cached({"a": 1}, compute)
    assert len(calls) == 1
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    cached({"a": 2}, compute)
    assert len(calls) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not an archive", b"\x80\x04pickle"])
def test_a_damaged_result_is_computed_again(damage):
    cached({"a": 1}, lambda: [np.ones((1, 2))])
    (path,) = shards()
    path.write_bytes(damage)
    np.testing.assert_array_equal(cached({"a": 1}, lambda: [np.zeros((1, 2))])[0], np.zeros((1, 2)))
    np.testing.assert_array_equal(cached({"a": 1}, lambda: [np.full((1, 2), 7.0)])[0], np.zeros((1, 2)))
