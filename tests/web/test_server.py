"""The server answers this machine alone, with its own files alone; a folder that holds something else is left alone."""

import http.client
import json
import threading

import pytest

from kilovox import files
from kilovox.errors import KilovoxError
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import load_model, save_model
from kilovox.web import page
from kilovox.web.facts import facts
from kilovox.web.module import PREBUILT, compile_module, folder, prebuilt
from kilovox.web.page import MANIFEST, POLICY, build, page_files
from kilovox.web.server import own_hosts, page_server
from models import integer_model


def answer(address, path, method="GET", **headers):
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=10)
    connection.request(method, path, headers=headers)
    found = connection.getresponse()
    body = found.read()
    connection.close()
    return found, body


def test_its_files_are_served_as_what_they_are(address):
    for name, data in page_files().items():
        found, body = answer(address, f"/{name}")
        assert (found.status, body) == (200, data)
        assert found.getheader("X-Content-Type-Options") == "nosniff"
        assert found.getheader("Content-Security-Policy").startswith(POLICY)
    assert answer(address, "/")[1] == page_files()["index.html"]
    assert answer(address, "/listening.wasm")[0].getheader("Content-Type") == "application/wasm"
    assert answer(address, "/index.html?x=1", "HEAD")[1] == b""


@pytest.mark.parametrize("path", ["/../page.py", "/%2e%2e/page.py", "/etc/passwd", "//etc/passwd", "/page", "/index.html/"])
def test_nothing_else_is(address, path):
    assert answer(address, path)[0].status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_a_request_to_another_host_is_not_answered(address, host):
    found, body = answer(address, "/", Host=host)
    assert (found.status, b"kilovox" in body) == (421, False)


def test_a_request_to_two_hosts_is_not_answered(address):
    own = address.split("/")[2]
    for hosts in ((own, "evil.example"), ("evil.example", own), (own, own), ()):
        connection = http.client.HTTPConnection(own, timeout=10)
        connection.putrequest("GET", "/", skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        found = connection.getresponse()
        assert (found.status, b"kilovox" in found.read()) == (421, False)
        connection.close()


def test_it_listens_to_this_machine_alone(address):
    with page_server({"index.html": b"x"}) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(KilovoxError, match=rf"port {server.server_port}: .*in use; expected one that is free"):
            page_server({}, server.server_port)


def test_a_client_that_goes_away_harms_nothing(address, capfd):
    with page_server({"index.html": b"x" * 10_000_000}) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("GET", "/")
        connection.getresponse().read(10)
        connection.close()
        assert answer(f"http://127.0.0.1:{server.server_port}/", "/")[0].status == 200
        server.shutdown()
        thread.join()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", PREBUILT)
def test_what_was_built_beforehand_is_what_the_source_gives(name):
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    assert compile_module(load_model(resolve_model(name))) == prebuilt(name), "make page-modules builds them anew"


def test_the_notice_is_the_project_s():
    assert page_files()["NOTICE.txt"] == (folder().parents[2] / "NOTICE").read_bytes()


def test_a_page_is_written_again_and_nothing_else_is_touched(tmp_path):
    first = build(tmp_path / "site")
    assert {path.name for path in first} >= {"index.html", "app.mjs", "listening.wasm", "digits-pow2.wasm", "models.json"}
    second = build(tmp_path / "site", ("listening",))
    assert not (tmp_path / "site" / "digits.wasm").exists()
    assert [one["name"] for one in json.loads((tmp_path / "site" / "models.json").read_text())["models"]] == ["listening"]
    assert all(path.is_file() for path in second)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(KilovoxError, match="holds other files"):
        build(tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(KilovoxError, match="is a file"):
        build(tmp_path / "file")


def test_a_model_that_cannot_listen_is_refused(tmp_path):
    with pytest.raises(KilovoxError, match="fsdd-float32: computes in floats"):
        page_files(("fsdd-float32",))
    with pytest.raises(KilovoxError, match="fsdd-int8: decides on whole recordings"):
        page_files(("fsdd-int8",))


def test_a_model_of_one_s_own_is_built(tmp_path):
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    save_model(integer_model("int8", words={"buffer": 60, "pause": 5, "margin": 2}), tmp_path / "mine.safetensors")
    files = page_files((str(tmp_path / "mine.safetensors"),))
    (told,) = json.loads(files["models.json"])["models"]
    assert files[told["module"]][:4] == b"\0asm"
    assert told["curve"] is None
    with pytest.raises(KilovoxError, match="two models are called"):
        page_files((str(tmp_path / "mine.safetensors"), str(tmp_path / "mine.safetensors")))


def test_at_port_80_browsers_name_none():
    assert "127.0.0.1" in own_hosts(80)
    assert "127.0.0.1" not in own_hosts(8036)


def renamed(name, path, **changed):
    """The bundled model listening under another name, in the file `path`."""
    model = load_model(resolve_model("listening"))
    save_model(model.model_copy(update={"metadata": model.metadata.model_copy(update={"name": name} | changed)}), path)
    return str(path)


def test_a_name_is_text_and_names_alike_are_different_files(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "compile_module", lambda model: model.metadata.name.encode())
    names = ["数字", "言葉", "A b", "a_b", "</option><script>alert('$policy')</script>\""]
    files = page_files([renamed(name, tmp_path / f"{index}.safetensors") for index, name in enumerate(names)])
    told = json.loads(files["models.json"])["models"]
    assert [files[one["module"]].decode() for one in told] == names
    assert len({one["module"].lower() for one in told}) == len(names)
    assert b"<script>alert" not in files["index.html"]
    assert b"$policy" in files["index.html"]


def test_a_curve_that_cannot_be_drawn_is_none():
    model = load_model(resolve_model("listening"))
    told = []
    for words, right, seconds in ((0, 0, 60.0), (10, 5, 1e-3)):
        changed = {"words": words, "right": (right,), "false": (2**31 - 1,), "levels": (1,), "seconds": seconds}
        errors = type(model.metadata.detection_errors)(**changed)
        metadata = model.metadata.model_copy(update={"detection_errors": errors})
        told.append(facts(model.model_copy(update={"metadata": metadata}), b"")["curve"])
    assert told == [None, {"levels": [1.0], "missed": [0.5], "hourly": [1e9]}]


def test_a_model_that_cannot_be_run_is_named_by_its_file(tmp_path):
    wrong = renamed("mine", tmp_path / "wrong.safetensors", labels=("a", "b"))
    with pytest.raises(KilovoxError, match=r"wrong\.safetensors: model mine: "):
        page_files((wrong,))


def test_what_was_broken_off_can_be_repeated(tmp_path, monkeypatch):
    write = files.write_bytes

    def full(path, data):
        if path.name == "style.css":
            raise KilovoxError("no space left")
        write(path, data)

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(KilovoxError, match="no space left"):
        build(tmp_path / "site", ("listening",))
    monkeypatch.undo()
    assert build(tmp_path / "site", ("listening",))


@pytest.mark.parametrize(
    "text",
    ['{"files": ["../thesis.txt"]}', '{"files": ["/a.txt"]}', '{"files": ["a\\u0000.txt"]}', '{"files": [1]}', "[" * 99999],
)
def test_a_list_of_other_files_is_none_of_a_page(tmp_path, text):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MANIFEST).write_text(text)
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(KilovoxError, match="not the list of a page"):
        build(tmp_path / "site", ("listening",))
    assert (tmp_path / "thesis.txt").exists()
