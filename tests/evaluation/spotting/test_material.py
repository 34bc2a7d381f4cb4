"""Which sound is listened to, and errors that say what is wrong with it."""

import numpy as np
import pytest
import soundfile

from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import judged_part
from kilovox.evaluation.spotting.material import GAPS, noises, other_strings, read_gaps, speech_files, word_strings
from models import make_features, make_model, make_recordings


def test_gaps():
    assert read_gaps(GAPS) == {"whole": None, "0": 0.0, "0.2": 0.2, "0.6": 0.6}
    assert read_gaps(" 1.50 ,whole,0.0") == {"1.5": 1.5, "whole": None, "0": 0.0}
    assert read_gaps("60,.25,1.") == {"60": 60.0, "0.25": 0.25, "1": 1.0}
    for wrong in ("", "-1", "half", "0.2,,1", "nan", "61", "inf", "-0", "1_0", "\u0663", "1e-9", "0.1001"):
        with pytest.raises(KilovoxError, match="expected whole, or seconds from 0 to 60"):
            read_gaps(wrong)


def test_words_that_the_model_knows_and_others(tmp_path):
    tones = make_recordings(tmp_path)
    metadata = make_model(labels=("0", "1")).metadata
    judged = judged_part(metadata, tones, "speaker:bob", False)
    known = word_strings(judged, metadata.labels, 0.2, 8000)
    passages = list(known.passages)
    assert (known.name, known.count, len(passages)) == ("0.2 s apart", 1, 1)
    assert sorted(word.label for word in passages[0].words) == ["0"] * 4 + ["1"] * 4
    assert {word.speaker for word in passages[0].words} == {"bob"}
    others = other_strings(tones.subset(judged.others), 8000)
    assert [len(one.words) for one in others.passages] == [0]


def test_speech_is_a_file_or_all_in_a_folder(tmp_path):
    for name in ("b.wav", "deep/er/a.wav", "c.flac"):
        (tmp_path / "speech" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "speech" / name, np.zeros(12000, np.int16), 8000)
    (tmp_path / "speech" / "notes.txt").write_text("nothing")
    folder, paths = speech_files(tmp_path / "speech", 8000)
    passages = list(folder.passages)
    assert (folder.name, folder.count, len(paths)) == ("speech", 3, 3)
    assert [one.name for one in passages] == ["b.wav", "c.flac", "deep/er/a.wav"]
    assert [sum(map(len, one.pieces)) for one in passages] == [12000] * 3
    one, _ = speech_files(tmp_path / "speech" / "b.wav", 8000)
    assert (one.name, one.count, [passage.name for passage in one.passages]) == ("b.wav", 1, ["b.wav"])


def test_noise_is_of_every_kind_as_long_as_asked_and_the_same_again():
    once, again = ([np.concatenate(list(one.pieces)) for one in noises(4, 8000).passages] for _ in range(2))
    assert noises(4, 8000).count == len(once) == 8
    assert all(len(sound) == 30 * 8000 and sound.any() for sound in once)
    assert all(map(np.array_equal, once, again))
    peaks = 20 * np.log10([np.abs(sound.astype(float)).max() / 32767 for sound in once])
    assert (peaks > -61).all()
    assert (peaks < -2.9).all()
    assert np.ptp(peaks) > 10


def test_no_speech_there(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "nowhere"):
        with pytest.raises(KilovoxError, match="no sound; expected a sound file, or a folder of them"):
            speech_files(path, 8000)


def test_words_without_sound():
    judged = judged_part(make_model().metadata, make_features(), "all", True)
    with pytest.raises(KilovoxError, match="features without sound"):
        word_strings(judged, ("0", "1", "2"), None, 8000)
