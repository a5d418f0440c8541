"""A real HTTP server on loopback that takes events, or does what else it is told."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.loopback import QuietHandler, listening

Mode = Literal["take", "random", "hang", "status", "drop", "take and drop", "drip"]


class WebhookServer:
    """What it took: `events` and `keys`; what it was asked: `requests`."""

    def __init__(self) -> None:
        self.mode: Mode = "take"
        self.status = 200
        self.answer_headers: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self.connections = 0
        self.ending = threading.Event()
        self._rng = random.Random(0)
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hooks/s3cret"

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def start(self) -> None:
        server = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def do_POST(self) -> None:
                server.serve(self)

        self._server = listening(Handler, self._port)
        self._port = self._server.server_address[1]

    def stop(self) -> None:
        self.ending.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        body = request.rfile.read(int(request.headers["Content-Length"]))
        mode, status = self.mode, self.status
        if mode == "random":
            mode, status = self._rng.choice([("take", 200), ("status", 503), ("status", 429), ("drop", 0)])
        if mode == "hang":
            self.ending.wait(30)
        if mode in ("hang", "drop"):
            request.close_connection = True
            return
        if mode in ("take", "take and drop", "drip"):
            self.events.append(json.loads(body))
            self.keys.append(request.headers["Idempotency-Key"])
            self.headers.append(dict(request.headers))
        if mode == "take and drop":
            request.close_connection = True
            return
        self._answer(request, mode, status)

    def _answer(self, request: BaseHTTPRequestHandler, mode: Mode, status: int) -> None:
        request.send_response(status)
        for name, value in self.answer_headers.items():
            request.send_header(name, value)
        if mode == "drip":
            request.end_headers()
            while not self.ending.wait(0.02):
                request.wfile.write(b".")
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"ok")


@contextmanager
def serving() -> Iterator[WebhookServer]:
    server = WebhookServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
