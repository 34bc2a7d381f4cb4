"""The site in a browser: legible on a telephone, in the light and in the dark, and nothing that it asks for is elsewhere."""

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

OVERFLOW = """() => [document.documentElement.scrollWidth - document.documentElement.clientWidth,
    [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1
        && !one.closest(".md-typeset__scrollwrap, pre, .md-sidebar, .md-search, .md-tabs, .highlight, .md-header__title"))
        .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))]"""
"""By how much the page is wider than the window, and what sticks out."""


KINDS = ("index.html", "how-to/cmake.html", "models/listening.html", "reference/commands.html")
"""A page of each kind: pictures, code, tables and a curve, what is made of code."""

ALIKE = [["tbody tr:nth-child(n+4)"], ["pre span:nth-child(n+60)"], [".doc-children > .doc-object:nth-child(n+6)"]]
"""Rows and the like that are as those before them, which are looked at."""

OPTIONS = {"resultTypes": ["violations"], "preload": False, "iframes": False}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of `folder` on 127.0.0.1."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Tab:
    """A page of a browser that notes what it asks for elsewhere, and what goes wrong."""

    def __init__(self, browser: Any, scheme: str, base: str, viewport: dict[str, int]) -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport=viewport)
        self.page, self.wrong = self.context.new_page(), []
        self.page.on("request", lambda request: self._asked(request.url, base))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))

    def _asked(self, url: str, base: str) -> None:
        if not url.startswith((base, "data:", "blob:", "about:")):
            self.wrong.append(f"asked for {url}")

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")


@pytest.mark.parametrize("part", range(2))
def test_every_page(site, browser, part):
    """Nothing goes wrong, and nothing is wider than the window, at either width."""
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert len(pages) > 25
    found = {}
    with served(site) as base:
        tab = Tab(browser, "light" if part else "dark", base, WIDE)
        for name in pages[part::2]:
            tab.page.goto(base + name, wait_until="load")
            wide, _ = tab.page.evaluate(OVERFLOW)
            tab.page.set_viewport_size(NARROW)
            narrow, sticking_out = tab.page.evaluate(OVERFLOW)
            tab.page.set_viewport_size(WIDE)
            problems = [*tab.wrong, *([f"{wide} px too wide"] if wide > 0 else [])]
            problems += [f"{narrow} px too wide at 360: {sticking_out}"] if narrow > 0 else []
            tab.wrong.clear()
            if problems:
                found[name] = problems
        tab.context.close()
    assert not found, "\n".join(f"{name}: {'; '.join(problems)}" for name, problems in found.items())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(site, browser, scheme):
    """axe finds nothing serious: on a page of each kind, on every page where KILOVOX_EVERY_PAGE is set (minutes)."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed").Axe()
    every = "KILOVOX_EVERY_PAGE" in os.environ
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html")) if every else KINDS
    found = {}
    with served(site) as base:
        tab = Tab(browser, scheme, base, NARROW)
        for name in pages:
            tab.page.goto(base + name, wait_until="load")
            assert tab.page.evaluate("document.body.dataset.mdColorScheme") == {"light": "default", "dark": "slate"}[scheme]
            left_out = [] if name == "index.html" else [*ALIKE, [".md-nav"]]
            results = axe.run(tab.page, context={"exclude": left_out} if left_out else None, options=OPTIONS).response
            serious = [one for one in results["violations"] if one["impact"] in ("serious", "critical")]
            if serious:
                found[name] = [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in serious]
        tab.context.close()
    assert not found, "\n".join(f"{name}: {'; '.join(problems)}" for name, problems in found.items())


def search(tab: Tab, text: str) -> list[str]:
    """The titles of what a search finds."""
    tab.page.fill(".md-search__input", text)
    tab.page.wait_for_selector(".md-search-result__item", timeout=20_000)
    return tab.page.eval_on_selector_all(".md-search-result__item h1", "all => all.map((one) => one.textContent)")


def test_search(site, browser):
    with served(site) as base:
        tab = Tab(browser, "light", base, WIDE)
        tab.page.goto(base + "index.html", wait_until="load")
        titles = search(tab, "pow2")
        assert len(titles) > 3
        assert any("pow2" in title for title in titles)
        assert not tab.wrong
        tab.context.close()


def test_search_of_files(site, browser):
    """The site needs no server."""
    tab = Tab(browser, "light", "file://", WIDE)
    tab.page.goto((site / "how-to" / "arduino.html").as_uri(), wait_until="load")
    assert len(search(tab, "pow2")) > 3
    assert not tab.wrong
    tab.context.close()


def test_nothing_is_asked_for_elsewhere(site):
    """Not even by what a reader has not clicked on: no address of a script, style, font or picture is another host's."""
    for path in sorted(site.rglob("*.html")):
        found = re.findall(r"<(?:script|img|iframe|source)[^>]*\bsrc=\"?(https?:[^\" >]*)", path.read_text())
        found += re.findall(r"<link[^>]*\bhref=\"?(https?:[^\" >]*)", path.read_text())
        assert not found, path.name
    for path in sorted(site.rglob("*.css")):
        assert not re.findall(r"(?:@import|url\()\s*[\"']?https?:", path.read_text()), path.name
