"""A mirror of the corpus to download from, as good or as bad as a test wants it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


def _sends(data: bytes, announced: int | None = None) -> Answer:
    """Answer with `data`; announce another length, and the connection is dropped midway."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data) if announced is None else announced))
        request.end_headers()
        request.wfile.write(data)

    return answer


def _missing(request: BaseHTTPRequestHandler) -> None:
    request.send_response(404, "Not Found")
    request.send_header("Content-Length", "0")
    request.end_headers()


class Mirror:
    """A server on this machine whose answers are set by path; remembers what it was asked."""

    sends = staticmethod(_sends)
    missing = staticmethod(_missing)

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    def at(self, name: str, answer: Answer) -> str:
        self.answers[f"/{name}"] = answer
        return f"{self.url}/{name}"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            with contextlib.suppress(OSError):
                served.answers.get(self.path, _missing)(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Mirror(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
