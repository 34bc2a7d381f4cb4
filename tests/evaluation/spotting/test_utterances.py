"""Whose utterances judge, what is spoken in them, and which say nothing of it."""

import pytest

from kilovox.corpus.utterances import open_utterances
from kilovox.errors import KilovoxError
from kilovox.evaluation.spotting.utterances import NUMBERS, chosen_utterances, label_of
from kilovox.integer.model_file import Provenance
from models import make_model, make_utterances

TRANSCRIPTS = {
    "ada_1": "zero and one", "ada_2": "nothing", "bob_1": "two oh", "bob_2": "one twenty", "cy_1": "stop", "cy_2": "one one",
}  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    return open_utterances(make_utterances(tmp_path / "calls", TRANSCRIPTS))


def chosen(corpus, speakers=None, allow_trained=False, **model):
    return chosen_utterances(corpus, make_model(**model).metadata, speakers, allow_trained, 8000)


def spoken(material):
    return {one.name: "".join(word.label for word in one.words) for one in material.passages}


def test_words_of_the_vocabulary_are_what_is_spoken(corpus):
    found = chosen(corpus)
    passages = list(found.words.passages)
    assert {one.name: "".join(word.label for word in one.words) for one in passages} == {
        "ada_1": "01",
        "bob_1": "20",
        "cy_2": "11",
    }
    assert [word.end for word in passages[0].words] == [0.6, 2.6]
    assert [word.end for word in passages[1].words] == [None, None]
    assert {word.speaker for word in passages[2].words} == {"cy"}
    assert spoken(found.speech) == {"ada_2": "", "cy_1": ""}
    assert found.said == "all, 3 of 3 of calls"
    assert found.notes == ("1 utterances of calls with numbers that are no digits were left out",)
    assert (found.words.count, found.speech.count) == (3, 2)
    assert [sum(map(len, one.pieces)) for one in chosen(corpus).words.passages] == [32000, 24000, 24000]


def test_numbers_are_left_out_only_where_digits_are_asked_for(corpus):
    found = chosen(corpus, labels=("stop", "nothing"), aliases={})
    assert found.notes == ()
    assert spoken(found.words) == {"ada_2": "nothing", "cy_1": "stop"}
    assert found.speech.count == 4
    asked = chosen(corpus, labels=("1", "twenty"), aliases={})
    assert spoken(asked.words)["bob_2"] == "1twenty"


def test_speakers_by_name_and_by_fold(corpus):
    assert spoken(chosen(corpus, "speaker:bob").words) == {"bob_1": "20"}
    folds = [chosen(corpus, f"fold:{fold}/3") for fold in (1, 2, 3)]
    assert {name for fold in folds if fold.words for name in spoken(fold.words)} == {"ada_1", "bob_1", "cy_2"}
    assert all(fold.said.startswith(f"fold:{n}/3, 1 of 3") for n, fold in enumerate(folds, 1))


@pytest.mark.parametrize(
    ("speakers", "message"),
    [
        ("", "--speakers '': expected all, speaker:NAME or fold:K/N"),
        ("random", "expected all, speaker:NAME or fold:K/N"),
        ("speaker:eve", "no such speaker"),
        ("fold:1/4", "no more than its 3"),
    ],
)
def test_speakers_that_are_not_there(corpus, speakers, message):
    with pytest.raises(KilovoxError, match=message):
        chosen(corpus, speakers)


def test_what_was_trained_on_is_refused(corpus):
    trained = Provenance(corpus="x", fingerprint="0" * 64, split="all", recordings=(corpus.hashes[0],))
    with pytest.raises(KilovoxError, match=r"trained on 1 of the 6 utterances .* ada_1; expected none"):
        chosen(corpus, trained_on=trained)
    assert chosen(corpus, "speaker:cy", trained_on=trained).notes == ()
    assert "1 utterances of calls were trained on" in chosen(corpus, None, True, trained_on=trained).notes


def test_nothing_is_left(tmp_path):
    corpus = open_utterances(make_utterances(tmp_path / "tens", {"ada_1": "ten", "bob_1": "nineteen"}))
    with pytest.raises(KilovoxError, match="all 2 utterances have numbers that are no digits"):
        chosen(corpus)


def test_labels_of_words():
    metadata = make_model().metadata
    assert [label_of(metadata, word) for word in ("zero", "oh", "0", "two", "three", "stop")] == [
        "0",
        "0",
        "0",
        "2",
        None,
        None,
    ]
    assert {"ten", "forty", "fourteen", "fortieth", "twentieth", "ninety", "eighteenth", "fifth", "thousand"} <= NUMBERS
    assert not NUMBERS & {"one", "for", "six", "nine", "oh", "zero"}
