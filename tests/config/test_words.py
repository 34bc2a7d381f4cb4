"""Words of one's own: what can be one, and what is said of what cannot."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kilovox.config.project import yaml_text
from kilovox.config.words import checked_words
from kilovox.config.yaml_file import read_document
from kilovox.errors import KilovoxError


def test_words_of_any_language_are_words():
    words = ("yes", "7", "guten Tag", "да", "は い", "l'eau", "cafe\u0301")
    assert checked_words(words) == (*words[:-1], "caf\u00e9")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "words: none; expected one at least"),
        (("yes", "no", "yes"), "words: 'yes' twice; expected each word once"),
        (("stop", "STOP"), "words: 'STOP' twice (beside 'stop', which is the same folder on many disks)"),
        (("caf\u00e9", "cafe\u0301"), "twice"),
        (("a/b",), "words: 'a/b' has '/' in it; expected a word such as stop"),
        (("yes,no",), "has ',' in it"),
        (("..",), "begins with . _ or -"),
        (("-q",), "begins with . _ or -"),
        (("_noise",), "begins with . _ or -"),
        (("end.",), "ends with a full stop"),
        (("Unknown",), "is the label of every other word"),
        (("",), "expected at least one visible character"),
        ((" a",), "no space at either end"),
        (("a\nb",), "U+000A"),
        (("x" * 65,), "65 characters; expected at most 64"),
        (tuple(f"w{number}" for number in range(201)), "201; expected at most 200"),
    ],
)
def test_what_is_no_word_is_named(words, message):
    with pytest.raises(KilovoxError) as caught:
        checked_words(words)
    assert message in str(caught.value)


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12))
def test_a_word_in_yaml_is_read_as_that_word(tmp_path_factory, word):
    path = tmp_path_factory.getbasetemp() / "words.yaml"
    path.write_text(f"labels:\n  - {yaml_text(word)}\n", encoding="utf-8")
    assert read_document(path).values == {"labels": [word]}
    assert yaml.safe_load(f'"{word}"' if '"' not in word and "\\" not in word else "x") is not None
