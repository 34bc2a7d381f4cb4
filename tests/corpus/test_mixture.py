"""Several corpora: roles, shares, names of their own, and that nothing is taught that judges."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from kilovox.config import Configuration, find_configuration, parse_configuration
from kilovox.corpus.mixture import Divided, Mixture, open_first, open_mixture
from kilovox.errors import KilovoxError


def put(folder: Path, sounds: dict[str, int]) -> str:
    """Recordings by the number of their sound."""
    for name, sound in sounds.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, np.random.RandomState(sound).randint(-9000, 9000, 1000).astype(np.int16), 8000)
    return str(folder)


@pytest.fixture
def first(tmp_path: Path) -> str:
    names = [f"{word}/{speaker}/{take}.wav" for word in ("yes", "no") for speaker in ("ann", "bo") for take in range(4)]
    return put(tmp_path / "first", {name: place for place, name in enumerate(names)})


def configured(first: str, *more: dict[str, Any], **sections: Any) -> Configuration:
    values = find_configuration("task-a").model_dump(exclude={"dataset", "synthetic"})
    splitting = {"split": "speaker:bo", "validation_size": 0.0}
    corpora = [{"name": "first", "kind": "folders", "path": first}, *more]
    return parse_configuration(values | {"corpora": corpora, "data_splitting": splitting} | sections, "x.yaml")


def divided(config: Configuration) -> tuple[Mixture, Divided]:
    mixture = open_mixture(config)
    return mixture, mixture.divided(config)


def folders(name: str, path: str, **keys: Any) -> dict[str, Any]:
    return {"name": name, "kind": "folders", "path": path, **keys}


def test_roles_and_shares(tmp_path: Path, first: str) -> None:
    config = configured(
        first,
        folders("drawn", put(tmp_path / "drawn", {"yes/a.wav": 20, "no/a.wav": 21}), share=0.25),
        folders("more", put(tmp_path / "more", {"yes/a.wav": 30})),
        folders("chooses", put(tmp_path / "chooses", {"yes/a.wav": 40, "no/b.wav": 41}), role="validation"),
        folders("judges", put(tmp_path / "judges", {"yes/a.wav": 50}), role="judge"),
    )
    mixture, found = divided(config)
    assert [(piece.part.name, len(piece.indices)) for piece in found.train] == [("first", 8), ("more", 1), ("drawn", 2)]
    assert [(piece.part.name, piece.classes.tolist()) for piece in found.validation] == [("chooses", [0, 1])]
    assert [(one["name"], one["role"], one["share"]) for one in mixture.described()] == [
        ("first", "train", None), ("drawn", "train", 0.25), ("more", "train", None), ("chooses", "validation", None),
        ("judges", "judge", None),
    ]  # fmt: skip
    assert len({one["fingerprint"] for one in mixture.described()}) == 5


def test_nothing_is_taught_that_judges_or_chooses(tmp_path: Path, first: str) -> None:
    theirs = {"yes/judged_by_first.wav": 4, "yes/chosen.wav": 40, "no/judged.wav": 50, "no/own.wav": 60}
    config = configured(
        first,
        folders("more", put(tmp_path / "more", theirs)),
        folders("chooses", put(tmp_path / "chooses", {"yes/a.wav": 40, "no/b.wav": 51}), role="validation"),
        folders("judges", put(tmp_path / "judges", {"no/a.wav": 50, "no/b.wav": 51}), role="judge"),
    )
    _, found = divided(config)
    taught = {f"{piece.part.name}/{piece.part.corpus.recordings[i].name}" for piece in found.train[1:] for i in piece.indices}
    assert taught == {"more/no/own.wav"}
    assert [piece.part.corpus.recordings[i].name for piece in found.validation for i in piece.indices] == ["yes/a.wav"]
    assert set(found.copies) == {
        "more/yes/judged_by_first.wav",
        "more/yes/chosen.wav",
        "more/no/judged.wav",
        "chooses/no/b.wav",
    }
    assert found.notes == [f"4 copies of what judges or validates are left out of training: {', '.join(found.copies)}"]


def test_what_trains_more_than_once_is_named(tmp_path: Path, first: str) -> None:
    _, found = divided(configured(first, folders("more", put(tmp_path / "more", {"yes/x.wav": 0}))))
    assert found.repeated == (("first/yes/ann/0.wav", "more/yes/x.wav"),)
    assert found.notes == ["1 sounds train more than once, such as first/yes/ann/0.wav, more/yes/x.wav"]


def test_one_sound_under_two_labels_is_an_error(tmp_path: Path, first: str) -> None:
    with pytest.raises(KilovoxError, match=r"first/no/ann/0\.wav and more/yes/x\.wav are the same sound"):
        divided(configured(first, folders("more", put(tmp_path / "more", {"yes/x.wav": 8}))))
    put(Path(first), {"no/ann/9.wav": 0})
    with pytest.raises(KilovoxError, match=r"first/no/ann/9\.wav and first/yes/ann/0\.wav are the same sound"):
        divided(configured(first))
    # words that mean the same do not contradict one another
    merged = {"labels": ["word"], "words": {"yes": "word", "no": "word"}}
    assert divided(configured(first, vocabulary=merged))[1].asked.labels == ("word",)


def test_words_that_are_not_asked_for(tmp_path: Path, first: str) -> None:
    more = folders("more", put(tmp_path / "more", {"yes/a.wav": 20, "bird/b.wav": 21}))
    with pytest.raises(KilovoxError, match="more: words bird; expected only no, yes"):
        divided(configured(first, more))
    _, found = divided(configured(first, more, vocabulary={"words": ["yes", "no"]}))
    assert (found.others, [len(piece.indices) for piece in found.train]) == (1, [8, 1])
    _, found = divided(configured(first, more, vocabulary={"labels": ["yes", "no"], "others": "unknown"}))
    assert found.train[1].classes.tolist() == [2, 0]
    with pytest.raises(KilovoxError, match="vocabulary: no recording trains stop"):
        divided(configured(first, vocabulary={"labels": ["yes", "no", "stop"]}))
    strange = folders("strange", put(tmp_path / "strange", {"bird/b.wav": 22}))
    with pytest.raises(KilovoxError, match="strange: no recording of it is left to use"):
        divided(configured(first, strange, vocabulary={"words": ["yes", "no"]}))


def test_who_judges_does_not_depend_on_what_is_asked(tmp_path: Path) -> None:
    path = put(tmp_path / "many", {f"{word}/{take}.wav": ord(word) * 100 + take for word in "abcde" for take in range(12)})
    splitting = {"split": "random", "random_state": 7, "validation_size": 0.2}
    _, everything = divided(configured(path, data_splitting=splitting))
    _, some = divided(configured(path, data_splitting=splitting, vocabulary={"words": ["d", "b"]}))
    assert some.asked.labels == ("d", "b")
    assert set(some.split.test.tolist()) == {index for index in everything.split.test.tolist() if index // 12 in (1, 3)}


def test_what_is_used_changes_the_fingerprint(tmp_path: Path, first: str) -> None:
    more = put(tmp_path / "more", {"yes/a.wav": 20, "no/a.wav": 21})
    variants = [
        configured(first),
        configured(first, folders("more", more)),
        configured(first, folders("more", more, share=0.25)),
        configured(first, folders("more", more, share=0.5)),
        configured(first, folders("more", more, share=0.5, balance="words")),
        configured(first, folders("more", more, role="validation")),
        configured(first, vocabulary={"labels": ["yes", "no"]}),
        configured(first, data_splitting={"split": "speaker:ann", "validation_size": 0.0}),
        configured(first, data_splitting={"split": "speaker:bo", "validation_size": 0.2}),
    ]
    assert len({divided(config)[1].fingerprint for config in variants}) == len(variants)
    (Path(more) / "no" / "a.wav").rename(Path(more) / "yes" / "b.wav")
    assert divided(variants[1])[1].fingerprint not in {divided(config)[1].fingerprint for config in (variants[0], variants[2])}


def test_a_balance_is_said_where_it_is_asked_for(tmp_path: Path, first: str) -> None:
    more = put(tmp_path / "more", {"yes/a.wav": 20, "no/a.wav": 21})
    plain, balanced = (configured(first, folders("more", more, share=0.5, **keys)) for keys in ({}, {"balance": "words"}))
    assert [set(one) >= {"balance"} for one in divided(plain)[0].described()] == [False, False]
    assert [one.get("balance") for one in divided(balanced)[0].described()] == [None, "words"]
    for config in (plain, balanced):
        assert config.changed(experiment={"seed": 42}) == config
    written = [[one.get("balance") for one in config.model_dump(mode="json")["corpora"]] for config in (plain, balanced)]
    assert written == [[None, None], [None, "words"]]
    said = folders("more", more, share=0.5, balance="recordings")
    assert divided(configured(first, said))[1].fingerprint == divided(plain)[1].fingerprint


def test_a_split_of_its_own(tmp_path: Path, first: str) -> None:
    parts = {"train/yes/a.wav": 20, "train/no/b.wav": 21, "test/yes/c.wav": 22}
    _, found = divided(configured(first, folders("more", put(tmp_path / "more", parts), split="official"),
                                  data_splitting={"split": "speaker:bo", "validation_size": 0.0}))  # fmt: skip
    assert [piece.part.corpus.recordings[i].name for piece in found.train[1:] for i in piece.indices] == [
        "train/no/b.wav", "train/yes/a.wav",
    ]  # fmt: skip


def test_sections_are_a_mixture_of_two(tmp_path: Path, synthetic_folder: Path) -> None:
    voices = put(tmp_path / "voices", {f"{word}/flite0000_nohash_0.wav": ord(word[0]) for word in ("zero", "nine")})
    config = find_configuration("digits").changed(dataset={"path": str(synthetic_folder)}, synthetic={"path": voices})
    mixture, found = divided(config)
    assert open_first(config).fingerprint == mixture.first.fingerprint
    assert [(part.member.role, part.member.share) for part in mixture.parts] == [("train", None), ("train", 0.55)]
    assert found.train[1].classes.tolist() == [9, 0]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([{"name": "first"}], "two are called 'first'"),
        ([{"name": "a/b"}], "corpora.1.name: 'a/b'"),
        ([{"name": "a", "role": "teach"}], "corpora.1.role: 'teach'; expected 'train', 'validation' or 'judge'"),
        ([{"name": "a", "share": 0.0}], "corpora.1.share: 0.0; expected greater than 0"),
        (
            [{"name": "a", "share": 0.6}, {"name": "b", "share": 0.5}],
            "shares add up to 1.1 (a 0.6, b 0.5)",
        ),
        ([{"name": "a", "role": "judge", "share": 0.5}], "'a' has a share or a split"),
        ([{"name": "a", "kind": "wavs"}], "corpora.1.kind: 'wavs'"),
        ([{"name": "a", "share": 0.5, "balance": "labels"}], "corpora.1.balance: 'labels'; expected 'recordings' or 'words'"),
        ([{"name": "a", "balance": "words"}], "'a' balances words; expected that of a share, and not of the first corpus"),
        ([{"name": "a", "role": "judge", "balance": "words"}], "'a' balances words; expected that of a share"),
    ],
)
def test_members_that_do_not_fit(more: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(KilovoxError, match=re.escape(message)):
        configured("somewhere", *more)


def test_lists_that_do_not_fit(first: str) -> None:
    values = find_configuration("task-a").model_dump()
    for corpora, message in (
        ([], "corpora is empty"),
        ([{"name": "a", "role": "judge"}], "the first, 'a', has role 'judge'; expected train"),
        ([{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}], "shares add up to 0.9 (a 0.5, b 0.4); expected 1"),
    ):
        with pytest.raises(KilovoxError, match=re.escape(message)):
            parse_configuration(values | {"corpora": corpora}, "x.yaml")
    with pytest.raises(KilovoxError, match="corpora beside dataset or synthetic"):
        parse_configuration(values | {"corpora": [{"name": "a"}], "dataset": {"kind": "folders", "path": first}}, "x.yaml")


def test_features_and_recordings_do_not_mix(tmp_path: Path, first: str) -> None:
    np.savez(tmp_path / "f.npz", X=np.zeros((4, 13), np.float32), y=["yes", "no"], lengths=[2, 2])
    with pytest.raises(KilovoxError, match=r"f\.npz: features without sound beside recordings"):
        open_mixture(configured(first, {"name": "f", "kind": "features", "path": str(tmp_path / "f.npz")}))


def test_too_few_people_to_be_kept_apart_are_told(first: str) -> None:
    splitting = {"split": "random", "group": "auto", "validation_size": 0.0}
    _, found = divided(configured(first, data_splitting=splitting))
    assert found.together == 2
    assert any("the same people train and judge, which flatters: 2 are named" in note for note in found.notes)
    _, apart = divided(configured(first, data_splitting=splitting | {"split": "speaker:bo"}))
    assert apart.together is None


def test_nothing_for_other_words_says_what_to_do(first: str) -> None:
    config = configured(first, vocabulary={"labels": ["yes", "no"], "others": "unknown"})
    with pytest.raises(KilovoxError, match=r"no recording trains unknown.*kilovox data synthesise --others 40"):
        divided(config)
