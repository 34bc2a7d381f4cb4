"""Whatever a model says of itself stays one comment, one string, one line."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.models import random_model
from kilovox.firmware.emit import emit, provenance
from kilovox.firmware.export import exported
from kilovox.firmware.text import LONGEST, PLAIN, c_string, line_of, plain
from kilovox.integer.model_file import Metadata, Model, Source

MODEL = random_model("int8", 3, labels=("yes", "no"))
DANGEROUS = [
    "*/", "/*", "*\\", "\\", "??/", "?" + "?)", "\n", "\r\n", "\r", "\x1b[2J", "\x00", "\u2028", "$name", "${labels}", "@X@",
    '"', "'", "#error", "*/ __asm__", "<script>", "`", "\ud800", "\u202e", "é", "kv_push",
]  # fmt: skip
TEXT = st.text(max_size=30) | st.lists(st.sampled_from(DANGEROUS) | st.characters(), max_size=8).map("".join)


def lexed(text: str) -> list[str]:
    """Comments of C text, as translation phases 1 to 3 find them; the rest may hold no opening or closing."""
    for trigraph, meaning in zip("=/()'<!>-", "#\\[]^{|}~", strict=True):
        text = text.replace(f"??{trigraph}", meaning)
    text = text.replace("\\\n", "")
    found = re.findall(r"/\*.*?\*/", text, re.DOTALL)
    rest = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert "/*" not in rest
    assert "*/" not in rest
    return found


def read_string(literal: str) -> bytes:
    """The bytes of one C string literal without trigraphs: plain characters and octal escapes of three digits."""
    assert "??" not in literal
    assert literal.isascii()
    whole = re.fullmatch(r'"((?:[^"\\\n]|\\[0-7]{3})*)"', literal)
    assert whole
    parts = re.findall(r"\\[0-7]{3}|.", whole[1])
    return bytes(int(part[1:], 8) if part.startswith("\\") else ord(part) for part in parts)


@given(TEXT)
@example("*\\")
@example("*" + "\\" * 3 + "/")
def test_plain_text_is_one_harmless_line(text: str) -> None:
    found = plain(text)
    assert set(found) <= PLAIN
    assert len(found) <= LONGEST
    assert lexed(f"/* {found} */") == [f"/* {found} */"]
    assert plain(found) == found
    assert not PLAIN & set('*\\?"$@<>[]`#\n\r\t')


def test_ordinary_text_is_kept() -> None:
    text = "CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/): 90.5 %, a & b; it's = 1 + 1!"
    assert plain(text) == text
    assert plain("Müller, Łódź") == "Muller, _odz"


@given(st.text())
@example('a"b\\')
@example("??/")
def test_a_string_lexes_back_to_its_utf8(text: str) -> None:
    assert read_string(c_string(text)) == text.encode()


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert read_string(c_string("a\ud800")) == b"a?"
    assert line_of("a\nb\x1b") == "a\ufffdb\ufffd"


def said(*, name: str, label: str, corpus: str, note: str, metric: str, licence: str) -> Model:
    """MODEL with words of a stranger's in every place that takes them."""
    # model_construct: a file that says this is refused; what is emitted must not depend on that.
    besides = (Source.model_construct(corpus=corpus, fingerprint=note, recordings=1, licences={name: licence}),)
    trained = MODEL.metadata.trained_on.model_copy(
        update={"corpus": corpus, "fingerprint": metric, "split": note, "note": note, "besides": besides}
    )
    changes = {"name": name, "labels": (label, "no"), "trained_on": trained, "metrics": {metric: {name: licence}}}
    return Model(metadata=Metadata.model_construct(**dict(MODEL.metadata) | changes), tensors=MODEL.tensors)


WORDS = st.fixed_dictionaries(dict.fromkeys(("name", "label", "corpus", "note", "metric", "licence"), TEXT))


@given(WORDS)
@settings(max_examples=60, deadline=None)
def test_a_strangers_words_change_nothing_of_what_is_emitted(words: dict[str, str]) -> None:
    model = said(**words)
    usual, found = emit(MODEL), emit(model)
    header = found["kilovox_model.h"]
    (comment,) = lexed(header)
    assert header.removeprefix(comment) == usual["kilovox_model.h"].removeprefix(lexed(usual["kilovox_model.h"])[0])
    assert all(line.startswith((" *", "/* Sizes")) for line in comment.splitlines())
    assert set(header) - {"\n"} <= set(map(chr, range(32, 127)))
    label = usual["kilovox_model.c"].replace('"yes"', c_string(words["label"]))
    assert found["kilovox_model.c"] == label
    assert all(set(line) <= PLAIN for line in provenance(model.metadata))


@pytest.mark.parametrize("target", ["arduino", "wasm", "c"])
def test_a_strangers_words_add_no_line_to_any_file(target: str) -> None:
    keys = ("name", "label", "corpus", "note", "metric", "licence")
    # test_vectors.h and the C files but kilovox_model.* hold nothing of a stranger's.
    usual = exported(said(**dict.fromkeys(keys, "x")), target)
    for words in (
        dict.fromkeys(keys, f"{one}\nname=evil\nincludes={one}") for one in ("".join(DANGEROUS), "*/ $x @Y@ ", "*\\")
    ):
        found = exported(said(**words), target)
        assert found.keys() == usual.keys()
        for file, data in found.items():
            text, before = data.decode(), usual[file].decode()
            if file.endswith("_model.c"):
                continue  # above
            if file.endswith("_model.h"):  # the symbols' digest follows the text
                text, before = (re.sub(r"_[0-9a-f]{8}$", "", one, flags=re.MULTILINE) for one in (text, before))
            assert text.isascii(), file
            assert text.count("\n") == before.count("\n"), file
            if file == "library.properties":
                assert [line.split("=")[0] for line in text.splitlines()] == [
                    line.split("=")[0] for line in before.splitlines()
                ]
            if file.endswith((".c", ".ino", ".txt")) and file != "LICENSE.txt":
                assert text == before, file
            assert "*/ " not in text or file.endswith((".c", ".h", ".ino"))
