"""Other words: drawn, none that sounds like one of one's own, from the package's lists or a file."""

import pytest

from kilovox.config.words import checked_words
from kilovox.corpus.other_words import english_words, other_words, read_words, words_of
from kilovox.errors import KilovoxError


def test_fewer_are_the_first_of_more_and_none_is_ones_own():
    many = other_words(("yes", "No", "stop"), 300)
    assert len(set(many)) == 300
    assert other_words(("yes", "No", "stop"), 20) == many[:20]
    everything = other_words(("yes", "No", "stop"), len(english_words()) - 3)
    assert not {"yes", "no", "stop"} & set(everything)


def test_what_sounds_the_same_is_left_out():
    sounds = {"write": "rait", "right": "rait", "see": "si", "sea": "si"}
    found = other_words(("right",), 2, known=("write", "sea", "see", "cat", "cat"), sounds=lambda word: sounds.get(word, word))
    assert set(found) in ({"sea", "cat"}, {"see", "cat"})
    with pytest.raises(KilovoxError, match="--others 3: 2 words are there that are none of 'right'"):
        other_words(("right",), 3, known=("write", "sea", "see", "cat"), sounds=lambda word: sounds.get(word, word))


@pytest.mark.parametrize("language", ["en-us", "en-gb-scotland", "de", "fr-fr", "es-419"])
def test_every_list_is_of_words(language):
    words = words_of(language)
    assert checked_words(words[:200]) == words[:200]
    assert len({word.casefold() for word in words}) >= 150


def test_a_language_without_a_list_and_a_file_of_ones_own(tmp_path):
    with pytest.raises(
        KilovoxError, match=r"no list of words of fi comes with kilovox, only of en, de, es, fr; expected --list"
    ):
        other_words(("kyllä",), 1, "fi")
    path = tmp_path / "words.txt"
    path.write_text("\ufeffei\n\nhyvää yötä\nei\n", encoding="utf-8")
    assert read_words(path) == ("ei", "hyvää yötä")
    assert other_words(("kyllä",), 1, "fi", read_words(path))[0] in ("ei", "hyvää yötä")
    path.write_text("one\na/b\n")
    with pytest.raises(KilovoxError, match=r"words.txt, line 2: 'a/b' has '/' in it"):
        read_words(path)
    path.write_bytes(b"caf\xe9\n")
    with pytest.raises(KilovoxError, match=r"words.txt: not UTF-8"):
        read_words(path)
    path.write_text("\n")
    with pytest.raises(KilovoxError, match=r"words.txt: empty; expected words, one a line"):
        read_words(path)
    with pytest.raises(KilovoxError, match=r"none.txt: cannot be read"):
        read_words(tmp_path / "none.txt")
