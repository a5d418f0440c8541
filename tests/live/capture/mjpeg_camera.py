"""A real HTTP MJPEG camera on loopback that does what it is told: stall, freeze, hang up, refuse, send garbage."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import cv2
import numpy as np

from tests.loopback import QuietHandler, listening

Mode = Literal["play", "stall", "freeze", "hang up", "garbage", "refuse"]


class MjpegCamera:
    """Frames that count upwards in brightness, `fps` a second."""

    def __init__(
        self, *, fps: float = 20.0, size: tuple[int, int] = (64, 48), login: str | None = None
    ) -> None:
        self.fps, self.size, self.login = fps, size, login
        self.mode: Mode = "play"
        self.connections = 0
        self._count = 0
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/video.mjpg"

    def start(self) -> None:
        """Listen, at the same port as before if it was stopped."""
        camera = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                camera.serve(self)

        self._server = listening(Handler, self._port)
        self._port = self._server.server_address[1]

    def stop(self) -> None:
        """Hang up and refuse connections."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        if self.login is not None:
            wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
            if request.headers.get("Authorization") != wanted:
                request.send_response(401)
                request.send_header("WWW-Authenticate", 'Basic realm="camera"')
                request.end_headers()
                return
        self.connections += 1
        if self.mode == "refuse":
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        request.end_headers()
        server = self._server
        while self._server is server and self.mode != "hang up":
            if self.mode != "stall":
                data = self._frame()
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                request.wfile.write(head + data + b"\r\n")
            time.sleep(1 / self.fps)

    def _frame(self) -> bytes:
        if self.mode == "garbage":
            return np.random.default_rng(self._count).bytes(2000)
        if self.mode != "freeze":
            self._count += 1
        width, height = self.size
        image = np.full((height, width, 3), self._count % 200 + 20, dtype=np.uint8)
        image[: height // 4] = self._count * 7 % 200
        ok, data = cv2.imencode(".jpg", image)
        assert ok
        return data.tobytes()


@contextmanager
def running(**settings: object) -> Iterator[MjpegCamera]:
    camera = MjpegCamera(**settings)  # type: ignore[arg-type]
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()
