"""The page served from memory, and Chromium to look at it."""

import contextlib
import json
import shutil
import subprocess
import threading

import pytest

from kilovox.web.module import folder
from kilovox.web.page import page_files
from kilovox.web.server import page_server


@contextlib.contextmanager
def serving(files):
    """The address of a server of `files`."""
    with page_server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address():
    with serving(page_files()) as found:
        yield found


@pytest.fixture
def node(tmp_path):
    """Runs JavaScript that has `given`, and a module of the page as `page`; returns what it returns."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")

    def run(script, values=None, module="resample.mjs"):
        (tmp_path / "run.mjs").write_text(
            f"import * as page from {json.dumps((folder() / 'page' / module).as_uri())};\n"
            'import { readFileSync } from "node:fs";\n'
            f"const given = JSON.parse(readFileSync({json.dumps(str(tmp_path / 'given.json'))}));\n"
            f"console.log(JSON.stringify((() => {{ {script} }})()));\n"
        )
        (tmp_path / "given.json").write_text(json.dumps(values))
        done = subprocess.run([program, "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


class Seen:
    """A page, and what it logged and asked for."""

    def __init__(self, page):
        self.page, self.logged, self.asked = page, [], []
        page.on("console", lambda message: self.logged.append(message.text))
        page.on("pageerror", lambda error: self.logged.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address, model="listening"):
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]", timeout=20_000)
        if model != "listening":
            self.page.select_option("#model", model)
            self.page.wait_for_selector(f"html[data-ready='{model}']", timeout=20_000)
        return self

    def heard(self, name):
        """The words, (label or best, outcome), of a file or an example of that name, once it is heard."""
        self.page.wait_for_selector(f'html[data-heard="{name}"]', timeout=20_000)
        rows = self.page.locator("#log tr").all()
        return [(row.locator("td").nth(1).inner_text(), row.locator("td").nth(3).inner_text()) for row in reversed(rows)]

    def accepted(self, name):
        return [word for word, outcome in self.heard(name) if outcome == "accepted"]


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield Seen(context.new_page())
    context.close()
