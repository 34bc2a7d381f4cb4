"""kilovox demo: the page served or written, and clear errors."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from kilovox.cli.main import main


def test_it_serves_until_it_is_interrupted():
    command = [sys.executable, "-m", "kilovox", "demo", "listening", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        assert told["models"] == ["listening"]
        with urllib.request.urlopen(told["address"], timeout=10) as page:
            assert b"kilovox" in page.read()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(10) == 0
        finally:
            process.kill()  # where signals are ignored it would serve for ever
        assert process.stderr.read().strip() == ""


def test_it_writes_a_page(runner, tmp_path):
    done = runner.invoke(main, ["demo", "--build", str(tmp_path / "site"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["bytes"] == sum((tmp_path / "site" / name).stat().st_size for name in told["files"])
    assert "files" in runner.invoke(main, ["demo", "listening", "--build", str(tmp_path / "site")]).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-model"], "no model there"),
        (["fsdd-int8"], "decides on whole recordings"),
        (["--port", "99999"], "not in the range"),
    ],
)
def test_what_cannot_be_is_explained(runner, arguments, message):
    done = runner.invoke(main, ["demo", *arguments])
    assert (done.exit_code, message in done.output) == (2, True), done.output
