"""A real HTTP camera on loopback that answers every request with one image, as snapshot addresses do."""

import base64
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import cv2
import numpy as np

from tests.loopback import QuietHandler, listening


@dataclass(slots=True, kw_only=True)
class SnapshotCamera:
    """Images that are 10 brighter than the one before."""

    suffix: Literal[".jpg", ".png"] = ".jpg"
    path: str = "/cgi-bin/snapshot?channel=1"
    login: str | None = None
    mode: Literal["play", "refuse", "hang", "huge"] = "play"
    answers_s: list[float] = field(default_factory=list)  # when images were sent, on the monotonic clock
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self) -> None:
        """Listen, at the same port as before if it was stopped."""
        camera = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                camera.serve(self)

        self._server = listening(Handler, self.port)
        self.port = self._server.server_address[1]

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        wanted = None if self.login is None else "Basic " + base64.b64encode(self.login.encode()).decode()
        if wanted is not None and request.headers.get("Authorization") != wanted:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
            return
        if self.mode == "refuse":
            request.send_error(404)
            return
        if self.mode == "hang":
            time.sleep(1.0)
            return
        data = self._image()
        self.answers_s.append(time.monotonic())
        request.send_response(200)
        request.send_header("Content-Type", "image/png" if self.suffix == ".png" else "image/jpeg")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _image(self) -> bytes:
        image = np.full((48, 64, 3), 10 * len(self.answers_s) % 250, dtype=np.uint8)
        data = cv2.imencode(self.suffix, image)[1].tobytes()
        return declaring(data, 30_000, 20_000) if self.mode == "huge" else data


def declaring(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


@contextmanager
def running(**settings: object) -> Iterator[SnapshotCamera]:
    camera = SnapshotCamera(**settings)  # type: ignore[arg-type]
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()
