"""What an inspection says of good recordings, odd ones and broken ones."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.audio import Sound
from kilovox.corpus.base import FeatureCorpus, Recording, RecordingCorpus
from kilovox.corpus.folders import open_folders
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.inspection import UNKNOWN, inspect_corpus, is_clipped, peak_db
from kilovox.corpus.plots import plots
from kilovox.errors import KilovoxError


def test_synthetic(synthetic_corpus: RecordingCorpus) -> None:
    found = inspect_corpus(synthetic_corpus)
    assert (found.kind, found.recordings, found.fingerprint) == ("recordings", 90, synthetic_corpus.fingerprint)
    assert (found.channels, found.sample_rates, found.subtypes) == ({1: 90}, {8000: 90}, {"PCM_16": 90})
    assert found.labels == dict.fromkeys("0123456789", 9)
    assert found.speakers == {"ada": 30, "bo": 30, "cy": 30}
    assert found.labels_by_speaker["bo"]["7"] == 3
    assert (found.clipped, found.silent, found.unreadable) == ((), (), {})
    assert min(found.seconds) >= 0.25
    assert max(found.seconds) <= 0.5
    assert found.frames[0] == len(synthetic_corpus.samples(0, 8000)) // 160 + 1
    assert found.fitting == 1.0


def test_fsdd(fsdd_folder: Path) -> None:
    found = inspect_corpus(open_fsdd(fsdd_folder))
    assert found.unreadable == {}
    assert found.fitting == pytest.approx(2908 / 3000)
    assert max(found.frames) == 115
    assert found.as_json()["seconds"]["maximum"] == 2.2828


@pytest.fixture
def odd(tmp_path: Path, synthetic_folder: Path) -> RecordingCorpus:
    shutil.copy(synthetic_folder / "0_ada_0.wav", tmp_path)
    soundfile.write(tmp_path / "1_ada_0.wav", np.zeros((8820, 2)), 44100, subtype="PCM_24")
    soundfile.write(tmp_path / "2_bo_0.wav", np.clip(2 * np.sin(np.arange(8000) / 20), -1, 1), 8000)
    (tmp_path / "3_bo_0.wav").write_text("not sound")
    (tmp_path / "4_bo_0.wav").write_bytes((synthetic_folder / "4_bo_0.wav").read_bytes()[:100])
    return open_fsdd(tmp_path)


def test_odd_recordings(odd: RecordingCorpus) -> None:
    found = inspect_corpus(odd)
    assert found.clipped == ("2_bo_0.wav",)
    assert found.silent == ("1_ada_0.wav",)
    assert found.channels == {1: 2, 2: 1}
    assert found.sample_rates == {8000: 2, 44100: 1}
    assert found.subtypes == {"PCM_16": 2, "PCM_24": 1}
    assert list(found.unreadable) == ["3_bo_0.wav", "4_bo_0.wav"]
    assert "truncated" in found.unreadable["4_bo_0.wav"]
    assert found.labels == dict.fromkeys("01234", 1)
    assert found.labels_by_speaker["ada"] == {"0": 1, "1": 1, "2": 0, "3": 0, "4": 0}
    assert found.frames[1:] == (1600 // 160 + 1, 8000 // 160 + 1)
    assert found.fitting == pytest.approx(2 / 3)
    json.dumps(found.as_json(), allow_nan=False)  # digital silence is -inf dB, which JSON has no word for


def test_a_recording_that_is_gone(odd: RecordingCorpus, tmp_path: Path) -> None:
    (tmp_path / "0_ada_0.wav").unlink()
    found = inspect_corpus(odd)
    assert "no such file" in found.unreadable["0_ada_0.wav"]
    assert found.fingerprint is None


def test_nothing_readable(tmp_path: Path) -> None:
    (tmp_path / "3_bo_0.wav").write_text("not sound")
    found = inspect_corpus(open_fsdd(tmp_path))
    assert found.fitting is None
    assert found.as_json()["seconds"] is None
    assert [path.name for path in plots(found, tmp_path / "plots")] == ["labels.png", "speakers.png"]


def test_features() -> None:
    recordings = [Recording("0", "a"), Recording("1", "b")]
    found = inspect_corpus(FeatureCorpus("f", recordings, [np.zeros((36, 2), np.float32), np.zeros((37, 2), np.float32)], "f"))
    assert (found.kind, found.frames, found.fitting) == ("features", (36, 37), 0.5)
    assert found.speakers == {UNKNOWN: 2}
    assert found.as_json()["seconds"] is None


def test_hop_and_limit(synthetic_corpus: RecordingCorpus) -> None:
    found = inspect_corpus(synthetic_corpus, hop=80, frame_limit=20)
    assert found.frames[0] == len(synthetic_corpus.samples(0, 8000)) // 80 + 1
    assert found.fitting == 0.0


def sound(values: list[int]) -> Sound:
    return Sound(np.array(values, np.int16)[:, None], 8000, "PCM_16")


@pytest.mark.parametrize(
    ("values", "clipped"),
    [
        ([32767, 32767, 32767], True),
        ([0, -32768, -32768, -32767, 0], True),
        ([32767, 32767, 0, 32767], False),
        ([32767, -32768, 32767, -32768], False),
        ([32766] * 9, False),
        ([32767], False),
    ],
)
def test_clipped(values: list[int], clipped: bool) -> None:
    assert is_clipped(sound(values)) is clipped


def test_peak() -> None:
    assert peak_db(sound([0, -32768])) == 0.0
    assert peak_db(sound([16384])) == pytest.approx(-6.02, abs=0.01)
    assert peak_db(sound([0])) == -np.inf


@pytest.mark.parametrize("form", ["png", "svg"])
def test_plots(odd: RecordingCorpus, tmp_path: Path, form: str) -> None:
    files = plots(inspect_corpus(odd), tmp_path / "plots", form)  # type: ignore[arg-type]
    assert [path.stem for path in files] == ["durations", "frames", "labels", "peaks", "speakers"]
    for path in files:
        assert path.read_bytes()[:5] == {"png": b"\x89PNG\r", "svg": b"<?xml"}[form]
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [path.name for path in files]


def test_plots_where_nothing_can_be_written(synthetic_corpus: RecordingCorpus, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(KilovoxError, match="cannot be made a folder"):
        plots(inspect_corpus(synthetic_corpus), tmp_path / "file")


def test_copies_contradictions_and_what_is_left_out(tmp_path: Path, synthetic_folder: Path) -> None:
    for name, source in (("yes/a.wav", "0_ada_0"), ("yes/b.wav", "0_ada_0"), ("no/c.wav", "1_bo_5"), ("yes/d.wav", "1_bo_5")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(synthetic_folder / f"{source}.wav", tmp_path / name)
    (tmp_path / "yes" / "e.m4a").write_bytes(b"x")
    (tmp_path / "no" / "f.wav").write_bytes(b"not sound")
    found = inspect_corpus(open_folders(tmp_path))
    assert found.duplicates == (("no/c.wav", "yes/d.wav"), ("yes/a.wav", "yes/b.wav"))
    assert found.contradictions == (("no/c.wav", "yes/d.wav"),)
    values = json.loads(json.dumps(found.as_json()))
    assert values["left_out"] == [{"reason": ".m4a files", "count": 1, "examples": ["yes/e.m4a"]}]
    assert values["contradictions"] == [["no/c.wav", "yes/d.wav"]]
    assert list(found.unreadable) == ["no/f.wav"]
    assert found.fingerprint is None
