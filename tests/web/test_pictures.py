"""Pictures of the page, wide, on a phone, and dark; with KILOVOX_PICTURES=DIR they are kept, as docs/pictures has them."""

import os
from pathlib import Path

import pytest

from web.conftest import Seen

SHOTS = {
    "demo-wide": ({"width": 1280, "height": 800}, "light"),
    "demo-dark": ({"width": 1280, "height": 800}, "dark"),
    "demo-phone": ({"width": 360, "height": 780}, "light"),
}


@pytest.mark.parametrize("name", SHOTS)
def test_the_page_shows_what_it_heard(browser, address, tmp_path, name):
    size, scheme = SHOTS[name]
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = Seen(context.new_page()).open(address)
    page.page.get_by_role("button", name="Five digits, together").click()
    assert page.accepted("Five digits, together") == ["3", "1", "5", "2", "6"]
    assert page.page.inner_text("#said .word") == "3 1 5 2 6"
    pixels = page.page.evaluate(
        """() => ["wave", "features", "hidden"].map((id) => {
          const canvas = document.getElementById(id);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        })"""
    )
    assert all(colours > 1 for colours in pixels)
    assert min(pixels[1:]) > 30
    where = Path(os.environ.get("KILOVOX_PICTURES", tmp_path))
    page.page.screenshot(path=where / f"{name}.png")
    assert (where / f"{name}.png").stat().st_size > 10_000
    context.close()
