"""What is asked: labels, the words that mean them, and what becomes of other words."""

import re
from pathlib import Path
from typing import Any

import pytest

from kilovox.config import find_configuration, parse_configuration
from kilovox.config.vocabulary import Vocabulary
from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.vocabulary import NOTHING, Asked, digits
from kilovox.errors import KilovoxError


def corpus_of(*words: str) -> RecordingCorpus:
    return RecordingCorpus("c", [Recording(f"{place:02d}", word) for place, word in enumerate(words)], "here")


def configured(vocabulary: Any) -> Vocabulary | None:
    values = find_configuration("task-a").model_dump()
    return parse_configuration(values | {"vocabulary": vocabulary}, "x.yaml").vocabulary


def test_without_one_the_corpus_says_it_and_words_of_digits_are_digits() -> None:
    corpus = corpus_of("zero", "yes", "7", "oh", "nine")
    asked = Asked.of(None, [corpus])
    assert asked.labels == ("0", "7", "9", "yes")
    assert asked.classes(corpus).tolist() == [0, 3, 1, 0, 2]
    assert asked.aliases == {"zero": "0", "oh": "0", "seven": "7", "nine": "9"}
    with pytest.raises(KilovoxError, match="here: words one; expected only 0, 7, 9, yes"):
        asked.classes(corpus_of("one"))


def test_the_digits() -> None:
    assert digits().labels == tuple("0123456789")
    assert configured("digits") == digits()
    assert Asked.of(digits(), []).classes(corpus_of("oh", "zero", "3", "three")).tolist() == [0, 0, 3, 3]


def test_some_of_many_words() -> None:
    vocabulary = configured({"words": ["yes", "no", "stop"]})
    assert vocabulary is not None
    corpus = corpus_of("bed", "no", "stop", "yes", "bird")
    asked = Asked.of(vocabulary, [corpus])
    assert asked.labels == ("yes", "no", "stop")
    assert asked.classes(corpus).tolist() == [-1, 1, 2, 0, -1]


@pytest.mark.parametrize(
    ("others", "classes", "labels"),
    [("leave_out", [1, 0, -1], ("on", "off")), ("unknown", [1, 0, 2], ("on", "off", "unknown"))],
)
def test_other_words(others: str, classes: list[int], labels: tuple[str, ...]) -> None:
    asked = Asked.of(configured({"labels": ["on", "off"], "words": {"an": "on"}, "others": others}), [])
    assert asked.labels == labels
    assert asked.classes(corpus_of("off", "an", "bird")).tolist() == classes
    refusing = Asked.of(configured({"labels": ["on", "off"]}), [])
    with pytest.raises(KilovoxError, match="here: words bird; expected only on, off"):
        refusing.classes(corpus_of("off", "on", "bird"))


def test_words_are_written_either_way_and_digits_as_numbers() -> None:
    by_label = configured({"labels": [1, 2], "words": {1: ["one", "un"], "2": ["two"]}})
    by_word = configured({"labels": ["1", "2"], "words": {"one": 1, "un": "1", "two": 2}})
    assert by_label == by_word == Vocabulary(labels=("1", "2"), words={"one": "1", "un": "1", "two": "2"})


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text('labels: ["go", "stop"]\nwords: {halt: stop}\n')
    assert configured(str(path)) == Vocabulary(labels=("go", "stop"), words={"halt": "stop"})


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ("letters", "vocabulary 'letters': no such file; expected a YAML file or one of digits"),
        ({"labels": []}, "labels is empty"),
        ({"labels": ["a", "b", "a"]}, "label 'a' stands there twice"),
        ({"labels": ["a", "b"], "words": {"c": "d"}}, "words mean 'd', which is no label; expected one of a, b"),
        ({"labels": ["a", "b"], "words": {"a": "b"}}, "word 'a' means 'b' and is a label itself"),
        ({"labels": ["a", "b"], "words": {"a": ["x"], "b": ["x"]}}, "word 'x' means 'a' and 'b'"),
        ({"labels": ["a", "b"], "words": ["a"]}, "words is a list beside labels"),
        ({"labels": ["a", "unknown"], "others": "unknown"}, "label 'unknown' beside others: unknown"),
        ({"labels": ["a", True]}, "True; expected a valid string"),
        ({"labels": ["a", "b"], "others": "drop"}, "vocabulary.others: 'drop'; expected 'refuse', 'leave_out' or 'unknown'"),
        ({"word": ["a"]}, "unknown key"),
    ],
)
def test_what_does_not_fit(vocabulary: Any, message: str) -> None:
    with pytest.raises(KilovoxError, match=re.escape(message)):
        configured(vocabulary)


def test_words_that_hold_nothing_are_neither_asked_for_nor_others() -> None:
    values = {"words": {"yes": ["yeah"]}, "labels": ["yes", "no"], "others": "unknown", "nothing": ["_silence_"]}
    vocabulary = Vocabulary.model_validate(values)
    asked = Asked.of(vocabulary, [])
    assert asked.labels == ("yes", "no", "unknown")
    assert asked.classes(corpus_of("no", "_silence_", "cat", "yeah")).tolist() == [1, NOTHING, 2, 0]
    assert "nothing" not in Vocabulary(labels=("yes",)).model_dump()
    found = Asked.of(Vocabulary(nothing=("_silence_",)), [corpus_of("b", "_silence_", "a")])
    assert found.labels == ("a", "b")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": ["yes", "no"], "nothing": ["no"]}, "nothing names 'no', which is asked for"),
        ({"labels": ["yes"], "words": {"yeah": "yes"}, "nothing": ["yeah"]}, "nothing names 'yeah', which is asked for"),
        ({"labels": ["yes"], "nothing": ["_silence_"]}, "vocabulary.nothing names '_silence_' without streams"),
    ],
)
def test_nothing_that_is_something(values: dict[str, Any], message: str) -> None:
    with pytest.raises(KilovoxError, match=re.escape(message)):
        configured(values)
