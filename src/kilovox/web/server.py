"""Serves the page to this machine alone: fixed files from memory, on 127.0.0.1."""

import os
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from kilovox.errors import KilovoxError
from kilovox.web.page import POLICY

ADDRESS = "127.0.0.1"
TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json", ".wasm": "application/wasm", ".wav": "audio/wav", ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTP_PORT = 80
SECONDS = 30
"""After which a connection that sends nothing is closed."""


def own_hosts(port: int) -> frozenset[str]:
    """What browsers put into the header Host for this machine: 80 is the port that they leave out."""
    names = (ADDRESS, "localhost")
    return frozenset(f"{name}:{port}" for name in names) | frozenset(names if port == HTTP_PORT else ())


def page_server(files: Mapping[str, bytes], port: int = 0) -> ThreadingHTTPServer:
    """A server of `files` by relative name, index.html for the root; `server_port` is its port, a free one for 0.

    Only requests that were addressed to this machine are answered, so that no page elsewhere reads these under a name of its
    own. Raises KilovoxError where the port is taken or out of reach.
    """

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "kilovox", ""
        protocol_version = "HTTP/1.1"
        timeout = SECONDS

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, with_body: bool) -> None:
            own = own_hosts(self.server.server_port)  # type: ignore[attr-defined]
            name = self.path.partition("?")[0].removeprefix("/") or "index.html"
            hosts = self.headers.get_all("Host", [])
            if len(hosts) != 1 or hosts[0] not in own:
                status, body, kind = HTTPStatus.MISDIRECTED_REQUEST, b"addressed to another host\n", ".txt"
            elif name not in files:
                status, body, kind = HTTPStatus.NOT_FOUND, b"no such file\n", ".txt"
            else:
                status, body, kind = HTTPStatus.OK, files[name], name[name.rfind(".") :]
            self.send_response(status)
            self.send_header("Content-Type", TYPES[kind])
            self.send_header("Content-Length", str(len(body)))
            for header, value in HEADERS.items():
                self.send_header(header, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as the base class calls it)
            """Nothing is logged."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = os.name != "nt"  # there it would let a second server have the same port

        def server_bind(self) -> None:
            """As HTTPServer binds, without asking a name server what this machine is called."""
            TCPServer.server_bind(self)
            self.server_name, self.server_port = ADDRESS, self.server_address[1]

        def handle_error(self, request: object, client_address: object) -> None:
            """A browser that goes away before it has everything is no error."""

    try:
        return Server((ADDRESS, port), Handler)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise KilovoxError(f"port {port}: {reason}; expected one that is free, or 0 for any") from None
