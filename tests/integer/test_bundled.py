import pytest

from kilovox.errors import KilovoxError
from kilovox.integer import bundled
from kilovox.integer.model_file import save_model
from models import make_model


@pytest.fixture
def two_bundled(tmp_path, monkeypatch):
    folder = tmp_path / "bundled"
    for name in ("b-int8", "a-float32"):
        save_model(make_model(name=name), folder / f"{name}.safetensors")
    monkeypatch.setattr(bundled, "bundled_folder", lambda: folder)
    return folder


def test_a_name_means_a_bundled_model(two_bundled):
    assert list(bundled.bundled_models()) == ["a-float32", "b-int8"]
    assert bundled.resolve_model("b-int8") == two_bundled / "b-int8.safetensors"
    assert bundled.open_recogniser("b-int8").model.metadata.name == "b-int8"


def test_a_name_is_a_name_and_a_path_is_a_path(two_bundled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    save_model(make_model(name="own"), tmp_path / "b-int8")
    assert bundled.open_recogniser("b-int8").model.metadata.name == "b-int8"
    for path in ("./b-int8", str(tmp_path / "b-int8"), "~/b-int8"):
        assert bundled.open_recogniser(path).model.metadata.name == "own"


def test_a_folder_does_not_hide_a_name(two_bundled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b-int8").mkdir()
    assert bundled.open_recogniser("b-int8").model.metadata.name == "b-int8"
    (tmp_path / "other").mkdir()
    with pytest.raises(KilovoxError, match="other: is a folder"):
        bundled.resolve_model("other")


def test_an_unknown_name_gets_the_known_ones(two_bundled):
    with pytest.raises(KilovoxError, match=r"c: no model there; expected .* \(a-float32, b-int8\)"):
        bundled.resolve_model("c")


def test_the_home_of_nobody_is_no_model(two_bundled):
    with pytest.raises(KilovoxError, match=r"~nobody\.of\.that\.name/c: no model there"):
        bundled.resolve_model("~nobody.of.that.name/c")


def test_the_folder_is_part_of_the_package():
    assert bundled.bundled_folder().is_dir()
