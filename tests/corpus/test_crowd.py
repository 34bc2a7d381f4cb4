"""Multilingual Spoken Words and Common Voice as published: words, speakers, splits, and what is left out."""

import hashlib

import numpy as np
import pytest
import soundfile

from kilovox.config import parse_configuration
from kilovox.corpus.crowd import open_common_voice, open_spoken_words
from kilovox.corpus.open import open_corpus, open_corpus_at
from kilovox.corpus.splits import make_split
from kilovox.errors import KilovoxError


def put(path, rate=48_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(list(hashlib.sha256(path.name.encode()).digest()))
    sound = (random.normal(size=rate // 4) * 3000).astype(np.int16)
    kind = {".opus": ("OGG", "OPUS"), ".mp3": ("MP3", "MPEG_LAYER_III"), ".wav": ("WAV", "PCM_16")}[path.suffix]
    soundfile.write(path, sound, rate, format=kind[0], subtype=kind[1])


def digest(who):
    return hashlib.sha512(who.encode()).hexdigest()


WORDS = [("ann", "TRAIN"), ("bo", "TRAIN"), ("cy", "DEV"), ("di", "TEST")]


def spoken_words(folder, whole):
    lines = ["SET,LINK,WORD,VALID,SPEAKER,GENDER"]
    for place, (who, part) in enumerate(WORDS):
        for word in ("yes", "año"):
            link = f"{word}/common_voice_es_{place}.opus"
            put(folder / "clips" / link)
            lines.append(f"{part},{link},{word},True,{digest(who)},FEMALE")
    put(folder / "clips" / "yes" / "common_voice_es_90.opus")
    put(folder / "clips" / "yes" / "common_voice_es_91.opus")
    lines.append(f"TRAIN,yes/common_voice_es_90.opus,yes,False,{digest('ann')},NA")
    lines.append("TEST,gone/common_voice_es_92.opus,gone,True,NA,NA")
    if whole:
        (folder / "es_splits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder
    for part in ("TRAIN", "DEV", "TEST"):
        chosen = [line.partition(",")[2] for line in lines if line.startswith((f"{part},", "SET"))]
        (folder / f"es_{part.lower()}.csv").write_text("\n".join(chosen) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("whole", [True, False])
def test_spoken_words_as_published(tmp_path, whole):
    folder = spoken_words(tmp_path / "es", whole)
    corpus = open_corpus_at(folder)
    assert corpus.fingerprint == open_corpus("spoken_words", folder).fingerprint
    assert (len(corpus), corpus.labels) == (8, ("año", "yes"))
    assert corpus.speakers == tuple(sorted(digest(who)[:16] for who, _ in WORDS))
    split = make_split(corpus, "official")
    assert [len(part) for part in (split.train, split.validation, split.test)] == [4, 2, 2]
    left = {what.reason: what.count for what in corpus.left_out}
    assert left == {"not valid by their list": 1, "on no list": 1}
    assert len(corpus.samples(0, 8000)) == pytest.approx(2000, abs=2)


SENTENCES = {"train": [("ann", "Yes."), ("bo", "no"), ("bo", "Two words")], "dev": [("cy", "yes")], "test": [("di", "¡NO!")]}


def common_voice(folder):
    header = "client_id\tpath\tsentence\tup_votes"
    number = 0
    everything = []
    for part, said in SENTENCES.items():
        lines = [header]
        for who, sentence in said:
            name = f"common_voice_en_{number}.mp3"
            put(folder / "clips" / name)
            lines.append(f"{digest(who)}\t{name}\t{sentence}\t2")
            number += 1
        everything += lines[1:]
        (folder / f"{part}.tsv").write_text("\n".join(lines) + "\n")
    for who in ("ann", "di"):
        put(folder / "clips" / f"common_voice_en_{number}.mp3")
        everything.append(f"{digest(who)}\tcommon_voice_en_{number}\tyes\t2")
        number += 1
    everything.append(f'{digest("ed")}\tcommon_voice_en_99.mp3\t"yes\t2')
    (folder / "validated.tsv").write_text("\n".join([header, *everything]) + "\n")
    return folder


def test_common_voice_as_published(tmp_path):
    folder = common_voice(tmp_path / "en")
    corpus = open_corpus_at(folder)
    assert corpus.fingerprint == open_corpus("common_voice", folder).fingerprint
    found = {recording.name: (recording.label, corpus.official(recording)) for recording in corpus.recordings}
    assert found == {
        "common_voice_en_0.mp3": ("yes", "train"), "common_voice_en_1.mp3": ("no", "train"),
        "common_voice_en_3.mp3": ("yes", "validation"), "common_voice_en_4.mp3": ("no", "test"),
        "common_voice_en_5.mp3": ("yes", "train"),
    }  # fmt: skip
    assert len(corpus.speakers) == 4
    assert {what.reason: what.count for what in corpus.left_out} == {
        "of several words, or of none": 1, "listed, and not there": 1,
    }  # fmt: skip
    for name in ("train", "dev", "test"):
        (folder / f"{name}.tsv").unlink()
    assert open_common_voice(folder).official is None


def test_kinds_are_asked_for_in_configurations(tmp_path):
    for kind in ("spoken_words", "common_voice"):
        config = parse_configuration({"experiment": {"name": "x"}, "dataset": {"kind": kind, "path": str(tmp_path)}}, "x.yaml")
        assert config.first.kind == kind


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no recordings of one word that are listed and there; expected some; found 10 on no list"),
        ("NONE,yes/x.opus,yes,True,a,b", "es_splits.csv:2: SET 'NONE'; expected TRAIN, DEV or TEST"),
        ("TRAIN,yes/x.opus", "es_splits.csv:2: 2 values; expected 6"),
    ],
)
def test_lists_that_are_none(tmp_path, line, message):
    folder = spoken_words(tmp_path / "es", whole=True)
    (folder / "es_splits.csv").write_text(f"SET,LINK,WORD,VALID,SPEAKER,GENDER\n{line}\n")
    with pytest.raises(KilovoxError) as caught:
        open_spoken_words(folder)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ann\ta.wav\tyes", "ann\ta.wav\tno"], r"validated\.tsv:3: 'a\.wav' says 'no', before 'yes'; expected one sentence"),
        (["ann\ta.wav\tyes", "ann\ta.wav\tyes or no"], r"'a\.wav' says 'yes or no', before 'yes'"),
        (["ann\ta.wav\tyes", "ann\ta.wav\tYes!"], None),
    ],
)
def test_one_recording_says_one_thing(tmp_path, lines, message):
    put(tmp_path / "clips" / "a.wav")
    (tmp_path / "validated.tsv").write_text("\n".join(["client_id\tpath\tsentence", *lines]) + "\n")
    if message is None:
        assert [one.label for one in open_common_voice(tmp_path).recordings] == ["yes"]
        return
    with pytest.raises(KilovoxError, match=message):
        open_common_voice(tmp_path)


def test_a_column_twice(tmp_path):
    put(tmp_path / "clips" / "a.wav")
    (tmp_path / "validated.tsv").write_text("client_id\tpath\tpath\tsentence\nann\ta.wav\tb.wav\tyes\n")
    with pytest.raises(KilovoxError, match=r"validated\.tsv:1: two columns 'path' in 'client_id path path sentence'"):
        open_common_voice(tmp_path)


def test_what_is_no_such_corpus(tmp_path):
    folder = common_voice(tmp_path / "en")
    (folder / "dev.tsv").write_text("client_id\tpath\n")
    with pytest.raises(KilovoxError, match=r"dev.tsv:1: no column 'sentence' in 'client_id path'; expected client_id, path"):
        open_common_voice(folder)
    (folder / "dev.tsv").write_text("client_id\tpath\tsentence\na\t../x.mp3\tyes\n")
    with pytest.raises(KilovoxError, match=r"dev.tsv:2: path '../x.mp3'; expected the name of a file in clips"):
        open_common_voice(folder)
    (folder / "dev.tsv").write_bytes(b"client_id\tpath\tsentence\na\tb\t\xff\n")
    with pytest.raises(KilovoxError, match=r"dev.tsv: not UTF-8"):
        open_common_voice(folder)
    (folder / "dev.tsv").write_text("client_id\tpath\tsentence\n" + "a" * 70_000)
    with pytest.raises(KilovoxError, match=r"dev.tsv: a line of more than 65,536 characters; expected the list as published"):
        open_common_voice(folder)
    for open_it in (open_common_voice, open_spoken_words):
        with pytest.raises(KilovoxError, match="no folder clips, or no list beside it"):
            open_it(tmp_path)
