"""The page of a model of one's own words: it asks for these, and offers no digits to hear."""

import pytest

from firmware.models import random_model
from kilovox.integer.model_file import Model, save_model
from kilovox.web import page


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([*map(str, range(10)), "unknown"], "Say a digit"),
        (["open", "shut", "wait", "unknown"], "Say open, shut or wait"),
        (["open", "unknown"], "Say open"),
        (["1", "2"], "Say 1 or 2"),
        ([f"w{number}" for number in range(20)], "Say w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, ..."),
    ],
)
def test_what_may_be_said(labels, said):
    assert page.greeting(labels) == said


def test_a_page_of_other_words(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "compile_module", lambda model: b"\0asm")
    model = random_model("int8", 5, words={"buffer": 60, "pause": 5, "margin": 2})
    labels = tuple(f"<b>{number}" for number in range(len(model.metadata.labels)))
    path = tmp_path / "own.safetensors"
    save_model(Model(metadata=model.metadata.model_copy(update={"labels": labels}), tensors=model.tensors), path)
    files = page.page_files([str(path)])
    assert "Say &lt;b&gt;0, " in files["index.html"].decode()
    assert b"<b>0" not in files["index.html"]
    assert not [name for name in files if name.startswith("examples/")]
    both = page.page_files([str(path), "digits"])
    assert len([name for name in both if name.startswith("examples/")]) == len(page.EXAMPLES)
